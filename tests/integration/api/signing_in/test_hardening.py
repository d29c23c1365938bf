"""Log-ins that others cannot prevent, cookies that others cannot set, names that the API answers to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from octobot_node.cli import main
from tests.integration.api.conftest import PASSWORD, Service


def at(service: Service, address: str, url: str = "http://node.test") -> TestClient:
    return service.stack.enter_context(TestClient(service.app, base_url=url, client=(address, 50_000)))


def log_in(client: TestClient, password: str = PASSWORD, user: str = "ada") -> int:
    found: int = client.post("/api/v1/session", json={"user": user, "password": password}).status_code
    return found


def test_wrong_passwords_from_one_address_keep_nobody_out_elsewhere(service: Service) -> None:
    guesser, owner = at(service, "203.0.113.8"), at(service, "198.51.100.7")

    assert [log_in(guesser, "wrong") for _ in range(7)] == [401] * 5 + [429] * 2
    assert log_in(owner) == 200
    assert log_in(guesser) == 429


def test_an_owner_gets_in_from_where_they_were_while_everybody_guesses(service: Service) -> None:
    home, abroad = at(service, "198.51.100.7"), at(service, "198.51.100.99")
    assert log_in(home) == 200
    for index in range(60):
        log_in(at(service, f"203.0.113.{index}"), "wrong")

    assert log_in(abroad) == 429
    assert log_in(home) == 200
    clock = service.office.bench.clock
    clock.advance_to(clock.now() + 31_000)
    assert log_in(abroad) == 200


def test_good_log_ins_do_not_count_against_their_address(service: Service) -> None:
    client = at(service, "203.0.113.8")

    assert [log_in(client, "wrong") for _ in range(4)] == [401] * 4
    assert {log_in(client) for _ in range(30)} == {200}


def test_over_tls_the_cookie_is_one_that_no_other_host_can_set(service: Service) -> None:
    client = at(service, "203.0.113.8", "https://node.test")
    answer = client.post("/api/v1/session", json={"user": "ada", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    name, _, rest = cookie.partition("=")
    token = rest.partition(";")[0]

    assert cookie.startswith("__Host-octobot_session_")
    assert all(part in cookie for part in ("Secure", "HttpOnly", "Path=/", "SameSite=strict"))
    assert "domain" not in cookie.lower()
    assert client.get("/api/v1/session").status_code == 200
    set_by_another = service.anonymous(cookie=f"{name.removeprefix('__Host-')}={token}")
    assert set_by_another.get("https://node.test/api/v1/session").status_code == 401
    left = client.delete("/api/v1/session", headers={"x-csrf-token": answer.json()["csrf_token"]})
    assert left.headers["set-cookie"].startswith("__Host-octobot_session_")
    assert client.get("/api/v1/session").status_code == 401


def test_the_api_is_asked_under_its_own_names_only(make_service: Callable[..., Service]) -> None:
    service = make_service(api_allowed_hosts=("desk.example", "other.example"))

    def status(host: str) -> int:
        found: int = service.as_("ada").get("/api/v1/session", headers={"host": host}).status_code
        return found

    # Those of this machine need not be named: no page elsewhere has one of them.
    own = ("desk.example", "DESK.example:8000", "127.0.0.1:8000", "[::1]:8000")
    assert [status(each) for each in own] == [200] * 4
    assert [status(each) for each in ("evil.example", "desk.example.evil.example", "")] == [400] * 3


def test_the_next_page_of_a_log_is_where_the_node_says_and_not_the_client(service: Service) -> None:
    service.automation("ada")
    client = service.as_("ada", host="evil.example", accept="text/plain")

    link = client.get("/api/v1/automations/one/logs?limit=1").headers.get("link", "")

    assert "evil" not in link


def test_what_a_command_makes_is_nobody_else_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o755)
    (tmp_path / "run.yaml").write_text(
        "accounts: {p: {market_data: {use: simulated}, trading: {use: paper}, balances: {USD: 10}}}\n"
        "automations: [{name: d, type: dca, account: p, budget: {USD: 5},"
        " config: {symbol: BTC/USD, amount: 1, every: 1d}}]\n"
    )
    before = os.umask(0o022)
    try:
        assert main(["automations", "create", "run.yaml", "--data-dir", str(folder)]) == 0
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)

    made = {path.name: path.stat().st_mode & 0o077 for path in folder.iterdir()}
    assert "octobot.db" in made
    assert set(made.values()) == {0}, made
