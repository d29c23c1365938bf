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


def answered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let every URL of example.com be one that works; return what is done with which."""
    asked: list[str] = []

    def answer(_courier: Courier, request: dict[str, str]) -> Reply:
        asked.append(f"{request['do']} {request['url']}")
        works = "example.com" in request["url"]
        return Reply(ok=works, error="" if works else "no service is called so", service="JSON")

    monkeypatch.setattr(Courier, "ask", answer)
    return asked


def test_targets_are_ones_own_and_their_urls_are_never_told(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, vera = answered(monkeypatch), service.as_("vera")
    path = "/api/v1/notifications/targets"
    wrong = vera.post(path, json={"name": "phone", "url": "telex://s3cret"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "body.url")
    made = vera.post(path, json={"name": "phone", "url": URLS[0], "tell": ["own", "fills"]})
    assert made.status_code == 201
    assert (made.json()["scheme"], made.json()["tell"], made.json()["enabled"]) == ("json", ["fills", "own"], True)
    assert vera.post(path, json={"name": "phone", "url": URLS[0]}).status_code == 409
    tried = vera.post(f"{path}/phone/test")
    assert tried.json() == {"name": "phone", "service": "JSON", "arrived": True, "error": ""}
    assert asked[-1] == f"tell {URLS[0]}"
    assert vera.patch(f"{path}/phone", json={"enabled": False}).status_code == 428
    read = vera.get(f"{path}/phone")
    assert (read.json()["name"], read.headers["etag"]) == ("phone", made.headers["etag"])
    etag = {"if-match": read.headers["etag"]}
    changed = vera.patch(f"{path}/phone", json={"enabled": False, "tell": []}, headers=etag)
    assert (changed.json()["enabled"], changed.json()["tell"]) == (False, [])
    assert vera.patch(f"{path}/phone", json={"tell": []}, headers=etag).status_code == 412
    # It is nobody else's, not an admin's either.
    for other in ("ada", "root"):
        assert service.as_(other).get(path).json() == {"targets": []}
        assert service.as_(other).get(f"{path}/{made.json()['id']}").status_code == 404
        assert service.as_(other).delete(f"{path}/{made.json()['id']}").status_code == 404
    listed, audit = vera.get(path), service.as_("root").get("/api/v1/audit?limit=50")
    assert "s3cret" not in made.text + listed.text + changed.text + audit.text + tried.text + wrong.text
    assert vera.delete(f"{path}/phone").json()["name"] == "phone"


def test_what_becomes_of_a_user_becomes_of_their_targets(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    from octobot_plugins.notify.people.tables import targets

    answered(monkeypatch)
    assert service.as_("vera").post("/api/v1/notifications/targets", json={"name": "p", "url": URLS[0]}).is_success

    def row() -> list[tuple[str, bool]]:
        return [(each.owner, each.disabled) for each in service.office.bench.rows(targets)]

    assert row() == [("ada", False)]
    service.do("users.edit", user="vera", owner="bob")
    assert row() == [("bob", False)]
    service.do("users.edit", user="vera", role="admin")
    assert row() == [("", False)]
    service.do("users.edit", user="vera", role="viewer", disabled=True)
    assert row() == [("bob", True)]
    service.do("users.delete", user="vera")
    assert row() == []
