"""What needs somebody for the same reason is one line, however many names and figures the reason has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from octobot_node.operations.overview.alike import alike, gathered
from octobot_node.operations.overview.models.attention import Cause, Help

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Row:
    reason: str
    many: int = 1
    oldest: int = 1_000
    name: str = "a"
    status: str = "waiting"
    type: str = "octobot_tentacles.grid"


def cause(kind: Any, title: str, count: int = 1, **arguments: Any) -> Cause:
    shown = Help(operation="orders.list", arguments=arguments)
    words = {"detail": "why", "cure": "look"}
    return Cause(kind=kind, title=title, count=count, oldest=START, mends_itself=False, help=shown, **words)


def test_reasons_that_differ_by_names_and_figures_are_one() -> None:
    rows = [Row(f"no candles of COIN{n}/USDT since 12:0{n % 10}", oldest=1_000 + n, name=f"a{n}") for n in range(2_000)]
    (found,) = alike([*rows, Row("no candles of BTC/USDT since 12:00", many=7, oldest=900, name="most")])
    assert (found.many, found.oldest, found.name) == (2_007, 900, "most")
    assert found.reason == "no candles of BTC/USDT since 12:00, and alike"


def test_reasons_that_say_something_else_are_told_apart_the_most_frequent_first() -> None:
    few, many = Row("no price of 'BTC/USDT'"), Row("its host does not answer", many=9)
    other = Row("no price of 'BTC/USDT'", type="octobot_tentacles.dca")
    assert list(alike([few, other, many])) == [many, few, other]


def test_many_lines_of_a_kind_are_one_which_says_what_one_of_them_is() -> None:
    unknown = [
        cause("unknown_orders", f"Orders on {n}", count=n, status="unknown", automation=f"{n}") for n in range(1, 8)
    ]
    failed = [cause("failed", f"a{n} is failed") for n in range(7)]
    (one, *rest) = gathered([*unknown, *failed])
    assert rest == failed
    assert one.title == "The outcome of 28 orders on 7 accounts is not known"
    assert one.detail == "one of them: orders on 7: why"
    assert (one.count, one.oldest, one.cure) == (28, START, "look")
    # All of them, and not those of one.
    assert one.help == Help(operation="orders.list", arguments={"status": "unknown"})


def test_a_few_lines_of_a_kind_stay_as_they_are() -> None:
    few = [cause("short_account", f"The account {n}") for n in range(5)]
    assert gathered(few) == few


def test_what_asks_about_one_account_is_no_help_for_many() -> None:
    (one,) = gathered([cause("silent_account", f"The exchange of {n}", account=f"{n}") for n in range(9)])
    assert (one.title, one.help) == ("The exchanges of 9 accounts do not answer", None)
