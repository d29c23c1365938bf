"""Ticks that did something: what they decided, what their author noted, and why those that failed did."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

import sqlalchemy as sa

from octobot_node.errors import CommandRefused
from octobot_node.market import from_ms
from octobot_node.operations.automations.models.ticks import ListTicks, TickOrder, TickPage, TickRow
from octobot_node.operations.context import OperationContext
from octobot_node.operations.cursors import no_cursor
from octobot_node.operations.lookup import automation_id
from octobot_node.store import automations
from octobot_node.store.queries import ticks as statements

__all__ = ["list_ticks"]

#: Every tick there may be is before this one.
_NONE_YET = 2**62
_CURSOR = re.compile(r"([0-9]{1,18}) ([0-9]{0,18})")
#: Rows that are read for a tick at first; what is cut off there is read with the next page.
_ROWS_EACH = 4


@dataclass(slots=True)
class _Tick:
    at: int
    orders: list[TickOrder] = field(default_factory=list)
    cancels: int = 0
    log: list[str] = field(default_factory=list)
    failed: str = ""
    event: int | None = None


def list_ticks(context: OperationContext, request: ListTicks) -> TickPage:
    """Return a page of an automation's ticks that did something, newest first."""
    found = automation_id(context, request.automation)
    before, event = _place(request.cursor)
    with context.core.storage.read() as connection:
        row = automations.get(connection, found)
        if row is None:
            raise CommandRefused(f"the automation {found} was deleted meanwhile")
        ticks, whole = _read(connection, found, before, event, request.limit * _ROWS_EACH)
        # Of those that were not read to their end, and of what is older, the next page tells.
        told = sorted((tick for tick in ticks if tick >= whole), reverse=True)
        chosen = told[: request.limit]
        signals = statements.signals_of_ticks(connection, found, chosen)
    more = len(told) > len(chosen) or whole > 0
    return TickPage(
        automation=row.name,
        automation_id=found,
        ticks=[_row(tick, ticks[tick], signals.get(tick, 0)) for tick in chosen],
        next_cursor=_cursor(chosen, ticks) if more and chosen else None,
    )


def _read(
    connection: sa.Connection, found: str, before: int, event: int | None, count: int
) -> tuple[dict[int, _Tick], int]:
    """Return ticks by number, and the first of which everything was read."""
    planned = statements.planned_before(connection, found, before, count)
    noted = statements.noted_before(connection, found, event, count)
    ticks: dict[int, _Tick] = {}
    for row in planned:
        tick = ticks.setdefault(row.tick, _Tick(row.created_at))
        if row.kind == "cancel":
            tick.cancels += 1
        else:
            names = ("id", "symbol", "side", "type", "status", "amount", "spend", "price", "tag")
            tick.orders.insert(0, TickOrder(**{name: getattr(row, name) for name in names}))
    last_noted = before
    for each in noted:
        data = json.loads(each.data)
        last_noted = data["tick"]
        if last_noted >= before:
            continue
        tick = ticks.setdefault(last_noted, _Tick(each.at))
        tick.event = each.id
        if each.kind == "tick.failed":
            tick.failed = data["reason"]
        else:
            tick.log.insert(0, " ".join(data["text"].split()))
    # The last tick of rows that were cut off may have more of them.
    whole = planned[-1].tick + 1 if len(planned) == count else 0
    whole = max(whole, last_noted + 1) if len(noted) == count else whole
    if ticks and not any(tick >= whole for tick in ticks):
        # One tick with more rows than were read: it is told with those.
        whole = max(ticks)
    return ticks, whole


def _row(number: int, tick: _Tick, signals: int) -> TickRow:
    return TickRow(
        tick=number,
        at=from_ms(tick.at),
        orders=tick.orders,
        cancels=tick.cancels,
        log=tick.log,
        signals=signals,
        failed=tick.failed,
    )


def _place(cursor: str | None) -> tuple[int, int | None]:
    if cursor is None:
        return _NONE_YET, None
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise no_cursor()
    return int(found[1]), int(found[2]) if found[2] else None


def _cursor(chosen: list[int], ticks: dict[int, _Tick]) -> str:
    event = min((tick.event for tick in (ticks[each] for each in chosen) if tick.event is not None), default=None)
    return f"{chosen[-1]} {'' if event is None else event}"
