"""nginx in front, as clients, scanners and liars meet it."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deploy.conftest import Make
from tests.deploy.stacks import Stack, until

HSTS = "max-age=63072000; includeSubDomains"


@pytest.fixture(scope="module")
def stack(make_stack: Make) -> Stack:
    stack = make_stack("front", COMPOSE_PROFILES="nginx", SERVER_NAME="node.example", EXPOSE_METRICS="false")
    stack.up()
    stack.sign_in()
    return stack


@contextmanager
def connected(stack: Stack, *protocols: str) -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(protocols or ["http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", int(stack.settings["HTTPS_PORT"])), 20) as plain,
        context.wrap_socket(plain, server_hostname="node.example") as found,
    ):
        yield found


def test_trades_through_it_with_the_api(stack: Stack) -> None:
    stack.trade(2, tls=True)
    assert until(lambda: len(stack.fills(tls=True)) >= 4, what="trading")


def test_plain_http_leads_to_https_and_health_is_open(stack: Stack) -> None:
    port = int(stack.settings["HTTP_PORT"])
    sent = stack.ask("GET", "/automations?tab=x", port=port)
    assert (sent.status, sent.headers["location"]) == (308, "https://node.example/automations?tab=x")
    assert (stack.ask("GET", "/health", port=port).text, stack.ask("GET", "/health", tls=True).text) == ("ok\n", "ok\n")


def test_every_answer_asks_for_https_and_says_no_version(stack: Stack) -> None:
    for path, status in (
        ("/", 200),
        ("/api/v1/node", 200),
        ("/health/ready", 200),
        ("/metrics", 403),
        ("/api/v1/no", 404),
    ):
        answer = stack.ask("GET", path, tls=True, Accept="text/html,application/json")
        assert (answer.status, answer.headers["strict-transport-security"]) == (status, HSTS), path
        assert answer.headers["server"] == "nginx"
    with connected(stack, "h2", "http/1.1") as found:
        assert (found.selected_alpn_protocol(), found.version()) == ("h2", "TLSv1.3")


def test_tls_is_mozilla_s_intermediate_profile(stack: Stack) -> None:
    def shakes_hands(*options: str) -> bool:
        # The client must want what must fail.
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{stack.settings['HTTPS_PORT']}", *options],
            input="", capture_output=True, text=True, check=False, timeout=20,
        )  # fmt: skip
        return "New, TLS" in done.stdout and "Cipher is (NONE)" not in done.stdout

    old = ["-cipher", "ALL:@SECLEVEL=0"]
    assert shakes_hands("-tls1_3")
    assert shakes_hands("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")
    assert [version for version in ("-tls1", "-tls1_1") if shakes_hands(version, *old)] == []
    weak = ("AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "NULL")
    assert [cipher for cipher in weak if shakes_hands("-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")] == []


def test_too_many_requests_are_told_as_problems_with_a_time(stack: Stack) -> None:
    def tries(path: str, count: int) -> list[int]:
        return [stack.ask("POST", path, {"user": "admin", "password": "wrong"}, tls=True).status for _ in range(count)]

    assert 429 in tries("/api/v1/session", 8)
    refused = stack.ask("POST", "/api/v1/session", {"user": "admin", "password": "wrong"}, tls=True)
    assert (refused.status, refused.headers["content-type"]) == (429, "application/problem+json")
    assert (refused.json["status"], int(refused.headers["retry-after"]) > 0) == (429, True)
    # A busy hook, a page and who only looks are counted apart.
    assert stack.ask("GET", "/api/v1/session", tls=True).status != 429
    assert stack.ask("POST", "/hooks/nonsense", {}, tls=True).status in {401, 404}


def test_a_hook_s_token_is_in_no_log(stack: Stack) -> None:
    token = "ThisTokenIsNobodysBusiness"
    for path in (
        f"/hooks/{token}",
        f"//hooks/{token}",
        f"/x/../hooks/{token}",
        f"/%68ooks/{token}",
        f"/hooks//{token}",
        f"/hooks/{token}?x={token}",
    ):
        for _ in range(8):
            stack.ask("POST", path, {}, tls=True, Referer=f"https://a.example/{token}")
    assert "429" in stack.logs("nginx")
    assert token not in stack.logs()


def test_the_client_s_address_is_what_nginx_saw_and_not_what_it_says(stack: Stack) -> None:
    stack.ask("GET", "/api/v1/nowhere-to-be-found", tls=True, X_Forwarded_For="6.6.6.6", Forwarded="for=6.6.6.6")
    said = [line for line in stack.logs("octobot").splitlines() if "nowhere-to-be-found" in line]
    lines = [json.loads(line[line.index("{") :]) for line in said]
    assert lines
    assert {line["address"] for line in lines}.isdisjoint({"6.6.6.6", stack.settings["NGINX_ADDRESS"]})
    # Past nginx nobody is believed.
    stack.ask("GET", "/api/v1/past-it", X_Forwarded_For="6.6.6.6")
    assert '"address": "6.6.6.6"' not in stack.logs("octobot")


def test_events_come_at_once(stack: Stack) -> None:
    with connected(stack) as found:
        head = ["GET /api/v1/events HTTP/1.1", "Host: node.example", f"Authorization: Bearer {stack.token}"]
        found.sendall("\r\n".join([*head, "Accept: text/event-stream", "", ""]).encode())
        found.settimeout(20)
        said = b""
        # Automations buy every second: their events are many, and small.
        while said.count(b"data:") < 3:
            said += found.recv(4_096)
    assert b"200 OK" in said


def test_what_is_too_large_is_refused(stack: Stack) -> None:
    large = "x" * 3_000_000
    assert stack.ask("POST", "/api/v1/automations", {"name": large}, tls=True).status == 413
    assert stack.ask("POST", "/hooks/x", {"name": large[:70_000]}, tls=True).status == 413
    assert stack.ask("GET", "/api/v1/node", tls=True, X_Large="x" * 9_000).status == 400


def test_a_node_that_is_made_anew_is_found_and_one_that_is_gone_is_said(stack: Stack) -> None:
    stack.compose("stop", "octobot")
    gone = stack.ask("GET", "/api/v1/node", tls=True)
    assert (gone.status, gone.headers["content-type"], gone.headers["retry-after"]) == (
        503,
        "application/problem+json",
        "5",
    )
    stack.compose("up", "--detach", "--no-build", "--force-recreate", "octobot")
    stack.healthy("octobot")
    assert until(lambda: stack.ask("GET", "/api/v1/node", tls=True).status == 200, what="finding the node")


def test_an_operator_s_certificate_is_taken_up_without_a_restart(stack: Stack, tmp_path: Path) -> None:
    def serves() -> str:
        with connected(stack) as found:
            certificate = found.getpeercert(binary_form=True)
            assert certificate is not None
            return ssl.DER_cert_to_PEM_cert(certificate)

    first, began = serves(), stack.inspect("nginx")["State"]["StartedAt"]
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=node.example", "-newkey", "ec",
         "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", tmp_path / "privkey.pem",
         "-out", tmp_path / "fullchain.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    for name in ("privkey.pem", "fullchain.pem"):
        subprocess.run(
            ["install", "-o", "101", "-g", "101", "-m", "400", tmp_path / name, stack.folder / "state" / "tls" / name],
            check=True,
        )
    until(lambda: serves() == (tmp_path / "fullchain.pem").read_text(), what="the new certificate")
    assert serves() != first
    assert stack.inspect("nginx")["State"]["StartedAt"] == began


def test_it_may_as_little_as_the_node_and_returns_when_it_is_killed(stack: Stack) -> None:
    status = dict(line.split(":\t", 1) for line in stack.inside("nginx", "cat", "/proc/1/status").splitlines())
    assert (status["CapEff"].strip(), status["CapBnd"].strip(), status["Uid"].split()[0]) == ("0" * 16, "0" * 16, "101")
    assert stack.inside("nginx", "sh", "-c", "touch /x || echo no", check=False).strip() == "no"
    stack.kill("nginx")
    assert until(lambda: stack.ask("GET", "/api/v1/node", tls=True).status == 200)


def test_nothing_leaves_nginx(stack: Stack) -> None:
    # Inside it is on networks without a way out, or with one that is not translated.
    script = "timeout 3 bash -c 'exec 3<>/dev/tcp/1.1.1.1/53' && echo out || echo shut"
    began = time.monotonic()
    assert stack.inside("nginx", "bash", "-c", script).strip() == "shut"
    assert time.monotonic() - began < 20
