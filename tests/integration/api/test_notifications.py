"""How people are told, over HTTP: what is seen of it, and the test button."""

from __future__ import annotations

import json

import pytest

from octobot_plugins.notify.courier import Courier, Reply
from tests.integration.api.conftest import Service

URLS = ["json://example.com/s3cret", "tgram://123456789:s3cret/chat"]


def test_without_a_way_there_is_nothing_to_try(service: Service) -> None:
    nothing = service.as_("root").get("/api/v1/notifications").json()
    refused = service.as_("root").post("/api/v1/notifications/test")
    assert (nothing["targets"], refused.status_code, "no URL is set" in refused.json()["detail"]) == ([], 409, True)


def test_the_test_button_says_of_each_whether_it_arrived(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOBOT_NOTIFY_URLS", json.dumps(URLS))
    asked: list[dict[str, str]] = []

    def answer(_courier: Courier, request: dict[str, str]) -> Reply:
        asked.append(request)
        works = request["url"] == URLS[0]
        return Reply(ok=works, error="" if works else "the chat is not known", service="JSON" if works else "Telegram")

    monkeypatch.setattr(Courier, "ask", answer)
    told = service.as_("root").get("/api/v1/notifications")
    tried = service.as_("root").post("/api/v1/notifications/test", json={"message": "hello"})
    audit = service.as_("root").get("/api/v1/audit?action=notifications.test")

    assert [(each["number"], each["scheme"]) for each in told.json()["targets"]] == [(1, "json"), (2, "tgram")]
    assert "own" in told.json()["tell"]
    assert [(each["service"], each["arrived"], each["error"]) for each in tried.json()["results"]] == [
        ("JSON", True, ""),
        ("Telegram", False, "the chat is not known"),
    ]
    assert [(each["do"], each["url"], each["body"]) for each in asked] == [("tell", url, "hello") for url in URLS]
    assert "s3cret" not in told.text + tried.text + audit.text
    assert service.as_("ada").post("/api/v1/notifications/test").status_code == 403
