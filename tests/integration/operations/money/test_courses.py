"""What things were worth over time, at the prices of then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from octobot_node import Decision, MarketOrder, Tick, Wake
from octobot_node.engine.commands.commands import NewAccount
from octobot_node.engine.sampling import Sampler
from octobot_node.store.standings import samples
from octobot_node.store.tables import equity_samples, marks, price_samples
from tests.integration.operations.conftest import Office

HOURLY = Wake(every=timedelta(hours=1), align=True)
START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def buying(tick: Tick[Any, Any]) -> Decision:
    order = MarketOrder("BTC/USDT", "buy", amount=Decimal(2))
    return Decision(orders=[] if tick.number else [order], wake=HOURLY)


def idle(_tick: Tick[Any, Any]) -> Decision:
    return Decision(wake=HOURLY)


def went(office: Office, prices: list[int], step: int = 60_000) -> None:
    """Let the price of bitcoin go through these, and look at what everything is worth at each."""
    sampler = Sampler(office.bench.core)
    for price in prices:
        office.bench.market.prices["BTC/USDT"] = Decimal(price)
        sampler.step()
        office.bench.advance(step)


def bought(office: Office, name: str = "a", **more: Any) -> str:
    made = office.bench.automation(name, buying, **more)
    office.bench.trading.will(office.bench.trading.fill_at_once)
    office.bench.settle()
    return made


def test_a_position_is_worth_its_price_of_every_moment_and_holding_is_told_beside(office: Office) -> None:
    bought(office)
    went(office, [100, 110, 90, 120])
    found = office.do("equity.course", automation="a")
    assert [(point.at, point.equity, point.held) for point in found.points] == [
        (START, Decimal(1_000), Decimal(1_000)),
        (START + MINUTE, Decimal(1_020), Decimal(1_100)),
        (START + 2 * MINUTE, Decimal(980), Decimal(900)),
        (START + 3 * MINUTE, Decimal(1_040), Decimal(1_200)),
        (START + 4 * MINUTE, Decimal(1_040), Decimal(1_200)),
    ]
    assert all(point.priced for point in found.points)
    assert (found.hold_symbol, found.asset) == ("BTC/USDT", "USDT")
    assert (found.max_drawdown, found.max_drawdown_ratio) == (Decimal(40), Decimal("0.03921569"))
    assert [(each.at, each.asset, each.amount) for each in found.deposits] == [(START, "USDT", Decimal(1_000))]
    later = office.do("equity.course", automation="a", since=START + 2 * MINUTE, until=START + 3 * MINUTE)
    assert [point.equity for point in later.points] == [Decimal(980), Decimal(1_040)]
    assert len(office.do("equity.course", automation="a", points=3).points) == 3


def test_what_was_held_before_a_sale_is_valued_as_it_was(office: Office) -> None:
    def trades(tick: Tick[Any, Any]) -> Decision:
        side = "buy" if tick.number == 0 else "sell"
        orders = [MarketOrder("BTC/USDT", side, amount=Decimal(2))] if tick.number < 2 else []  # type: ignore[arg-type]
        return Decision(orders=orders, wake=Wake(every=timedelta(minutes=1), align=True))

    office.bench.automation("a", trades)
    sampler = Sampler(office.bench.core)
    office.bench.trading.will(*[office.bench.trading.fill_at_once] * 2)
    for price in (100, 130, 50):
        office.bench.market.prices["BTC/USDT"] = Decimal(price)
        office.bench.advance(1)
        office.bench.settle()
        sampler.step()
        office.bench.advance(59_999)
    points = office.do("equity.course", automation="a").points
    # Bought at 100, sold at 130; what the price did then is nothing to it any more.
    assert [point.equity for point in points][-2:] == [Decimal(1_060), Decimal(1_060)]
    assert {point.equity for point in points} <= {Decimal(1_000), Decimal(1_060)}


def test_all_automations_of_accounts_have_a_course_together(office: Office) -> None:
    other = office.bench.commands.create_account(NewAccount("beta", "fake", "fake", {}, {}))
    bought(office)
    went(office, [100, 110])
    office.bench.automation("b", idle, account=other, budget={"USDT": "500"})
    went(office, [120])
    (whole,) = office.do("equity.total").courses
    assert [(point.equity, point.start, point.unpriced) for point in whole.points] == [
        (Decimal(1_000), Decimal(1_000), 0),
        (Decimal(1_020), Decimal(1_000), 0),
        # What was given since is no gain.
        (Decimal(1_540), Decimal(1_500), 0),
    ]
    assert whole.max_drawdown == 0
    (beta,) = office.do("equity.total", account="beta").courses
    assert [point.equity for point in beta.points] == [Decimal(500)]
    assert office.do("equity.total", paper=True).courses == []
    # The last sample is what adding the rows up gives.
    rows = office.do("automations.list").automations
    assert sum(row.equity for row in rows) == whole.points[-1].equity


def test_sparklines_of_a_page_are_at_the_same_times(office: Office) -> None:
    first, second = bought(office), office.bench.automation("b", idle, budget={"USDT": "500"})
    went(office, [100, 110, 90, 120], step=900_000)
    found = office.do("equity.sparklines", ids=[first, second, "gone"], days=0.125, points=4)
    assert [row.automation_id for row in found.rows] == [first, second]
    assert found.times == [START - timedelta(hours=2), START - timedelta(hours=1), START, START + timedelta(hours=1)]
    assert [row.equity for row in found.rows] == [[None, None, Decimal(1_000), Decimal(1_040)], [None, None, 500, 500]]


def test_the_day_s_result_goes_on_from_the_first_look_after_midnight(office: Office) -> None:
    bought(office)
    went(office, [100])
    office.bench.advance(86_400_000)
    assert office.do("totals.show").rows[0].today_unknown == 1
    office.bench.advance(5_000)
    went(office, [110])
    office.bench.market.prices["BTC/USDT"] = Decimal(125)
    (row,) = office.do("totals.show").rows
    assert (row.today, row.today_unknown) == (Decimal(30), 0)
    assert office.do("automations.list").automations[0].today == Decimal(30)
    assert [(mark.asset, mark.equity) for mark in office.bench.rows(marks)] == [("USDT", Decimal(1_020))]
    went(office, [125])
    assert office.do("totals.show").rows[0].today == Decimal(30)


def test_samples_become_fewer_as_they_age_and_the_last_of_each_time_stays(office: Office) -> None:
    start = int(START.timestamp() * 1_000)
    minutes = [start + minute * 60_000 for minute in range(0, 3 * 1_440, 5)]
    with office.bench.core.storage.write() as connection:
        for at in minutes:
            row = {"source": "fake", "symbol": "BTC/USDT", "at": at, "price": Decimal(at)}
            samples.put(connection, price_samples, [row], at)
    sampler = Sampler(office.bench.core)

    def kept() -> list[int]:
        office.bench.advance(0)
        while sampler.thin_out(limit=100):
            pass
        return [row.at for row in office.bench.rows(price_samples, price_samples.c.at)]

    now = start + 3 * 86_400_000
    office.bench.advance(now - office.bench.clock.now())
    of_day_ago = [at for at in minutes if at < now - 86_400_000 and at % 900_000 == 600_000]
    assert kept() == [*of_day_ago, *(at for at in minutes if at >= now - 86_400_000)]
    office.bench.advance(9 * 86_400_000)
    assert kept() == [at for at in minutes if at % 3_600_000 == 3_300_000]
    office.bench.advance(90 * 86_400_000)
    assert kept() == [at for at in minutes if at % 86_400_000 == 86_100_000]


def test_nothing_is_sampled_twice_of_one_moment(office: Office) -> None:
    bought(office)
    sampler = Sampler(office.bench.core)
    sampler.step()
    before = len(office.bench.rows(price_samples)), len(office.bench.rows(equity_samples))
    sampler.step()
    assert (len(office.bench.rows(price_samples)), len(office.bench.rows(equity_samples))) == before == (1, 1)
