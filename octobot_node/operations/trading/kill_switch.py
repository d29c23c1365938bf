"""The kill switch: stop all sending, see what became of the orders, let them be sent again."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.engine.commands.kill_switch import KillSwitch, Target
from octobot_node.errors import CommandRefused, UnknownName
from octobot_node.market import from_ms
from octobot_node.operations.context import Desk
from octobot_node.operations.lookup import account_id, automation_id
from octobot_node.operations.models import (
    Checklist,
    ChecklistLine,
    KillSwitchPage,
    KillSwitchRow,
    ListKillSwitches,
    ReleaseKillSwitch,
    ShowKillSwitch,
    ThrowKillSwitch,
    Thrown,
)
from octobot_node.operations.serializers import moment
from octobot_node.orders import IntentStatus
from octobot_node.store import automations, kill_switches
from octobot_node.store.rows import orders as orders_rows

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


def throw(desk: Desk, wanted: ThrowKillSwitch) -> Thrown:
    """Stop all sending before this returns, then cancel own open orders; one that is in force stays as it is."""
    switch_id, new = KillSwitch(desk.core).throw(
        _target(desk, wanted), wanted.reason, by=desk.by, authority=desk.owner or ""
    )
    desk.hurry()
    with desk.core.storage.read() as connection:
        return Thrown(switch=_row(connection, desk, _get(connection, desk, switch_id)), already=not new)


def _target(desk: Desk, wanted: ThrowKillSwitch) -> Target:
    if wanted.target is None:
        return Target("everything", desk.owner or "")
    find = account_id if wanted.scope == "account" else automation_id
    found, get = find(desk, wanted.target), automations.account if wanted.scope == "account" else automations.get
    with desk.core.storage.read() as connection:
        row = get(connection, found)
    if row is None:
        raise CommandRefused(f"the {wanted.scope} {wanted.target!r} was deleted meanwhile")
    return Target(wanted.scope, row.owner, row.id, row.name)


def show(desk: Desk, wanted: ShowKillSwitch) -> Checklist:
    """Return a kill switch's checklist, a page of it: what each order was, and what its exchange confirmed since."""
    with desk.core.storage.read() as connection:
        switch = _find(connection, desk, wanted.id)
        found = kill_switches.lines(
            connection, switch.id, desk.owner, live=wanted.live, after=wanted.cursor, count=wanted.limit + 1
        )
        rows = found[: wanted.limit]
        cancels = kill_switches.cancels_of(
            connection, [row.id for row in rows if not IntentStatus(row.status).terminal]
        )
        return Checklist(
            switch=_row(connection, desk, switch),
            lines=[_line(row, cancels.get(row.id)) for row in rows],
            next_cursor=rows[-1].id if len(found) > wanted.limit else None,
            as_of=from_ms(desk.core.clock.now()),
        )


def list_switches(desk: Desk, wanted: ListKillSwitches) -> KillSwitchPage:
    """Return a page of kill switches, newest first; those in force are never so many that they need pages."""
    with desk.core.storage.read() as connection:
        if wanted.in_force:
            rows = kill_switches.every_in_force(connection, desk.owner)
            return KillSwitchPage(switches=[_row(connection, desk, row) for row in rows], next_cursor=None)
        found = kill_switches.page(connection, desk.owner, wanted.cursor, wanted.limit + 1)
        rows = found[: wanted.limit]
        return KillSwitchPage(
            switches=[_row(connection, desk, row) for row in rows],
            next_cursor=rows[-1].id if len(found) > wanted.limit else None,
        )


def release(desk: Desk, wanted: ReleaseKillSwitch) -> KillSwitchRow:
    """Let orders be sent again; refused while it is not confirmed what became of all that were live, unless told to."""
    with desk.core.storage.read() as connection:
        switch = _find(connection, desk, wanted.id, only=True)
    if desk.owner is not None and switch.authority != desk.owner:
        raise CommandRefused(
            f"the kill switch {switch.id} was thrown by {switch.by}, for the whole installation's sake: ask there for"
            " its release"
        )
    KillSwitch(desk.core).release(switch.id, by=desk.by, even_if_unsettled=wanted.even_if_unsettled)
    desk.hurry()
    with desk.core.storage.read() as connection:
        return _row(connection, desk, _get(connection, desk, switch.id))


def _find(
    connection: sa.Connection, desk: Desk, switch_id: str | None, *, only: bool = False
) -> orders_rows.KillSwitchRow:
    if switch_id is not None:
        return _get(connection, desk, switch_id)
    found = kill_switches.every_in_force(connection, desk.owner)
    if only and len(found) > 1:
        ids = ", ".join(row.id for row in found[:5])
        raise UnknownName(f"{len(found)} kill switches are in force: give the id of one, {ids}")
    if not (found or only):
        found = kill_switches.page(connection, desk.owner, None, 1)
    if not found:
        raise UnknownName("no kill switch is in force" if only else "no kill switch was ever thrown here")
    return found[0]


def _get(connection: sa.Connection, desk: Desk, switch_id: str) -> orders_rows.KillSwitchRow:
    row = kill_switches.get(connection, switch_id, desk.owner)
    if row is None:
        raise UnknownName(f"there is no kill switch {switch_id!r}: `octobot-node kill-switch list` shows their ids")
    return row


def _row(connection: sa.Connection, desk: Desk, switch: orders_rows.KillSwitchRow) -> KillSwitchRow:
    totals = kill_switches.totals(connection, switch.id, desk.owner)
    under_way = kill_switches.underway(connection, switch, desk.owner)
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


def _line(row: orders_rows.ChecklistRow, cancel: orders_rows.CancelRow | None) -> ChecklistLine:
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


def _outcome(row: orders_rows.ChecklistRow, cancel: orders_rows.CancelRow | None) -> str:
    what = _ENDS.get(row.status) or _UNDER_WAY[row.status]
    part = row.filled and row.status != "filled"
    filled = f", {row.filled:f} {row.symbol.partition('/')[0]} of it filled" if part else ""
    if cancel is None:
        return f"{what}{filled}"
    waits = f" ({cancel.reason})" if cancel.reason else ""
    return f"{what}{filled}; its cancel is {'sent' if cancel.status == 'sent' else 'to be sent'}{waits}"


def _advice(row: orders_rows.ChecklistRow) -> str:
    if row.status != IntentStatus.UNKNOWN:
        return ""
    return (
        f"look for it at the exchange: `octobot-node orders adopt {row.id}` if it is there, `octobot-node orders"
        f" declare-not-sent {row.id}` if it never was"
    )
