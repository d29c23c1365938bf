"""The exchange on HTTP: every client request is a POST, so that no HTTP library repeats it by itself."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from aiohttp import web
from pydantic import ValidationError

from octobot_node.testing.hostile_exchange.behaviour import Behaviour, RequestKind
from octobot_node.testing.hostile_exchange.book import Book, BookOrder, BookTrade, Rejected
from octobot_node.testing.hostile_exchange.dice import Dice, Fault
from octobot_node.testing.hostile_exchange.report import report_of
from octobot_node.testing.hostile_exchange.wire import Json, order_to_json, request_from_json, trade_to_json

__all__ = ["HostileServer"]

_STATUS = {"refused": 400, "expired": 400, "duplicate": 409, "unknown_order": 404, "unsupported": 501}
_BEFORE: frozenset[Fault] = frozenset({"rate_limited", "dropped_before", "errors_before"})
_MALFORMED = (KeyError, TypeError, ValueError, ArithmeticError)

#: One encoder for all answers: json.dumps builds one a call when told its separators.
_encode = json.JSONEncoder(separators=(",", ":")).encode

Answer = Json | list[Json] | None
Act = Callable[[Json], Answer]


class _Question(NamedTuple):
    name: str
    kind: RequestKind
    act: Act


class HostileServer:
    """Answers requests on a book; the handler of an ``aiohttp.web.Server``.

    Clients ask ``/create``, ``/cancel``, ``/find``, ``/order``, ``/open``, ``/trades``, ``/balances``, ``/tickers``.
    Whoever tests asks ``/price``, ``/control``, ``/report``, ``/all-orders``, ``/all-trades``; these are never struck
    or counted, and neither are tickers.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self._dice = Dice(book.behaviour)
        self._now = book.latest
        self._questions = {
            "/create": _Question("create", "create", self._create),
            "/cancel": _Question("cancel", "cancel", self._cancel),
            "/find": _Question("find", "read", self._find),
            "/order": _Question("order", "read", self._order),
            "/open": _Question("open", "read", self._open),
            "/trades": _Question("trades", "read", self._trades),
            "/balances": _Question("balances", "read", self._balances),
        }
        self._controls: dict[str, Act] = {
            "/tickers": self._tickers,
            "/price": self._price,
            "/control": self._control,
            "/report": lambda body: report_of(self._book, body.get("account")).model_dump(),
            "/all-orders": self._all_orders,
            "/all-trades": self._all_trades,
        }

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        # Read first: a client that hangs up during a delay must not take its own request back.
        body = await request.read()
        try:
            asked: object = json.loads(body) if body else {}
        except ValueError as error:
            return _failure(400, "refused", f"not JSON: {error}")
        if not isinstance(asked, dict):
            return _failure(400, "refused", "not a JSON object")
        question = self._questions.get(request.path)
        if question is not None:
            return await self._face(question, asked, request)
        control = self._controls.get(request.path)
        if control is None:
            return _failure(404, "refused", f"there is no {request.path}")
        return self._answer(control, asked)

    def advance(self) -> int:
        """Bring the book up to date and return the exchange's time, which never runs backwards."""
        self._now = max(self._now, time.time_ns() // 1_000_000)
        self._book.advance(self._now)
        return self._now

    # -- clients, with everything that may strike them

    async def _face(self, question: _Question, body: Json, request: web.BaseRequest) -> web.StreamResponse:
        behaviour, account = self._book.behaviour, str(body.get("account", ""))
        self._book.count(account, question.name)
        fault = self._dice.fault(question.kind)
        if fault is not None:
            self._book.count(account, fault)
        await _pause(behaviour.latency_ms / 2)
        if fault in _BEFORE:
            self._book.commit()
            return self._strike(fault, request)
        if question.kind == "create":
            await _pause(behaviour.delay_accept_ms)
        answer = self._answer(question.act, body)
        await _pause(behaviour.latency_ms / 2)
        return answer if fault is None else self._strike(fault, request)

    def _strike(self, fault: Fault | None, request: web.BaseRequest) -> web.StreamResponse:
        if fault == "rate_limited":
            after = {"Retry-After": f"{self._book.behaviour.retry_after:g}"}
            return web.Response(status=429, body=b'{"error":"rate_limited"}', headers=after)
        if fault in {"errors_before", "errors_after"}:
            return _failure(500, "internal", "something went wrong, as told")
        if request.transport is not None:
            request.transport.abort()
        return web.Response()  # goes nowhere

    def _answer(self, act: Act, body: Json) -> web.Response:
        try:
            return _json(200, act(body))
        except Rejected as no:
            order = None if no.order is None else self._shown(no.order)
            return _failure(_STATUS[no.code], no.code, str(no), order)
        except ValidationError as error:
            return _failure(400, "refused", str(error))
        except _MALFORMED as error:
            return _failure(400, "refused", f"malformed request: {error!r}")
        finally:
            self._book.commit()

    def _create(self, body: Json) -> Json:
        now, request = self.advance(), request_from_json(body)
        return self._shown(self._book.create(body["account"], request, now, refuse=self._dice.refuses()))

    def _cancel(self, body: Json) -> Json:
        now = self.advance()
        return self._shown(self._book.cancel(body["account"], body["id"], now, race=self._dice.races()))

    def _find(self, body: Json) -> Json | None:
        now = self.advance()
        order = self._book.find(body["account"], body["client"], body["since"], now)
        return None if order is None else self._shown(order)

    def _order(self, body: Json) -> Json | None:
        order = self._book.order(body["account"], body["id"], self.advance())
        return None if order is None else self._shown(order)

    def _open(self, body: Json) -> list[Json]:
        return [self._shown(order) for order in self._book.open_orders(body["account"], self.advance())]

    def _trades(self, body: Json) -> list[Json]:
        trades = self._book.trades_since(body["account"], body["since"], self.advance())
        return [trade_to_json(trade, named=self._book.reachable(trade.order, self._now)) for trade in trades]

    def _balances(self, body: Json) -> Json:
        self.advance()
        return {asset: str(total) for asset, total in self._book.balances(body["account"]).items()}

    def _shown(self, order: BookOrder) -> Json:
        return order_to_json(order, named=self._book.reachable(order, self._now))

    # -- prices, and the one who tests

    def _tickers(self, body: Json) -> Json:
        now = self.advance()
        prices = {symbol: str(self._book.price(symbol)) for symbol in body["symbols"] if "/" in symbol}
        return {"at": now, "last": prices}

    def _price(self, body: Json) -> None:
        self._book.set_price(body["symbol"], _price_of(body["price"]), self.advance())

    def _control(self, body: Json) -> Json:
        if body:
            self.advance()
            self._book.behave(Behaviour.model_validate({**self._book.behaviour.model_dump(), **body}))
            self._dice = Dice(self._book.behaviour)
        return self._book.behaviour.model_dump(mode="json")

    def _all_orders(self, body: Json) -> list[Json]:
        self.advance()
        return [_whole(o, order_to_json(o, named=True)) for o in self._book.orders.values() if _of(o, body)]

    def _all_trades(self, body: Json) -> list[Json]:
        self.advance()
        trades: list[BookTrade] = [trade for trades in self._book.trades.values() for trade in trades]
        return [_whole(t.order, trade_to_json(t, named=True)) for t in trades if _of(t.order, body)]


def _whole(order: BookOrder, shown: Json) -> Json:
    return {**shown, "account": order.account, "intent": order.intent_id}


def _of(order: BookOrder, body: Json) -> bool:
    return body.get("account") in (None, order.account)


def _price_of(text: str) -> Decimal:
    price = Decimal(text)
    if not (price.is_finite() and price > 0):
        raise ValueError(f"{text} is not a price")
    return price


async def _pause(milliseconds: float) -> None:
    if milliseconds:
        await asyncio.sleep(milliseconds / 1_000)


def _json(status: int, payload: Any) -> web.Response:
    body = _encode(payload).encode()
    return web.Response(status=status, body=body, content_type="application/json")


def _failure(status: int, code: str, message: str, order: Json | None = None) -> web.Response:
    return _json(status, {"error": code, "message": message, "order": order})
