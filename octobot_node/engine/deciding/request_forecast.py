"""What automations will ask of exchanges, beside what those at work ask and what the exchange allows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import structlog

from octobot_node.contracts.exchanges import RequestCost, RequestGate, RequestLimit
from octobot_node.engine.deciding.request_load import Rhythm, market_load, ticks_a_minute
from octobot_node.engine.evaluating.decision_checks import load_needs
from octobot_node.engine.evaluating.schedule import load_wake
from octobot_node.engine.market.metered_connectors import cost_of
from octobot_node.engine.market.request_gates import allowed_a_minute
from octobot_node.errors import OctoBotError
from octobot_node.store.queries import rhythms as rhythm_queries

if TYPE_CHECKING:
    from octobot_node.engine.core import Core
    from octobot_node.engine.market.account import Account

__all__ = ["Forecast", "Newcomer", "forecast", "rhythm_of"]

log = structlog.get_logger(__name__)
#: Opened beside the account that is asked about, where they share its connector and its way out.
_ACCOUNTS_MOST = 100
#: Intervals that are proposed, in ms.
_SECOND = 1_000
_INTERVALS = (
    *(each * _SECOND for each in (5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600)),
    *(each * 3_600 * _SECOND for each in (4, 12, 24)),
)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """An automation that is not at work yet, or will be otherwise than it is: ``orders`` are those of a tick, and
    ``rests`` says whether one of them stays at the exchange.
    """

    rhythm: Rhythm
    account_id: str
    orders: int = 0
    rests: bool = False
    #: The one that it takes the place of.
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Of one limit of an exchange, a minute: what is added, what those at work ask, and what is allowed.

    Weights are in the limit's own unit. ``adds_orders`` are not in ``adds``: as many are in the first tick, of others
    nothing is known.
    """

    exchange: str
    limit: RequestLimit
    egress: str
    adds_requests: float
    adds: float
    adds_orders: float
    used: float
    allowed: float
    #: The shortest interval (ms) from some usual ones with which it would fit, None where none would.
    fitting: int | None = None

    @property
    def share(self) -> float:
        """Which part of what is allowed all would ask."""
        return (self.used + self.adds) / self.allowed

    @property
    def share_before(self) -> float:
        """Which part those at work ask."""
        return self.used / self.allowed

    @property
    def adds_share(self) -> float:
        """Which part is added, orders included."""
        return (self.adds + self.adds_orders) / self.allowed


@dataclass(slots=True)
class _Sum:
    cost: RequestCost
    egress: str
    requests: float = 0.0
    weight: float = 0.0
    orders: float = 0.0
    used: float = 0.0


def rhythm_of(wake: str, needs: str, levels: str | None) -> Rhythm:
    """Return the rhythm of an automation as it is stored."""
    wanted = load_needs(needs)
    watched = json.loads(levels) if levels else {}
    symbols = {symbol for side in ("above", "below") for symbol in watched.get(side, ())}
    return Rhythm(load_wake(wake), frozenset(wanted.symbols), frozenset(wanted.candles), frozenset(symbols))


def forecast(core: Core, account_id: str, *newcomers: Newcomer) -> list[Forecast]:
    """Return what an account's exchange will be asked, by limit, with all ``newcomers``; nothing where its connectors
    do not say what that takes. Outside any transaction.
    """
    try:
        account = core.accounts.get(account_id)
        found = core.event_loop.call(_forecast(core, account, newcomers))
        if all(each.share <= 1 for each in found):
            return found
        fitting = _fitting(core, account, newcomers)
    except OctoBotError as error:
        # Its exchange does not answer, or its account cannot be opened: the tick itself says so.
        log.info("requests_not_foreseen", account=account_id, error=str(error))
        return []
    return [replace(each, fitting=fitting) for each in found]


def _fitting(core: Core, account: Account, newcomers: Sequence[Newcomer]) -> int | None:
    often = [each.rhythm.plan.every for each in newcomers if each.rhythm.plan is not None and each.rhythm.plan.every]
    for every in _INTERVALS:
        if often and every > min(often):
            slower = [_slower(each, every) for each in newcomers]
            if all(each.share <= 1 for each in core.event_loop.call(_forecast(core, account, slower))):
                return every
    return None


def _slower(newcomer: Newcomer, every: int) -> Newcomer:
    plan = newcomer.rhythm.plan
    if plan is None or plan.every is None or plan.every >= every:
        return newcomer
    return replace(
        newcomer, rhythm=replace(newcomer.rhythm, plan=replace(plan, every=every, offset=plan.offset % every))
    )


async def _forecast(core: Core, account: Account, newcomers: Sequence[Newcomer]) -> list[Forecast]:
    sums: dict[int, _Sum] = {}
    mine = await _costs(core, account)
    for cost, egress in mine:
        sums.setdefault(id(cost.gate), _Sum(cost, egress))
    if not sums:
        return []
    sharing = await core.event_loop.blocking(_sharing, core, account, {each.account_id for each in newcomers})
    sources = {each.id: each.source for each in sharing}
    gone = {each.instead_of for each in newcomers}
    at_work = await core.event_loop.blocking(_at_work, core, {each.source for each in sharing}, gone)
    for source in {each.source: each for each in sharing}.values():
        there = at_work.get(source.source, [])
        before = await _market_costs(core, source, there)
        for gate, (_, weight) in before.items():
            if gate in sums:
                sums[gate].used += weight
        new = [each.rhythm for each in newcomers if sources.get(each.account_id) == source.source]
        if new:
            after = await _market_costs(core, source, [*there, *new])
            for gate, (requests, weight) in after.items():
                if gate not in sums:
                    continue
                known = before.get(gate, (0.0, 0.0))
                sums[gate].requests += max(requests - known[0], 0.0)
                sums[gate].weight += max(weight - known[1], 0.0)
    await _add_trading(core, sharing, newcomers, sums)
    return [_told(each) for each in sums.values()]


def _told(found: _Sum) -> Forecast:
    gate: RequestGate = found.cost.gate
    return Forecast(
        exchange=found.cost.exchange,
        limit=gate.limit,
        egress=found.egress,
        adds_requests=found.requests,
        adds=found.weight,
        adds_orders=found.orders,
        used=found.used,
        allowed=allowed_a_minute(gate.limit),
    )


async def _costs(core: Core, account: Account) -> list[tuple[RequestCost, str]]:
    """Return of the limits that an account meets one cost each, with the way out that it is about."""
    asked = [
        (core.accounts.source(account.source), "tickers", account.market_data_egress),
        (account.trading, "polling", account.egress),
    ]
    if account.simulated:
        asked.pop()
    found = [(await cost_of(connector, what), egress) for connector, what, egress in asked]  # type: ignore[arg-type]
    return [(cost, egress) for cost, egress in found if cost is not None]


async def _market_costs(core: Core, account: Account, rhythms: Sequence[Rhythm]) -> dict[int, tuple[float, float]]:
    """Return by gate how many requests, and of what weight, the automations of a market's have it asked a minute."""
    settings, market = core.settings, core.accounts.source(account.source)
    load = market_load(
        rhythms,
        core.clock.now(),
        slot_ms=max(settings.dispatch_interval * 1_000, 200.0),
        levels_ms=settings.sweep_interval * 1_000,
    )
    found: dict[int, tuple[float, float]] = {}
    asked = [("tickers", rate, symbols) for rate, symbols in load.tickers] + [("candles", load.candles, 1)]
    known: dict[tuple[str, int], RequestCost | None] = {}
    for what, rate, symbols in asked:
        if (what, symbols) not in known:
            known[what, symbols] = await cost_of(market, what, symbols)  # type: ignore[arg-type]
        cost = known[what, symbols]
        if cost is not None:
            requests, weight = found.get(id(cost.gate), (0.0, 0.0))
            found[id(cost.gate)] = requests + rate * cost.requests, weight + rate * cost.weight
    return found


async def _add_trading(
    core: Core, sharing: Iterable[Account], newcomers: Sequence[Newcomer], sums: dict[int, _Sum]
) -> None:
    """Add what looking after orders takes: once for an account, however many automations have orders there."""
    looks = 60 / core.settings.watch_interval_max
    watched = await core.event_loop.blocking(_with_orders, core)
    for each in sharing:
        polling = None if each.simulated else await cost_of(each.trading, "polling")
        if polling is None or id(polling.gate) not in sums:
            continue
        total = sums[id(polling.gate)]
        if each.id in watched:
            total.used += looks * polling.weight
        elif any(one.rests for one in newcomers if one.account_id == each.id):
            total.weight += looks * polling.weight
            total.requests += looks * polling.requests
    for each in sharing:
        sending = [one for one in newcomers if one.account_id == each.id and one.orders]
        order = None if each.simulated or not sending else await cost_of(each.trading, "orders")
        if order is not None and id(order.gate) in sums:
            rate = sum(ticks_a_minute(one.rhythm.plan, core.clock.now()) * one.orders for one in sending)
            sums[id(order.gate)].orders += rate * order.weight
            sums[id(order.gate)].requests += rate * order.requests


def _sharing(core: Core, account: Account, new: Set[str]) -> list[Account]:
    """Return the account, those of newcomers, and those with automations at work that may meet the same limits."""
    with core.storage.read() as connection:
        ids = rhythm_queries.accounts_at_work(connection, account.id)
    found = [account]
    for account_id in [*(new - {account.id}), *islice((each for each in ids if each not in new), _ACCOUNTS_MOST)]:
        try:
            found.append(core.accounts.get(account_id))
        except Exception as error:  # noqa: BLE001 - whatever a connector raises: nothing is asked there
            log.info("requests_not_foreseen", account=account_id, error=str(error))
    return found


def _at_work(core: Core, sources: set[str], but: Set[str]) -> Mapping[str, list[Rhythm]]:
    found: dict[str, list[Rhythm]] = {}
    with core.storage.read() as connection:
        for row in rhythm_queries.at_work(connection, sources):
            if row.automation_id not in but:
                found.setdefault(row.source, []).append(rhythm_of(row.wake, row.needs, row.levels))
    return found


def _with_orders(core: Core) -> set[str]:
    from octobot_node.store import intents

    with core.storage.read() as connection:
        return set(intents.accounts_to_watch(connection))
