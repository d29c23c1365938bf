"""What happened, as a trader reads it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from octobot_plugins.notify.sentences import Happened, Message, compose

NAMES = {"a": "dca-btc", "b": "grid-eth", "c": "alert"}


def event(kind: str, who: str = "a", order: dict[str, Any] | None = None, **data: Any) -> Happened:
    return Happened(1, "local", who, kind, data, 0, order)


def fill(who: str = "a", side: str = "buy", amount: str = "0.01", price: str = "40000", **more: Any) -> Happened:
    return event("order.fill", who, symbol="BTC/USDT", side=side, amount=amount, price=price, **more)


def test_one_fill_is_one_sentence() -> None:
    assert compose([fill()], NAMES) == Message("info", "dca-btc bought 0.01 BTC at 40000 USDT (400 USDT)")


def test_many_fills_become_a_line_for_each_automation_symbol_and_side() -> None:
    happened = [fill(), fill(price="40010"), fill("b", "sell", "2", "41000.5")]
    assert compose(happened, NAMES) == Message(
        "info",
        "3 fills of 2 automations:\n"
        "- dca-btc bought 0.02 BTC at 40005 USDT on average, in 2 fills (800.1 USDT)\n"
        "- grid-eth sold 2 BTC at 41000.5 USDT (82001 USDT)",
    )


def test_an_average_is_rounded_and_what_was_traded_is_not() -> None:
    happened = [fill(amount="0.00000001", price="1"), fill(amount="0.00000002", price="2")]
    message = compose(happened, NAMES)
    assert message is not None
    assert message.text.endswith("bought 0.00000003 BTC at 1.6666667 USDT on average, in 2 fills (0.00000005 USDT)")


def test_more_lines_than_anybody_reads_are_counted() -> None:
    message = compose([fill(f"id{index}") for index in range(20)], {})
    assert message is not None
    assert message.text.splitlines()[-1] == "- and 5 more"
    assert len(message.text.splitlines()) == 17


def test_failed_ticks_are_counted_and_told_with_the_newest_reason() -> None:
    happened = [event("tick.failed", reason="no"), event("tick.failed", reason="division\nby zero")]
    assert compose(happened, NAMES) == Message(
        "warning", "dca-btc: 2 ticks failed and will be tried again: division by zero"
    )


def test_the_end_of_an_automation_is_told_instead_of_the_ticks_before_it() -> None:
    happened = [
        event("tick.failed", reason="no"),
        event("automation.failed", reason="no"),
        event("automation.held", "b", reason="no plugin provides the type 'x.grid'"),
    ]
    assert compose(happened, NAMES) == Message(
        "error",
        "2 automations have trouble:\n"
        "- dca-btc has failed and does not run any more: no\n"
        "- grid-eth is held until this is mended: no plugin provides the type 'x.grid'",
    )


def test_an_unknown_order_is_told_with_what_it_was_and_what_to_do() -> None:
    order = {"amount": Decimal("0.10"), "spend": None, "price": Decimal("40000.00"), "stop": None}
    data = {"id": "i1", "symbol": "BTC/USDT", "side": "buy", "filled": "0", "reason": "the connection dropped"}
    assert compose([event("order.unknown", order=order, **data)], NAMES) == Message(
        "error",
        "The outcome of an order is not known:\n"
        "- dca-btc: buy 0.1 BTC at 40000 USDT (the connection dropped); order i1\n"
        "What they may cost stays reserved. See what the exchange says, then `octobot-node orders adopt` or"
        " `declare-not-sent`.",
    )


def test_an_unknown_market_order_by_spend_is_told_as_such() -> None:
    order = {"amount": None, "spend": Decimal(50), "price": None, "stop": None}
    data = {"id": "i1", "symbol": "BTC/USDT", "side": "buy", "filled": "0.5", "reason": "no answer within 10 s"}
    message = compose([event("order.unknown", order=order, **data)], NAMES)
    assert message is not None
    assert "dca-btc: buy BTC for 50 USDT at the market's price, 0.5 of it filled (no answer" in message.text


def test_the_worst_comes_first() -> None:
    order: dict[str, Any] = {"id": "i1", "symbol": "BTC/USDT", "side": "buy", "reason": "r"}
    message = compose([fill(), event("tick.failed", reason="no"), event("order.unknown", "c", **order)], NAMES)
    assert message is not None
    assert message.level == "error"
    assert [part.split()[0] for part in message.text.split("\n\n")] == ["The", "dca-btc:", "dca-btc"]


def test_what_is_not_worth_telling_is_not_told() -> None:
    assert compose([], NAMES) is None
    assert compose([event("order.planned")], NAMES) is None


def test_accounts_are_told_in_the_words_of_the_log() -> None:
    silent = event("account.unanswered", "", account="main", reason="it does not take the key")
    assert compose([silent], NAMES) == Message(
        "error", "The exchange of the account main does not answer: it does not take the key."
    )
    short = event("account.short", "", account="spare", lacks={"USDT": {"needs": "1000", "has": "800"}})
    back = event("account.answered", "", account="main")
    assert compose([short, back], NAMES) == Message(
        "warning",
        "Of accounts:\n- The account spare has 800 USDT of 1000 at its exchange: orders that spend it are not sent.\n"
        "- The exchange of the account main answers again.",
    )
    assert compose([event("account.covered", "", account="spare")], NAMES) == Message(
        "info", "The account spare has at its exchange what it should."
    )
