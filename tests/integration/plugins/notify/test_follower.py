"""The event log is followed durably, and what happens together is told together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from octobot_node import Decision, MarketOrder, Notify, Wake
from octobot_node.errors import Unresolved
from octobot_node.store import events, tables
from octobot_node.store.events import Event
from octobot_plugins.notify.follower import Follower
from octobot_plugins.notify.settings import NotifySettings
from tests.support.bench import Bench

EVERYTHING = NotifySettings(tell=("fills", "failures", "unknown_orders", "own"))


def happen(bench: Bench, kind: str, who: str = "", owner: str = "local", **data: Any) -> None:
    """Write an event of now."""
    with bench.core.storage.write() as connection:
        events.append(connection, [Event(owner, "", who, kind, data)], bench.clock.now())


def fill(bench: Bench, who: str = "", owner: str = "local") -> None:
    happen(bench, "order.fill", who, owner, symbol="BTC/USDT", side="buy", amount="0.1", price="100")


def told(bench: Bench) -> list[tuple[str, str]]:
    return [(row.owner, row.message) for row in bench.rows(tables.notices, tables.notices.c.id)]


def position(bench: Bench) -> int:
    (row,) = bench.rows(tables.cursors)
    return int(row.position)


def test_a_first_start_begins_at_the_end_of_the_log(bench: Bench) -> None:
    fill(bench)
    follower = Follower(bench.core.context, EVERYTHING)
    bench.advance(60_000)
    assert (follower.step(), told(bench), position(bench)) == (0, [], 1)


def test_fills_of_half_a_minute_become_one_notice(bench: Bench) -> None:
    ids = [bench.automation(f"dca-{n}", lambda _tick: Decision()) for n in range(4)]
    follower = Follower(bench.core.context, EVERYTHING)
    for count in range(37):
        fill(bench, ids[count % 4])
    assert follower.step() == 0
    bench.advance(29_999)
    assert follower.step() == 0
    bench.advance(1)
    assert (follower.step(), follower.step()) == (37, 0)
    assert told(bench) == [
        (
            "local",
            "37 fills of 4 automations:\n"
            "- dca-0 bought 1 BTC at 100 USDT on average, in 10 fills (100 USDT)\n"
            + "\n".join(f"- dca-{n} bought 0.9 BTC at 100 USDT on average, in 9 fills (90 USDT)" for n in (1, 2, 3)),
        )
    ]


def test_each_owner_is_told_of_his_own(bench: Bench) -> None:
    follower = Follower(bench.core.context, EVERYTHING)
    fill(bench, owner="ann")
    fill(bench, owner="bob")
    bench.advance(30_000)
    assert follower.step() == 2
    assert [owner for owner, _ in told(bench)] == ["ann", "bob"]


def test_what_was_read_and_not_told_is_told_after_a_restart(bench: Bench) -> None:
    follower = Follower(bench.core.context, EVERYTHING)
    fill(bench)
    follower.step()
    fill(bench)
    again = Follower(bench.core.context, EVERYTHING)
    bench.advance(30_000)
    assert (again.step(), len(told(bench))) == (2, 1)
    third = Follower(bench.core.context, EVERYTHING)
    bench.advance(60_000)
    assert (third.step(), len(told(bench))) == (0, 1)


def test_a_notice_that_was_told_while_its_cursor_was_lost_is_told_again(bench: Bench) -> None:
    follower = Follower(bench.core.context, EVERYTHING)
    fill(bench)
    bench.advance(30_000)
    follower.step()
    with bench.core.storage.write() as connection:
        connection.execute(tables.cursors.update().values(position=0))
    assert (Follower(bench.core.context, EVERYTHING).step(), len(told(bench))) == (1, 2)


def test_what_is_urgent_is_told_within_seconds_and_a_flood_of_it_is_not(bench: Bench) -> None:
    follower = Follower(bench.core.context, EVERYTHING)
    fill(bench)
    happen(bench, "automation.failed", reason="no")
    bench.advance(3_000)
    assert follower.step() == 2
    happen(bench, "automation.failed", reason="no")
    bench.advance(3_000)
    assert follower.step() == 0
    bench.advance(27_000)
    assert follower.step() == 1


@pytest.mark.parametrize(("rule", "kind"), [("fills", "order.fill"), ("failures", "tick.failed")])
def test_a_rule_that_is_not_wanted_tells_nothing(bench: Bench, rule: str, kind: str) -> None:
    others = tuple(each for each in EVERYTHING.tell if each != rule)
    follower = Follower(bench.core.context, NotifySettings(tell=others))
    happen(bench, kind, symbol="BTC/USDT", side="buy", amount="0.1", price="100", reason="no")
    bench.advance(60_000)
    assert follower.step() == 0


def test_without_a_rule_that_follows_events_no_cursor_moves(bench: Bench) -> None:
    follower = Follower(bench.core.context, NotifySettings(tell=("own",)))
    fill(bench)
    bench.advance(60_000)
    assert (follower.step(), position(bench)) == (0, 0)


def test_notices_about_notices_do_not_go_round(bench: Bench) -> None:
    follower = Follower(bench.core.context, EVERYTHING)
    happen(bench, "notice.failed", notice="n", notifier="x", reason="no")
    bench.automation("talks", lambda _tick: Decision(actions=[Notify("hello")]))
    bench.settle()
    bench.advance(60_000)
    assert follower.step() == 0


def test_the_cursor_follows_a_log_in_which_nothing_is_worth_telling(bench: Bench) -> None:
    follower = Follower(bench.core.context, EVERYTHING)
    for _ in range(1_000):
        happen(bench, "order.planned")
    follower.step()
    assert position(bench) == 1_000


def test_a_real_failing_automation_is_told_with_its_reason(bench: Bench) -> None:
    def fail(_tick: Any) -> Decision:
        raise ZeroDivisionError("nothing to divide by")

    follower = Follower(bench.core.context, EVERYTHING)
    bench.automation("broken", fail)
    bench.run(70_000)
    follower.step()
    ((owner, message),) = told(bench)
    assert owner == "local"
    assert message.startswith("broken has failed and does not run any more: ")
    assert "nothing to divide by" in message


def test_a_real_unknown_order_is_told_with_its_amount(bench: Bench) -> None:
    follower = Follower(bench.core.context, EVERYTHING)
    bench.trading.will(Unresolved("the connection dropped"))
    bench.trading.faults["find_order"] = Unresolved("no answer")
    buy = MarketOrder("BTC/USDT", "buy", spend=bench.market.prices["BTC/USDT"])
    bench.automation(
        "dca", lambda tick: Decision(orders=[buy] if tick.number == 0 else [], wake=Wake(every=timedelta(hours=1)))
    )
    bench.run(60_000)
    assert bench.statuses() == ["unknown"]
    assert follower.step() == 1
    ((_, message),) = told(bench)
    assert message.splitlines()[1].startswith("- dca: buy 0.9989 BTC at the market's price (")
