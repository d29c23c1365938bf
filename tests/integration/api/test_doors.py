"""What proxies and monitors do to a request: addresses in two ways, tags made weak, HEAD."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient

from octobot_node.api.etags import expected
from octobot_node.api.problems import ApiProblem
from octobot_node.api.transport import middleware
from octobot_node.api.transport.addresses import plain
from octobot_node.store import schedules
from octobot_plugins.auth.sign_in import authenticating
from tests.integration.api.conftest import PASSWORD, Service


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:c000:207", "192.0.2.7"),
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_an_address_is_written_in_one_way(given: str, found: str) -> None:
    assert plain(given) == found


@pytest.mark.parametrize("proto", ["https", "HTTPS", "https, http", "https,http"])
def test_a_chain_of_proxies_says_how_the_client_came(make_service: Callable[..., Service], proto: str) -> None:
    service = make_service(api_trusted_proxies=("10.1.2.3",))
    headers = {"x-forwarded-for": "192.0.2.7", "x-forwarded-proto": proto}
    with TestClient(service.app, client=("10.1.2.3", 50_000), headers=headers) as browser:
        answer = browser.post("/api/v1/session", json={"user": "ada", "password": PASSWORD})
    assert answer.headers["set-cookie"].startswith("__Host-octobot_session_")
    assert "strict-transport-security" in answer.headers


def hook(service: Service, **more: object) -> str:
    made = service.as_("ada").post(
        "/api/v1/hooks", json={"automation": service.automation("ada"), "name": "tv", **more}
    )
    path: str = made.json()["path"]
    return path


@pytest.mark.parametrize("allowed", ["192.0.2.0/24", "::ffff:192.0.2.7", "::ffff:192.0.2.0/120"])
def test_a_sender_on_a_socket_for_both_families_is_who_it_is(service: Service, allowed: str) -> None:
    path = hook(service, allow=[allowed])

    with TestClient(service.app, client=("::ffff:192.0.2.7", 50_000)) as sender:
        assert sender.post(path, json=1).status_code == 202
    with TestClient(service.app, client=("::ffff:198.51.100.1", 50_000)) as sender:
        assert sender.post(path, json=2).status_code == 403


@pytest.mark.parametrize("forwarded", ["192.0.2.7", "::ffff:192.0.2.7", "[::ffff:192.0.2.7]:443", "9.9.9.9, 192.0.2.7"])
@pytest.mark.parametrize("proxy", ["10.1.2.3", "::ffff:10.1.2.3"])
def test_a_trusted_proxy_is_believed_however_its_address_is_written(
    make_service: Callable[..., Service], proxy: str, forwarded: str
) -> None:
    service = make_service(api_trusted_proxies=("10.0.0.1/8",))
    path = hook(service, allow=["192.0.2.7"])

    with TestClient(service.app, client=(proxy, 50_000), headers={"x-forwarded-for": forwarded}) as sender:
        assert sender.post(path, json=1).status_code == 202
    with TestClient(service.app, client=("172.16.0.1", 50_000), headers={"x-forwarded-for": forwarded}) as sender:
        assert sender.post(path, json=2).status_code == 403


@pytest.mark.parametrize(
    "given",
    ['"7"', 'W/"7"', '"7-gzip"', '"7--gzip"', '"7;gzip"', '"7"-gzip', 'W/"7-br"', ' W/"7" ', '"6", W/"7"', '"7","7"'],
)
def test_a_tag_is_taken_as_proxies_hand_it_on(given: str) -> None:
    assert expected(given) == 7


@pytest.mark.parametrize("given", ["7", "W/7", '"x"', '"7", x', "", '"7-lzma"', '"7" "8"'])
def test_what_was_never_given_is_refused(given: str) -> None:
    with pytest.raises(ApiProblem, match="must be an ETag that was given here"):
        expected(given)


def test_an_edit_with_a_weakened_tag_is_carried_out_and_an_old_one_is_not(service: Service) -> None:
    ada, place = service.as_("ada"), f"/api/v1/automations/{service.automation('ada')}"
    etag = ada.get(place).headers["etag"]

    edited = ada.patch(place, json={"name": "renamed"}, headers={"if-match": f"W/{etag}"})
    again = ada.patch(place, json={"name": "once more"}, headers={"if-match": f"W/{etag}"})

    assert (edited.status_code, again.status_code) == (200, 412)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/api/v1/openapi.json", "/api/v1/automations"])
def test_head_is_answered_as_get_without_the_body(service: Service, path: str) -> None:
    ada = service.as_("ada")

    got, asked = ada.get(path), ada.head(path)

    assert (asked.status_code, asked.content) == (got.status_code, b"")
    assert asked.headers["content-type"] == got.headers["content-type"]
    assert asked.headers["content-length"] == got.headers["content-length"]


def test_head_asks_for_what_get_does(service: Service) -> None:
    assert service.client.head("/api/v1/automations").status_code == 401
    assert service.as_("ada").head("/hooks/x").status_code == 405
    # A stream of events has no end; its head has.
    assert service.as_("ada").head("/api/v1/events", headers={"accept": "text/event-stream"}).status_code == 200


@pytest.mark.parametrize("make_bench", ["sqlite", "postgres"], indirect=True)
def test_whoever_changes_something_is_told_to_come_back_and_whoever_looks_is_answered_while_the_database_is_held(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "_WRITES_WITHIN_S", 0.05)
    monkeypatch.setattr(authenticating, "_NOTED_WITHIN_S", 0.05)
    automation = service.automation("ada")
    ada, storage = service.as_("ada"), service.office.bench.core.storage
    with storage.write() as connection, ThreadPoolExecutor(1) as elsewhere:
        schedules.lock(connection, [automation])
        refused = elsewhere.submit(ada.post, "/api/v1/automations/one/pause").result(20)
        # Whose key was never used from here: nobody waits for that to be noted.
        looked = elsewhere.submit(service.as_("root").get, "/api/v1/automations").result(20)

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert "please report" not in refused.text
    assert looked.status_code == 200
    assert ada.post("/api/v1/automations/one/pause").status_code == 200


@pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", ["/hooks/x", "/api/v1/accounts", "/api/v1/session"])
def test_who_breaks_off_in_the_middle_of_a_body_is_no_failure(service: Service, path: str) -> None:
    parts = iter([{"type": "http.request", "body": b'{"na', "more_body": True}])
    answers: list[Any] = []

    async def receive() -> Any:
        return next(parts, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "client": ("192.0.2.7", 1),
        "headers": [
            *[(b"host", b"node.test"), (b"content-type", b"application/json")],
            (b"authorization", f"Bearer {service.keys['ada']}".encode()),
        ],
    }
    with structlog.testing.capture_logs() as lines:
        asyncio.run(service.app(scope, receive, send))
    assert {line["log_level"] for line in lines} <= {"info"}, lines
    assert [line["path"] for line in lines if line["event"] == "request"] == [path.replace("/x", "/…")]
