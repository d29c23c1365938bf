"""End intents: release what they reserved, tell their automations, leave an event."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from octobot_node.engine.ledger.book import ZERO, Book, Owner, load_book
from octobot_node.orders import IntentStatus
from octobot_node.store import events, intents, schedules
from octobot_node.store.events import Event
from octobot_node.store.rows.order import IntentRow

__all__ = ["close_intents", "close_with", "owner_of"]


def close_intents(
    connection: sa.Connection, closed: Sequence[tuple[IntentRow, IntentStatus, str]], now: int, *, wake: bool = True
) -> None:
    """End locked intents as (row, final status, reason); their automations' schedule rows are locked too.

    Without ``wake`` the automations are told at their next tick, whenever that is.
    """
    if not closed:
        return
    book = load_book(connection, {row.automation_id for row, _, _ in closed})
    changes = [
        close_with(book, row, status.after(row.status), reason, row.reserved, now) for row, status, reason in closed
    ]
    intents.update(connection, changes)
    book.write(connection)
    events.append(connection, [_event(row, status, reason) for row, status, reason in closed if _worth(row)], now)
    if wake:
        schedules.wake(connection, {row.automation_id for row, _, _ in closed if _worth(row)}, now)


def close_with(
    book: Book, row: IntentRow, status: IntentStatus, reason: str, reserved: Decimal, now: int
) -> dict[str, Any]:
    """Return the change that ends an intent, giving back in ``book`` what is left of its funds."""
    if reserved:
        assert row.reserved_asset is not None
        book.release(owner_of(row), row.reserved_asset, reserved)
    return {
        "id": row.id,
        "status": status,
        "reason": reason[:500],
        "reserved": ZERO,
        "retry_at": None,
        "news": _worth(row),
        "updated_at": now,
    }


def owner_of(row: IntentRow) -> Owner:
    """Return whose intent a row is."""
    return Owner(row.automation_id, row.owner, row.account_id, row.shard)


def _worth(row: IntentRow) -> bool:
    # A cancel is told by the final state of the order it cancels.
    return bool(row.kind == "order")


def _event(row: IntentRow, status: IntentStatus, reason: str) -> Event:
    data = {"id": row.id, "symbol": row.symbol, "side": row.side, "filled": row.filled, "reason": reason}
    return Event(row.owner, row.account_id, row.automation_id, f"order.{status.value}", data)
