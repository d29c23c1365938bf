from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from octobot_node.contracts.notifiers import Notice
from octobot_node.plugin_system.discovery import load_named


def logged(level: str) -> list[dict[str, object]]:
    (factory,) = load_named(["octobot_plugins.log"]).notifiers
    context: Any = None  # it needs nothing
    (notifier,) = factory.open(context)
    assert notifier.name == "log"
    with capture_logs() as lines:
        asyncio.run(notifier.notify(Notice("n1", "ada", "my dca", level, "bought 1 BTC", 1_640_991_660_000)))
    return [dict(line) for line in lines]


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "critical"])
def test_a_notice_is_logged_at_its_own_level(level: str) -> None:
    assert logged(level) == [
        {
            "event": "notice",
            "log_level": level,
            "notice_level": level,
            "message": "bought 1 BTC",
            "automation": "my dca",
            "owner": "ada",
            "notice": "n1",
            "at": "2021-12-31T23:01:00+00:00",
        }
    ]


def test_a_level_that_logs_do_not_have_is_still_seen() -> None:
    (line,) = logged("urgent")
    assert (line["log_level"], line["notice_level"]) == ("warning", "urgent")
