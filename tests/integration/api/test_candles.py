"""Candles that are sent: to disk as they come, bounded, everybody's own; and a replay on them, followed to its end."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from octobot_node.errors import CommandRefused
from tests.integration.api.conftest import Service
from tests.integration.plugins.replay.conftest import at_work, csv, nearly_as_fast_as_others

__all__ = ["nearly_as_fast_as_others"]
pytestmark = pytest.mark.process
SEND = "/api/v1/candles?symbol=BTC/USD&file_name=btc.csv.gz"
FILE = gzip.compress(csv().encode())
DCA = {
    "type": "dca",
    "budget": {"USD": "500"},
    "config": {"symbol": "BTC/USD", "amount": "20", "every": "10m"},
}


def incoming(service: Service) -> list[Path]:
    folder = service.office.bench.settings.data_dir / "candles" / "incoming"
    return list(folder.iterdir()) if folder.exists() else []


def test_a_file_that_is_sent_is_a_candle_set_replayed_by_whoever_sent_it(service: Service) -> None:
    ada = service.as_("ada")
    sent = ada.post(SEND, content=FILE)
    found = sent.json()
    assert (sent.status_code, sent.headers["location"]) == (201, f"/api/v1/candles/{found['id']}")
    assert (found["owner"], found["source"], found["file_name"], found["candles"]) == (
        "ada",
        "upload",
        "btc.csv.gz",
        120,
    )
    assert ada.post(SEND, content=FILE).json()["known"] is True
    assert incoming(service) == []
    assert service.as_("bob").get(sent.headers["location"]).status_code == 404
    assert service.as_("vera").post(SEND, content=FILE).status_code == 403

    started = ada.post("/api/v1/replays", json={"candles": [found["id"]], **DCA})
    where = started.headers["location"]
    assert (started.status_code, started.json()["status"]) == (201, "queued")
    assert service.as_("bob").get(f"{where}/progress").status_code == 404
    with at_work(service.office.context()):
        told = list(followed(service, f"{where}/progress"))
    assert [each["status"] for each in told][-1] == "finished"
    assert [each["done"] for each in told] == sorted(each["done"] for each in told)
    report = ada.get(f"{where}/report").json()["report"]
    assert (report["finished"], len(report["assumptions"]["markets"])) == (True, 1)
    # Vera watches what ada does, and changes nothing of it.
    vera = service.as_("vera")
    assert vera.get(f"{where}/curves").json()["curves"][0]["times"]
    assert vera.delete(where).status_code == 403
    etag = ada.get(where).headers["etag"]
    assert ada.patch(where, json={"notes": "x"}).status_code == 428
    assert ada.patch(where, json={"notes": "x"}, headers={"if-match": etag}).json()["notes"] == "x"
    assert ada.delete(where).status_code == 200
    with pytest.raises(CommandRefused, match="'ada' owns candle sets: delete those first, or disable the user"):
        service.do("users.delete", user="ada")


def followed(service: Service, address: str) -> Iterator[dict[str, Any]]:
    """Yield what a stream tells until it ends by itself."""
    with service.as_("ada").stream("GET", address, headers={"accept": "text/event-stream"}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


@pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)
def test_a_file_may_be_as_large_as_the_setting_says_and_no_larger(
    make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Larger than a body may be elsewhere; too large, announced or not, it is refused and nothing of it is kept."""
    monkeypatch.setenv("OCTOBOT_REPLAYS_UPLOAD_MB", "3")
    service = make_service()
    ada = service.as_("ada")
    padded = csv(120).encode() + b"\n" * 2_500_000
    assert 2_000_000 < len(padded) < 3_000_000
    assert ada.post(SEND, content=padded).status_code == 201

    large = b"x" * 3_000_001
    pieces = (large[begin : begin + 65_536] for begin in range(0, len(large), 65_536))
    for content in (large, pieces):
        refused = ada.post(SEND, content=content)
        assert (refused.status_code, refused.json()["detail"]) == (
            413,
            "a file takes 3,000,000 bytes at most: send a part of it",
        )
    assert incoming(service) == []
    # Everywhere else a body is what it was.
    assert ada.post("/api/v1/replays", content=b"x" * 2_000_001).status_code == 413


@pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)
def test_what_is_sent_and_is_no_file_of_candles_is_refused_in_a_sentence(service: Service) -> None:
    ada = service.as_("ada")
    wrong = ada.post(SEND, content=b"hello")
    assert wrong.status_code == 422
    assert wrong.json()["detail"].startswith("btc.csv.gz, line 1: has no column for time, open, high, low, close")
    assert ada.post("/api/v1/candles", content=FILE).json()["errors"][0]["field"] == "query.symbol"
    assert ada.post(SEND.replace("btc.csv.gz", "..%2F..%2Fetc%2Fpasswd"), content=FILE).json()["file_name"] == "passwd"
    assert incoming(service) == []
