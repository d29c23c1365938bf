"""``octobot-node notify test`` tries every URL, and shows none."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from octobot_node.errors import UsageError
from octobot_plugins import notify
from tests.integration.plugins.notify.conftest import WebServer

pytestmark = pytest.mark.process


@pytest.fixture
def cli() -> typer.Typer:
    app = typer.Typer()
    notify.register_commands(lambda added, name="": app.add_typer(added, name=name))
    app.callback()(lambda: None)
    return app


@pytest.fixture(autouse=True)
def private(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOBOT_NOTIFY_ALLOW_PRIVATE", "true")


def test_it_says_of_every_url_whether_a_message_arrived(
    cli: typer.Typer, monkeypatch: pytest.MonkeyPatch, web: WebServer
) -> None:
    urls = [web.url("sekret"), "json://127.0.0.1:1/sekret", "nope://sekret"]
    monkeypatch.setenv("OCTOBOT_NOTIFY_URLS", json.dumps(urls))
    result = CliRunner().invoke(cli, ["notify", "test", "--message", "it works"])
    assert result.output.splitlines() == [
        "URL 1 (json://), JSON: arrived",
        "URL 2 (json://), JSON: failed: nothing listens there: check host and port",
        "URL 3 (nope://): failed: it is not a URL that Apprise understands",
    ]
    assert (result.exit_code, web.messages) == (1, ["it works"])


def test_its_exit_code_is_zero_when_all_arrived(
    cli: typer.Typer, monkeypatch: pytest.MonkeyPatch, web: WebServer
) -> None:
    monkeypatch.setenv("OCTOBOT_NOTIFY_URLS", web.url())
    result = CliRunner().invoke(cli, ["notify", "test"])
    assert (result.exit_code, web.messages) == (0, ["This is a test: OctoBot Node can reach you here."])


def test_without_a_url_it_says_where_they_are_written(cli: typer.Typer) -> None:
    result = CliRunner().invoke(cli, ["notify", "test"])
    assert isinstance(result.exception, UsageError)
    assert "OCTOBOT_NOTIFY_URLS_FILE" in str(result.exception)
