"""Find what a person means: an automation or account by name or id, an order by id."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Protocol

import sqlalchemy as sa

from octobot_node.errors import UnknownName
from octobot_node.operations.context import Desk
from octobot_node.store import tables
from octobot_node.store.queries import lists
from octobot_node.store.rows.orders import ListedIntentRow

__all__ = ["account_id", "automation_id", "order_row", "past_automation_id", "type_names"]


def automation_id(desk: Desk, wanted: str) -> str:
    """Return the id of the automation with this name or id; raise UnknownName with those that are near."""
    with desk.core.storage.read() as connection:
        found = lists.automations_matching(connection, wanted, desk.owner)
        if not found:
            raise _unknown(connection, "automation", tables.automations, wanted, desk.owner)
    return _the_only(found, "automations", wanted)


def past_automation_id(desk: Desk, wanted: str) -> str:
    """Return the id of the automation with this name or id, or of a deleted one that left events; see automation_id."""
    try:
        return automation_id(desk, wanted)
    except UnknownName:
        with desk.core.storage.read() as connection:
            if lists.has_events(connection, wanted, desk.owner):
                return wanted
        raise


def account_id(desk: Desk, wanted: str) -> str:
    """Return the id of the account with this name or id; raise UnknownName with those that are near."""
    with desk.core.storage.read() as connection:
        found = lists.accounts_matching(connection, wanted, desk.owner)
        if not found:
            raise _unknown(connection, "account", tables.accounts, wanted, desk.owner)
    return _the_only(found, "accounts", wanted)


class _Found(Protocol):
    id: str
    owner: str


def _the_only(found: Sequence[_Found], what: str, wanted: str) -> str:
    # An id is never shared; a name is, by what several owners have.
    if found[0].id != wanted and len(found) > 1:
        which = ", ".join(f"{row.id} of {row.owner}" for row in found[:5])
        raise UnknownName(f"{len(found)} {what} are called {wanted!r}: write an id instead, one of {which}")
    return str(found[0].id)


def order_row(desk: Desk, order_id: str) -> ListedIntentRow:
    """Return an order with the names of its automation and account; raise UnknownName."""
    with desk.core.storage.read() as connection:
        row = lists.order(connection, order_id, desk.owner)
    if row is None:
        raise UnknownName(f"there is no order {order_id!r}: `octobot-node orders list` shows their ids")
    return row


def type_names(desk: Desk, wanted: str | None) -> list[str] | None:
    """Return the full names of the types that a filter means, None for no filter."""
    if wanted is None:
        return None
    if "." in wanted:
        return [wanted]
    known = [name for name in desk.registry.automations if name.rpartition(".")[2] == wanted]
    if not known:
        names = sorted({name.rpartition(".")[2] for name in desk.registry.automations})
        raise UnknownName(f"there is no automation type {wanted!r}: {_cure(wanted, names, 'no type is installed')}")
    return known


def _unknown(connection: sa.Connection, what: str, table: sa.Table, wanted: str, owner: str | None) -> UnknownName:
    names = lists.names_like(connection, table, wanted, owner)
    return UnknownName(f"there is no {what} {wanted!r}: {_cure(wanted, names, 'there are none yet')}")


def _cure(wanted: str, names: list[str], none: str) -> str:
    near = (
        difflib.get_close_matches(wanted, names, n=3) or [name for name in names if wanted.lower() in name.lower()][:3]
    )
    if near:
        return f"did you mean {' or '.join(repr(name) for name in near)}?"
    if not names:
        return none
    more = f", and {len(names) - 5} more" if len(names) > 5 else ""
    return f"there are {', '.join(names[:5])}{more}"
