"""`octobot-node health`: what a container's health check asks, against servers that answer as nodes do, or do not."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from octobot_node.cli import main
from octobot_node.cli.actions.health import examine_at_once

READY = {"status": "ready", "checks": []}
CHECKS = [
    {"name": "disk", "status": "failed", "needed": True},
    {"name": "clock", "status": "failed", "needed": False},
    {"name": "engine", "status": "ok", "needed": True},
]


class Answers:
    """A server; ``says`` is what it answers by path: a status, and JSON or text."""

    def __init__(self) -> None:
        self.says: dict[str, tuple[int, Any]] = {"/health/ready": (200, READY), "/health/live": (200, {"status": "ok"})}
        answers = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = answers.says.get(self.path, (404, {}))
                content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_given: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def node() -> Iterator[Answers]:
    found = Answers()
    thread = Thread(target=found.server.serve_forever, args=(0.01,))
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


def test_a_node_that_is_ready_is_well(node: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["health", "--url", node.url]) == 0
    assert capsys.readouterr().out == "ready\n"
    assert main(["health", "--url", node.url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == READY


def test_a_node_that_is_not_ready_is_not_well_and_what_it_needs_is_said(
    node: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    node.says["/health/ready"] = (503, {"status": "not ready", "checks": CHECKS})
    assert main(["health", "--url", node.url]) == 1
    said = "the node is not ready: disk: `octobot-node doctor` says what to do"
    assert capsys.readouterr().err == f"octobot-node: error: {said}\n"
    # Its process should go on all the same.
    assert main(["health", "--url", node.url, "--live"]) == 0


def test_a_page_that_does_not_answer_is_as_bad(node: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    node.says["/"] = (200, "<!doctype html>")
    assert main(["health", "--url", node.url, "--page", f"{node.url}/"]) == 0
    capsys.readouterr()
    assert main(["health", "--url", node.url, "--page", f"{node.url}/", "--page", f"{node.url}/gone"]) == 1
    assert "/gone answers 404" in capsys.readouterr().err


@pytest.mark.parametrize("body", ["", "<html>", "[]", "{}", '{"status": "ready", "checks": [7]}'])
def test_what_is_no_node_is_not_well(node: Answers, body: str, capsys: pytest.CaptureFixture[str]) -> None:
    node.says["/health/ready"] = (502, body)
    assert main(["health", "--url", node.url]) == 1
    assert "answers 502" in capsys.readouterr().err


def test_a_node_that_does_not_listen_or_does_not_answer_is_not_well(capsys: pytest.CaptureFixture[str]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert main(["health", "--url", url, "--timeout", "0.2"]) == 1
        assert "does not answer in time" in capsys.readouterr().err
    assert main(["health", "--url", url]) == 1
    assert f"{url}/health/ready does not answer (Connection refused)" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["ftp://node", "127.0.0.1:8000", "http://", "http://node:70000", "https://node"])
def test_what_is_no_address_is_a_mistake_of_who_asks(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["health", "--url", url]) == 2
    assert "is not an address to ask: write http://127.0.0.1:8000" in capsys.readouterr().err


def test_without_an_address_the_settings_have_it(
    node: Answers, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OCTOBOT_API_HOST", "0.0.0.0")
    monkeypatch.setenv("OCTOBOT_API_PORT", node.url.rpartition(":")[2])
    assert main(["health"]) == 0
    capsys.readouterr()
    monkeypatch.setenv("OCTOBOT_API_PORT", "0")
    assert main(["health"]) == 2
    assert "give --url" in capsys.readouterr().err
    monkeypatch.setenv("OCTOBOT_API", "false")
    assert main(["health"]) == 2
    assert "this node has no API" in capsys.readouterr().err


@pytest.mark.process
def test_what_a_container_asks_is_answered_without_what_reads_command_lines(
    node: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["health", "--url", node.url, "--page", f"{node.url}/health/live"]
    assert examine_at_once(asked) == 0
    assert capsys.readouterr().out == "ready\n"
    node.says["/health/live"] = (503, {"status": "stuck"})
    assert examine_at_once(asked) == 1
    assert capsys.readouterr().err == f"octobot-node: error: {node.url}/health/live answers 503: see the node's log\n"
    assert examine_at_once(["health", "--url", "nonsense"]) == 2
    # Whatever else is given is for the command line itself.
    for other in ([], ["health"], ["status", "--url", node.url], [*asked, "--json"], [*asked[:3], "--timeout", "1"]):
        assert examine_at_once(other) is None
    code = "import sys; from octobot_node.cli import main; main(sys.argv[1:]); print('typer' in sys.modules)"
    assert _printed(code, asked).split()[-1] == "False"


def _printed(code: str, arguments: list[str]) -> str:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return done.stdout
