"""What happened in a period: orders, fills, postings, events, candles and the lines of a log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, MarketOrder, Tick, Wake
from octobot_node.errors import UsageError
from octobot_node.store.queries.periods import Period, within
from octobot_node.store.tables import events, intents
from tests.integration.operations.conftest import Office

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def buying(tick: Tick[Any, Any]) -> Decision:
    tick.log(f"buys number {tick.number}", "warning" if tick.number % 2 else "info")
    order = MarketOrder("BTC/USDT", "buy", amount=Decimal(1), tag=f"n{tick.number}")
    return Decision(orders=[order], wake=Wake(every=HOUR, align=True))


def traded(office: Office, hours: int) -> str:
    """Make an automation that buys at the beginning of every hour, and is told of it half an hour later."""
    made = office.bench.automation("a", buying)
    for _ in range(hours):
        office.bench.trading.will(office.bench.trading.fill_at_once)
        office.bench.settle()
        office.bench.advance(3_600_000)
    office.do("automations.pause", automation="a")
    return made


def hours(first: int, last: int) -> dict[str, datetime]:
    return {"since": START + first * HOUR, "until": START + last * HOUR}


def paged(office: Office, name: str, rows: str, **wanted: Any) -> list[Any]:
    found, cursor = [], None
    while True:
        page = office.do(name, limit=2, cursor=cursor, **wanted)
        found += getattr(page, rows)
        cursor = page.next_cursor
        if cursor is None:
            return found


def test_lists_tell_what_was_made_from_one_moment_until_before_another(office: Office) -> None:
    traded(office, 6)
    for name, rows, more in (
        ("orders.list", "orders", {}),
        ("orders.list", "orders", {"automation": "a"}),
        ("fills.list", "fills", {}),
        ("fills.list", "fills", {"automation": "a"}),
    ):
        found = paged(office, name, rows, **hours(1, 4), **more)
        assert [each.tag for each in found] == ["n3", "n2", "n1"], (name, more)
    moved = paged(office, "ledger.list", "postings", automation="a", asset="BTC", **hours(1, 4))
    assert [posting.at for posting in moved] == [START + hour * HOUR for hour in (3, 2, 1)]
    everything = paged(office, "ledger.list", "postings", automation="a", until=START + 9 * HOUR)
    assert len(everything) == len(office.do("ledger.list", automation="a", limit=500).postings) == 13
    filled = office.do("events.list", kind="order.fill", limit=2, **hours(1, 4))
    older = office.do("events.list", kind="order.fill", limit=2, before=filled.first, **hours(1, 4))
    assert [event.at for event in (*older.events, *filled.events)] == [START + hour * HOUR for hour in (1, 2, 3)]
    after = office.do("events.list", kind="order.fill", after=0, since=START + 4 * HOUR)
    assert [event.at for event in after.events] == [START + hour * HOUR for hour in (4, 5)]


def test_a_period_is_refused_that_ends_before_it_begins_and_a_cursor_of_another_list(office: Office) -> None:
    for name in ("orders.list", "fills.list", "events.list"):
        with pytest.raises(UsageError, match="since is later than until: exchange them"):
            office.do(name, **hours(2, 1))
    with pytest.raises(UsageError, match="the cursor is none that was given for this period"):
        office.do("fills.list", cursor="019b1f00-0000-7000-8000-000000000000", **hours(0, 1))
    with pytest.raises(UsageError, match="since: "):
        office.do("fills.list", since="2026-01-01T00:00:00")


def test_what_is_looked_at_of_a_period_is_bounded_by_ids_and_leaves_out_nothing(office: Office) -> None:
    """The tables have ids that grow with time, but no index of times: the ids are searched for."""
    traded(office, 40)
    with office.bench.core.storage.read() as connection:
        for table, times in ((intents, intents.c.created_at), (events, events.c.at)):
            rows = [(row[0], row[1]) for row in connection.execute(table.select().with_only_columns(table.c.id, times))]
            start = min(at for _, at in rows)
            for period in (
                Period(start, start + 1),
                Period(start + 3_600_000, None),
                Period(None, start + 7_200_000),
                Period(start - 5, start - 1),
                Period(start + 30 * 3_600_000, start + 33 * 3_600_000),
            ):
                wanted = (
                    table.select().with_only_columns(table.c.id).where(*within(connection, table.c.id, times, period))
                )
                assert sorted(connection.scalars(wanted)) == sorted(id_ for id_, at in rows if period.holds(at))


def test_a_log_is_searched_by_level_words_and_time(office: Office) -> None:
    traded(office, 6)

    def said(**wanted: Any) -> list[str]:
        found = paged(office, "automations.log", "lines", automation="a", **wanted)
        return [line.message for line in found if line.event.startswith("log.")]

    assert said(search="BUYS") == [f"buys number {number}" for number in (5, 4, 3, 2, 1, 0)]
    assert said(level="warning") == ["buys number 5", "buys number 3", "buys number 1"]
    assert said(search="number 3", level="error") == []
    assert said(**hours(1, 3)) == ["buys number 2", "buys number 1"]
    whole = paged(office, "automations.log", "lines", automation="a")
    assert whole == office.do("automations.log", automation="a", limit=500).lines


def test_candles_of_a_period_and_the_one_that_forms(office: Office) -> None:
    office.bench.advance(10 * 60_000)
    wanted = {"account": "main", "symbol": "BTC/USDT", "timeframe": "1h"}
    start = int(START.timestamp() * 1_000)
    found = office.do("markets.candles", **wanted, since=START - 5 * HOUR, until=START - 2 * HOUR)
    assert [row[0] for row in found.candles] == [start - hour * 3_600_000 for hour in (5, 4, 3)]
    assert (found.forming, "1h" in found.timeframes) == (None, True)
    forming = office.do("markets.candles", **wanted, count=1, forming=True).forming
    assert forming is not None
    assert forming[:5] == (start, 100.0, 100.0, 100.0, 100.0)
    with pytest.raises(UsageError, match=r"so many candles ago \(8,761\) is not kept: ask for a longer timeframe"):
        office.do("markets.candles", **wanted, since=START - 8_760 * HOUR, until=START - 8_759 * HOUR)


def test_ticks_that_did_something_are_told_with_what_they_did(office: Office) -> None:
    def now_and_then(tick: Tick[Any, Any]) -> Decision:
        wake = Wake(every=HOUR, align=True)
        if tick.number % 3 == 0:
            tick.log(f"note {tick.number}")
            return Decision(orders=[MarketOrder("BTC/USDT", "buy", amount=Decimal(1))] * 2, wake=wake)
        if tick.number == 5:
            raise ValueError("a mistake")
        return Decision(wake=wake)

    office.bench.automation("a", now_and_then)
    for _ in range(10):
        office.bench.trading.will(*[office.bench.trading.fill_at_once] * 2)
        office.bench.run(1_000)
        office.bench.advance(3_599_000)
    ticks = paged(office, "automations.ticks", "ticks", automation="a")
    assert ticks == office.do("automations.ticks", automation="a", limit=500).ticks
    did = {tick.tick: tick for tick in ticks}
    assert [tick.tick for tick in ticks] == sorted(did, reverse=True)
    assert {tick for tick in did if did[tick].orders} == {tick for tick in did if did[tick].log}
    assert {0, 3, 5, 6} <= set(did)
    assert 1 not in did
    assert ([order.status for order in did[0].orders], did[0].log, did[0].failed) == (["filled"] * 2, ["note 0"], "")
    assert did[5].failed.startswith("ValueError: a mistake")
