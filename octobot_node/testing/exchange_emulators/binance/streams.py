"""Market streams: ``/ws``, ``/ws/<stream>`` and ``/stream?streams=``."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from octobot_node.testing.exchange_emulators.binance.events import (
    book_ticker_event,
    kline_event,
    mini_ticker_event,
    ticker_event,
    trade_event,
)
from octobot_node.testing.exchange_emulators.binance.market import INTERVALS, levels
from octobot_node.testing.exchange_emulators.binance.shapes import Shape, symbol_id
from octobot_node.testing.exchange_emulators.binance.sockets import Connection
from octobot_node.testing.exchange_emulators.core.book import Book
from octobot_node.testing.exchange_emulators.core.exchange import Exchange, Happening

__all__ = ["MarketStreams"]

_MOST = 1_024
_STREAM = re.compile(
    r"(?P<symbol>[a-z0-9]+)@(?P<kind>[a-zA-Z]+)(?P<levels>\d*)(?:_(?P<interval>\w+))?(?:@(?P<speed>\d+)ms)?"
)
#: How often each kind is told, in seconds; 0 is: as it happens.
_EVERY = {"ticker": 1.0, "miniTicker": 1.0, "kline": 2.0, "depth": 1.0, "bookTicker": 0.0, "trade": 0.0}
_BEAT_S = 0.02


@dataclass
class _Stream:
    """One stream of a connection: how often, what it says, and what it said last."""

    every: float
    event: Callable[[], Any]
    next_at: float = 0.0
    last: Any = None


@dataclass(eq=False)
class _Listener:
    connection: Connection
    combined: bool
    streams: dict[str, _Stream] = field(default_factory=dict)

    def tell(self, name: str, event: Any) -> None:
        """Send an event of a stream, in its envelope if one was asked for."""
        self.connection.tell({"stream": name, "data": event} if self.combined else event)


class MarketStreams:
    """Serves market streams of an exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.listeners: set[_Listener] = set()
        self._updates = 1

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """Serve a websocket, or return None where there is none at this path."""
        combined = request.path == "/stream"
        if not combined and request.path != "/ws" and not request.path.startswith("/ws/"):
            return None
        wanted = parse_qs(request.raw_path.partition("?")[2]).get("streams", [""])[0] if combined else request.path[4:]
        listener = _Listener(Connection(time.monotonic, limited=True), combined)
        for name in filter(None, wanted.split("/")):
            self._add(listener, name)
        self.listeners.add(listener)
        beating = asyncio.create_task(self._beat(listener))
        self._exchange.listeners.append(trades := self._trades_of(listener))
        try:
            return await listener.connection.serve(request, lambda text: self._heard(listener, text))
        finally:
            self.listeners.discard(listener)
            self._exchange.listeners.remove(trades)
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    # -- what is asked

    async def _heard(self, listener: _Listener, text: str) -> None:
        try:
            asked = json.loads(text)
            method, id_, params = asked["method"], asked.get("id"), asked.get("params", [])
        except (ValueError, KeyError, TypeError):
            listener.connection.tell({"code": 3, "msg": "Invalid JSON: expected value at line 1 column 1"})
            return
        listener.connection.tell(self._answer(listener, method, params) | {"id": id_})

    def _answer(self, listener: _Listener, method: str, params: list[Any]) -> Shape:
        match method:
            case "SUBSCRIBE":
                for name in params:
                    self._add(listener, str(name))
                return {"result": None}
            case "UNSUBSCRIBE":
                for name in params:
                    listener.streams.pop(str(name), None)
                return {"result": None}
            case "LIST_SUBSCRIPTIONS":
                return {"result": [*listener.streams]}
            case "GET_PROPERTY":
                return {"result": listener.combined}
            case "SET_PROPERTY":
                listener.combined = bool(params[1])
                return {"result": None}
            case _:
                known = "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`"
                return {"code": 2, "msg": f"Invalid request: unknown variant {method}, expected one of {known}"}

    def _add(self, listener: _Listener, name: str) -> None:
        # A stream that does not exist is subscribed to, and never says anything.
        stream = self._stream(name)
        if len(listener.streams) < _MOST:
            listener.streams[name] = stream or _Stream(float("inf"), lambda: None, float("inf"))

    def _stream(self, name: str) -> _Stream | None:
        if name in ("!miniTicker@arr", "!ticker@arr"):
            shape = mini_ticker_event if name.startswith("!mini") else ticker_event
            books = self._exchange.books
            return _Stream(1.0, lambda: [shape(book, self._exchange.now()) for book in books.values()])
        found = _STREAM.fullmatch(name)
        book = None if found is None else self._book(found["symbol"])
        if found is None or book is None or found["kind"] not in _EVERY:
            return None
        kind, interval = found["kind"], found["interval"]
        if kind == "kline" and interval not in INTERVALS:
            return None
        every = int(found["speed"]) / 1_000 if found["speed"] else 1.0 if interval == "1s" else _EVERY[kind]
        return _Stream(every, self._event_of(book, kind, interval, found["levels"]))

    def _event_of(self, book: Book, kind: str, interval: str, count: str) -> Callable[[], Any]:
        exchange = self._exchange
        events: dict[str, Callable[[], Any]] = {
            "ticker": lambda: ticker_event(book, exchange.now()),
            "miniTicker": lambda: mini_ticker_event(book, exchange.now()),
            "bookTicker": lambda: book_ticker_event(book, 0),
            "kline": lambda: kline_event(book, interval, exchange.now()),
            "depth": lambda: self._depth(book, count),
            # Those are told as they happen.
            "trade": lambda: None,
        }
        return events[kind]

    def _depth(self, book: Book, count: str) -> Shape:
        found = levels(book, int(count or 20))
        if count:
            return {"lastUpdateId": 0, **found}
        shape = {"e": "depthUpdate", "s": symbol_id(book.listing.symbol), "U": 0, "u": 0}
        return {**shape, "b": found["bids"], "a": found["asks"]}

    def _book(self, name: str) -> Book | None:
        return next((each for symbol, each in self._exchange.books.items() if symbol_id(symbol).lower() == name), None)

    # -- what is told

    async def _beat(self, listener: _Listener) -> None:
        while True:
            now = time.monotonic()
            for name, stream in list(listener.streams.items()):
                if stream.next_at <= now:
                    stream.next_at = now + stream.every
                    self._tell(listener, name, stream)
            await asyncio.sleep(_BEAT_S)

    def _tell(self, listener: _Listener, name: str, stream: _Stream) -> None:
        event = stream.event()
        if event is None or (stream.every == 0 and event == stream.last):
            return
        stream.last = event
        listener.tell(name, self._numbered(event) if isinstance(event, dict) else event)

    def _numbered(self, event: Shape) -> Shape:
        """Return an event with the number of its update of the book, where it has one."""
        self._updates += 1
        now = {"E": self._exchange.now()} if event.get("e") == "depthUpdate" else {}
        numbers: Shape = {name: self._updates for name in ("u", "U", "lastUpdateId") if name in event}
        return {**event, **now, **numbers}

    def _trades_of(self, listener: _Listener) -> Callable[[Happening], None]:
        def heard(happening: Happening) -> None:
            if happening.trade is None:
                return
            name = f"{symbol_id(happening.order.symbol).lower()}@trade"
            if name in listener.streams:
                listener.tell(name, trade_event(happening.trade, self._exchange.now()))

        return heard
