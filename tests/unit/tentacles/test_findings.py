"""What must lose, or cannot be, is found before it trades; the numbers are those that people wrote who meant ratios."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from octobot_node import Automation, Finding
from octobot_node.engine.evaluating.configs import validate_config
from octobot_node.engine.evaluating.decision_checks import load_needs
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.run_files.run_file import load_run_files
from octobot_node.testing import MarketBuilder
from octobot_tentacles.dca.automation import Dca
from octobot_tentacles.grid.automation import Grid
from octobot_tentacles.smart_trade.automation import SmartTrade
from octobot_tentacles.stop_loss_guard.automation import StopLossGuard

EXAMPLES = Path(__file__).parents[3] / "examples"
D = Decimal
BTC = "BTC/USDT"
RICH = {"USDT": D(1000)}
DCA = {"symbol": BTC, "amount": 100}
TRADE = {"symbol": BTC, "spend": 100}
TAKES = {"take_profits": [{"percent": 3}]}
GUARD = {"automation": "dca", "symbol": BTC}
GRID = {"symbol": BTC, "lower": 50, "upper": 150, "levels": 11, "spend": 10}


def found(
    kind: type[Automation[Any, Any]],
    config: Mapping[str, Any],
    budget: Mapping[str, Decimal] | None = None,
    *,
    price: str = "100",
    bid: str | None = None,
    ask: str | None = None,
    **rules: Any,
) -> list[Finding]:
    market = MarketBuilder().price(BTC, price, bid=bid, ask=ask).rules(BTC, **rules).build()
    model = kind.Config.model_validate(dict(config))
    return list(kind().check(model, market, RICH if budget is None else budget))


def places(*args: Any, **options: Any) -> list[tuple[str, str]]:
    return [(each.field, each.severity) for each in found(*args, **options)]


# Take-profits that fees eat.


def test_a_take_profit_of_0_015_percent_is_told_with_the_fee_and_what_was_meant() -> None:
    assert found(Dca, {**DCA, "take_profit": "0.015"}) == [
        Finding(
            "take_profit",
            "0.015 % above the average cost does not cover the fee of selling, 0.1 %: each sale loses, or gains"
            " nothing; it is in percent: 1.5 is 1.5 %",
        )
    ]


@pytest.mark.parametrize(
    ("percent", "fees", "loses"),
    [
        ("0.015", {}, True),
        ("0.01", {}, True),
        ("0.1", {}, True),
        # 1.0011 x 0.999 is above 1, 1.001 x 0.999 is not.
        ("0.11", {}, False),
        ("1.5", {}, False),
        ("1.5", {"maker_fee": "0.02"}, True),
        # It rests: what a taker pays does not matter.
        ("1.5", {"taker_fee": "0.02"}, False),
        ("0.1", {"maker_fee": "0", "taker_fee": "0"}, False),
        ("0.1", {"fee_in": "quote"}, True),
        ("0.11", {"fee_in": "quote"}, False),
        # No price between the average and the next step: it sells a whole step higher.
        ("0.01", {"price_step": "1"}, False),
    ],
)
def test_a_take_profit_is_told_where_its_sale_loses_and_only_there(
    percent: str, fees: dict[str, Any], loses: bool
) -> None:
    assert places(Dca, {**DCA, "take_profit": percent}, **fees) == [("take_profit", "warning")] * loses
    trade = {**TRADE, "take_profits": [{"percent": percent}]}
    assert places(SmartTrade, trade, **fees) == [("take_profits.0.percent", "warning")] * loses


def test_each_of_several_take_profits_is_looked_at() -> None:
    shares = [{"percent": "0.01", "share": 30}, {"percent": "0.1", "share": 30}, {"percent": 3, "share": 40}]
    assert places(SmartTrade, {**TRADE, "take_profits": shares}) == [
        ("take_profits.0.percent", "warning"),
        ("take_profits.1.percent", "warning"),
    ]
    prices = [{"price": "100.15", "share": 50}, {"price": "100.21", "share": 50}]
    # Bought at 100 the average is 100.1001: 100.15 less 0.1 % is not above it.
    assert places(SmartTrade, {**TRADE, "take_profits": prices}) == [("take_profits.0.price", "warning")]


def test_what_is_held_already_was_paid_without_a_fee_of_ours() -> None:
    held = {"symbol": BTC, "existing": {"price": 100}, "take_profits": [{"price": "100.15"}]}
    assert places(SmartTrade, held, {"BTC": D(1)}) == []
    assert places(SmartTrade, {**held, "take_profits": [{"price": "100.1"}]}, {"BTC": D(1)}) == [
        ("take_profits.0.price", "warning")
    ]


def test_a_grid_s_gain_below_the_fee_of_closing_is_told() -> None:
    assert places(Grid, {**GRID, "take_profit_percent": "0.015"}) == [("take_profit_percent", "warning")]
    assert places(Grid, {**GRID, "take_profit_percent": "1.5"}) == []


def test_a_break_even_below_the_fee_of_selling_is_told() -> None:
    assert places(SmartTrade, {**TRADE, **TAKES, "break_even": {"percent": "0.01"}}) == [
        ("break_even.percent", "warning")
    ]
    assert places(SmartTrade, {**TRADE, **TAKES, "break_even": {"percent": 1}}) == []


# Stops inside the fee.


def test_a_stop_of_0_1_percent_is_where_the_price_is() -> None:
    (finding,) = found(SmartTrade, {**TRADE, **TAKES, "stop_loss": {"percent": "0.1"}})
    assert (finding.field, finding.severity) == ("stop_loss.percent", "warning")
    assert finding.text == (
        "0.1 % below the average entry, which has the fee of buying in it, is where the price is already: it sells at"
        " once, and buying and selling cost 0.1999 %; it is in percent: 10 is 10 %"
    )


@pytest.mark.parametrize(
    ("percent", "market", "told"),
    [
        ("0.01", {}, "sells at once"),
        ("0.1", {}, "sells at once"),
        ("0.15", {}, "within what buying and selling cost"),
        ("0.21", {}, ""),
        ("10", {}, ""),
        # Bought at 101, shown at 100.
        ("0.9", {"bid": "99", "ask": "101"}, "sells at once"),
        ("2", {"bid": "99", "ask": "101"}, "within what buying and selling cost"),
        ("3", {"bid": "99", "ask": "101"}, ""),
        ("0.9", {"taker_fee": "0.01"}, "sells at once"),
        ("0.1", {"fee_in": "quote"}, "within what buying and selling cost"),
    ],
)
def test_a_stop_is_told_where_buying_reaches_it_and_where_fees_are_most_of_it(
    percent: str, market: dict[str, Any], told: str
) -> None:
    trade = found(SmartTrade, {**TRADE, **TAKES, "stop_loss": {"percent": percent}}, **market)
    assert [told in each.text for each in trade if each.field == "stop_loss.percent"] == [True] * bool(told)


@pytest.mark.parametrize("percent", ["0.015", "0.1", "0.01"])
def test_a_guard_s_loss_and_every_trailing_stop_are_looked_at(percent: str) -> None:
    assert places(StopLossGuard, {**GUARD, "loss": percent}) == [("loss", "warning")]
    assert places(StopLossGuard, {**GUARD, "trailing": percent}) == [("trailing", "warning")]
    assert places(SmartTrade, {**TRADE, **TAKES, "trailing": {"percent": percent}}) == [("trailing.percent", "warning")]
    assert places(Grid, {**GRID, "stop_loss_percent": percent}) == [("stop_loss_percent", "warning")]


def test_stops_outside_the_fees_are_nobody_s_business() -> None:
    assert places(StopLossGuard, {**GUARD, "loss": 5, "trailing": 8, "price": 90}) == []
    assert places(SmartTrade, {**TRADE, **TAKES, "stop_loss": {"percent": 5}, "trailing": {"percent": 2}}) == []
    assert places(Grid, {**GRID, "stop_loss_percent": 5}) == []


def test_stops_at_or_above_the_price_are_told() -> None:
    assert places(StopLossGuard, {**GUARD, "price": 100}) == [("price", "warning")]
    assert places(SmartTrade, {**TRADE, **TAKES, "stop_loss": {"price": 100}}) == [("stop_loss.price", "warning")]


def test_an_edit_to_another_symbol_than_the_running_trade_s_finds_nothing() -> None:
    market = MarketBuilder().price("ETH/USDT", 10).build()
    assert SmartTrade().check(SmartTrade.Config.model_validate({**TRADE, **TAKES}), market, RICH) == []


# Steps of safety orders.


def test_safety_orders_within_the_fee_of_one_are_told() -> None:
    ladder = {**DCA, "take_profit": 3, "safety_orders": {"amount": 10, "step": "0.02"}}
    (finding,) = found(Dca, ladder)
    assert finding == Finding(
        "safety_orders.step",
        "safety orders that are 0.02 % apart are no further apart than what the fee of buying takes, 0.1 %: all are"
        " bought within one small move; it is in percent: 2 is 2 %",
    )
    assert found(Dca, {**ladder, "safety_orders": {"amount": 10, "step": 2}}) == []
    # Each gap a tenth of the one before: the third is 0.02 %.
    shrinking = {"amount": 10, "step": 2, "step_scale": "0.1"}
    assert places(Dca, {**ladder, "safety_orders": shrinking}) == [("safety_orders.step", "warning")]


# Money.


def test_a_buy_that_the_budget_cannot_pay_is_told() -> None:
    assert places(Dca, DCA, {"USDT": D(50)}) == [("amount", "warning")]
    assert places(Dca, DCA, {"USDT": D(100)}) == []
    assert places(Dca, DCA, {"USDT": D(100)}, fee_in="quote") == [("amount", "warning")]
    assert places(Dca, DCA, min_notional="150") == [("amount", "warning")]
    assert places(SmartTrade, {**TRADE, **TAKES}, {"USDT": D(50)}) == [("spend", "warning")]
    assert places(SmartTrade, {"symbol": BTC, "amount": 2, **TAKES}, {"USDT": D(150)}) == [("amount", "warning")]


def test_a_grid_far_larger_than_its_budget_is_told_and_one_that_cannot_begin_refused() -> None:
    wide = {**GRID, "levels": 201, "spend": 100}
    ((finding),) = found(Grid, wide)
    assert (finding.field, finding.severity) == ("", "warning")
    assert finding.text.startswith("all levels of the grid together need about 1")
    assert "those nearest to the price, on both sides of it, come first" in finding.text
    assert found(Grid, wide, {"USDT": D(99)}) == [
        Finding(
            "spend",
            "not one level can be paid: the nearest takes 100.00 USDT and the budget has 99.00 USDT; raise the budget,"
            " or lower spend",
            "error",
        )
    ]
    assert places(Grid, {**GRID, "spend": None, "amount": 2}, {"USDT": D(99)}) == [("amount", "error")]


@pytest.mark.parametrize("start", ["buy", "wait"])
def test_a_grid_with_base_to_sell_can_begin_without_quote(start: str) -> None:
    assert places(Grid, {**GRID, "start": start}, {"BTC": D(5)}) == [("", "warning")]


def test_levels_that_earn_nothing_are_refused() -> None:
    (finding,) = found(Grid, {**GRID, "lower": None, "upper": None, "around": "0.05"})
    assert (finding.field, finding.severity) == ("", "error")
    assert "does not cover the fee of buying and selling, 0.1 % each" in finding.text


# What we show ourselves.


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_example_has_anything_to_be_told(path: Path) -> None:
    registry = load_plugins(discover=False)
    file = load_run_files([path])
    for spec in file.automations:
        given = file.accounts[spec.account].market_data.settings
        fees = {name: str(given[name]) for name in ("taker_fee", "maker_fee") if name in given}
        valid = validate_config(registry, spec.type, spec.config)
        builder = MarketBuilder()
        for symbol in load_needs(valid.needs).symbols:
            builder.price(symbol, 46_000 if symbol.startswith("BTC/") else 100).rules(symbol, **fees)
        assert list(valid.automation.check(valid.model, builder.build(), spec.budget)) == [], spec.name
