"""Statements on the table of addresses."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from octobot_node.store.tables import automations
from octobot_node.store.types import AnyRow
from octobot_plugins.webhooks.tables import hooks

__all__ = ["by_hash", "count_of", "hook", "page"]

_h, _a = hooks.c, automations.c
_WITH_NAME = sa.select(hooks, _a.name.label("automation"), _a.status.label("automation_status")).join(
    automations, _a.id == _h.automation_id
)


def by_hash(connection: sa.Connection, hashed: str) -> AnyRow | None:
    """Return the address with this token's hash, with its automation. Rides uq_webhooks_hooks_hash."""
    return connection.execute(_WITH_NAME.where(_h.hash == hashed)).first()


def count_of(connection: sa.Connection, owner: str) -> int:
    """Return how many addresses an owner has; they are bounded."""
    return connection.scalar(sa.select(sa.func.count()).select_from(hooks).where(_h.owner == owner)) or 0


def hook(connection: sa.Connection, hook_id: str, owner: str | None) -> AnyRow | None:
    """Return an address of an owner's (None: anybody's) by its id, or by its name where no other has it; or None."""
    theirs = _WITH_NAME if owner is None else _WITH_NAME.where(_h.owner == owner)
    found = connection.execute(theirs.where(_h.id == hook_id)).first()
    named = [] if found is not None else connection.execute(theirs.where(_h.name == hook_id).limit(2)).all()
    return named[0] if len(named) == 1 else found


def page(
    connection: sa.Connection, owner: str | None, automation_id: str | None, after: str | None, count: int
) -> Sequence[AnyRow]:
    """Return up to ``count`` addresses, oldest first. Rides the key, of one automation ix_webhooks_hooks_automation."""
    statement = _WITH_NAME.order_by(_h.id).limit(count)
    for column, value in ((_h.owner, owner), (_h.automation_id, automation_id)):
        if value is not None:
            statement = statement.where(column == value)
    return connection.execute(statement if after is None else statement.where(_h.id > after)).all()
