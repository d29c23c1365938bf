"""Bombs: what is too large, too deep or too much is refused, by a real server where it is the server that refuses."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from octobot_node.api.server import ApiServer
from octobot_node.errors import NodeError
from tests.integration.api.conftest import Service

NEW = "/api/v1/automations"


def post(service: Service, body: bytes) -> int:
    client = service.as_("ada", **{"content-type": "application/json"})
    status: int = client.post(NEW, content=body).status_code
    return status


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"[" * 100_000, 400, id="deep, never closed"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, 400, id="deep"),
        pytest.param(b'{"a":' * 100 + b"1" + b"}" * 100, 400, id="a little too deep"),
        pytest.param(b"9" * 5_000, 400, id="a number of 5,000 digits"),
        pytest.param(b"1e999999999", 422, id="a huge exponent"),
        pytest.param(b'{"name": NaN}', 400, id="NaN"),
        pytest.param(b'{"name": "\\u0000"}', 400, id="a NUL"),
        pytest.param(b'{"name": "\\ud800"}', 422, id="half a character"),
        pytest.param(b"\xff", 400, id="not UTF-8"),
        pytest.param(b"{" + b" " * 2_000_001, 413, id="too large"),
    ],
)
def test_a_json_bomb_is_refused(service: Service, body: bytes, status: int) -> None:
    assert post(service, body) == status


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_large_is_a_problem_like_any_other_and_no_failure(
    service: Service, capsys: pytest.CaptureFixture[str], *, announced: bool
) -> None:
    piece = b" " * 100_000
    body = piece * 30 if announced else (piece for _ in range(30))

    answer = service.as_("ada", **{"content-type": "application/json"}).post(NEW, content=body)

    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert answer.json()["type"] == "urn:octobot-node:problem:too-large"
    assert "2,000,000 bytes at most" in answer.json()["detail"]
    assert "request_failed" not in "".join(capsys.readouterr())


def test_a_budget_with_a_huge_exponent_is_refused(service: Service) -> None:
    service.account("ada")
    body = b'{"name":"x","type":"scripted","account":"main","budget":{"USDT":1e400000},"config":{"who":"waits"}}'

    assert post(service, body) == 422


def test_an_answer_that_is_large_is_compressed_and_has_the_headers_that_browsers_want(service: Service) -> None:
    answer = service.as_("ada", **{"accept-encoding": "gzip"}).get("/api/v1/plugins")

    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers


def test_a_request_id_is_taken_where_it_is_one_and_made_where_it_is_not(service: Service) -> None:
    taken = service.client.get("/api/v1/session", headers={"x-request-id": "mine-1"})
    made = service.client.get("/api/v1/session", headers={"x-request-id": "no\tgood"})

    assert (taken.headers["x-request-id"], taken.json()["request_id"]) == ("mine-1", "mine-1")
    assert len(made.headers["x-request-id"]) == 32


def test_other_origins_are_let_in_only_where_they_are_named(make_service: Callable[..., Service]) -> None:
    service = make_service(api_cors_origins=("https://desk.example",))

    def allowed(origin: str) -> str | None:
        answer = service.as_("ada").get("/api/v1/session", headers={"origin": origin})
        found: str | None = answer.headers.get("access-control-allow-origin")
        return found

    assert allowed("https://desk.example") == "https://desk.example"
    assert allowed("https://evil.example") is None


@pytest.fixture
def server(service: Service) -> Iterator[ApiServer]:
    settings = service.office.bench.core.settings.model_copy(update={"api_port": 0})
    service.office.bench.core.settings = settings
    server = ApiServer(service.office.context())
    server.start()
    yield server
    server.stop()


def ask(port: int, head: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head)
        return connection.recv(65_536)


def test_a_real_server_refuses_a_head_and_an_address_that_are_too_large(server: ApiServer) -> None:
    host = b"Host: localhost\r\nConnection: close\r\n"

    fine = ask(server.port, b"GET /api/v1/session HTTP/1.1\r\n" + host + b"\r\n")
    long_address = ask(server.port, b"GET /" + b"a" * 5_000 + b" HTTP/1.1\r\n" + host + b"\r\n")
    long_header = ask(server.port, b"GET / HTTP/1.1\r\n" + host + b"X: " + b"a" * 40_000 + b"\r\n\r\n")
    many = b"".join(b"X-%d: 1\r\n" % number for number in range(150))
    many_headers = ask(server.port, b"GET / HTTP/1.1\r\n" + host + many + b"\r\n")

    assert fine.startswith(b"HTTP/1.1 401 ")
    assert long_address.startswith(b"HTTP/1.1 431 ")
    assert long_header.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 "))
    assert many_headers.startswith(b"HTTP/1.1 431 ")


def test_a_port_that_is_taken_is_said_with_the_cure(service: Service, server: ApiServer) -> None:
    core = service.office.bench.core
    core.settings = core.settings.model_copy(update={"api_port": server.port})

    with pytest.raises(NodeError, match=rf"cannot listen on 127.0.0.1:{server.port} .* OCTOBOT_API_PORT"):
        ApiServer(service.office.context()).start()
