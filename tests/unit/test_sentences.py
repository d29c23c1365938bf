"""What happened to an automation, in words."""

from __future__ import annotations

from typing import Any

import pytest

from octobot_node.text.event_sentences import Sentence, sentence

ORDER = {"id": "o1", "symbol": "BTC/USDT", "side": "buy"}


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("automation.created", {"name": "a", "type": "b"}, Sentence("info", "was created")),
        (
            "automation.failed",
            {"reason": "no\nidea"},
            Sentence("error", "has failed and does not run any more: no idea"),
        ),
        ("automation.held", {}, Sentence("error", "is held until this is mended: no reason is given")),
        ("action.asked", {"action": "http", "payload": {}}, Sentence("info", "asked for the action http")),
        (
            "action.unknown",
            {"action": "http", "reason": "it broke"},
            Sentence("error", "the action http has an outcome that is not known: it broke"),
        ),
        ("automation.waiting", {"reason": "no data"}, Sentence("info", "waits: no data")),
        ("automation.stopping", {"close": False}, Sentence("info", "is stopping: its own orders are cancelled")),
        (
            "automation.stopping",
            {"close": True},
            Sentence("info", "is stopping: its own orders are cancelled, and what it holds is sold"),
        ),
        ("tick.failed", {"tick": 3, "reason": "x"}, Sentence("warning", "a tick failed and will be tried again: x")),
        ("log.warning", {"tick": 3, "text": "thin\nbook"}, Sentence("warning", "thin book")),
        (
            "tick.missed",
            {"tick": 3, "missed": 1},
            Sentence("warning", "1 planned tick passed while no node ran, and became one"),
        ),
        (
            "tick.missed",
            {"tick": 3, "missed": 7},
            Sentence("warning", "7 planned ticks passed while no node ran, and became one"),
        ),
        (
            "order.planned",
            {**ORDER, "type": "limit", "amount": "0.50", "price": "40000"},
            Sentence("info", "order to buy 0.5 BTC at 40000 USDT: planned"),
        ),
        (
            "order.refused",
            {**ORDER, "type": "market", "spend": "100", "reason": "too small"},
            Sentence("warning", "order to buy BTC for 100 USDT at the market's price: refused (too small)"),
        ),
        (
            "order.cancelled",
            {**ORDER, "filled": "0.1", "reason": ""},
            Sentence("info", "order to buy BTC: cancelled, 0.1 of it filled"),
        ),
        ("order.unknown", {**ORDER, "reason": "x"}, Sentence("error", "order to buy BTC: unknown (x)")),
        (
            "order.fill",
            {"order": "o1", "symbol": "BTC/USDT", "side": "sell", "amount": "2", "price": "10"},
            Sentence("info", "sold 2 BTC at 10 USDT (20 USDT)"),
        ),
        ("order.adopted", {"id": "o1", "by": "ada"}, Sentence("info", "order o1 was adopted by ada")),
        (
            "request.failed",
            {"target": "b", "command": "close", "reason": "it is gone"},
            Sentence("error", "asked 'b' to stop and sell what it holds, but it is gone"),
        ),
        (
            "notice.failed",
            {"notice": "n", "notifier": "notify:tgram:1", "message": "hi", "reason": "HTTP 500"},
            Sentence("error", "notify:tgram:1 did not take a message and was given up: HTTP 500"),
        ),
        ("somebody.else", {"a": 1, "b": "x y"}, Sentence("info", "somebody.else a=1 b=x y")),
    ],
)
def test_an_event_is_told_in_words(kind: str, data: dict[str, Any], said: Sentence) -> None:
    assert sentence(kind, data) == said


@pytest.mark.parametrize(
    "kind", ["order.fill", "order.adopted", "request.done", "tick.missed", "log.info", "notice.told"]
)
@pytest.mark.parametrize("data", [{}, {"symbol": "BTC/USDT", "side": "buy", "amount": "0", "price": "x"}])
def test_an_event_that_lacks_what_its_words_need_is_told_as_it_is(kind: str, data: dict[str, Any]) -> None:
    level, text = sentence(kind, data)
    assert (level, text.split()[0]) == ("info", kind)
