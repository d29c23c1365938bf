"""Find what a person means: an automation or account by name or id, an order by id."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Protocol

import sqlalchemy as sa

from octobot_node.errors import UnknownName
from octobot_node.operations.context import OperationContext
from octobot_node.store import tables
from octobot_node.store.queries import lists
from octobot_node.store.rows.order import ListedIntentRow

__all__ = ["account_id", "automation_id", "order_row", "past_automation_id", "type_names"]


def automation_id(context: OperationContext, name_or_id: str) -> str:
    """Return the id of the automation with this name or id; raise UnknownName with those that are near."""
    with context.core.storage.read() as connection:
        found = lists.automations_matching(connection, name_or_id, context.owner)
        if not found:
            raise _unknown(connection, "automation", tables.automations, name_or_id, context.owner)
    return _the_only(found, "automations", name_or_id)


def past_automation_id(context: OperationContext, name_or_id: str) -> str:
    """Return the id of the automation with this name or id, or of a deleted one that left events; see automation_id."""
    try:
        return automation_id(context, name_or_id)
    except UnknownName:
        with context.core.storage.read() as connection:
            if lists.has_events(connection, name_or_id, context.owner):
                return name_or_id
        raise


def account_id(context: OperationContext, name_or_id: str) -> str:
    """Return the id of the account with this name or id; raise UnknownName with those that are near."""
    with context.core.storage.read() as connection:
        found = lists.accounts_matching(connection, name_or_id, context.owner)
        if not found:
            raise _unknown(connection, "account", tables.accounts, name_or_id, context.owner)
    return _the_only(found, "accounts", name_or_id)


class _Found(Protocol):
    id: str
    owner: str


def _the_only(found: Sequence[_Found], what: str, name_or_id: str) -> str:
    # An id is never shared; a name is, by what several owners have.
    if found[0].id != name_or_id and len(found) > 1:
        which = ", ".join(f"{row.id} of {row.owner}" for row in found[:5])
        raise UnknownName(f"{len(found)} {what} are called {name_or_id!r}: write an id instead, one of {which}")
    return str(found[0].id)


def order_row(context: OperationContext, order_id: str) -> ListedIntentRow:
    """Return an order with the names of its automation and account; raise UnknownName."""
    with context.core.storage.read() as connection:
        row = lists.order(connection, order_id, context.owner)
    if row is None:
        raise UnknownName(f"there is no order {order_id!r}: `octobot-node orders list` shows their ids")
    return row


def type_names(context: OperationContext, name_or_id: str | None) -> list[str] | None:
    """Return the full names of the types that a filter means, None for no filter."""
    if name_or_id is None:
        return None
    if "." in name_or_id:
        return [name_or_id]
    known = [name for name in context.registry.automations if name.rpartition(".")[2] == name_or_id]
    if not known:
        names = sorted({name.rpartition(".")[2] for name in context.registry.automations})
        raise UnknownName(
            f"there is no automation type {name_or_id!r}: {_cure(name_or_id, names, 'no type is installed')}"
        )
    return known


def _unknown(connection: sa.Connection, what: str, table: sa.Table, name_or_id: str, owner: str | None) -> UnknownName:
    names = lists.names_like(connection, table, name_or_id, owner)
    return UnknownName(f"there is no {what} {name_or_id!r}: {_cure(name_or_id, names, 'there are none yet')}")


def _cure(name_or_id: str, names: list[str], none: str) -> str:
    near = (
        difflib.get_close_matches(name_or_id, names, n=3)
        or [name for name in names if name_or_id.lower() in name.lower()][:3]
    )
    if near:
        return f"did you mean {' or '.join(repr(name) for name in near)}?"
    if not names:
        return none
    more = f", and {len(names) - 5} more" if len(names) > 5 else ""
    return f"there are {', '.join(names[:5])}{more}"
