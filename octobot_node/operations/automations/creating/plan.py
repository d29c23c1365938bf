"""What the next tick would do, with actions disabled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from octobot_node.automation import AutomationStatus
from octobot_node.engine.commands.commands import NewAutomation
from octobot_node.engine.deciding.config_checks import Proposal, check_proposals
from octobot_node.engine.deciding.request_findings import foreseen, request_findings
from octobot_node.engine.deciding.request_forecast import Forecast
from octobot_node.engine.deciding.tick_batch import Rehearsal, TickBatch
from octobot_node.engine.evaluating.schedule import FLOOR_MS
from octobot_node.engine.ledger.book import exact
from octobot_node.engine.market.hub import requests_for
from octobot_node.errors import CommandRefused, UsageError
from octobot_node.ids import new_id
from octobot_node.limits import Limits
from octobot_node.market import from_ms
from octobot_node.operations.automations.commands import checked, edited_config
from octobot_node.operations.automations.creating.drafts import Draft, sound
from octobot_node.operations.automations.creating.findings import finding_rows, refuse_errors
from octobot_node.operations.automations.creating.requests import budget_rows
from octobot_node.operations.automations.listing import rows_of
from octobot_node.operations.automations.models.automations import FindingRow
from octobot_node.operations.automations.models.plans import (
    CandlesSeen,
    PlanAutomation,
    PlannedAction,
    PlannedLine,
    PlannedNotice,
    PlannedOrder,
    PlannedRequest,
    PlannedTick,
    PlanType,
    RequestsUsed,
    TickerSeen,
)
from octobot_node.operations.automations.one.figures import figure_rows
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import automation_id
from octobot_node.operations.serializers import price_levels
from octobot_node.orders import IntentStatus, OpenOrder
from octobot_node.plugin_system.registry import Registry
from octobot_node.store import automations as automation_statements

__all__ = ["plan", "plan_type"]

_OUTCOMES: Mapping[str | None, Any] = {None: "decides", "waiting": "waits", "failed": "fails", "held": "held"}


def plan(context: OperationContext, request: PlanAutomation) -> PlannedTick:
    """Evaluate the next tick on live data and return what it would do; nothing is written, sent or told.

    The tick is told the time at which its schedule wants it, even if that is still to come, unless ``at_once``;
    prices and candles are those of now. Of an edit it is the tick that follows it at once, with all that the edit does
    before; raises UsageError with everything that is wrong with the new config.
    """
    found = automation_id(context, request.automation)
    rows = rows_of(context, [found])
    if not rows:
        raise CommandRefused(f"the automation {found} was deleted meanwhile")
    row = rows[0]
    status = AutomationStatus(row.status)
    if status.over or status.ending:
        raise CommandRefused(f"{row.name!r} is {row.status}: it decides nothing any more")
    config = edited_config(context, found, request.config, request.changes)
    if config is not None:
        valid, _ = checked(context, found, config)
        rehearsal = context.commands.rehearse_edit(found, valid)
    else:
        rehearsal = TickBatch(context.core).rehearse(found, _planned_time(context, found, at_once=request.at_once))
    if rehearsal is None:
        raise CommandRefused(f"the automation {row.name!r} was deleted meanwhile")
    forecasts = foreseen(context.core, rehearsal, instead_of=row.id)
    told = request_findings(forecasts)
    if config is not None:
        refuse_errors(told)
    findings = _findings(context, rehearsal) + finding_rows(told)
    return _planned(context.registry, _Planned(row.name, row.id, row.status, findings, forecasts), rehearsal)


def plan_type(context: OperationContext, request: PlanType) -> PlannedTick:
    """Evaluate the first tick of an automation that is not created; nothing is written, sent or told.

    Raises UsageError with everything that is wrong with it.
    """
    found = sound(context, Draft(request.name, request.type, request.account, request.budget, request.config))
    new = NewAutomation(
        # Of a name that nobody has: which one it is to have is not known yet.
        name=request.name or new_id(),
        type=found.config.type,
        account_id=found.account.id,
        budget=request.budget,
        config=found.config,
        limits=Limits.model_validate(request.limits.model_dump(exclude_none=True)),
        owner=context.creator,
    )
    rehearsal = context.commands.rehearse(new)
    assert rehearsal is not None, "a new automation is loaded in the transaction that adds it"
    forecasts = foreseen(context.core, rehearsal)
    told = request_findings(forecasts)
    refuse_errors(told)
    return _planned(
        context.registry,
        _Planned(request.name or "", "", AutomationStatus.ACTIVE, finding_rows([*found.findings, *told]), forecasts),
        rehearsal,
    )


class _Planned(NamedTuple):
    """What is planned."""

    name: str
    id: str
    status: str
    findings: list[FindingRow]
    forecasts: list[Forecast]


def _findings(context: OperationContext, rehearsal: Rehearsal) -> list[FindingRow]:
    row = rehearsal.loaded.row
    try:
        config = context.commands.validated(row.type, json.loads(row.config), row.name)
    except UsageError:
        return []  # its type is gone, or takes this config no more: the tick itself says so
    with context.core.storage.read() as connection:
        owned = automation_statements.owned(connection, row.id)
    (findings,) = check_proposals(context.core, [Proposal(row.account_id, config, owned)])
    return finding_rows(findings)


def _planned_time(context: OperationContext, found: str, *, at_once: bool) -> int:
    from octobot_node.store.queries import lists

    now = context.core.clock.now()
    if at_once:
        return now
    with context.core.storage.read() as connection:
        rows = lists.automations_by_id(connection, [found])
    # Of a fill's wake, which comes first, there is nothing to plan that ``at_once`` does not show; the schedule's is
    # what was asked about. Of one that is tried again later, the later moment is when it is told.
    due = [moment for row in rows for moment in (row.due_at, row.next_run_at) if moment is not None]
    told: int = max([now, *due])
    return told


def _planned(registry: Registry, row: _Planned, rehearsal: Rehearsal) -> PlannedTick:
    loaded, changes, market = rehearsal.loaded, rehearsal.changes, rehearsal.market
    outcome = rehearsal.evaluated.outcome
    wide: dict[str, Any] = {}
    for change in changes.wide:
        wide |= change
    (ended,) = changes.finished or changes.released
    decided = outcome.problem is None
    state = wide.get("state", loaded.row.state)
    resting = {order.id: order for order in loaded.given.open_orders}
    levels = ended.get("levels", loaded.row.levels)
    return PlannedTick(
        automation=row.name,
        id=row.id,
        type=loaded.row.type,
        tick=loaded.given.number,
        at=from_ms(loaded.given.now),
        scheduled=loaded.given.scheduled_at is not None,
        missed=loaded.given.missed,
        outcome=_OUTCOMES.get(outcome.problem, "fails"),
        reason=outcome.reason,
        status=wide.get("status", AutomationStatus.ACTIVE if decided else row.status),
        orders=[_order(intent, resting) for intent in changes.intents],
        notices=[PlannedNotice(level=each["level"], message=each["message"]) for each in changes.notices],
        log=[PlannedLine(level=level, text=text) for level, text in rehearsal.evaluated.outcome.logged],
        requests=[PlannedRequest(automation=each["target"], command=each["command"]) for each in changes.requests],
        actions=[
            PlannedAction(action=each.data["action"], payload=each.data["payload"])
            for each in changes.events
            if each.kind == "action.asked"
        ],
        next_run=_after(ended["next_run_at"], loaded.given.now),
        levels=price_levels(levels),
        figures=figure_rows(
            registry, loaded.row.type, json.loads(loaded.row.config), wide.get("figures", loaded.row.figures)
        ),
        next_step=_next_step(wide.get("next_step", loaded.row.next_step), outcome.problem),
        state=None if state is None else json.loads(state),
        needs_funds=_needed(changes.intents),
        free_funds=dict(loaded.given.balances),
        lacking_funds=_lacking(_needed(changes.intents), changes.wanting, dict(loaded.given.balances)),
        findings=row.findings,
        requests_used=RequestsUsed(
            market_data=requests_for(loaded.needs),
            trading=sum(intent["status"] == IntentStatus.PLANNED for intent in changes.intents),
        ),
        request_budgets=budget_rows(row.forecasts),
        source=loaded.row.source.partition(":")[0],
        market_at=market.as_of,
        tickers=[
            TickerSeen(symbol=each.symbol, last=each.last, bid=each.bid, ask=each.ask, at=each.at)
            for symbol in sorted(loaded.needs.symbols)
            if (each := market.tickers.get(symbol)) is not None
        ],
        candles=[_candles(rehearsal, *key, count) for key, count in sorted(loaded.needs.candles.items())],
    )


def _next_step(described: str, problem: str | None) -> str:
    return "" if problem else described


def _after(next_run_at: int | None, told: int) -> datetime | None:
    # What is to be told soon is so from the real now; this tick was told a later time.
    return None if next_run_at is None else from_ms(max(next_run_at, told + FLOOR_MS))


def _order(intent: Mapping[str, Any], resting: Mapping[str, OpenOrder]) -> PlannedOrder:
    shown = dict(intent)
    cancelled = resting.get(intent["parent"] or "")
    if cancelled is not None:
        # A cancel has nothing of its own to tell: what matters is which order it is about.
        about = ("symbol", "side", "type", "amount", "price", "stop", "tag")
        shown |= {name: getattr(cancelled, name) for name in about}
    names = ("kind", "status", "reason", "symbol", "side", "type", "amount", "spend", "price", "stop", "tag")
    return PlannedOrder(
        **{name: shown[name] for name in names},
        reserves=intent["reserved"],
        reserved_asset=intent["reserved_asset"],
        cancels=intent["parent"],
    )


def _needed(intents: list[dict[str, Any]]) -> dict[str, Decimal]:
    needed: dict[str, Decimal] = {}
    with exact():
        for intent in intents:
            if intent["reserved"]:
                asset = intent["reserved_asset"]
                needed[asset] = needed.get(asset, Decimal(0)) + intent["reserved"]
    return needed


def _lacking(
    needed: Mapping[str, Decimal], wanting: Mapping[str, Decimal], free: Mapping[str, Decimal]
) -> dict[str, Decimal]:
    zero, lacking = Decimal(0), {}
    with exact():
        # What lacks in one order may be what another reserved: only the sum says how much more it takes.
        for asset in sorted(wanting):
            more = needed.get(asset, zero) + wanting[asset] - free.get(asset, zero)
            if more > 0:
                lacking[asset] = more
    return lacking


def _candles(rehearsal: Rehearsal, symbol: str, timeframe: str, asked: int) -> CandlesSeen:
    found = rehearsal.market.all_candles.get((symbol, timeframe))
    got = 0 if found is None else min(len(found), asked)
    newest = None if found is None or not len(found) else from_ms(int(found.time[-1]))
    stale = found is None or found.stale
    return CandlesSeen(symbol=symbol, timeframe=timeframe, asked=asked, got=got, newest=newest, stale=stale)
