"""A real node is scraped over HTTP, and its log has all that happened and no secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.plugins.metrics.real_node import RealNode, until
from tests.integration.plugins.metrics.conftest import Read, read

RUN = """\
accounts:
  paper:
    market_data: {use: simulated, seed: 7}
    trading: {use: paper}
    balances: {USD: 10000}
automations:
  - name: dca
    type: dca
    account: paper
    budget: {USD: 5000}
    config: {symbol: BTC/USD, amount: 100, every: 1d}
  - name: signal
    type: signal
    account: paper
    budget: {USD: 5000}
    config: {symbol: BTC/USD, amount: 100}
"""
#: A plugin whose service fails as libraries do: in a thread, with a warning, in words that hold a secret.
TELEX = """\
import logging, threading, warnings
from octobot_node import hookimpl
from octobot_node.contracts.services import Service

async def talk(context):
    logging.getLogger("telex").warning("no answer from %s", "https://telex:hunter2hunter2@telex.example/?token=leakyleaky")
    warnings.warn("the telex is deprecated", UserWarning, stacklevel=1)
    def fail():
        raise ValueError("Authorization: Bearer stolenstolen was refused")
    thread = threading.Thread(target=fail, name="telex")
    thread.start()
    thread.join()
    import asyncio
    await asyncio.sleep(3600)

@hookimpl
def register_services(register):
    register(Service("telex", talk))
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealNode]:
    folder = tmp_path_factory.mktemp("node")
    plugins = folder / "state" / "plugins"
    plugins.mkdir(parents=True, mode=0o700)
    (plugins / "telex.py").write_text(TELEX)
    node = RealNode(folder)
    try:
        yield node
    finally:
        node.close()


@pytest.fixture(scope="module")
def trading(node: RealNode, tmp_path_factory: pytest.TempPathFactory) -> RealNode:
    """The node, once it has bought something."""
    run = tmp_path_factory.mktemp("run") / "run.yaml"
    run.write_text(RUN)
    node.command("automations", "create", str(run))
    return node


def scrape(node: RealNode, token: str) -> Read:
    with node.client(token) as client:
        answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    return read(answer.text)


def test_prometheus_scrapes_a_running_node_with_its_key(trading: RealNode) -> None:
    token = trading.key("prometheus", "metrics:read")
    found = until(lambda: (now := scrape(trading, token))("octobot_fills_total") and now)
    assert found("octobot_ticks_total", outcome="done") >= 1
    assert found("octobot_orders_total", status="sent") == found("octobot_orders_total", status="filled") == 1
    assert found("octobot_exchange_requests_total", exchange="paper", call="create_order") == 1
    assert found.by("octobot_automations", "status")["active"] == 2
    assert found("octobot_tick_late_seconds_count") == found("octobot_ticks_total", outcome="done")
    assert found("octobot_hub_lookups_total", source="simulated", what="tickers", result="miss") >= 1
    assert (found("octobot_nodes", state="live"), found("octobot_node_leads"), found("octobot_node_works")) == (1, 1, 1)
    with trading.client() as client:
        live, ready = client.get("/health/live"), client.get("/health/ready")
    assert (live.status_code, ready.status_code, ready.json()["status"]) == (200, 200, "ready")


def test_what_a_batch_took_is_in_no_queue_any_more(trading: RealNode) -> None:
    token = trading.key("queues", "metrics:read")
    until(lambda: scrape(trading, token).sum("octobot_queue_depth") == 0)


def secrets_of_a_day(node: RealNode) -> list[str]:
    """Use every kind of secret there is, rightly and wrongly; return them all."""
    password = (node.state / "admin-password").read_text().strip()
    key = node.key("everything", "automations:read", "signals:read", "signals:write", "self:read", "self:write")
    wrong, new = "a-wrong-password-of-somebody", "a-new-password-of-admin"
    with node.client() as browser:
        opened = browser.post("/api/v1/session", json={"user": "admin", "password": password})
        assert opened.status_code == 200, opened.text
        csrf, (cookie,) = opened.json()["csrf_token"], browser.cookies.values()
        browser.get("/api/v1/session")
        made = browser.post(
            "/api/v1/keys", json={"name": "browser", "scopes": ["self:read"]}, headers={"x-csrf-token": csrf}
        )
        assert made.status_code == 201, made.text
        browser.put("/api/v1/session/password", json={"current": wrong, "new": new}, headers={"x-csrf-token": csrf})
        browser.put(
            "/api/v1/session/password", json={"current": password, "new": new}, headers={"x-csrf-token": "no-such-csrf"}
        )
    with node.client() as stranger:
        stranger.post("/api/v1/session", json={"user": "admin", "password": wrong})
        stranger.post("/api/v1/session", json={"user": "admin", "password": wrong, "passwort": new})
        stranger.post("/api/v1/session", content=f'{{"user": "admin", "password": "{wrong}"')
        stranger.get("/api/v1/session", headers={"authorization": f"Basic {wrong}"})
        stranger.get("/api/v1/session", headers={"authorization": "Bearer ock_nobodys-key-at-all"})
        stranger.get("/api/v1/session", params={"token": "in-the-address-of-all-places"})
    with node.client(key) as program:
        hook = program.post("/api/v1/hooks", json={"automation": "signal", "name": "alerts"})
        assert hook.status_code == 201, hook.text
        token = hook.json()["url"].rpartition("/")[2] if "url" in hook.json() else hook.json()["token"]
        assert program.post(f"/hooks/{token}", json={"side": "buy"}).status_code == 202
        assert program.post(f"/hooks/{token}", content=b"\xff").status_code < 500
        program.post("/hooks/a-token-that-was-guessed", json={})
    return [
        password, key, wrong, new, csrf, cookie, made.json()["token"], token,
        "no-such-csrf", "nobodys-key-at-all", "in-the-address-of-all-places", "a-token-that-was-guessed",
        "hunter2hunter2", "leakyleaky", "stolenstolen",
    ]  # fmt: skip


def test_the_log_is_json_alone_with_request_ids_and_without_any_secret(trading: RealNode, tmp_path: Path) -> None:
    secrets = secrets_of_a_day(trading)
    with trading.client("", **{"x-request-id": "my-own-id"}) as client:
        client.get("/api/v1/automations")
    until(lambda: "my-own-id" in trading.log())
    assert trading.end() == 0
    lines = trading.lines()
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
    requests = [line for line in lines if line["event"] == "request"]
    assert len({line["request_id"] for line in requests}) == len(requests) > 12
    assert [line["status"] for line in requests if line["request_id"] == "my-own-id"] == [401]
    assert {"/hooks/…", "/api/v1/session"} <= {line["path"] for line in requests}
    # What a library logs, a warning, and what nobody caught in a thread.
    telex = [line for line in lines if line.get("logger") == "telex"]
    assert [line["event"].partition(" from ")[0] for line in telex] == ["no answer"]
    assert any("the telex is deprecated" in line["event"] for line in lines if line.get("logger") == "py.warnings")
    (failed,) = [line for line in lines if line["event"] == "thread_failed"]
    assert "ValueError: Authorization: Bearer **********" in failed["exception"]
    text = trading.log()
    assert [secret for secret in secrets if secret in text] == []
