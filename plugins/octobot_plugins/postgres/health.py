"""Whether PostgreSQL answers, and is as the node needs it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health
from octobot_node.errors import StorageUnavailable
from octobot_node.store.queries.event_horizon import held_since

if TYPE_CHECKING:
    from octobot_plugins.postgres.storage import PostgresStorage

__all__ = ["check_announcements", "check_horizon", "check_postgres"]

_GOES_ON = "; the node goes on by itself"
_CURE = "start PostgreSQL, or mend the network" + _GOES_ON
_PRIMARY = "promote it, or point the URL at the primary, and set default_transaction_read_only to off" + _GOES_ON
_ROOM = "make room on the disk of PostgreSQL's data" + _GOES_ON


#: The transaction that asks reads only, by itself.
_ABOUT = """
SELECT current_setting('server_version'),
  pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'
"""


def check_postgres(context: PluginContext) -> Health:
    """Say whether the database answers, how fast, and how large it is; nothing is written."""
    storage = context.storage
    lost = storage.lost()
    if lost:
        return Health("failed", lost, _cure_of(storage))
    try:
        began = time.monotonic()
        with storage.read() as connection:
            version, reads = connection.exec_driver_sql(_ABOUT).one()
        took = (time.monotonic() - began) * 1000
        size = storage.size() // 1_048_576
    except StorageUnavailable as error:
        return Health("failed", str(error), _CURE)
    if reads:
        return Health("failed", f"{storage.shown} only reads", _PRIMARY)
    detail = f"{storage.shown} (PostgreSQL {version}, {size:,} MB) answers in {took:.1f} ms"
    if took > 50:
        return Health("warning", detail, "put the node and its database closer together")
    return Health("ok", detail)


def _cure_of(storage: Any) -> str:
    if getattr(storage, "read_only", False):
        return _PRIMARY
    return _ROOM if getattr(storage, "full", False) else _CURE


def check_announcements(context: PluginContext) -> Health:
    """Say whether nodes hear of what the others do; nothing is asked."""
    why = cast("PostgresStorage", context.storage).deaf()
    if why:
        return Health(
            "failed", why, "let this node connect once more, directly or through a pooler in session mode" + _GOES_ON
        )
    return Health("ok", "nodes hear of what the others do")


def check_horizon(context: PluginContext) -> Health:
    """Say whether a writing transaction of a node's keeps events from being told: of nobody else's it matters."""
    try:
        with context.storage.read() as connection:
            held = held_since(connection)
    except StorageUnavailable as error:
        return Health("failed", str(error), _CURE)
    if held.seconds > context.settings.lease_ttl:
        detail = f"nothing is told of what happened for {held.seconds:.0f} s: a transaction is open, of {held.holder}"
        return Health("warning", detail, f"end it there, or with `SELECT pg_terminate_backend({held.process})`")
    return Health("ok", "what happens is told as it is committed")
