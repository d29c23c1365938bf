from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from octobot_node import (
    CancelOrder,
    Decision,
    IntentStatus,
    LimitOrder,
    Market,
    MarketOrder,
    MarketRules,
    Needs,
    Notify,
    OpenOrder,
    OrderResult,
    Position,
    Signal,
    Tick,
    Ticker,
)
from octobot_node.orders import Side
from octobot_tentacles.signal import register_automations
from octobot_tentacles.signal.automation import SignalTrader
from octobot_tentacles.signal.config import SignalConfig
from octobot_tentacles.signal.state import SignalState

D = Decimal
SYMBOL, OTHER = "BTC/USD", "ETH/USD"
NOW = datetime(2022, 1, 1, tzinfo=UTC)
FRESH = SignalState()


def rules(symbol: str, **fields: Any) -> MarketRules:
    base, _, quote = symbol.partition("/")
    return MarketRules(symbol, base, quote, amount_step=D("0.001"), min_amount=D("0.002"), min_notional=D(10), **fields)


def config(**fields: Any) -> SignalConfig:
    return SignalConfig.model_validate({"symbol": SYMBOL, "symbols": [OTHER], "spend": 100, **fields})


def decide(
    settings: SignalConfig,
    *payloads: Any,
    state: SignalState | None = None,
    held: str = "0",
    free: str | None = None,
    cash: str = "1000",
    open_orders: Sequence[OpenOrder] = (),
    results: Sequence[OrderResult] = (),
    age: int = 0,
    edited: bool = False,
    fee_in: str = "received",
) -> Decision:
    """Evaluate one tick; ``held`` is the position in BTC, ``free`` what of it is not reserved."""
    sent = NOW - timedelta(seconds=age)
    tick: Tick[SignalConfig, SignalState] = Tick(
        automation_id="signals",
        number=3,
        now=NOW,
        scheduled_at=None,
        missed=0,
        config=settings,
        previous_config=config() if edited else None,
        # As the engine does: through JSON and back.
        state=None if state is None else SignalState.model_validate_json(state.model_dump_json()),
        market=Market(
            NOW,
            {s: Ticker(s, p, p, p, NOW) for s, p in ((SYMBOL, D(1000)), (OTHER, D(10)))},
            {},
            {s: rules(s, fee_in=fee_in) for s in (SYMBOL, OTHER)},
        ),
        positions={SYMBOL: Position(SYMBOL, D(held), D(held) * 900)},
        balances={"USD": D(cash), "BTC": D(held if free is None else free)},
        open_orders=open_orders,
        fills=(),
        results=results,
        signals=[Signal(str(index), "default", payload, sent) for index, payload in enumerate(payloads)],
        random=Random(0),
    )
    return SignalTrader().evaluate(tick)


def told(decision: Decision) -> list[str]:
    assert all(isinstance(action, Notify) and action.level == "warning" for action in decision.actions)
    return [action.message for action in decision.actions if isinstance(action, Notify)]


def counts(decision: Decision) -> tuple[int, int, int]:
    return decision.state.traded, decision.state.ignored, decision.state.refused


def resting(
    side: Side, *, status: IntentStatus = IntentStatus.OPEN, amount: str = "1", symbol: str = SYMBOL
) -> OpenOrder:
    return OpenOrder(f"id-{side}", symbol, side, "limit", D(amount), D(900), None, D(0), status, "signal", NOW)


def result(side: Side, status: IntentStatus) -> OrderResult:
    return OrderResult("gone", SYMBOL, side, status, "too poor", D(0), None, "signal")


def market(side: Side, symbol: str = SYMBOL, tag: str = "signal", **size: str) -> MarketOrder:
    sized: dict[str, Any] = {name: D(value) for name, value in size.items()}
    return MarketOrder(symbol, side, tag=tag, **sized)


def test_the_package_registers_it() -> None:
    registered: list[Any] = []
    register_automations(registered.append)
    assert registered == [SignalTrader]


def test_it_needs_the_price_of_all_that_it_may_trade() -> None:
    assert SignalTrader().needs(config(), None) == Needs(tickers=(SYMBOL, OTHER))


def test_without_a_signal_nothing_is_ordered() -> None:
    figures = {"signals traded": 0, "signals ignored": 0, "signals refused": 0}
    assert decide(config(), held="1") == Decision(state=FRESH, orders=[], actions=[], independent=True, figures=figures)


@pytest.mark.parametrize(
    ("fields", "payload", "expected"),
    [
        ({}, "buy", market("buy", spend="100")),
        ({"spend": None, "amount": "0.5"}, "buy", market("buy", amount="0.5")),
        ({"spend": None, "percent": "25"}, "buy", market("buy", spend="250")),
        ({}, {"side": "buy", "amount": "0.0129", "id": "E1"}, market("buy", amount="0.012", tag="E1")),
        ({}, "buy 20%", market("buy", spend="200")),
        ({}, "buy 33.33333333 USD ETH/USD", market("buy", OTHER, spend="33.33333333")),
        ({"order": "limit"}, "buy 90 USD at 900.019", LimitOrder(SYMBOL, "buy", D("0.099"), D("900.01"), tag="signal")),
        ({"order": "limit"}, "buy", LimitOrder(SYMBOL, "buy", D("0.1"), D(1000), tag="signal")),
        (
            {"order": "limit", "expires": "2h"},
            "sell 1 at 1100.001",
            LimitOrder(SYMBOL, "sell", D(1), D("1100.01"), expires=NOW + timedelta(hours=2), tag="signal"),
        ),
        ({}, "sell", market("sell", amount="2")),
        ({}, "sell 25%", market("sell", amount="0.5")),
        ({"sell_percent": "10"}, "sell", market("sell", amount="0.2")),
        ({}, "sell 1.5", market("sell", amount="1.5")),
        ({}, "sell 99", market("sell", amount="2")),
    ],
)
def test_a_signal_becomes_this_order(fields: dict[str, Any], payload: Any, expected: Any) -> None:
    decision = decide(config(**fields), payload, held="2.0004")
    assert (list(decision.orders), decision.actions, counts(decision)) == ([expected], [], (1, 0, 0))


def test_a_percent_leaves_room_for_a_fee_in_quote() -> None:
    decision = decide(config(), "buy 100%", fee_in="quote", cash="1001")
    assert decision.orders == [market("buy", spend="1000")]


def test_signals_of_one_tick_share_what_there_is() -> None:
    decision = decide(config(), "buy 50%", "buy 50%", "sell 0.7", "sell 0.7", "sell 0.7", held="1")
    assert decision.orders == [
        market("buy", spend="500"),
        market("buy", spend="250"),
        market("sell", amount="0.7"),
        market("sell", amount="0.3"),
    ]
    assert counts(decision) == (4, 1, 0)


def test_a_buy_that_will_be_refused_takes_nothing_from_the_next() -> None:
    decision = decide(config(), "buy 5000 USD", "buy 50%")
    assert decision.orders == [market("buy", spend="5000"), market("buy", spend="500")]


@pytest.mark.parametrize("status", [IntentStatus.OPEN, IntentStatus.UNKNOWN, IntentStatus.PLANNED])
def test_what_another_sale_may_sell_is_not_sold_again(status: IntentStatus) -> None:
    waiting = resting("sell", status=status, amount="0.6")
    decision = decide(config(), "sell", held="1", free="0.4", open_orders=[waiting])
    assert decision.orders == [market("sell", amount="0.4")]


def test_with_nothing_to_sell_a_sell_is_ignored() -> None:
    decision = decide(config(), "sell")
    assert (decision.orders, decision.actions, counts(decision)) == ([], [], (0, 1, 0))


@pytest.mark.parametrize(
    ("fields", "payload", "why"),
    [
        ({}, "hold", "'hold' is neither buy nor sell, and no word of `sides`"),
        ({"spend": None}, "buy", "it does not say how much, and neither amount, spend nor percent is configured"),
        ({}, "buy 1 USD", "0.001 BTC at 1000 is below the market's smallest order (0.002 BTC, 10 USD)"),
        ({}, "buy 0.005", "0.005 BTC at 1000 is below the market's smallest order (0.002 BTC, 10 USD)"),
        ({}, "sell 0.001", "0.001 BTC at 1000 is below the market's smallest order (0.002 BTC, 10 USD)"),
        ({"order": "limit"}, "buy 0.5 at 0.001", "its price 0.001 is below the market's step 0.01"),
        ({"max_age": "1m"}, "buy", "it is 90 s old, 60 s are allowed"),
    ],
)
def test_what_cannot_be_traded_is_told_with_its_reason(fields: dict[str, Any], payload: Any, why: str) -> None:
    decision = decide(config(**fields), payload, held="1", age=90)
    assert (decision.orders, told(decision), counts(decision)) == (
        [],
        [f"a signal was not traded: {why}"],
        (0, 0, 1),
    )


def test_with_no_money_a_percent_buys_nothing_and_says_so() -> None:
    assert told(decide(config(), "buy 50%", cash="0")) == ["a signal was not traded: no USD is free"]


def test_a_bad_signal_does_not_hold_up_the_others() -> None:
    decision = decide(config(), "?", "buy", None)
    assert (decision.orders, len(told(decision)), counts(decision)) == ([market("buy", spend="100")], 2, (1, 0, 2))


def test_of_many_bad_signals_every_reason_is_told_in_one_message_equal_ones_once() -> None:
    decision = decide(config(), *["buy 1 USD"] * 4, *(f"word{n}" for n in range(8)), "buy")
    (message,) = told(decision)
    lines = message.split("\n")
    assert (len(lines), counts(decision)) == (1 + 8, (1, 0, 12))
    assert lines[0].endswith("(0.002 BTC, 10 USD) (4 times)")
    assert [sum(f"word{n}" in line for line in lines) for n in range(8)] == [1] * 8


def test_a_flood_of_bad_signals_is_one_message_where_they_are_alike_and_five_where_not() -> None:
    (alike,) = told(decide(config(), *["?"] * 1_000))
    assert alike.endswith(" (1,000 times)")
    different = told(decide(config(), *(f"word{n}" for n in range(1_000))))
    assert [len(message.split("\n")) for message in different] == [50] * 5
    assert different[-1].split("\n")[-1] == "and 751 more: `octobot-node signals list` has each with its reason"


def test_what_became_of_each_signal_is_said_with_its_reason_and_its_order() -> None:
    decision = decide(config(), "buy", "?", "sell", "buy 20 USD")
    outcomes = [decision.signals[str(index)] for index in range(4)]
    assert [(each.outcome, list(each.orders)) for each in outcomes] == [
        ("traded", [decision.orders[0]]),
        ("refused", []),
        ("ignored", []),
        ("traded", [decision.orders[1]]),
    ]
    assert outcomes[1].reason in told(decision)[0]
    assert (outcomes[0].reason, outcomes[2].reason) == ("", "no BTC/USD is held and free")
    # The objects themselves: two signals may ask for the same.
    same = decide(config(), "buy", "buy")
    first, second = (same.signals[index].orders[0] for index in ("0", "1"))
    assert [first is same.orders[0], second is same.orders[1], first == second] == [True] * 3


def test_the_rule_that_ignores_a_signal_is_said() -> None:
    held = decide(config(one_position=True), "buy", held="1")
    assert held.signals["0"].reason == "one_position: BTC/USD is held, being bought or being sold out"
    cooling = decide(config(cooldown="1h"), "buy", "buy").signals
    assert [(each.outcome, each.reason) for each in cooling.values()] == [
        ("traded", ""),
        ("ignored", "cooldown: BTC/USD was bought at 2022-01-01 00:00:00 UTC"),
    ]
    overtaken = decide(config(one_position=True), "buy", "sell")
    assert [overtaken.signals[index].outcome for index in ("0", "1")] == ["ignored", "ignored"]
    assert overtaken.signals["0"].reason == "one_position: a sell that came with it was followed instead"
    sold = decide(config(one_position=True), "sell", held="1")
    assert (sold.signals["0"].reason, sold.signals["0"].orders) == ("BTC/USD is sold out", sold.orders)


def test_more_good_signals_than_one_tick_follows_are_told() -> None:
    decision = decide(config(), *["buy 20 USD"] * 250, cash="9000")
    assert (len(decision.orders), counts(decision)) == (200, (200, 0, 50))
    (message,) = told(decision)
    assert message == "a signal was not traded: it came with more others than one tick follows, 200 (50 times)"


def test_a_refused_order_is_told_and_not_sent_again() -> None:
    decision = decide(config(), results=[result("buy", IntentStatus.REFUSED)])
    assert (decision.orders, told(decision)) == ([], ["the order to buy BTC/USD was refused: too poor"])


def test_a_cool_down_holds_buys_of_that_symbol_and_no_sell() -> None:
    settings = config(cooldown="5m")
    first = decide(settings, "buy", "buy", "buy ETH/USD", "sell 0.1", held="1")
    assert first.orders == [
        market("buy", spend="100"),
        market("buy", OTHER, spend="100"),
        market("sell", amount="0.1"),
    ]
    assert first.state == SignalState(traded=3, ignored=1, bought_at={SYMBOL: NOW, OTHER: NOW})
    early = SignalState(bought_at={SYMBOL: NOW - timedelta(minutes=4, seconds=59)})
    late = SignalState(bought_at={SYMBOL: NOW - timedelta(minutes=5)})
    assert decide(settings, "buy", state=early).orders == []
    assert decide(settings, "buy", state=late).orders == [market("buy", spend="100")]
    assert decide(config(), "buy", state=early).state.bought_at == {}


# -- one position

ONE = config(one_position=True)


@pytest.mark.parametrize(
    ("held", "orders"),
    [
        ("1", []),
        ("0", [resting("buy")]),
        ("0", [resting("buy", status=IntentStatus.UNKNOWN)]),
        ("0", [resting("buy", status=IntentStatus.PLANNED)]),
    ],
)
def test_a_buy_is_ignored_while_something_is_held_or_may_be_bought(held: str, orders: list[OpenOrder]) -> None:
    decision = decide(ONE, "buy", held=held, open_orders=orders)
    assert (decision.orders, counts(decision)) == ([], (0, 1, 0))


def test_what_is_too_little_to_sell_does_not_count_as_held() -> None:
    assert decide(ONE, "buy", held="0.0019").orders == [market("buy", spend="100")]
    assert counts(decide(ONE, "sell", held="0.0019")) == (0, 1, 0)


def test_two_buys_at_once_are_one() -> None:
    decision = decide(ONE, "buy", "buy", "buy ETH/USD")
    assert decision.orders == [market("buy", spend="100"), market("buy", OTHER, spend="100")]


def test_any_sell_sells_everything_and_cancels_what_would_buy_more() -> None:
    decision = decide(ONE, "sell 10%", held="1.5", open_orders=[resting("buy")])
    assert decision.orders == [CancelOrder("id-buy"), market("sell", amount="1.5", tag="close")]
    assert decision.state == SignalState(traded=1, closing=(SYMBOL,), cancelling=("id-buy",))


def test_a_buy_and_a_sell_in_one_tick_come_to_nothing() -> None:
    decision = decide(ONE, "buy 80%", "sell", "buy 80%")
    assert decision.orders == [market("buy", spend="800")]
    assert (counts(decision), decision.state.closing) == ((2, 1, 0), ())


def test_selling_out_goes_on_until_nothing_is_left_or_under_way() -> None:
    closing = SignalState(closing=(SYMBOL,), cancelling=("id-buy",))
    waiting = decide(ONE, state=closing, open_orders=[resting("buy")])
    assert (waiting.orders, waiting.state) == ([], closing)
    late = decide(ONE, "buy", state=closing, held="0.5", open_orders=[resting("sell")], free="0")
    assert (late.orders, late.state) == ([], SignalState(ignored=1, closing=(SYMBOL,)))
    more = decide(ONE, state=SignalState(closing=(SYMBOL,)), held="0.25")
    assert (more.orders, more.state.closing) == ([market("sell", amount="0.25", tag="close")], (SYMBOL,))
    over = decide(ONE, "buy", state=SignalState(closing=(SYMBOL,)))
    assert (over.orders, over.state.closing) == ([], ())


def test_a_buy_of_unknown_outcome_is_not_cancelled_and_sold_when_it_turns_out_to_be_filled() -> None:
    unknown = resting("buy", status=IntentStatus.UNKNOWN)
    decision = decide(ONE, "sell", open_orders=[unknown])
    assert (decision.orders, decision.state.closing) == ([], (SYMBOL,))
    assert decide(ONE, state=decision.state, held="1").orders == [market("sell", amount="1", tag="close")]


@pytest.mark.parametrize("status", [IntentStatus.REFUSED, IntentStatus.EXPIRED, IntentStatus.CANCELLED])
def test_what_could_not_be_sold_out_is_told_and_not_tried_for_ever(status: IntentStatus) -> None:
    closing = SignalState(closing=(SYMBOL,))
    decision = decide(ONE, state=closing, held="1", results=[result("sell", status)])
    assert (decision.orders, decision.state.closing) == ([], ())
    assert told(decision)[-1] == "BTC/USD could not be sold out and is still held: send the signal again, or sell it"
    again = decide(ONE, "sell", state=closing, held="1", results=[result("sell", status)])
    assert again.orders == [market("sell", amount="1", tag="close")]


def test_a_cancelled_buy_does_not_end_the_selling_out() -> None:
    closing = SignalState(closing=(SYMBOL,))
    decision = decide(ONE, state=closing, held="1", results=[result("buy", IntentStatus.CANCELLED)])
    assert decision.orders == [market("sell", amount="1", tag="close")]


def test_selling_out_by_limit_is_at_the_signal_s_price() -> None:
    decision = decide(config(one_position=True, order="limit"), "sell 1 at 1200", held="1")
    assert decision.orders == [LimitOrder(SYMBOL, "sell", D(1), D(1200), tag="close")]


# -- editing


def test_an_edit_keeps_orders_but_those_in_a_symbol_that_is_gone() -> None:
    orders = [resting("buy"), resting("sell", symbol="SOL/USD")]
    assert decide(config(), edited=True, open_orders=orders).orders == [CancelOrder("id-sell")]
    assert decide(config(), open_orders=orders).orders == []
    gone = decide(config(), state=SignalState(closing=("SOL/USD",)))
    assert gone.state.closing == ()


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"percent": 5}, "spend and percent are several sizes of a buy"),
        ({"expires": "1h"}, "expires is for limit orders"),
        ({"symbols": ["BTC-X/USD", "BTCX/USD"]}, "written alike"),
        ({"symbols": [SYMBOL]}, "written alike"),
        ({"symbol": "BTCUSD"}, "is not a valid symbol"),
        ({"spend": "Infinity"}, "finite"),
        ({"sides": {"x": "hold"}}, "'buy' or 'sell'"),
        ({"fields": {"side": "a b"}}, "pattern"),
        ({"fields": {"sides": "a"}}, "Extra inputs"),
        ({"cooldown": "soon"}, "'soon' is not a valid duration"),
        ({"max_age": 0}, "greater than"),
        ({"sell_percent": 101}, "less than or equal to 100"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        config(**fields)


def test_a_config_reads_back_what_it_writes_as_json() -> None:
    full = config(
        order="limit", expires="2h30m", max_age="90s", cooldown=30, sides={"Short": "sell"}, fields={"side": "x.y"}
    )
    assert SignalConfig.model_validate_json(full.model_dump_json()) == full


def test_every_field_has_a_title_and_a_description() -> None:
    schema = SignalConfig.model_json_schema()
    for fields in (schema["properties"], schema["$defs"]["Fields"]["properties"]):
        assert all({"title", "description"} <= set(field) for field in fields.values())
