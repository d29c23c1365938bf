"""Every notifier gets every notice, at least once and none twice because another one failed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from octobot_node import Decision, Notify
from octobot_node.contracts.notifiers import NotAllOpened, Notice, Notifier, NotifierFactory
from octobot_node.engine import notice_delivery as engine_notices
from octobot_node.engine.notice_delivery import NoticeDelivery, open_notices
from octobot_node.ids import new_id
from octobot_node.store import tables
from octobot_node.store.automations import add_notices
from tests.support.bench import Bench

DAY = 86_400_000


class Ear:
    """A notifier that remembers what it was told, after failing as often as it was asked to."""

    def __init__(self, name: str, *, failures: int = 0) -> None:
        self.name = name
        self.failures = failures
        self.asked = 0
        self.heard: list[Notice] = []

    async def notify(self, notice: Notice) -> None:
        self.asked += 1
        if self.failures:
            self.failures -= 1
            raise OSError("no line")
        self.heard.append(notice)

    @property
    def messages(self) -> list[str]:
        return [notice.message for notice in self.heard]


@pytest.fixture
def opened(bench: Bench) -> Iterator[Callable[..., NoticeDelivery]]:
    """Open notifiers, or what factories open, as a node does at its start."""
    made: list[NoticeDelivery] = []

    def make(*given: Ear | NotifierFactory) -> NoticeDelivery:
        factories = tuple(each if isinstance(each, NotifierFactory) else _factory(each) for each in given)
        bench.core.registry = replace(bench.core.registry, notifiers=factories)
        made.append(open_notices(bench.core))
        return made[-1]

    yield make
    for notices in made:
        notices.close()


def _factory(ear: Ear) -> NotifierFactory:
    return NotifierFactory(ear.name, lambda _context: [ear])


def rows(bench: Bench) -> list[tuple[str, str, list[str]]]:
    return [
        (row.message, row.status, json.loads(row.delivered))
        for row in bench.rows(tables.notices, tables.notices.c.id)
        if not row.message.startswith("the plugin")
    ]


def test_what_an_automation_says_and_what_the_node_says_is_told_once_to_each(
    bench: Bench, opened: Callable[..., NoticeDelivery]
) -> None:
    ears = Ear("a"), Ear("b")
    told = opened(*ears)
    bench.automation("dca", lambda _tick: Decision(actions=[Notify("bought", level="warning")]))
    bench.tick()
    bench.core.context.tell("up and running")
    assert (told.deliver(), told.deliver()) == (4, 0)
    for ear in ears:
        assert [(n.automation, n.owner, n.level, n.message) for n in ear.heard] == [
            ("dca", "local", "warning", "bought"),
            ("", "local", "info", "up and running"),
        ]
    assert [(status, names) for _, status, names in rows(bench)] == [("sent", ["a", "b"])] * 2


def test_a_failing_notifier_is_tried_again_later_and_the_others_are_not_told_again(
    bench: Bench, opened: Callable[..., NoticeDelivery]
) -> None:
    good, bad = Ear("good"), Ear("bad", failures=2)
    told = opened(good, bad)
    bench.core.context.tell("hello")
    told.deliver()
    assert rows(bench) == [("hello", "waiting", ["good"])]
    told.deliver()
    assert bad.asked == 1
    for pause in (2_000, 4_000):
        bench.advance(pause)
        told.deliver()
    # Of the trouble they are told, too.
    assert (good.messages.count("hello"), bad.messages.count("hello")) == (1, 1)
    assert rows(bench) == [("hello", "sent", ["good", "bad"])]


def test_a_notice_that_is_never_taken_does_not_keep_back_those_after_it(
    bench: Bench, opened: Callable[..., NoticeDelivery]
) -> None:
    class Fussy(Ear):
        async def notify(self, notice: Notice) -> None:
            if notice.message == "poison":
                raise ValueError("I do not say that")
            self.heard.append(notice)

    fussy = Fussy("fussy")
    told = opened(fussy)
    for message in ("poison", "one", "two"):
        bench.core.context.tell(message)
    told.deliver()
    bench.advance(2_000)
    told.deliver()
    bench.advance(4_000)
    told.deliver()
    assert fussy.messages[:2] == ["one", "two"]


def test_what_fails_for_a_day_is_given_up_visibly(bench: Bench, opened: Callable[..., NoticeDelivery]) -> None:
    good, bad = Ear("good"), Ear("bad", failures=1_000)
    told = opened(good, bad)
    bench.core.context.tell("hello")
    for _ in range(4):
        told.deliver()
        bench.advance(300_000)
    assert rows(bench) == [("hello", "waiting", ["good"])]
    bench.advance(DAY)
    for _ in range(20):
        told.deliver()
        bench.advance(300_000)
    assert rows(bench) == [("hello", "failed", ["good", "!bad"])]
    failed = [row for row in bench.rows(tables.events, tables.events.c.id) if row.kind == "notice.failed"]
    assert json.loads(failed[0].data)["message"] == "hello"
    assert json.loads(failed[0].data)["reason"].startswith("OSError: no line (test_notices.py, line ")


def test_what_was_told_before_a_restart_is_not_told_after_it(
    bench: Bench, opened: Callable[..., NoticeDelivery]
) -> None:
    good, bad = Ear("good"), Ear("bad", failures=1)
    opened(good, bad)
    bench.core.context.tell("hello")
    opened(good, bad).deliver()
    opened(good, bad).deliver()
    assert (good.messages.count("hello"), bad.messages.count("hello")) == (1, 1)


def test_a_notifier_that_is_gone_is_not_waited_for(bench: Bench, opened: Callable[..., NoticeDelivery]) -> None:
    told = opened(Ear("good"), Ear("gone", failures=1))
    bench.core.context.tell("hello")
    told.deliver()
    opened(Ear("good"))
    assert rows(bench) == [("hello", "sent", ["good"])]


def test_without_a_notifier_nothing_is_kept_for_one_that_may_come(
    bench: Bench, opened: Callable[..., NoticeDelivery]
) -> None:
    told = opened()
    bench.core.context.tell("hello")
    told.deliver()
    assert rows(bench) == [("hello", "sent", ["nobody"])]


def test_a_notifier_that_hangs_is_timed_out(
    bench: Bench, opened: Callable[..., NoticeDelivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hanging(Ear):
        async def notify(self, notice: Notice) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(engine_notices, "_TIMEOUT_S", 0.01)
    told = opened(Hanging("hanging"), Ear("good"))
    bench.core.context.tell("hello")
    told.deliver()
    assert rows(bench) == [("hello", "waiting", ["good"])]
    assert bench.core.plugin_failures.all()[0].error == "no answer within 0.01 s"


def failing(error: Exception) -> Callable[[Any], Sequence[Notifier]]:
    def open_(_context: Any) -> Sequence[Notifier]:
        raise error

    return open_


def test_notifiers_that_cannot_be_opened_leave_the_others_and_are_told(
    bench: Bench, opened: Callable[..., NoticeDelivery]
) -> None:
    good, half = Ear("good"), Ear("half")
    told = opened(
        NotifierFactory("bad", failing(OSError("no telex"))),
        NotifierFactory("half", failing(NotAllOpened("URL 2 is wrong", [half]))),
        good,
        NotifierFactory("again", lambda _context: [Ear("good")]),
    )
    assert [lane.name for lane in told.lanes] == ["half", "good"]
    assert [(trouble.what, trouble.error.partition(" (")[0]) for trouble in bench.core.plugin_failures.all()] == [
        ("the notifier again", "ValueError: a notifier called 'good' is open already: rename one of them"),
        ("the notifier bad", "OSError: no telex"),
        ("the notifier half", "URL 2 is wrong"),
    ]
    told.deliver()
    assert half.messages == good.messages
    assert len(good.messages) == 3


def test_a_name_is_compared_as_a_whole(bench: Bench, opened: Callable[..., NoticeDelivery]) -> None:
    told = opened(Ear("a_b"), Ear("axb", failures=1), Ear("a_b_c", failures=1))
    bench.core.context.tell("hello")
    told.deliver()
    assert rows(bench) == [("hello", "waiting", ["a_b"])]
    bench.advance(2_000)
    told.deliver()
    assert rows(bench) == [("hello", "sent", ["a_b", "axb", "a_b_c"])]


def test_one_owner_s_flood_holds_up_nobody_else_s(bench: Bench, opened: Callable[..., NoticeDelivery]) -> None:
    ear = Ear("ear")
    told = opened(ear)
    given = [*[("ada", f"flood {number}") for number in range(1_000)], ("bob", "mine"), ("eve", "too")]
    like = {"account_id": "", "automation_id": "", "shard": 0, "level": "info", "status": "waiting"}
    like["created_at"] = bench.clock.now()
    with bench.core.storage.write() as connection:
        add_notices(connection, [{**like, "id": new_id(), "owner": who, "message": what} for who, what in given])

    first = told.deliver()

    assert ear.messages[:3] == ["flood 0", "mine", "too"]
    assert first <= 100
    while told.deliver():
        pass
    # Nothing is left out or told twice, and each one's own are in order.
    assert [message for message in ear.messages if message.startswith("flood")] == [f"flood {n}" for n in range(1_000)]
    assert len(ear.messages) == 1_002


def test_more_owners_than_a_pass_takes_are_all_come_to(
    bench: Bench, opened: Callable[..., NoticeDelivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_notices, "_LIMIT", 4)
    ear = Ear("ear")
    told = opened(ear)
    for number in range(3):
        for owner in range(10):
            bench.core.context.tell(f"{owner}.{number}", owner=f"u{owner}")

    passes = [told.deliver() for _ in range(3)]

    assert passes == [4, 4, 4]
    assert ear.messages == [*(f"{owner}.0" for owner in range(10)), "8.1", "9.1"]
