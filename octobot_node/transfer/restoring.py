"""Make a database from a backup; nothing decides on it before each account was compared with its exchange."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import sqlalchemy as sa

from octobot_node.configuration import Configuration
from octobot_node.contracts.storage import Storage
from octobot_node.engine.data_folder import FolderLock
from octobot_node.errors import CommandRefused, UnknownStorage, UnusableBackup
from octobot_node.market import from_ms
from octobot_node.plugin_system.registry import Registry
from octobot_node.plugin_system.secret_places import open_keeper, open_sealing
from octobot_node.settings import Settings
from octobot_node.store.database import holding
from octobot_node.store.migrate import migrate, readable_revisions
from octobot_node.store.rows.node import AuditChainRow
from octobot_node.store.tables import audit_chain, installation
from octobot_node.transfer.archive import Archive, Manifest, TableManifest, open_archive
from octobot_node.transfer.audit_check import AuditCheck, NewChain
from octobot_node.transfer.backup_seal import check_seal
from octobot_node.transfer.content import Content, contents, forgetting, owners_of
from octobot_node.transfer.loading import load, refuse_used, set_numbers, unhurried
from octobot_node.transfer.results import Progress, Restored, TableRows
from octobot_node.transfer.tally import Tally, tally_of

__all__ = ["describe", "restore", "seal_of"]


def describe(path: Path) -> Manifest:
    """Return what a backup says of itself; raise UnusableBackup where it is damaged."""
    with open_archive(path) as archive:
        archive.verify()
        return archive.manifest


def seal_of(path: Path, registry: Registry, configuration: Configuration) -> str:
    """Return what is to be said of a backup's seal; raise UnusableBackup where it was changed since."""
    with open_archive(path) as archive:
        return _seal(archive, registry, configuration)


def _seal(archive: Archive, registry: Registry, configuration: Configuration) -> str:
    return check_seal(archive.path, archive.manifest, archive.written, partial(open_keeper, registry, configuration))


def restore(
    settings: Settings,
    registry: Registry,
    path: Path,
    progress: Progress,
    configuration: Configuration | None = None,
) -> Restored:
    """Fill the empty database of ``settings`` from a backup, in one transaction.

    The generation goes up by one, so that no new order has a client order id that was used after the backup.
    Raises UnusableBackup for a damaged or newer backup, CommandRefused for a database that is not empty.
    """
    configuration = configuration or Configuration(settings)
    with open_archive(path) as archive:
        archive.verify()
        seal = _seal(archive, registry, configuration)
        wanted = _wanted(archive, registry)
        lock = FolderLock(settings.data_dir)
        try:
            storage: Storage | None = registry.hook.open_storage(settings=settings)
            if storage is None:
                raise UnknownStorage(f"no plugin opens the database URL {settings.url().partition(':')[0]!r}")
            try:
                storage.hold()
                migrate(storage, registry.tables)
                restored = _fill(storage, archive, wanted, settings, registry, progress)
                sealing = open_sealing(storage, registry, configuration)
                return restored.model_copy(update={"secrets": sealing.problem(), "seal": seal})
            finally:
                storage.close()
        finally:
            lock.release()


def _wanted(archive: Archive, registry: Registry) -> list[tuple[TableManifest, Content]]:
    """Return each table of the backup with ours; raise UnusableBackup where this release does not know one."""
    manifest, path = archive.manifest, archive.path
    known = {owner.name: readable_revisions(owner) for owner in owners_of(registry.tables)}
    for owner, revision in manifest.revisions.items():
        if owner not in known:
            raise UnusableBackup(f"{path} has tables of the plugin {owner!r}: install it first")
        if revision not in known[owner]:
            raise UnusableBackup(
                f"{path} was written by octobot-node {manifest.version}, whose tables are newer"
                f" ({owner} revision {revision!r}): upgrade"
            )
    ours = {content.name: content for content in contents(registry.tables)}
    found = []
    for given in manifest.tables:
        content = ours.get(given.name)
        missing = set(given.columns) - set(content.columns) if content is not None else {given.name}
        if content is None or missing:
            raise UnusableBackup(f"{path} has {', '.join(sorted(missing))}, which this version does not know: upgrade")
        found.append((given, Content(content.owner, content.table, given.columns)))
    # In our own order: the backup's may be another release's.
    order = list(ours)
    return sorted(found, key=lambda pair: order.index(pair[0].name))


def _fill(
    storage: Storage,
    archive: Archive,
    wanted: list[tuple[TableManifest, Content]],
    settings: Settings,
    registry: Registry,
    progress: Progress,
) -> Restored:
    manifest = archive.manifest
    total, done = sum(given.rows for given, _ in wanted), 0
    check, chain = AuditCheck(_chain(archive, wanted)), NewChain()
    with storage.write(durable=True) as connection:
        unhurried(connection)
        storage.lock_migrations(connection)
        _refuse_used(connection, registry, storage.shown)
        for given, content in wanted:
            progress(done, total)
            tally = Tally()
            rows = tally.counting(content, check.passing(content, archive.rows(given, content.table)))
            into, made = chain.linking(content, map(forgetting(content), rows))
            load(connection, into, made, storage.shown)
            written = Tally(given.rows, dict(given.sums))
            if not tally == written == tally_of(connection, content):
                raise UnusableBackup(
                    f"{archive.path} is damaged: {given.name!r} does not add up; nothing was restored, use another"
                )
            done += given.rows
        set_numbers(connection, [content for _, content in wanted], manifest.numbers)
        chain.write(connection)
        now = storage.open_clock().now()
        holding.begin_generation(connection)
        asked = holding.doubt_planned(connection, now + int(settings.request_ttl * 1000))
        held = holding.hold_all(connection, holding.RESTORED, manifest.created_at, now)
        progress(total, total)
    return Restored(
        database=storage.shown,
        installation=manifest.installation,
        generation=manifest.generation + 1,
        backup_from=from_ms(manifest.created_at),
        tables=[TableRows(table=given.name, rows=given.rows) for given, _ in wanted],
        held=held,
        asked_about=asked,
        secrets="",
        seal="",
        audit=check.verdict if check.anchor == manifest.audit else "the audit ends elsewhere than the backup says",
    )


def _chain(archive: Archive, wanted: list[tuple[TableManifest, Content]]) -> AuditChainRow | None:
    for given, content in wanted:
        if content.table is audit_chain:
            for row in archive.rows(given, content.table):
                return cast("AuditChainRow", SimpleNamespace(**dict(zip(content.columns, row, strict=True))))
    return None


def _refuse_used(connection: sa.Connection, registry: Registry, shown: str) -> None:
    if connection.execute(sa.select(installation.c.id)).first() is not None:
        raise CommandRefused(f"{shown} has an installation already: restore into an empty database, or --data-dir")
    refuse_used(connection, contents(registry.tables), shown)
