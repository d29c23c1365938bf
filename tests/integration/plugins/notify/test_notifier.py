"""Notices reach every URL, durably; no URL is ever shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from octobot_node import Decision, Notify
from octobot_node.clock import SystemClock
from octobot_node.configuration import Configuration
from octobot_node.contracts.plugins import PluginInfo
from octobot_node.engine.notice_delivery import NoticeDelivery, open_notices
from octobot_node.plugin_system.node_context import NodePluginContext
from octobot_node.store import tables
from octobot_plugins.notify.notifier import check_urls, shown
from octobot_plugins.notify.settings import NotifySettings
from tests.integration.plugins.notify.conftest import WebServer
from tests.support.bench import Bench

pytestmark = pytest.mark.process

SECRET = "S3cr3tT0ken"


@pytest.fixture
def opened(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., NoticeDelivery]]:
    """Open the notifiers that an environment asks for, on the machine's own clock."""
    made: list[NoticeDelivery] = []

    def make(urls: list[str], **settings: str) -> NoticeDelivery:
        monkeypatch.setenv("OCTOBOT_NOTIFY_URLS", json.dumps(urls))
        for name, value in {"allow_private": "true", **settings}.items():
            monkeypatch.setenv(f"OCTOBOT_NOTIFY_{name.upper()}", value)
        core = bench.core
        context = core.context
        lent = NodePluginContext(
            Configuration(core.settings), core.settings, core.storage, SystemClock(), core.registry, context.node_id
        )
        bench.core.context = lent
        made.append(open_notices(core))
        return made[-1]

    yield make
    for notices in made:
        notices.close()


def tell(bench: Bench, message: str) -> None:
    bench.core.context.tell(message)


def statuses(bench: Bench) -> list[str]:
    return [row.status for row in bench.rows(tables.notices, tables.notices.c.id)]


def everything_stored(bench: Bench) -> str:
    found = [tables.notices, tables.events, tables.cursors]
    return repr([tuple(row) for table in found for row in bench.rows(table)])


def test_a_notice_reaches_every_url_with_its_automation_as_the_title(
    bench: Bench, opened: Callable[..., NoticeDelivery], web: WebServer
) -> None:
    told = opened([web.url("one"), web.url("two")])
    bench.automation("dca", lambda _tick: Decision(actions=[Notify("bought", level="warning")]))
    bench.tick()
    tell(bench, "hello")
    told.deliver()
    assert web.paths == ["/one", "/one", "/two", "/two"]
    assert [(each["title"], each["message"], each["type"]) for each in web.posted[:2]] == [
        ("dca", "bought", "warning"),
        ("OctoBot Node", "hello", "info"),
    ]
    assert statuses(bench) == ["sent", "sent"]


def test_what_automations_say_can_be_left_out(
    bench: Bench, opened: Callable[..., NoticeDelivery], web: WebServer
) -> None:
    told = opened([web.url()], tell="failures")
    bench.automation("dca", lambda _tick: Decision(actions=[Notify("bought")]))
    bench.tick()
    tell(bench, "hello")
    told.deliver()
    assert web.messages == ["hello"]
    assert statuses(bench) == ["sent", "sent"]


def test_a_notice_that_could_not_be_sent_is_sent_after_a_restart_and_to_nobody_twice(
    bench: Bench, opened: Callable[..., NoticeDelivery], web: WebServer
) -> None:
    urls = [web.url("works"), f"json://127.0.0.1:1/{SECRET}"]
    told = opened(urls)
    tell(bench, "hello")
    told.deliver()
    assert (web.messages, statuses(bench)[0]) == (["hello"], "waiting")
    web.posted.clear()
    # The second one is at another address now; as it is another URL, it has not been told yet.
    opened([urls[0], web.url("moved")]).deliver()
    assert [each["message"] for each in web.posted].count("hello") == 1
    assert statuses(bench)[0] == "sent"


def test_no_error_log_line_or_row_holds_any_part_of_a_url(
    bench: Bench, opened: Callable[..., NoticeDelivery], web: WebServer, capsys: pytest.CaptureFixture[str]
) -> None:
    web.status = 500
    user = f"json://user{SECRET}:{SECRET}@127.0.0.1:{web.server_port}/{SECRET}?+X-Key={SECRET}"
    told = opened([user, f"tgram://{SECRET}", f"nope{SECRET}://{SECRET}", SECRET, f"json://{SECRET}.invalid/{SECRET}"])
    tell(bench, "hello")
    told.deliver()
    plugin_failures = [trouble.error for trouble in bench.core.plugin_failures.all()]
    assert [error for error in plugin_failures if "HTTP 500" in error] == [
        "Undelivered: URL 1 (json://): it answered HTTP 500"
    ]
    assert any("URL 2 (tgram://) cannot be used" in error for error in plugin_failures)
    models = bench.registry.settings_models
    settings = repr(Configuration(bench.settings).rows(models))
    output = capsys.readouterr()
    lanes = repr([lane.name for lane in told.lanes])
    everything = [*plugin_failures, everything_stored(bench), settings, output.out, output.err, lanes]
    assert web.paths != []
    assert [text for text in everything if SECRET.lower() in text.lower()] == []


def test_an_unusable_url_is_named_by_its_place_and_the_others_are_used(
    bench: Bench, opened: Callable[..., NoticeDelivery], web: WebServer
) -> None:
    told = opened([web.url(), "telegramm://x"])
    (trouble,) = bench.core.plugin_failures.all()
    assert (trouble.plugin, trouble.what) == ("octobot_plugins.notify", "the notifier notify")
    assert trouble.error == (
        "URL 2 (telegramm://) cannot be used: it is not a URL that Apprise understands: see https://appriseit.com/services"
        " for how its URL is written"
    )
    tell(bench, "hello")
    told.deliver()
    assert "hello" in web.messages
    health = check_urls(bench.core.context)
    assert (health.status, health.detail.partition(":")[0]) == ("failed", "URL 2 (telegramm")


def test_a_name_stays_with_its_url(opened: Callable[..., NoticeDelivery], web: WebServer) -> None:
    one, two = web.url("one"), web.url("two")
    first = {lane.name for lane in opened([one, two, one]).lanes if lane.name != "log"}
    again = {lane.name for lane in opened([two, one]).lanes if lane.name != "log"}
    assert (first, len(first)) == (again, 2)
    assert all(name.startswith("notify:json:") and len(name) == 16 for name in first)


def test_a_replay_tells_nobody(bench: Bench, monkeypatch: pytest.MonkeyPatch, web: WebServer) -> None:
    monkeypatch.setenv("OCTOBOT_NOTIFY_URLS", web.url())
    notices = open_notices(bench.core)
    assert [lane.name for lane in notices.lanes] == ["log"]


def test_without_a_url_the_check_says_so(bench: Bench) -> None:
    assert check_urls(bench.core.context).status == "ok"


def test_without_a_url_the_check_names_the_other_notifiers_that_there_are() -> None:
    telex = PluginInfo("telex", "1", "installed by telex", "telex", registers={"register_notifiers": ("telex",)})
    context: Any = SimpleNamespace(plugin_settings=lambda _model: NotifySettings(), plugins=[telex])
    assert check_urls(context).detail == "no URL is set: what is to be told goes to the log and to telex"
    context.plugins = []
    assert check_urls(context).detail == "no URL is set: what is to be told goes to the log alone"


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("tgram://token/chat", "URL 1 (tgram://)"),
        ("123456:token", "URL 1 (without a scheme)"),
        ("A very secret one://x", "URL 1 (without a scheme)"),
    ],
)
def test_of_a_url_its_place_and_scheme_are_shown(url: str, text: str) -> None:
    assert shown(1, url) == text


def test_a_long_message_is_cut(bench: Bench, opened: Callable[..., NoticeDelivery], web: WebServer) -> None:
    told = opened([web.url()])
    tell(bench, "x" * 10_000)
    told.deliver()
    assert web.messages == ["x" * 3_500 + "…"]
