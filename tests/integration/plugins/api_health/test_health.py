"""Whether the process lives and the node can do its work, as a load balancer sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.responses import Response

from octobot_node.api.transport.lanes import THREADS
from octobot_node.contracts.health import Health, HealthCheck
from octobot_node.contracts.streams import StreamState
from octobot_plugins.api_health.readiness import Readiness
from tests.integration.api.conftest import Service

WELL = Health("ok", "all is well")
POORLY = Health("failed", "the cable at /dev/telex is cut", "splice it")
OWN = ["engine", "coordinator", "draining", "time"]


def checked(service: Service, *checks: HealthCheck, timeout: float = 3.0) -> Readiness:
    """Let the API run these checks, beside the node's own."""
    found = Readiness(checks, service.office.context().plugin_context, timeout)
    service.app.state.api.kept["health.readiness"] = found
    return found


def later(service: Service, seconds: float) -> None:
    clock = service.office.bench.clock
    clock.advance_to(clock.now() + int(seconds * 1000))


def ready(service: Service, who: str = "") -> tuple[int, str, dict[str, dict[str, Any]]]:
    answer = (service.as_(who) if who else service.client).get("/health/ready").json()
    status = (service.as_(who) if who else service.client).get("/health/ready").status_code
    return status, answer["status"], {check.pop("name"): check for check in answer["checks"]}


def test_a_node_that_goes_round_lives_and_is_ready_by_every_check(service: Service) -> None:
    live = service.client.get("/health/live")
    assert (live.status_code, live.json()) == (200, {"status": "ok"})
    status, said, checks = ready(service)
    assert (status, said) == (200, "ready")
    needed = {name for name, check in checks.items() if check["needed"]}
    # Of the database that is in use, and of no other.
    shared = service.office.context().plugin_context.storage.shared
    assert needed == {*OWN, "postgres" if shared else "sqlite", "disk", "folder"}
    assert set(checks) - needed == {
        *("actions", "clock", "notifications", "plugins", "providers", "reconciliation", "secrets"),
        *(("announcements", "horizon") if shared else ()),
    }


def test_a_stranger_is_told_names_and_statuses_and_a_key_with_node_read_everything(service: Service) -> None:
    checked(service, HealthCheck("telex", lambda _: POORLY))
    _, _, seen = ready(service)
    _, _, told = ready(service, "vera")
    assert seen["telex"] == {"status": "failed", "needed": False}
    assert {key: told["telex"][key] for key in ("detail", "cure")} == {"detail": POORLY.detail, "cure": POORLY.cure}
    assert 0 <= told["telex"]["seconds"] < 10
    assert told["engine"]["detail"] == "the engine goes round"


def test_streams_that_are_not_heard_are_said_and_the_node_is_ready_all_the_same(service: Service) -> None:
    account = service.office.bench.core.accounts.get(service.office.bench.account)
    trading: Any = account.trading
    states = [StreamState("orders", "heard", 1), StreamState("orders", "down", 1, "it was cut", 3)]
    trading.inner.streams = lambda: states
    _, said, checks = ready(service, "vera")
    assert (said, checks["streams"]["status"], checks["streams"]["needed"]) == ("ready", "warning", False)
    assert checks["streams"]["detail"].endswith(f"asked for instead: {account.name}'s orders: it was cut")
    del states[1]
    assert ready(service, "vera")[2]["streams"]["detail"] == "1 of 1 streams of exchanges are heard"


@pytest.mark.parametrize("token", ["", "another scope", "nonsense"])
def test_whoever_may_not_read_the_node_is_answered_like_a_stranger(service: Service, token: str) -> None:
    checked(service, HealthCheck("telex", lambda _: POORLY))
    if token == "another scope":
        token = service.do("keys.create", user="root", name="prometheus", scopes=["metrics:read"]).token
    headers = {"authorization": f"Bearer {token}"} if token else {"cookie": "octobot_session=nonsense"}
    answer = service.anonymous(**headers).get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["checks"][-1] == {"name": "telex", "status": "failed", "needed": False}


@pytest.mark.parametrize(
    ("needed", "health", "status"),
    [(True, POORLY, 503), (False, POORLY, 200), (True, Health("warning", "soon", "act"), 200), (True, WELL, 200)],
)
def test_only_the_failure_of_what_is_needed_makes_a_node_unready(
    service: Service, needed: bool, health: Health, status: int
) -> None:
    checked(service, HealthCheck("telex", lambda _: health, needed=needed))
    assert ready(service)[:2] == (status, "ready" if status == 200 else "not ready")
    assert service.client.get("/health/live").status_code == 200


def test_an_answer_is_repeated_for_two_seconds_and_a_check_that_is_well_for_as_long_as_it_says(
    service: Service,
) -> None:
    asked: list[str] = []

    def noting(name: str, health: Health) -> Callable[[Any], Health]:
        def check(_context: Any) -> Health:
            asked.append(name)
            return health

        return check

    checked(
        service,
        HealthCheck("quick", noting("quick", WELL), every=2),
        HealthCheck("slow", noting("slow", WELL), every=60),
        HealthCheck("ill", noting("ill", POORLY), every=60),
        HealthCheck("deep", noting("deep", WELL), every=None),
    )
    for _ in range(5):
        ready(service)
    assert sorted(asked) == ["ill", "quick", "slow"]
    later(service, 2)
    _, _, checks = ready(service)
    assert sorted(asked) == ["ill", "ill", "quick", "quick", "slow"]
    assert set(checks) == {*OWN, "quick", "slow", "ill"}
    later(service, 58)
    ready(service)
    assert asked.count("slow") == 2


def test_many_who_ask_at_once_share_one_look(service: Service) -> None:
    asked: list[None] = []
    go = threading.Event()

    def waits(_context: Any) -> Health:
        asked.append(None)
        go.wait(10)
        return WELL

    readiness = checked(service, HealthCheck("waits", waits, every=0))
    looks = {id(readiness.look()) for _ in range(20)}
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(service.client.get, "/health/ready") for _ in range(8)]
        go.set()
        assert [answer.result().status_code for answer in answers] == [200] * 8
    assert (len(looks), len(asked)) == (1, 1)


def test_a_check_that_hangs_is_not_begun_again_until_it_comes_back(service: Service) -> None:
    begun: list[None] = []
    go = threading.Event()

    def hangs(_context: Any) -> Health:
        begun.append(None)
        go.wait(30)
        return WELL

    readiness = checked(service, HealthCheck("hangs", hangs, needed=True, every=2), timeout=0.1)
    for _ in range(4):
        ((answer,), status) = (readiness.look().result(10), ready(service)[0])
        assert (answer.health.status, answer.health.detail, status) == ("failed", "no answer within 0.1 s", 503)
        later(service, 10)
    assert len(begun) == 1
    go.set()
    _wait_until(lambda: not readiness._out)
    assert (ready(service)[0], len(begun)) == (200, 2)


def test_an_engine_that_stands_still_is_not_ready_and_after_a_minute_not_alive(service: Service) -> None:
    checked(service)
    core = service.office.bench.core
    for still, is_ready, lives in ((14.0, 200, 200), (20.0, 503, 200), (61.0, 503, 503)):
        core.still_for = lambda seconds=still: seconds  # type: ignore[misc]
        assert (ready(service)[0], service.client.get("/health/live").status_code) == (is_ready, lives)
    assert service.client.get("/health/live").json() == {"status": "stuck"}


def test_a_node_that_drains_is_not_ready_at_once_and_lives(service: Service) -> None:
    assert ready(service)[0] == 200
    service.office.bench.core.draining.set()
    status, said, checks = ready(service)
    assert (status, said, checks["draining"]["status"]) == (503, "not ready", "failed")
    assert service.client.get("/health/live").status_code == 200


def test_a_node_whose_clock_was_set_is_not_ready_until_it_has_gone_steadily_for_a_minute(service: Service) -> None:
    checked(service)
    core = service.office.bench.core
    for found, expected in (((-3_600.0, 1.0), 503), ((18_000.0, 59.0), 503), ((-3_600.0, 61.0), 200), (None, 200)):
        core.clock_set = lambda found=found: found  # type: ignore[misc]
        status, _, checks = ready(service)
        assert (status, checks["time"]["status"]) == (expected, "failed" if expected == 503 else "ok")
    assert service.client.get("/health/live").status_code == 200


def test_both_answer_while_every_thread_of_the_api_waits(service: Service) -> None:
    """As they do while a database hangs: whoever asks then must not take the node for dead."""
    inside, go = threading.Semaphore(0), threading.Event()

    def block() -> Response:
        inside.release()
        go.wait(30)
        return Response()

    service.app.add_api_route("/block", block)
    with ThreadPoolExecutor(THREADS) as pool:
        blocked = [pool.submit(service.client.get, "/block") for _ in range(THREADS)]
        assert all(inside.acquire(timeout=10) for _ in blocked)
        statuses = [service.client.get(f"/health/{page}").status_code for page in ("live", "ready")]
        go.set()
    assert statuses == [200, 200]
    assert [each.result().status_code for each in blocked] == [200] * THREADS


def test_neither_is_logged_while_it_is_well(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    ready(service)
    service.office.bench.core.draining.set()
    said = capsys.readouterr().out
    ready(service)
    assert ("/health/ready" in said, "status=503" in capsys.readouterr().out) == (False, True)


def _wait_until(done: Callable[[], bool]) -> None:
    waiting: Sequence[None] = [None] * 1_000
    for _ in waiting:
        if done():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not happen within 10 s")
