"""Many requests of one user, and slow ones: the others' go through, the kill switch's first of all."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest
import uvicorn

from octobot_node.api import Api, ApiRouter, allow
from tests.integration.api.conftest import Service
from tests.integration.bombs.test_sizes import _WIDE


class Slow:
    """A route that takes as long as the test wants."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.inside = 0
        self.most = 0
        self.leave = threading.Event()
        self._lock = threading.Lock()
        self.router = ApiRouter()

        @self.router.get("/slow")
        def slow(api: Annotated[Api, allow("automations:read")]) -> None:
            del api
            with self._lock:
                self.inside += 1
                self.most = max(self.most, self.inside)
            self.entered.release()
            self.leave.wait(60)
            with self._lock:
                self.inside -= 1


@pytest.fixture
def slow() -> Iterator[Slow]:
    found = Slow()
    yield found
    found.leave.set()


@pytest.fixture
def port(service: Service, slow: Slow) -> Iterator[int]:
    service.app.include_router(slow.router, prefix="/api/v1")
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(service.app, log_config=None, lifespan="on", timeout_graceful_shutdown=3))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    yield int(listener.getsockname()[1])
    slow.leave.set()
    server.should_exit = True
    thread.join(20)


def ask(port: int, method: str, path: str, key: str, body: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text) if text else None


def test_a_user_s_many_slow_requests_keep_nobody_else_waiting_and_no_kill_switch(
    service: Service, port: int, slow: Slow
) -> None:
    with ThreadPoolExecutor(40) as threads:
        under_way = [threads.submit(ask, port, "GET", "/api/v1/slow", service.keys["ada"]) for _ in range(20)]
        for _ in range(3):
            assert slow.entered.acquire(timeout=30)
        listed = ask(port, "GET", "/api/v1/automations", service.keys["bob"])
        others = [threads.submit(ask, port, "GET", "/api/v1/slow", service.keys[each]) for each in ("bob", "root") * 5]
        for _ in range(3):
            assert slow.entered.acquire(timeout=30)
        thrown = ask(port, "POST", "/api/v1/kill-switches", service.keys["ada"], {"scope": "everything", "reason": "x"})
        live = ask(port, "GET", "/health/live", "")
        # Nothing but these was let in meanwhile.
        inside = slow.most
        slow.leave.set()
        done = [each.result(60)[0] for each in (*under_way, *others)]

    assert (listed[0], thrown[0] < 300, live[0]) == (200, True, 200), thrown
    assert inside == 6
    assert done == [200] * 30


def test_more_requests_than_a_user_may_have_under_way_are_told_when_to_come_back(
    service: Service, port: int, slow: Slow
) -> None:
    with ThreadPoolExecutor(130) as threads:
        under_way = [threads.submit(ask, port, "GET", "/api/v1/slow", service.keys["ada"]) for _ in range(125)]
        deadline = time.monotonic() + 60
        while sum(each.done() for each in under_way) < 25 and time.monotonic() < deadline:
            time.sleep(0.05)
        refused = [each.result() for each in under_way if each.done()]
        slow.leave.set()
        done = [each.result(60)[0] for each in under_way]

    assert {status for status, _ in refused} == {429}
    assert refused[0][1]["type"] == "urn:octobot-node:problem:throttled"
    assert sorted(done) == [200] * 100 + [429] * 25


def test_the_body_of_somebody_unknown_is_not_read_as_json(service: Service) -> None:
    client = service.anonymous(**{"content-type": "application/json"})
    began = time.process_time()

    answers = [client.post("/api/v1/automations", content=_WIDE).status_code for _ in range(8)]
    large = client.post("/api/v1/session", content=b'{"user": "x", "password": "' + b"x" * 20_000 + b'"}')

    assert answers == [401] * 8
    assert large.status_code == 413
    assert time.process_time() - began < 2


def test_an_idempotency_key_covers_the_body_of_an_import(service: Service) -> None:
    service.account("ada")
    client = service.as_("ada", **{"content-type": "application/yaml", "idempotency-key": "once"})
    run_file = "automations: [{name: %s, type: scripted, account: main, budget: {USDT: 1}, config: {who: waits}}]"

    first = client.post("/api/v1/automations/import", content=run_file % "one")
    again = client.post("/api/v1/automations/import", content=run_file % "one")
    other = client.post("/api/v1/automations/import", content=run_file % "two")

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.headers["idempotency-replayed"] == "true"
    assert other.json()["type"] == "urn:octobot-node:problem:idempotency-key-reused"


def test_who_sends_slowly_takes_nobody_s_turn_nor_their_own(service: Service, port: int) -> None:
    half = (
        b"POST /api/v1/automations HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        b"content-length: 9\r\nauthorization: Bearer %s\r\n\r\n{" % service.keys["ada"].encode()
    )
    slow = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(40)]
    try:
        for each in slow:
            each.sendall(half)
        asked = [ask(port, "GET", "/api/v1/automations", service.keys[user])[0] for user in ("ada", "bob")]
        thrown = ask(port, "POST", "/api/v1/kill-switches", service.keys["ada"], {"scope": "everything", "reason": "x"})
        for each in slow:
            each.sendall(b'"a": 1}.')
        said = [each.recv(4_000)[9:12] for each in slow]
    finally:
        for each in slow:
            each.close()

    assert (asked, thrown[0] < 300) == ([200, 200], True)
    assert set(said) <= {b"422", b"400"}


def test_many_at_once_who_send_what_cannot_be_read_cost_little_and_are_all_answered(
    service: Service, port: int
) -> None:
    deep = '{"a":' * 65 + "1" + "}" * 65
    wide = "[" + "1," * 100_001 + "1]"

    def send(text: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"authorization": f"Bearer {service.keys['ada']}", "content-type": "application/json"}
        connection.request("POST", "/api/v1/automations", text, headers)
        status = connection.getresponse().status
        connection.close()
        return status

    began = time.process_time()
    with ThreadPoolExecutor(20) as threads:
        statuses = list(threads.map(send, [deep, wide, "1e40000000"] * 20))
    other = ask(port, "GET", "/api/v1/automations", service.keys["bob"])

    assert set(statuses) <= {400, 422}
    assert other[0] == 200
    assert time.process_time() - began < 10
