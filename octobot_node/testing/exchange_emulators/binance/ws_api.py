"""The websocket API: the same questions and orders as REST, and what becomes of accounts as it happens."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from octobot_node.testing.exchange_emulators.binance.errors import BinanceError
from octobot_node.testing.exchange_emulators.binance.events import account_events
from octobot_node.testing.exchange_emulators.binance.params import Params
from octobot_node.testing.exchange_emulators.binance.shapes import Shape
from octobot_node.testing.exchange_emulators.binance.sockets import Connection
from octobot_node.testing.exchange_emulators.core.accounts import ApiKey
from octobot_node.testing.exchange_emulators.core.exchange import Exchange, Happening
from octobot_node.testing.exchange_emulators.web.server import Hung

__all__ = ["METHODS", "WsApi", "signed_params"]

#: Method -> what it is over HTTP.
METHODS: dict[str, tuple[str, str]] = {
    "ping": ("GET", "/api/v3/ping"),
    "time": ("GET", "/api/v3/time"),
    "exchangeInfo": ("GET", "/api/v3/exchangeInfo"),
    "depth": ("GET", "/api/v3/depth"),
    "klines": ("GET", "/api/v3/klines"),
    "avgPrice": ("GET", "/api/v3/avgPrice"),
    "ticker.24hr": ("GET", "/api/v3/ticker/24hr"),
    "ticker.price": ("GET", "/api/v3/ticker/price"),
    "ticker.book": ("GET", "/api/v3/ticker/bookTicker"),
    "order.place": ("POST", "/api/v3/order"),
    "order.test": ("POST", "/api/v3/order/test"),
    "order.cancel": ("DELETE", "/api/v3/order"),
    "order.status": ("GET", "/api/v3/order"),
    "openOrders.status": ("GET", "/api/v3/openOrders"),
    "openOrders.cancelAll": ("DELETE", "/api/v3/openOrders"),
    "allOrders": ("GET", "/api/v3/allOrders"),
    "myTrades": ("GET", "/api/v3/myTrades"),
    "account.status": ("GET", "/api/v3/account"),
    "account.commission": ("GET", "/api/v3/account/commission"),
    "account.rateLimits.orders": ("GET", "/api/v3/rateLimit/order"),
}
_MOST_SUBSCRIPTIONS = 1_000

#: Answers a method that REST has, with its parameters, for a peer; None: it is never answered.
Ask = Callable[[tuple[str, str], dict[str, str], str], Awaitable[tuple[Any] | None]]
#: Returns the key of a request that is signed for the account's events, or refuses it.
KeyOf = Callable[[Params, str, str], ApiKey]


def signed_params(params: Mapping[str, str]) -> str:
    """Return what a signature is made of: all parameters but itself, by their names."""
    return "&".join(f"{name}={params[name]}" for name in sorted(params) if name != "signature")


class WsApi:
    """Serves ``/ws-api/v3``."""

    def __init__(self, exchange: Exchange, ask: Ask, key_of: KeyOf) -> None:
        self._exchange, self._ask, self._key_of = exchange, ask, key_of
        self.connections: set[Connection] = set()

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve one connection."""
        connection = Connection(time.monotonic, limited=False)
        subscribed: dict[int, str] = {}

        def happened(happening: Happening) -> None:
            for id_, account in subscribed.items():
                if account == happening.order.account:
                    for event in account_events(self._exchange, happening):
                        connection.tell({"subscriptionId": id_, "event": event})

        async def heard(text: str) -> None:
            await self._heard(connection, subscribed, text, request.remote or "")

        self.connections.add(connection)
        self._exchange.listeners.append(happened)
        try:
            return await connection.serve(request, heard)
        finally:
            self._exchange.listeners.remove(happened)
            self.connections.discard(connection)

    async def _heard(self, connection: Connection, subscribed: dict[int, str], text: str, peer: str) -> None:
        try:
            asked = json.loads(text)
            id_, method, params = asked["id"], str(asked["method"]), _texts(asked.get("params") or {})
        except (ValueError, KeyError, TypeError, AttributeError):
            connection.tell({"id": None, "status": 400, "error": {"code": -1135, "msg": "Invalid JSON Request"}})
            return
        try:
            result = await self._answer(connection, subscribed, method.removeprefix("v3/"), params, peer)
        except BinanceError as no:
            connection.tell({"id": id_, "status": no.status, "error": {"code": no.code, "msg": no.msg}})
            return
        except Hung:
            await connection.cut()
            return
        if result is not None:
            connection.tell({"id": id_, "status": 200, "result": result[0]})

    async def _answer(
        self, connection: Connection, subscribed: dict[int, str], method: str, params: dict[str, str], peer: str
    ) -> tuple[Any] | None:
        """Return the result, or None if nothing is ever said."""
        match method:
            case "userDataStream.subscribe.signature":
                return (self._subscribe(subscribed, params, peer),)
            case "userDataStream.subscribe":
                raise BinanceError(-1002, "You are not authorized to execute this request.", 401)
            case "userDataStream.unsubscribe":
                self._unsubscribe(connection, subscribed, params)
                return ({},)
            case "session.subscriptions":
                return ([{"subscriptionId": id_} for id_ in subscribed],)
            case "session.status":
                return ({"apiKey": None, "serverTime": self._exchange.now(), "userDataStream": bool(subscribed)},)
        if method not in METHODS:
            raise BinanceError(-1020, "This operation is not supported.")
        return await self._ask(METHODS[method], params, peer)

    def _subscribe(self, subscribed: dict[int, str], given: dict[str, str], peer: str) -> Shape:
        key = self._key_of(Params(given), signed_params(given), peer)
        if key.account in subscribed.values():
            raise BinanceError(-2035, "User Data Stream subscription already active.")
        if len(subscribed) >= _MOST_SUBSCRIPTIONS:
            raise BinanceError(-2042, "Maximum subscription ID reached for this connection.")
        id_ = max(subscribed, default=-1) + 1
        subscribed[id_] = key.account
        return {"subscriptionId": id_}

    def _unsubscribe(self, connection: Connection, subscribed: dict[int, str], params: dict[str, str]) -> None:
        ids = [int(params["subscriptionId"])] if params.get("subscriptionId", "").isdigit() else [*subscribed]
        if not all(id_ in subscribed for id_ in ids):
            raise BinanceError(-2036, "User Data Stream subscription not active.")
        for id_ in ids:
            del subscribed[id_]
            event = {"e": "eventStreamTerminated", "E": self._exchange.now()}
            connection.tell({"subscriptionId": id_, "event": event})


def _texts(params: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters as text: numbers as they are written, lists as JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        for name, value in params.items()
    }
