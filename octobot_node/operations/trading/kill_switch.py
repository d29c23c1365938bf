"""The kill switch: stop all sending, see what became of the orders, let them be sent again."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.engine.commands.kill_switch import KillSwitch, Target
from octobot_node.errors import CommandRefused, UnknownName
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.cursors import id_in
from octobot_node.operations.lookup import account_id, automation_id
from octobot_node.operations.serializers import moment
from octobot_node.operations.trading.models.kill_switch import (
    Checklist,
    ChecklistLine,
    KillSwitchPage,
    KillSwitchRow,
    KillSwitchThrown,
    ListKillSwitches,
    ReleaseKillSwitch,
    ShowKillSwitch,
    ThrowKillSwitch,
)
from octobot_node.orders import IntentStatus
from octobot_node.store import automations, kill_switches
from octobot_node.store.rows import order as order_rows

__all__ = ["list_switches", "release", "show", "throw"]

_UNDER_WAY = {
    "planned": "not sent yet",
    "sent": "sent, not confirmed yet",
    "open": "still open",
    "unknown": "still unknown",
}
_ENDS = {
    "skipped": "never sent",
    "expired": "expired",
    "refused": "refused: it did not and will not execute",
    "cancelled": "cancelled",
    "filled": "filled",
}


def throw(context: OperationContext, request: ThrowKillSwitch) -> KillSwitchThrown:
    """Stop all sending before this returns, then cancel own open orders; one that is in force stays as it is."""
    switch_id, new = KillSwitch(context.core).throw(
        _target(context, request), request.reason, by=context.by, authority=context.owner or ""
    )
    context.hurry()
    with context.core.storage.read() as connection:
        return KillSwitchThrown(switch=_row(connection, context, _get(connection, context, switch_id)), already=not new)


def _target(context: OperationContext, request: ThrowKillSwitch) -> Target:
    if request.target is None:
        return Target("everything", context.owner or "")
    find = account_id if request.scope == "account" else automation_id
    found, get = find(context, request.target), automations.account if request.scope == "account" else automations.get
    with context.core.storage.read() as connection:
        row = get(connection, found)
    if row is None:
        raise CommandRefused(f"the {request.scope} {request.target!r} was deleted meanwhile")
    return Target(request.scope, row.owner, row.id, row.name)


def show(context: OperationContext, request: ShowKillSwitch) -> Checklist:
    """Return a kill switch's checklist, a page of it: what each order was, and what its exchange confirmed since."""
    after = id_in(request.cursor)
    with context.core.storage.read() as connection:
        switch = _find(connection, context, request.id)
        found = kill_switches.lines(
            connection,
            switch.id,
            context.owner,
            live=request.live,
            after=after,
            count=request.limit + 1,
        )
        rows = found[: request.limit]
        cancels = kill_switches.cancels_of(
            connection, [row.id for row in rows if not IntentStatus(row.status).terminal]
        )
        return Checklist(
            switch=_row(connection, context, switch),
            lines=[_line(row, cancels.get(row.id)) for row in rows],
            next_cursor=rows[-1].id if len(found) > request.limit else None,
            as_of=from_ms(context.core.clock.now()),
        )


def list_switches(context: OperationContext, request: ListKillSwitches) -> KillSwitchPage:
    """Return a page of kill switches, newest first; those in force are never so many that they need pages."""
    with context.core.storage.read() as connection:
        if request.in_force:
            rows = kill_switches.every_in_force(connection, context.owner)
            return KillSwitchPage(switches=[_row(connection, context, row) for row in rows], next_cursor=None)
        found = kill_switches.page(connection, context.owner, id_in(request.cursor), request.limit + 1)
        rows = found[: request.limit]
        return KillSwitchPage(
            switches=[_row(connection, context, row) for row in rows],
            next_cursor=rows[-1].id if len(found) > request.limit else None,
        )


def release(context: OperationContext, request: ReleaseKillSwitch) -> KillSwitchRow:
    """Let orders be sent again; refused while it is not confirmed what became of all that were live, unless told to."""
    with context.core.storage.read() as connection:
        switch = _find(connection, context, request.id, only=True)
    if context.owner is not None and switch.authority != context.owner:
        raise CommandRefused(
            f"the kill switch {switch.id} was thrown by {switch.by}, for the whole installation's sake: ask there for"
            " its release"
        )
    KillSwitch(context.core).release(switch.id, by=context.by, even_if_unsettled=request.even_if_unsettled)
    context.hurry()
    with context.core.storage.read() as connection:
        return _row(connection, context, _get(connection, context, switch.id))


def _find(
    connection: sa.Connection, context: OperationContext, switch_id: str | None, *, only: bool = False
) -> order_rows.KillSwitchRow:
    if switch_id is not None:
        return _get(connection, context, switch_id)
    found = kill_switches.every_in_force(connection, context.owner)
    if only and len(found) > 1:
        ids = ", ".join(row.id for row in found[:5])
        raise UnknownName(f"{len(found)} kill switches are in force: give the id of one, {ids}")
    if not (found or only):
        found = kill_switches.page(connection, context.owner, None, 1)
    if not found:
        raise UnknownName("no kill switch is in force" if only else "no kill switch was ever thrown here")
    return found[0]


def _get(connection: sa.Connection, context: OperationContext, switch_id: str) -> order_rows.KillSwitchRow:
    row = kill_switches.get(connection, switch_id, context.owner)
    if row is None:
        raise UnknownName(f"there is no kill switch {switch_id!r}: `octobot-node kill-switch list` shows their ids")
    return row


def _row(connection: sa.Connection, context: OperationContext, switch: order_rows.KillSwitchRow) -> KillSwitchRow:
    totals = kill_switches.totals(connection, switch.id, context.owner)
    under_way = kill_switches.underway(connection, switch, context.owner)
    live = sum(count for status, count in totals.items() if not IntentStatus(status).terminal)
    # Of one that was released, what its automations send since is no concern: it is settled if it was.
    unconfirmed = live if switch.released_at is not None else live + under_way.orders + under_way.cancels
    return KillSwitchRow(
        id=switch.id,
        scope=switch.scope,
        owner=switch.owner,
        target=switch.target,
        target_id=switch.target_id,
        by=switch.by,
        reason=switch.reason,
        thrown_at=from_ms(switch.thrown_at),
        in_force=switch.released_at is None,
        settled=not unconfirmed,
        settled_at=moment(switch.settled_at),
        released_at=moment(switch.released_at),
        released_by=switch.released_by,
        orders=sum(totals.values()),
        now=totals,
        cancels=0 if switch.released_at is not None else under_way.cancels,
    )


def _line(row: order_rows.ChecklistRow, cancel: order_rows.CancelRow | None) -> ChecklistLine:
    ended = IntentStatus(row.status).terminal
    same = ("automation", "automation_id", "account", "symbol", "side", "type", "amount", "spend", "price", "stop")
    then = ("exchange_order_id", "status_then", "filled_then", "status", "filled", "reason")
    return ChecklistLine(
        order=row.id,
        **{name: getattr(row, name) for name in (*same, *then)},
        outcome=_outcome(row, cancel),
        confirmed_at=moment(row.updated_at) if ended else None,
        advice=_advice(row),
    )


def _outcome(row: order_rows.ChecklistRow, cancel: order_rows.CancelRow | None) -> str:
    what = _ENDS.get(row.status) or _UNDER_WAY[row.status]
    part = row.filled and row.status != "filled"
    filled = f", {row.filled:f} {row.symbol.partition('/')[0]} of it filled" if part else ""
    if cancel is None:
        return f"{what}{filled}"
    waits = f" ({cancel.reason})" if cancel.reason else ""
    return f"{what}{filled}; its cancel is {'sent' if cancel.status == 'sent' else 'to be sent'}{waits}"


def _advice(row: order_rows.ChecklistRow) -> str:
    if row.status != IntentStatus.UNKNOWN:
        return ""
    return (
        f"look for it at the exchange: `octobot-node orders adopt {row.id}` if it is there, `octobot-node orders"
        f" declare-not-sent {row.id}` if it never was"
    )
