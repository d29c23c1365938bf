"""What needs somebody, by cause, with what helps; and what mends itself, told apart."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

import sqlalchemy as sa

from octobot_node.automation import AutomationStatus
from octobot_node.contracts.coordinator import NodeStatus
from octobot_node.errors import StorageUnavailable
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.overview.alike import alike, gathered
from octobot_node.operations.overview.models.attention import Attention, Cause, Causes, Help, ShowAttention
from octobot_node.operations.perform import perform
from octobot_node.operations.serializers import moment
from octobot_node.store import kill_switches
from octobot_node.store.queries import attention as statements
from octobot_node.store.rows.attention import LacksRow, ReasonRow

__all__ = ["attention"]

#: Reasons that are read, and told apart; a node with more of them than this has one trouble, not many.
_READ = 100_000
_REASONS = 50
_NOTHING = "nothing: it mends itself"
_OF_AUTOMATIONS = frozenset({"failed", "held", "late", "lacking_funds"})


def attention(context: OperationContext, request: ShowAttention) -> Attention:
    """Return the causes for which something needs somebody, and those that mend themselves."""
    now = context.core.clock.now()
    with context.core.storage.read() as connection:
        found = [
            *_by_reason(context, connection, AutomationStatus.FAILED),
            *_by_reason(context, connection, AutomationStatus.HELD),
            *_unknown(context, connection),
            *_silent(context, connection),
            *_short(context, connection),
            *_lacking(context, connection, now - int(request.refused_within * 1_000)),
            *_late(context, connection, now - int(request.late_after * 1_000)),
            *_thrown(context, connection),
            *_waiting(context, connection),
        ]
    if context.may("node:read"):
        found += [*_nodes(context), *_plugins(context)]
    found += _of_others(context)
    causes = sorted(gathered(found), key=lambda each: (each.mends_itself, -each.count))
    return Attention(
        causes=causes,
        automations=sum(each.count for each in causes if each.kind in _OF_AUTOMATIONS and not each.mends_itself),
        as_of=from_ms(now),
    )


def _by_reason(context: OperationContext, connection: sa.Connection, status: AutomationStatus) -> Iterator[Cause]:
    for row in alike(statements.reasons(connection, status, context.owner, _READ))[:_REASONS]:
        yield Cause(
            kind="failed" if status is AutomationStatus.FAILED else "held",
            title=f"{_who(row)} {status.value}: {row.reason or 'for no reason'}",
            detail="" if row.many == 1 else f"one of them is {row.name}",
            cure=_mend(row),
            count=row.many,
            oldest=moment(row.oldest or None),
            mends_itself=False,
            help=Help(
                operation="automations.bulk", arguments={"command": "resume", "status": [row.status], "type": row.type}
            ),
        )


def _who(row: ReasonRow) -> str:
    return f"{row.name} is" if row.many == 1 else f"{row.many:,} of {row.type.rpartition('.')[2]} are"


def _mend(row: ReasonRow) -> str:
    if row.many == 1:
        return f"mend what the reason says (`octobot-node automations log {quote(row.name)}` has more), then resume it"
    return (
        "mend what the reason says, then resume them: `octobot-node automations resume --status"
        f" {row.status} --type {row.type}`"
    )


def _unknown(context: OperationContext, connection: sa.Connection) -> Iterator[Cause]:
    for row in statements.unknown(connection, context.owner):
        many = f"{row.many:,} orders" if row.many > 1 else "an order"
        yield Cause(
            kind="unknown_orders",
            title=f"The outcome of {many} on {row.account or row.account_id} is not known",
            detail="their funds stay reserved, and the exchange is asked again",
            cure="look for it at the exchange, then `octobot-node orders adopt` it or `declare-not-sent`; `orders list"
            " --status unknown` has them",
            count=row.many,
            oldest=moment(row.oldest),
            mends_itself=False,
            help=Help(operation="orders.list", arguments={"status": "unknown"}),
        )


def _lacking(context: OperationContext, connection: sa.Connection, since: int) -> Iterator[Cause]:
    for row in statements.lacking(connection, since, context.owner):
        yield Cause(
            kind="lacking_funds",
            title=_who_lacks(row),
            detail=row.reason if row.many == 1 else f"{row.reason}; one of them is {row.automation}",
            cure="give them more (`octobot-node automations budget`), let them order less, or stop what holds it",
            count=row.many,
            oldest=moment(row.oldest),
            mends_itself=False,
            help=Help(
                operation="orders.list",
                arguments={"status": "refused"} | ({"automation": row.automation_id} if row.many == 1 else {}),
            ),
        )


def _who_lacks(row: LacksRow) -> str:
    if row.many == 1:
        return f"{row.automation} lacks funds for its orders"
    return f"{row.many:,} automations on {row.account or row.account_id} lack funds for their orders"


def _short(context: OperationContext, connection: sa.Connection) -> Iterator[Cause]:
    for row in statements.short(connection, context.owner):
        lacks = ", ".join(f"{each['has']} {asset} of {each['needs']}" for asset, each in sorted(row.lacks.items()))
        yield Cause(
            kind="short_account",
            title=f"The account {row.name} has less at its exchange than its automations reckon with",
            detail=f"there is {lacks}; orders that spend it are not sent",
            cure="put back what is missing, or stop an automation that it is of; it is looked at again in minutes",
            count=1,
            oldest=None,
            mends_itself=False,
            help=Help(operation="accounts.money", arguments={"account": row.id}),
        )


def _silent(context: OperationContext, connection: sa.Connection) -> Iterator[Cause]:
    for row in statements.silent(connection, context.owner):
        title = f"The exchange of the account {row.name} does not answer"
        detail = f"{row.unanswered}; what its orders came to is not seen, and none may be sent"
        if not row.unanswered:
            title = f"The exchange of the account {row.name} does not say what was executed"
            detail = f"{row.executions_unread}; positions and results are those of before, what rests stays reserved"
        yield Cause(
            kind="silent_account",
            title=title,
            detail=detail,
            cure=f"`octobot-node accounts check {quote(row.name)}` says what is wrong with its keys, clock or route",
            count=1,
            oldest=moment(row.unanswered_since if row.unanswered else row.executions_unread_since),
            mends_itself=False,
            help=Help(operation="accounts.check", arguments={"account": row.id}),
        )


def _late(context: OperationContext, connection: sa.Connection, before: int) -> Iterator[Cause]:
    row = statements.late(connection, before, context.owner)
    if row.many:
        why, cure = "the node has more to do than it can", _NOTHING
        if not context.live:
            why, cure = "no node runs", "start one: `octobot-node start`"
        yield Cause(
            kind="late",
            title=f"{row.many:,} automations are late",
            detail=f"{why}: they run as soon as there is room",
            cure=cure,
            count=row.many,
            oldest=moment(row.oldest),
            mends_itself=context.live,
            help=None,
        )


def _thrown(context: OperationContext, connection: sa.Connection) -> Iterator[Cause]:
    switches = kill_switches.every_in_force(connection, context.owner)
    if switches:
        yield Cause(
            kind="kill_switch",
            title=f"Thrown: {', '.join(sorted({row.target or row.scope for row in switches}))}",
            detail="; ".join(sorted({row.reason for row in switches if row.reason})),
            cure="once what it was thrown for is over: `octobot-node kill-switch release`",
            count=len(switches),
            oldest=moment(min(row.thrown_at for row in switches)),
            mends_itself=False,
            help=Help(operation="kill_switch.list", arguments={}),
        )


def _waiting(context: OperationContext, connection: sa.Connection) -> Iterator[Cause]:
    for row in alike(statements.reasons(connection, AutomationStatus.WAITING, context.owner, _READ))[:_REASONS]:
        yield Cause(
            kind="waiting",
            title=f"{_who(row)} waiting: {row.reason}",
            detail="it is tried again every few seconds",
            cure=_NOTHING,
            count=row.many,
            oldest=moment(row.oldest or None),
            mends_itself=True,
            help=None,
        )


def _nodes(context: OperationContext) -> Iterator[Cause]:
    for node in context.core.coordinator.nodes() if context.live else ():
        if node.state in (NodeStatus.DEAD, NodeStatus.DRIFT):
            dead = node.state is NodeStatus.DEAD
            yield Cause(
                kind="silent_node",
                title=f"The node {node.id} is silent"
                if dead
                else f"The node {node.id} has other plugins than the master",
                detail=f"on {node.host}, heard {node.silent:,.0f} s ago; its work goes to the others",
                cure="see whether its machine runs and reaches the database, and start it again"
                if dead
                else "install the same plugins there; `octobot-node nodes` says which differ",
                count=1,
                oldest=from_ms(context.core.clock.now() - int(node.silent * 1_000)),
                mends_itself=False,
                help=Help(operation="nodes.list", arguments={}),
            )


def _of_others(context: OperationContext) -> Iterator[Cause]:
    """Yield what plugins' operations called ``attention.…`` tell; one that fails tells nothing, and is a trouble."""
    for name, operation in sorted(context.registry.operations.items()):
        if operation.response is not Causes or not name.startswith("attention."):
            continue
        try:
            yield from perform(context, operation, EmptyRequest()).causes
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises, its causes alone are missing
            context.core.plugin_failures.record("", f"the operation {name}", error)


def _plugins(context: OperationContext) -> Iterator[Cause]:
    for plugin in context.registry.broken:
        yield Cause(
            kind="broken_plugin",
            title=f"The plugin {plugin.name} is broken",
            detail=plugin.error,
            cure="mend, update or remove it, and restart the node; `octobot-node plugins` has more",
            count=1,
            oldest=None,
            mends_itself=False,
            help=Help(operation="plugins.list", arguments={}),
        )
