"""Sums are what adding the rows up gives, whatever happened."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, MarketOrder, Tick, Wake
from octobot_node.engine.commands.commands import NewAccount
from octobot_node.engine.ledger.book import exact
from octobot_node.engine.standings.board import Board
from octobot_node.errors import CommandRefused
from octobot_node.store.tables import balances, fills, positions, postings, results
from tests.integration.operations.conftest import Office

HOURLY = Wake(every=timedelta(hours=1), align=True)
SYMBOLS = ("BTC/USDT", "ETH/USDT", "BTC/EUR")
DIMENSIONS = ("owner", "account", "type", "status", "paper")


def dealing(dice: random.Random) -> Any:
    """Buy or sell something at random."""

    def decide(tick: Tick[Any, Any]) -> Decision:
        symbol = dice.choice(tick.config.symbols)
        held = tick.positions[symbol].amount if symbol in tick.positions else Decimal(0)
        amount = Decimal(dice.randint(1, 40)) / 20
        if held and dice.random() < 0.6:
            return Decision(orders=[MarketOrder(symbol, "sell", amount=min(amount, held))], wake=HOURLY)
        return Decision(orders=[MarketOrder(symbol, "buy", amount=amount)], wake=HOURLY)

    return decide


def live_a_while(office: Office, dice: random.Random, hours: int, first: int = 0) -> None:
    """Create, trade, pause, stop, delete and edit at random."""
    other = office.bench.commands.create_account(NewAccount("beta", "fake", "fake", {}, {}))
    for hour in range(hours):
        name = f"n{first + hour}"
        symbols = tuple(dice.sample(SYMBOLS, dice.randint(1, 2)))
        budget = {symbol.partition("/")[2]: str(dice.randint(300, 900)) for symbol in symbols}
        if dice.random() < 0.3:
            budget["BTC"] = "1.5"
        account = dice.choice([None, other])
        office.bench.automation(name, dealing(dice), symbols=symbols, budget=budget, account=account)
        office.bench.trading.will(*[office.bench.trading.fill_at_once] * 8)
        office.bench.settle()
        for symbol in SYMBOLS:
            office.bench.market.prices[symbol] *= Decimal(dice.randint(90, 112)) / 100
        office.bench.advance(3_600_000)
        rows = office.do("automations.list", limit=500).automations
        chosen = dice.choice(rows).id
        command = dice.choice(["automations.pause", "automations.stop", "automations.delete", "automations.resume"])
        try:
            office.do(command, automation=chosen)
        except CommandRefused:
            # What does not fit changes nothing; whoever looks meanwhile reads on from there.
            office.do("automations.list", sort="pnl")
        office.bench.run(1_000)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_sums_are_what_adding_up_the_tables_gives(office: Office, seed: int) -> None:
    """Kept change by change, they are those of a board that reads everything anew, and those of the ledger's rows."""
    dice = random.Random(seed)
    for part in range(2):
        live_a_while(office, dice, 6, part * 6)
        kept = office.do("totals.show", by=DIMENSIONS)
        core = office.bench.core
        anew = Board(core.storage, core.clock, core.standings.prices)
        anew.refresh()
        assert anew.groups == core.standings.board.groups
        with exact():
            _is_what_the_tables_say(office, office.do("totals.show").rows)
            for by in DIMENSIONS:
                _adds_up(kept.rows, office.do("totals.show", by=[by]).rows, by)


def _is_what_the_tables_say(office: Office, rows: Iterable[Any]) -> None:
    held = office.bench.rows(positions)
    funds = office.bench.rows(balances)
    by_asset = {row.asset: row for row in rows}
    for asset, row in by_asset.items():
        mine = [each for each in held if each.symbol.partition("/")[2] == asset]
        there = sum((each.free + each.reserved for each in funds if each.asset == asset), Decimal(0))
        worth = sum((each.amount * office.bench.market.prices[each.symbol] for each in mine), Decimal(0))
        if asset in ("USDT", "EUR"):
            assert row.equity == there + worth
            beside = sum((each.fees_beside for each in funds if each.asset == asset), Decimal(0))
            assert row.realised == sum((each.realised for each in mine), Decimal(0)) - beside
            assert row.unrealised == worth - sum((each.cost for each in mine), Decimal(0))
            assert row.invested == sum((each.invested for each in mine), Decimal(0))
            counted = [each for each in office.bench.rows(results) if each.asset == asset]
            assert row.realised_30d == sum((each.realised for each in counted), Decimal(0)) == row.realised
        paid = [each.fee for each in office.bench.rows(fills) if each.fee_asset == asset]
        assert row.fees == sum(paid, Decimal(0))
    for each in funds:
        moved = [
            posting
            for posting in office.bench.rows(postings)
            if (posting.automation_id, posting.asset) == (each.automation_id, each.asset)
        ]
        assert each.budget == sum((posting.amount for posting in moved if posting.kind == "budget"), Decimal(0))
        assert each.fees == -sum((posting.amount for posting in moved if posting.kind == "fee"), Decimal(0))
        assert each.free + each.reserved == sum((posting.amount for posting in moved), Decimal(0))


def _adds_up(parts: Iterable[Any], wholes: Iterable[Any], by: str) -> None:
    summed = ("automations", "equity", "start_equity", "invested", "realised", "realised_today", "unrealised", "fees")
    for whole in wholes:
        mine = [part for part in parts if (getattr(part, by), part.asset) == (getattr(whole, by), whole.asset)]
        for name in summed:
            assert getattr(whole, name) == sum((getattr(part, name) for part in mine), Decimal(0)), (by, name)


def idle(_tick: Tick[Any, Any]) -> Decision:
    return Decision(wake=HOURLY)


def buying(tick: Tick[Any, Any]) -> Decision:
    order = MarketOrder(tick.config.symbols[0], "buy", amount=Decimal(2))
    return Decision(orders=[] if tick.number else [order], wake=HOURLY)


def test_what_has_no_price_is_told_apart_and_is_never_nothing(office: Office) -> None:
    office.bench.automation("a", buying)
    office.bench.automation("b", buying, symbols=("ETH/USDT",))
    office.bench.trading.will(office.bench.trading.fill_at_once, office.bench.trading.fill_at_once)
    office.bench.settle()
    del office.bench.market.prices["ETH/USDT"]
    office.bench.advance(601_000)
    (row,) = office.do("totals.show", currency="EUR").rows
    assert [each.model_dump(mode="json") for each in row.unpriced] == [
        {"symbol": "ETH/USDT", "amount": "2", "cost": "20", "automations": 1}
    ]
    # 800 and 980 of money, and two bitcoin at 100.
    assert (row.equity, row.unrealised, row.automations) == (Decimal(1_980), Decimal(0), 2)


def test_sums_in_a_currency_have_their_rates_and_their_time_beside_them(office: Office) -> None:
    office.bench.automation("a", idle, budget={"USDT": "1000"})
    office.bench.automation("b", idle, symbols=("BTC/EUR",), budget={"EUR": "90"})
    office.bench.automation("c", idle, symbols=("X/DOGE",), budget={"DOGE": "5"})
    office.bench.settle()
    told_in = office.do("totals.show", currency="USDT")
    total = told_in.total
    # No pair of both: by way of bitcoin, 100 USDT or 90 EUR.
    assert [(rate.asset, round(rate.rate, 8), rate.symbols) for rate in total.rates] == [
        ("USDT", Decimal(1), []),
        ("EUR", Decimal("1.11111111"), ["BTC/EUR", "BTC/USDT"]),
    ]
    assert (total.equity, total.automations, total.unconverted) == (Decimal("1100.00000000"), 2, ["DOGE"])
    assert office.do("preferences.show").currency == "USD"
    office.do("preferences.change", currency="EUR")
    assert office.do("totals.show").total.currency == "EUR"
    office.do("preferences.change", currency=None)
    assert office.do("totals.show").total is None
    assert told_in.statuses == {"active": 2, "waiting": 1}


def test_the_day_s_result_is_what_changed_since_it_began(office: Office) -> None:
    office.bench.automation("a", buying)
    office.bench.trading.will(office.bench.trading.fill_at_once)
    office.bench.settle()
    office.bench.market.prices["BTC/USDT"] = Decimal(107)
    office.bench.advance(60_000)
    (row,) = office.do("totals.show").rows
    assert (row.today, row.today_unknown, row.realised_today) == (Decimal(14), 0, Decimal(0))
    # Nobody looked when the next day began.
    office.bench.advance(86_400_000)
    (row,) = office.do("totals.show").rows
    assert (row.today, row.today_unknown, row.equity) == (Decimal(0), 1, Decimal(1_014))


def test_what_only_fees_were_paid_in_is_no_row_of_its_own(office: Office) -> None:
    office.bench.automation("a", buying)
    office.bench.automation("b", idle)
    office.bench.settle()
    for order in office.bench.trading.orders:
        office.bench.trading.fill(order.id, fee="0.002", fee_asset="BTC")
    office.bench.run(5_000)
    for by in ([], ["type"], ["account", "status"]):
        (row,) = office.do("totals.show", by=by).rows
        assert (row.asset, row.automations, row.fees, row.other_fees) == ("USDT", 2, 0, {"BTC": Decimal("0.002")})


def test_an_average_has_the_digits_that_anybody_reads_and_money_has_all(office: Office) -> None:
    order = MarketOrder("BTC/USDT", "buy", amount=Decimal(3))
    office.bench.automation("a", lambda tick: Decision(orders=[] if tick.number else [order], wake=HOURLY))
    office.bench.settle()
    (sent,) = office.bench.trading.orders
    office.bench.trading.fill(sent.id, "1", "100.01")
    office.bench.trading.fill(sent.id, "2", "100.02")
    office.bench.run(5_000)
    (row,) = office.do("orders.list").orders
    assert (row.filled, row.average) == (Decimal(3), Decimal("100.0166666666667"))
    (position,) = office.do("automations.show", automation="a").positions
    assert (position.cost, position.average) == (Decimal("300.05"), Decimal("100.0166666666667"))


def test_the_report_of_a_live_automation_has_its_largest_fall(office: Office) -> None:
    office.bench.automation("a", buying)
    office.bench.trading.will(office.bench.trading.fill_at_once)
    office.bench.settle()
    shown = office.do("automations.show", automation="a", include=["report"])
    course = office.do("equity.course", automation="a")
    assert shown.report.max_drawdown == course.max_drawdown
    assert shown.report.max_drawdown_ratio == course.max_drawdown_ratio
