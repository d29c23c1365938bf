"""The audit: whether its newest entries are what was written, and how much of the disk it has."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health
from octobot_node.store.audit import audit_chain
from octobot_node.store.audit.audit_anchor import kept_in, why_not
from octobot_node.store.audit.audit_chain import Anchor, Walk
from octobot_node.store.rows.node import AuditChainRow
from octobot_node.store.tables import installation

__all__ = ["check_audit"]

#: What is looked at within seconds; `octobot-node audit verify` looks at all.
_NEWEST, _PIECE = 20_000, 2_000


def check_audit(context: PluginContext) -> Health:
    """Say whether the end of the chain holds, and fits what the data folder remembers."""
    with context.storage.read() as connection:
        chain = audit_chain.chain(connection)
        if chain is None:
            return Health("ok", "nothing was done yet")
        why = _broken(connection, chain) or _forgotten(connection, context)
    if why:
        cure = "keep the database and the data folder as evidence, and run `octobot-node audit verify`"
        return Health("failed", why, cure)
    days = f"{context.settings.audit_keep_days:g}"
    return Health("ok", f"{chain.entries:,} entries, {chain.bytes / 1e6:,.1f} MB of data, kept for {days} days")


def _broken(connection: sa.Connection, chain: AuditChainRow) -> str:
    first = max(chain.last_id - _NEWEST, chain.pruned_id)
    before = chain.pruned_hash if first == chain.pruned_id else audit_chain.hash_at(connection, first)
    walk = Walk(Anchor(first, before or ""))
    while walk.broken is None and (found := audit_chain.rows(connection, walk.reached.id, _PIECE)):
        walk.go(found)
    walk.end(Anchor(chain.last_id, chain.last_hash))
    return "" if walk.broken is None else f"entry {walk.broken.id} is not as it was written: {walk.broken.why}"


def _forgotten(connection: sa.Connection, context: PluginContext) -> str:
    kept = kept_in(context.settings.data_dir)
    row = connection.execute(sa.select(installation.c.id, installation.c.generation)).first()
    if kept is None or row is None or (row.id, row.generation) != (kept.installation, kept.generation):
        return ""
    return why_not(connection, Anchor(kept.id, kept.hash))
