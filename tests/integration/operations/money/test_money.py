"""What was traded and moved, what came of it, and what an inbox has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest

from octobot_node import Decision, LimitOrder, MarketOrder, SignalOutcome, Tick, Wake
from octobot_node.cli.output.show_automations import print_signals
from octobot_node.engine.commands.commands import NewAccount
from octobot_node.errors import UnknownName, UsageError
from octobot_node.market import to_ms
from octobot_node.store import tables
from tests.integration.operations.conftest import Office

HOURLY = Wake(every=timedelta(hours=1), align=True)
START = datetime(2026, 1, 1, tzinfo=UTC)


def buying(tick: Tick[Any, Any]) -> Decision:
    order = MarketOrder(tick.config.symbols[0], "buy", amount=Decimal(1), tag=f"n{tick.number}")
    return Decision(orders=[order], wake=HOURLY)


def idle(_tick: Tick[Any, Any]) -> Decision:
    return Decision(wake=HOURLY)


def traded(office: Office, name: str, times: int = 1, **more: Any) -> str:
    """Make an automation that bought 1 BTC at 100 USDT an hour."""
    found = office.bench.automation(name, buying, **more)
    for _ in range(times):
        office.bench.trading.will(office.bench.trading.fill_at_once)
        office.bench.settle()
        office.bench.advance(3_600_000)
    office.do("automations.pause", automation=found)
    return found


def test_fills_go_page_by_page_and_by_automation_account_symbol_and_order(office: Office) -> None:
    traded(office, "a", 3)
    traded(office, "b", 1, symbols=("ETH/USDT",))

    def tags(**arguments: Any) -> list[str]:
        return [f"{fill.automation} {fill.tag}" for fill in office.do("fills.list", **arguments).fills]

    assert tags() == ["b n0", "a n2", "a n1", "a n0"]
    first = office.do("fills.list", limit=3)
    rest = office.do("fills.list", limit=3, cursor=first.next_cursor)
    assert ([fill.tag for fill in rest.fills], rest.next_cursor) == (["n0"], None)
    assert office.do("fills.list", limit=4).next_cursor is None
    assert tags(automation="a", limit=2) == ["a n2", "a n1"]
    assert tags(symbol="ETH/USDT") == tags(automation="b") == ["b n0"]
    assert tags(account="main") == tags()
    assert tags(order=first.fills[1].order) == ["a n2"]
    assert tags(order=first.fills[1].order, automation="b") == []
    with pytest.raises(UnknownName, match="there is no order 'x'"):
        tags(order="x")
    with pytest.raises(UnknownName, match="there is no account 'x'"):
        tags(account="x")
    plain = first.fills[0].model_dump(mode="json")
    assert (plain["account"], plain["symbol"], plain["side"]) == ("main", "ETH/USDT", "buy")
    assert [plain[name] for name in ("amount", "price", "cost", "fee", "realised")] == ["1", "10", "10", "0", "0"]


def test_an_order_is_shown_with_its_fills(office: Office) -> None:
    def resting(tick: Tick[Any, Any]) -> Decision:
        order = LimitOrder("BTC/USDT", "buy", amount=Decimal(2), price=Decimal(90))
        return Decision(orders=[] if tick.number else [order], wake=HOURLY)

    office.bench.automation("a", resting)
    office.bench.settle()
    (order,) = office.do("orders.list").orders
    shown = office.do("orders.show", order=order.id)
    assert (shown.fills, shown.status, shown.tif, shown.attempts, shown.sent_at) == ([], "open", "gtc", 1, START)
    for amount in ("0.5", "1.5"):
        office.bench.trading.fill(order.exchange_order_id, amount)
        office.bench.advance(1_000)
        office.bench.settle()
    shown = office.do("orders.show", order=order.id)
    assert [fill.amount for fill in shown.fills] == [Decimal("0.5"), Decimal("1.5")]
    assert (shown.status, shown.filled, shown.average) == ("filled", Decimal(2), Decimal(90))
    with pytest.raises(UnknownName, match="there is no order 'nobody'"):
        office.do("orders.show", order="nobody")


def test_postings_of_an_asset_add_up_to_its_balance(office: Office) -> None:
    traded(office, "a", 2)
    page = office.do("ledger.list", automation="a")
    assert [(posting.kind, posting.asset, posting.amount) for posting in reversed(page.postings)] == [
        ("budget", "USDT", Decimal(1000)),
        *[("trade", "USDT", Decimal(-100)), ("trade", "BTC", Decimal(1))] * 2,
    ]
    balances = office.do("ledger.balances").balances
    assert [(row.automation, row.account, row.asset, row.free, row.reserved) for row in balances] == [
        ("a", "main", "BTC", Decimal(2), Decimal(0)),
        ("a", "main", "USDT", Decimal(800), Decimal(0)),
    ]
    assert [posting.amount for posting in office.do("ledger.list", automation="a", asset="BTC").postings] == [1, 1]
    first = office.do("ledger.list", automation="a", limit=4)
    rest = office.do("ledger.list", automation="a", limit=4, cursor=first.next_cursor)
    assert ([posting.kind for posting in rest.postings], rest.next_cursor) == (["budget"], None)
    fills = {fill.id for fill in office.do("fills.list").fills}
    assert {posting.fill for posting in page.postings} == {*fills, None}


def test_balances_go_page_by_page_and_by_automation_and_account(office: Office) -> None:
    other = office.bench.commands.create_account(NewAccount("other", "fake", "fake", {}, {}))
    for name, account in (("a", None), ("b", other), ("c", None)):
        office.bench.automation(name, idle, budget={"USDT": "1", "BTC": "2"}, account=account)
    seen, cursor = [], None
    while True:
        page = office.do("ledger.balances", limit=1, cursor=cursor)
        seen += [f"{row.automation} {row.asset}" for row in page.balances]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"{name} {asset}" for name in "abc" for asset in ("BTC", "USDT")]
    assert {row.automation for row in office.do("ledger.balances", account="other").balances} == {"b"}
    assert {row.automation for row in office.do("ledger.balances", automation="c").balances} == {"c"}


def leave_equity(office: Office, found: str, values: list[int]) -> None:
    """Leave a point a minute."""
    rows = [
        {
            "automation_id": found,
            "owner": "local",
            "account_id": office.bench.account,
            "asset": "USDT",
            "at": to_ms(START) + n * 60_000,
            "equity": Decimal(value),
            "realised": Decimal(n),
        }
        for n, value in enumerate(values)
    ]
    with office.bench.core.storage.write() as connection:
        connection.execute(tables.equity.insert(), rows)
    office.bench.advance(len(values) * 60_000)


def test_equity_has_a_point_for_every_fill(office: Office) -> None:
    traded(office, "a", 3)
    series = office.do("equity.series", automation="a")
    assert [(point.at, point.asset, point.equity, point.realised) for point in series.points] == [
        (START + timedelta(hours=hour), "USDT", Decimal(1000), Decimal(0)) for hour in range(3)
    ]
    assert series.thinned is False

    def hours(**arguments: Any) -> list[int]:
        points = office.do("equity.series", automation="a", **arguments).points
        return [point.at.hour for point in points]

    assert hours(since=START + timedelta(hours=1)) == [1, 2]
    assert hours(until="2026-01-01T02:00:00+01:00") == [0, 1]
    assert hours(since=START + timedelta(minutes=1), until=START + timedelta(minutes=2)) == []
    with pytest.raises(UsageError, match="since is later than until"):
        hours(since=START, until=START - timedelta(hours=1))
    with pytest.raises(UsageError, match="since: must be a moment with its time zone"):
        hours(since="2026-01-01T00:00:00")


def test_a_long_series_is_thinned_evenly_but_keeps_its_edges(office: Office) -> None:
    found = office.bench.automation("a", idle)
    values = [1_000 + n % 7 for n in range(1_000)]
    values[333], values[777] = 5, 9_999
    leave_equity(office, found, values)
    series = office.do("equity.series", automation="a", points=20)
    minutes = [(point.at - START) // timedelta(minutes=1) for point in series.points]
    assert (len(minutes) <= 20, series.thinned) == (True, True)
    assert {0, 333, 777, 999} <= set(minutes)
    assert minutes == sorted(minutes)
    # Sixteen slices of 62.5 minutes, each with its last point.
    gaps = [later - earlier for earlier, later in pairwise(minutes)]
    assert max(gaps) <= 63
    whole = office.do("equity.series", automation="a", points=1_000)
    assert ([int(point.equity) for point in whole.points], whole.thinned) == (values, False)


def test_an_inbox_is_listed_newest_first_and_by_status(office: Office) -> None:
    office.bench.automation("a", idle)
    office.bench.settle()
    for number in range(3):
        office.do("signals.send", automation="a", payload={"n": number}, key=f"k{number}", expires_in=60)
    waiting = office.do("signals.list", automation="a", status="waiting")
    assert [(signal.payload, signal.key, signal.status) for signal in waiting.signals] == [
        ({"n": number}, f"k{number}", "waiting") for number in (2, 1, 0)
    ]
    assert (waiting.signals[0].source, waiting.signals[0].expires_at) == ("alice", START + timedelta(minutes=1))
    office.bench.advance(1_000)
    office.bench.settle()
    first = office.do("signals.list", automation="a", limit=2)
    assert [(signal.status, signal.consumed_tick) for signal in first.signals] == [("consumed", 1)] * 2
    rest = office.do("signals.list", automation="a", limit=2, cursor=first.next_cursor)
    assert ([signal.key for signal in rest.signals], rest.next_cursor) == (["k0"], None)
    assert office.do("signals.list", automation="a", status="waiting").signals == []


def test_an_inbox_says_what_became_of_each_signal_and_how_its_orders_stand(office: Office) -> None:
    def follow(tick: Tick[Any, Any]) -> Decision:
        told = {}
        orders = []
        for signal in tick.signals:
            order = LimitOrder("BTC/USDT", "buy", Decimal(1), Decimal(1), tag="t")
            orders.append(order)
            told[signal.id] = SignalOutcome("traded", "", [order])
        return Decision(orders=orders, signals=told)

    office.bench.automation("a", follow)
    office.bench.settle()
    office.do("signals.send", automation="a", payload="late", expires_in=0.001)
    office.bench.advance(1_000)
    office.bench.settle()
    office.do("signals.send", automation="a", payload="buy")
    office.bench.advance(1_000)
    office.bench.settle()
    bought, late = office.do("signals.list", automation="a").signals
    (order,) = office.bench.intents()
    assert (bought.outcome, [(each.id, each.status) for each in bought.orders]) == ("traded", [(order.id, "open")])
    assert (late.status, late.outcome) == ("waiting", "expired")
    out = StringIO()
    print_signals(office.do("signals.list", automation="a"), out)
    assert f"traded; order {order.id} open" in " ".join(out.getvalue().split())


def test_events_are_gone_back_through(office: Office) -> None:
    for name in "abcde":
        office.bench.automation(name, idle)
    seen: list[str] = []
    before = None
    while True:
        page = office.do("events.list", before=before, limit=2)
        seen = [*(event.automation for event in page.events), *seen]
        before = page.first
        if before is None:
            break
    assert seen == list("abcde")
    newest = office.do("events.list", limit=2)
    assert [event.automation for event in newest.events] == ["d", "e"]
    assert newest.first == newest.events[0].id
    assert office.do("events.list", after=0, limit=2).first is None
    with pytest.raises(UsageError, match="either after an id or before one"):
        office.do("events.list", after=1, before=2)
