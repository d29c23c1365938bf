"""Actions are done once as far as can be known: noted before and after, tried again where that is safe, and told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from octobot_node import Decision, Perform
from octobot_node.contracts.actions import ActionRefused, ActionType, AskedAction
from octobot_node.egress import HttpClient, HttpResponse
from octobot_node.engine.commands.commands import NewAccount
from octobot_node.errors import EgressRefused, NotSent, Unresolved
from octobot_node.sealing import named
from octobot_node.store import tables
from octobot_node.store.events import Event, append
from octobot_node.store.tables import events, notices
from octobot_plugins.actions.carrying_out import Carrier
from octobot_plugins.actions.health import check_actions
from octobot_plugins.actions.http_call import HttpCall
from octobot_plugins.actions.tables import runs
from tests.integration.engine.conftest import make_bench, registry, template
from tests.support.bench import Bench
from tests.support.proxies import HttpProxyServer, SocksServer
from tests.support.witness import watching

__all__ = ["make_bench", "registry", "template"]


class Text(BaseModel):
    text: str
    twice: bool = False


class Telex:
    """An action that does what a test says."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, AskedAction]] = []
        self.answers: list[str | BaseException] = []

    async def perform(self, _context: Any, payload: Text, asked: AskedAction) -> str:
        self.asked.append((payload.text, asked))
        answer = self.answers.pop(0) if self.answers else "sent"
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()


@pytest.fixture
def telex(bench: Bench) -> Telex:
    found = Telex()
    kind = ActionType("telex", Text, found.perform, lambda payload: payload.twice)
    context: Any = bench.core.context
    context.registry = replace(context.registry, actions={**context.registry.actions, "telex": kind})
    return found


def asks(bench: Bench, action: str = "telex", **payload: Any) -> str:
    wanted = Perform(action, payload or {"text": "hello"})
    made = bench.automation("asker", lambda tick: Decision(actions=[wanted] if tick.number == 0 else ()))
    bench.settle()
    return made


def step(carrier: Carrier) -> int:
    return asyncio.run(carrier.step())


def state(bench: Bench) -> list[tuple[str, int, str]]:
    return [(row.status, row.tries, row.reason) for row in bench.rows(runs, runs.c.event_id)]


def told(bench: Bench) -> list[str]:
    return [row.message for row in bench.rows(notices, notices.c.id)]


def happened(bench: Bench) -> list[tuple[str, dict[str, Any]]]:
    rows = bench.rows(events, events.c.id)
    return [(row.kind, json.loads(row.data)) for row in rows if row.kind.startswith("action.")]


def test_an_action_is_done_once_and_what_came_of_it_is_in_the_log(bench: Bench, telex: Telex) -> None:
    carrier = Carrier(bench.core.context)
    made = asks(bench)
    assert [step(carrier), step(carrier)] == [1, 0]
    assert state(bench) == [("done", 1, "sent")]
    ((text, asked),) = telex.asked
    assert (text, asked.automation_id, asked.automation, asked.owner) == ("hello", made, "asker", "local")
    (first, given), (last, result) = happened(bench)
    assert (first, given) == ("action.asked", {"action": "telex", "payload": {"text": "hello"}, "tick": 0})
    assert (last, result["reason"], told(bench)) == ("action.done", "sent", [])
    # Another node that takes over, or this one started again, finds nothing to do.
    again = Carrier(bench.core.context)
    again.take_up_begun()
    assert (step(again), len(telex.asked)) == (0, 1)


def test_what_was_not_sent_is_tried_again_later_with_the_same_id(bench: Bench, telex: Telex) -> None:
    carrier = Carrier(bench.core.context)
    asks(bench)
    telex.answers = [NotSent("no line"), NotSent("busy", 60.0)]
    step(carrier)
    assert state(bench) == [("waiting", 1, "no line")]
    assert step(carrier) == 0
    bench.advance(2_000)
    step(carrier)
    bench.advance(30_000)
    assert step(carrier) == 0
    bench.advance(30_000)
    step(carrier)
    assert state(bench) == [("done", 3, "sent")]
    assert len({asked.id for _, asked in telex.asked}) == 1


def test_what_cannot_be_done_for_a_day_is_given_up(bench: Bench, telex: Telex) -> None:
    carrier = Carrier(bench.core.context)
    asks(bench)
    telex.answers = [NotSent("no line")] * 2
    step(carrier)
    bench.advance(86_400_001)
    step(carrier)
    assert state(bench) == [("failed", 2, "given up after a day: no line")]
    assert told(bench) == ["the action telex failed: given up after a day: no line"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ActionRefused("no such station"), "failed"),
        (Unresolved("no answer"), "unknown"),
        (ValueError("odd"), "unknown"),
    ],
)
def test_what_is_refused_or_not_known_is_told_and_not_tried_again(
    bench: Bench, telex: Telex, error: Exception, status: str
) -> None:
    carrier = Carrier(bench.core.context)
    asks(bench)
    telex.answers = [error]
    step(carrier)
    bench.advance(3_600_000)
    assert step(carrier) == 0
    assert state(bench) == [(status, 1, str(error))]
    (message,) = told(bench)
    assert message.endswith(str(error))
    assert check_actions(bench.core.context).status == "warning"


def test_what_does_no_harm_twice_is_tried_until_it_is_known(bench: Bench, telex: Telex) -> None:
    carrier = Carrier(bench.core.context)
    asks(bench, text="hello", twice=True)
    telex.answers = [Unresolved("no answer")]
    step(carrier)
    bench.advance(2_000)
    step(carrier)
    assert state(bench) == [("done", 2, "sent")]


@pytest.mark.parametrize(("twice", "status"), [(False, "unknown"), (True, "waiting")])
def test_what_was_begun_when_a_node_ended_is_done_again_only_where_it_may_be(
    bench: Bench, telex: Telex, twice: bool, status: str
) -> None:
    carrier = Carrier(bench.core.context)
    asks(bench, text="hello", twice=twice)
    telex.answers = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        step(carrier)
    assert state(bench)[0][0] == "started"
    Carrier(bench.core.context).take_up_begun()
    assert state(bench)[0][0] == status


def test_an_unknown_action_and_a_payload_that_it_refuses_fail_with_the_reason(bench: Bench, telex: Telex) -> None:
    carrier = Carrier(bench.core.context)
    asks(bench, "telegraph", text="x")
    step(carrier)
    assert state(bench)[0][::2] == ("failed", "no plugin has the action 'telegraph'; there are: http, telex")


class Client(HttpClient):
    """Answers as a test says, and keeps what was asked."""

    def __init__(self, answer: HttpResponse | Exception) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    async def close(self) -> None:
        pass

    async def request(self, method: str, url: str, **given: Any) -> HttpResponse:
        self.asked.append((method, url, given))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (HttpResponse(204, {}, b""), "done"),
        (HttpResponse(404, {}, b""), "failed"),
        (HttpResponse(302, {}, b""), "failed"),
        (HttpResponse(503, {"retry-after": "30"}, b""), "waiting"),
        (HttpResponse(500, {}, b""), "unknown"),
        (EgressRefused("a private address"), "failed"),
        (NotSent("no way there"), "waiting"),
        (Unresolved("it broke"), "unknown"),
    ],
)
def test_an_http_call_means_what_its_answer_means(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, answer: HttpResponse | Exception, status: str
) -> None:
    client = Client(answer)
    monkeypatch.setattr(type(bench.core.context), "http", lambda *_given, **_options: client)
    carrier = Carrier(bench.core.context)
    asks(bench, "http", url="https://desk.example/hook", json={"amount": "0.10"})
    step(carrier)
    assert state(bench)[0][0] == status
    ((method, url, given),) = client.asked
    assert (method, url, given["json"]) == ("POST", "https://desk.example/hook", {"amount": "0.10"})
    assert given["headers"]["Idempotency-Key"].startswith("octobot-")


def test_a_target_s_url_is_the_operator_s_alone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOBOT_ACTIONS_TARGETS", "desk=https://desk.example/hook?token=a=b")
    monkeypatch.setenv("OCTOBOT_ACTIONS_ONLY_TARGETS", "true")
    client = Client(HttpResponse(200, {}, b""))
    monkeypatch.setattr(type(bench.core.context), "http", lambda *_given, **_options: client)
    carrier = Carrier(bench.core.context)
    asks(bench, "http", target="desk")
    step(carrier)
    assert [url for _, url, _ in client.asked] == ["https://desk.example/hook?token=a=b"]
    assert "token" not in str(happened(bench)) + str(state(bench))
    other = Perform("http", {"url": "https://elsewhere.example/"})
    bench.automation("other", lambda tick: Decision(actions=[other] if tick.number == 0 else ()))
    bench.settle()
    step(carrier)
    assert state(bench)[1][0] == "failed"


def test_a_header_that_points_to_a_secret_has_it_when_it_leaves_and_nowhere_before(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(HttpResponse(200, {}, b""))
    monkeypatch.setattr(type(bench.core.context), "http", lambda *_given, **_options: client)
    sealing = bench.core.sealing
    kept = sealing.seal("local", named.place_of("desk"), "Bearer of-nobody-else")
    with bench.core.storage.write() as connection:
        named.add(connection, {"owner": "local", "name": "desk", "value": kept, "created_at": 0, "changed_at": 0})
    carrier, headers = Carrier(bench.core.context), {"Authorization": {"secret": "desk"}, "X-Desk": "7"}
    asks(bench, "http", url="https://desk.example/", headers=headers)
    step(carrier)
    ((_, _, given),) = client.asked
    assert (given["headers"]["Authorization"], given["headers"]["X-Desk"]) == ("Bearer of-nobody-else", "7")
    rows = [str(row) for table in (runs, events, notices, tables.automations) for row in bench.rows(table)]
    assert "of-nobody-else" not in "".join(rows)
    nowhere = Perform("http", {"url": "https://desk.example/", "headers": {"Authorization": {"secret": "nowhere"}}})
    bench.automation("other", lambda tick: Decision(actions=[nowhere] if tick.number == 0 else ()))
    bench.settle()
    step(carrier)
    assert (state(bench)[1][0], len(client.asked)) == ("failed", 1)
    assert "octobot-node secrets set NAME" in state(bench)[1][2]


@pytest.mark.parametrize(
    "given", [{}, {"url": "https://a.example", "target": "b"}, {"url": "https://a", "method": "TRACE"}]
)
def test_a_call_goes_to_one_place(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"give either a target or a url|Input should be"):
        HttpCall.model_validate(given)


def test_a_plan_shows_what_plugins_would_be_asked_and_asks_nothing(bench: Bench, telex: Telex) -> None:
    made = bench.automation("asker", lambda _tick: Decision(actions=[Perform("telex", {"text": "hello"})]))
    rehearsal = bench.batches.rehearse(made, bench.clock.now())
    assert rehearsal is not None
    assert [event.data["payload"] for event in rehearsal.changes.events] == [{"text": "hello"}]
    assert happened(bench) == []


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (Perform("", {}), "takes the name of an action and a mapping"),
        (Perform("telex", {"text": float("nan")}), "is not JSON"),
        (Perform("telex", {"text": object()}), "is not JSON"),
        (Perform("telex", {"text": "x" * 20_000}), "16,000 is the most"),
    ],
)
def test_what_no_action_can_be_given_fails_the_tick(bench: Bench, wrong: Perform, why: str) -> None:
    made = bench.automation("asker", lambda _tick: Decision(actions=[wrong]))
    bench.tick()
    assert why in bench.row(made).reason
    assert happened(bench) == []


def test_what_is_long_over_is_forgotten(bench: Bench, telex: Telex) -> None:
    carrier = Carrier(bench.core.context)
    asks(bench)
    step(carrier)
    bench.advance(89 * 86_400_000)
    step(carrier)
    assert len(state(bench)) == 1
    bench.advance(2 * 86_400_000)
    step(carrier)
    assert state(bench) == []


@pytest.mark.parametrize(("setting", "route"), [("", "vps"), ("office", "office")])
def test_an_http_call_leaves_by_its_account_s_route_or_the_one_that_is_set(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch, setting: str, route: str
) -> None:
    monkeypatch.setenv("OCTOBOT_ACTIONS_EGRESS", setting or "account")
    with SocksServer(user="v", password="p") as socks, HttpProxyServer(user="o", password="p") as forward:
        vps, office = f"vps=socks5://v:p@127.0.0.1:{socks.port}", f"office=http://o:p@127.0.0.1:{forward.port}"
        bench = make_bench(egress_routes=(vps, office))
        bench.account = bench.commands.create_account(NewAccount("far", "fake", "fake", {}, {}, egress="vps"))
        for proxy in (socks, forward):
            # Where it goes is told; that it arrives is another matter.
            proxy.answer = 5 if proxy is socks else 403
        carrier = Carrier(bench.core.context)
        wanted = Perform("http", {"url": "http://desk.example/hook"})
        bench.automation("asker", lambda _tick: Decision(actions=[wanted]), account=bench.account)
        bench.tick()
        with watching() as seen:
            step(carrier)
        asked = {"vps": socks.asked, "office": forward.asked}
        assert [(each.user, each.host) for each in asked.pop(route)] == [(route[0], "desk.example")]
        assert [*asked.values()] == [[]]
        assert seen.looked_up == ["127.0.0.1"] * len(seen.looked_up)


def test_an_http_call_waits_for_a_route_that_is_down_and_fails_for_one_that_is_not_there(
    make_bench: Callable[..., Bench],
) -> None:
    with SocksServer() as socks:
        socks.stop()
        bench = make_bench(egress_routes=(f"vps=socks5://127.0.0.1:{socks.port}",))
        carrier = Carrier(bench.core.context)
        wanted = Perform("http", {"url": "http://desk.example/hook"})
        for name in ("vps", "lost"):
            account = bench.commands.create_account(NewAccount(name, "fake", "fake", {}, {}, egress=name))
            bench.automation(name, lambda _tick: Decision(actions=[wanted]), account=account)
            context: Any = bench.core.context
            context.routes.find("vps").believed = 0.0
        bench.queue.clear()
        with bench.core.storage.write() as connection:
            rows = [
                Event("local", "", automation.id, "action.asked", {"action": "http", "payload": wanted.payload})
                for automation in bench.rows(tables.automations, tables.automations.c.name.desc())
            ]
            append(connection, rows, bench.clock.now())
        with watching() as seen:
            step(carrier)
        (down, later), (lost, failed) = [(row.status, row.reason) for row in bench.rows(runs, runs.c.event_id)]
        assert (down, later.partition(",")[0]) == ("waiting", "egress: the route vps is down")
        assert (lost, failed.partition(" on ")[0]) == ("failed", "egress: there is no route 'lost'")
        assert seen.ports == {socks.port}
