"""The tentacles that a node starts with: a consumer's are its master's, by the lock that the master published."""

from __future__ import annotations

import structlog

from octobot_node.contracts.storage import Storage
from octobot_node.errors import NodeError, StorageUnavailable, UnknownStorage, UsageError
from octobot_node.installing.changes import bring_to_lock
from octobot_node.installing.locks import Lock
from octobot_node.installing.published import published
from octobot_node.installing.sets import Sets
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.settings import Settings

__all__ = ["follow_master", "masters_lock", "refuse_without"]

log = structlog.get_logger(__name__)


def masters_lock(settings: Settings) -> Lock | None:
    """Return what the master of a database that nodes share has installed; None where none has said so yet."""
    # Nobody else's code: what is installed here is what is to be replaced.
    registry = load_plugins(discover=False)
    storage: Storage | None = registry.hook.open_storage(settings=settings)
    if storage is None:
        raise UnknownStorage(f"no plugin opens the database URL {settings.url().partition(':')[0]!r}")
    try:
        return published(storage)
    finally:
        storage.close()


def follow_master(settings: Settings) -> None:
    """Bring a consumer that may do so by itself to its master's tentacles, before it loads any.

    Where they cannot be had, those before stay: it starts, is seen as *drift*, and gets no work.
    Raises StorageUnavailable where the database does not answer.
    """
    if not (settings.tentacles_from_master and settings.role == "consumer"):
        return
    sets = Sets(settings.tentacles_folder())
    try:
        wanted = masters_lock(settings)
        if wanted is not None and wanted.fingerprint != sets.lock.fingerprint:
            taken = bring_to_lock(sets, wanted, None)
            log.info("tentacles_installed", set=taken.fingerprint, packages=len(taken.packages), of="the master")
    except StorageUnavailable:
        raise
    except (NodeError, UsageError) as error:
        cure = "`octobot-node tentacles sync` here, with --wheelhouse where no index is reached, and start again"
        log.warning("tentacles_not_installed", why=str(error), cure=cure)


def refuse_without(settings: Settings) -> None:
    """Raise NodeError where the settings name tentacles, and none was ever installed: that failed, or is to come.

    Later the set before stays where a newer one cannot be had, and the node goes on with it.
    """
    if settings.tentacles and settings.role != "consumer" and Sets(settings.tentacles_folder()).packages is None:
        raise NodeError(
            f"OCTOBOT_TENTACLES names {', '.join(settings.tentacles)}, and no tentacle was ever installed here:"
            " `octobot-node tentacles sync` installs them, or says what is in the way; nothing was started"
        )
