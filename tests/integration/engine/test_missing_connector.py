"""An account's connector is gone, or does not take its settings: its automations are held and said so once, and can be
stopped; whatever was at work on the account is quiet until it is back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel
from structlog.testing import capture_logs

from octobot_node import Decision, LimitOrder, MarketOrder, Needs, Wake
from octobot_node.contracts.exchanges import TradingFactory
from octobot_node.errors import CommandRefused, DataUnavailable, UnknownName
from octobot_node.plugin_system.registry import Registry
from octobot_node.store import tables
from octobot_plugins.health.providers import check_providers
from tests.support.bench import Bench, Decide

REST = LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(50))
GONE = (
    "its account cannot be opened: no plugin registers the trading connector 'fake'; there are: ccxt, paper: see"
    " `octobot-node doctor`, mend it and restart the node"
)
Restart = Callable[[Registry], None]


class Strict(BaseModel):
    token: str


def waits_for_price(*orders: Any) -> Decide:
    return lambda tick: Decision(orders=orders if tick.number == 0 else (), wake=Wake(above={"BTC/USDT": Decimal(999)}))


@pytest.fixture
def restart(bench: Bench) -> Restart:
    """Go on with other plugins, as a node that is started again does."""

    def restart(registry: Registry) -> None:
        core = bench.core
        core.registry = registry
        routes = core.accounts.routes
        lent = (core.counters, routes, core.sealing)
        core.accounts = type(core.accounts)(core.storage, core.clock, core.settings, registry, *lent)
        core.hub = type(core.hub)(core.accounts, core.clock, core.event_loop, 2.0, core.counters)
        core.context.registry = registry  # type: ignore[attr-defined]
        bench.build_stages()
        bench.commands.hold_without_connector()
        bench.commands.take_up_held()

    return restart


def without(registry: Registry, *, trading: bool = True, market_data: bool = False) -> Registry:
    kept = {name: each for name, each in registry.trading.items() if not (trading and name == "fake")}
    prices = {name: each for name, each in registry.market_data.items() if not (market_data and name == "fake")}
    return replace(registry, trading=kept, market_data=prices)


def held(bench: Bench) -> list[str]:
    rows = bench.rows(tables.events, tables.events.c.id)
    return [json.loads(row.data)["reason"] for row in rows if row.kind == "automation.held"]


@pytest.mark.parametrize("market_data", [False, True])
def test_automations_are_held_at_the_start_said_once_and_taken_up_when_it_is_back(
    bench: Bench, restart: Restart, market_data: bool
) -> None:
    one = bench.automation("one", waits_for_price())
    bench.settle()
    restart(without(bench.registry, market_data=market_data))
    assert (bench.row(one).status, len(held(bench))) == ("held", 1)
    with capture_logs() as logs:
        bench.run(60_000)
        bench.crossed()
        bench.crossed()
    restart(without(bench.registry, market_data=market_data))
    assert (bench.row(one).status, len(held(bench))) == ("held", 1)
    assert [line["event"] for line in logs if line["log_level"] in ("error", "critical")] == []
    restart(bench.registry)
    bench.settle()
    assert (bench.row(one).status, bench.row(one).reason) == ("active", "")


def test_settings_that_the_connector_takes_no_more_hold_at_the_next_tick(bench: Bench, restart: Restart) -> None:
    one = bench.automation("one", lambda _tick: Decision(wake=Wake(every=timedelta(minutes=1))))
    bench.settle()
    strict = TradingFactory("fake", Strict, lambda *_: None, simulated=True)
    restart(replace(bench.registry, trading={**bench.registry.trading, "fake": strict}))
    bench.run(300_000, step=60_000)
    (reason,) = held(bench)
    assert reason == bench.row(one).reason
    assert reason.startswith("its account cannot be opened: account 'main', trading: token: is missing: add it: see")


def test_a_connector_that_only_fails_to_open_now_is_tried_again(bench: Bench, restart: Restart) -> None:
    one = bench.automation("one", lambda _tick: Decision(wake=Wake(every=timedelta(minutes=1))))
    bench.settle()
    working, tries = bench.registry.trading["fake"], list[int]()

    def open_late(*given: Any) -> Any:
        tries.append(1)
        if len(tries) < 4:
            raise OSError("no route to host")
        return working.open(*given)

    restart(replace(bench.registry, trading={**bench.registry.trading, "fake": replace(working, open=open_late)}))
    with capture_logs() as logs:
        bench.advance(60_000)
        bench.settle()
        assert bench.row(one).status == "waiting"
        assert bench.row(one).reason == "its account cannot be opened: no route to host"
        bench.run(300_000, step=30_000)
    assert (bench.row(one).status, bench.row(one).reason) == ("active", "")
    assert [line["event"] for line in logs if line["event"].startswith("account_")] == [
        "account_closed",
        "account_opened",
    ]


def test_stop_ends_one_without_orders_at_once(bench: Bench, restart: Restart) -> None:
    one = bench.automation("one", waits_for_price())
    bench.settle()
    restart(without(bench.registry))
    bench.commands.stop(one)
    bench.settle()
    assert bench.row(one).status == "stopped"
    bench.commands.delete(one)


def test_stop_waits_for_what_rests_at_the_exchange_and_cancels_it_once_it_can(bench: Bench, restart: Restart) -> None:
    one = bench.automation("one", waits_for_price(REST))
    bench.settle()
    assert bench.statuses() == ["open"]
    restart(without(bench.registry))
    with capture_logs() as logs:
        bench.commands.stop(one)
        bench.run(60_000)
    assert bench.row(one).status == "stopping"
    assert bench.row(one).reason == f"1 of its orders may rest at the exchange until they can be cancelled: {GONE}"
    assert bench.statuses() == ["open"]
    assert [line["event"] for line in logs].count("account_closed") <= 1
    assert not [line for line in logs if line.get("exc_info")]
    restart(bench.registry)
    bench.run(30_000)
    assert (bench.row(one).status, bench.statuses()) == ("stopped", ["cancelled"])


def test_what_is_held_cannot_be_sold_and_stays_when_it_is_stopped_without_selling(
    bench: Bench, restart: Restart
) -> None:
    bench.trading.will(bench.trading.fill_at_once)
    one = bench.automation("one", waits_for_price(MarketOrder("BTC/USDT", "buy", amount=Decimal(1))))
    bench.settle()
    restart(without(bench.registry))
    with pytest.raises(CommandRefused) as refused:
        bench.commands.stop(one, close=True)
    assert str(refused.value) == f"'one' cannot sell what it holds: {GONE}; stopped without selling, it keeps it"
    assert str(bench.commands.many("stop_close", [one])[one]) == str(refused.value)
    assert bench.commands.many("stop", [one]) == {}
    bench.settle()
    assert bench.row(one).status == "stopped"


def test_what_was_decided_and_cannot_be_sent_waits_and_ends_as_too_old(bench: Bench, restart: Restart) -> None:
    one = bench.automation("one", waits_for_price(REST))
    bench.tick()
    assert bench.statuses() == ["planned"]
    free = bench.funds(one)
    restart(without(bench.registry))
    bench.run(30_000, step=5_000)
    (row,) = bench.intents()
    assert (row.status, row.reason) == ("planned", GONE)
    bench.run(330_000, step=30_000)
    (row,) = bench.intents()
    assert (row.status, row.reason) == ("skipped", GONE)
    assert free != bench.funds(one) == {"USDT": (Decimal(1000), Decimal(0))}


def test_a_kill_switch_cancels_past_it_what_was_never_sent(bench: Bench, restart: Restart) -> None:
    bench.automation("one", waits_for_price(REST))
    bench.tick()
    restart(without(bench.registry))
    from octobot_node.engine.commands.kill_switch import KillSwitch, Target

    kill_switch = KillSwitch(bench.core)
    kill_switch.throw(Target("everything", ""), "test", by="me", authority="")
    kill_switch.move_on()
    assert bench.statuses() == ["skipped"]


def test_doctor_names_types_and_connectors_that_no_plugin_provides(bench: Bench) -> None:
    bench.automation("one", waits_for_price())
    health = check_providers(bench.core.context)
    assert health.status == "failed"
    assert health.detail == (
        "no plugin provides the type tests.scripted of 1 automations, the market data 'fake' of the account main, the"
        " trading connector 'fake' of the account main: what needs it is held"
    )


def test_plugins_see_the_market_of_an_account_and_hear_why_they_do_not(bench: Bench, restart: Restart) -> None:
    needs = Needs(tickers=("BTC/USDT", "NOPE/USDT"))
    seen = bench.core.context.market("main", needs)
    assert (set(seen.tickers), seen.ticker("BTC/USDT").last) == ({"BTC/USDT"}, Decimal(100))
    with pytest.raises(UnknownName, match="there is no account 'other'"):
        bench.core.context.market("other", needs)
    with pytest.raises(UnknownName, match="there is no account 'main'"):
        bench.core.context.market("main", needs, owner="bob")
    restart(without(bench.registry))
    with pytest.raises(DataUnavailable) as closed:
        bench.core.context.market("main", needs)
    assert str(closed.value) == GONE
