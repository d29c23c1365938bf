"""The emulator of Binance spot: which address does what, at which weight."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from urllib.parse import urlencode

from aiohttp import web

from octobot_node.testing.exchange_emulators.binance.account import AccountQuestions
from octobot_node.testing.exchange_emulators.binance.errors import BinanceError
from octobot_node.testing.exchange_emulators.binance.limits import Limits
from octobot_node.testing.exchange_emulators.binance.market import MarketQuestions
from octobot_node.testing.exchange_emulators.binance.orders import Orders
from octobot_node.testing.exchange_emulators.binance.params import Params, read_params
from octobot_node.testing.exchange_emulators.binance.security import (
    Security,
    check_signature,
    check_window,
    key_of,
    known_key,
    signed_payload,
)
from octobot_node.testing.exchange_emulators.binance.sockets import Connection
from octobot_node.testing.exchange_emulators.binance.streams import MarketStreams
from octobot_node.testing.exchange_emulators.binance.ws_api import WsApi, signed_params
from octobot_node.testing.exchange_emulators.core.accounts import ApiKey
from octobot_node.testing.exchange_emulators.core.exchange import Happening
from octobot_node.testing.exchange_emulators.core.listing import Listing
from octobot_node.testing.exchange_emulators.core.orders import Order, Trade
from octobot_node.testing.exchange_emulators.emulator import Emulator
from octobot_node.testing.exchange_emulators.web.call import Call, Reply, RequestKind, reply
from octobot_node.testing.exchange_emulators.web.server import Hung

__all__ = ["BinanceEmulator"]

Weight = int | Callable[[Params], int]
#: Reads a request of a key and returns what carries it out: the payload, and headers.
Act = Callable[[ApiKey, Params], Callable[[], tuple[Any, dict[str, str]]]]


@dataclass(frozen=True, slots=True)
class _Route:
    security: Security
    kind: RequestKind
    weight: Weight
    act: Act


class BinanceEmulator(Emulator):
    """Binance spot on this machine: ``api/v3``, what is asked of ``sapi``, market streams and the websocket API.

    Weights are counted by address, unfilled orders by account; ``limits`` may be changed and ``limits.pardon()`` ends
    bans. ``orders.reuse_after_cancel`` says whether a client order id may come again whose order was cancelled.
    """

    name: ClassVar[str] = "binance"
    numbers_by_market: ClassVar[bool] = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._closing: set[asyncio.Task[None]] = set()
        self.limits = Limits(self.server_time, ban_ms=self.faults.ban_s * 1_000)
        self.order_desk = Orders(self.exchange, self.limits)
        self._routes = self._table()
        self.streams = MarketStreams(self.exchange)
        self.ws_api = WsApi(self.exchange, self._ask_by_socket, self._key_of_socket)
        self.exchange.listeners.append(self._give_back)

    def listing(self, symbol: str) -> Listing:
        """Return a market's rules, as those of large markets are."""
        return Listing(symbol)

    def new_key(self, account: str, number: int) -> ApiKey:
        """Return a key of 64 letters and digits, the same for the same account and number."""
        key, secret = (
            hashlib.sha256(f"binance {what} {account} {number}".encode()).hexdigest() for what in ("key", "secret")
        )
        return ApiKey(account, key, secret)

    def order_id(self, order: Order) -> str:
        """Return the market's own number."""
        return str(order.number)

    def trade_id(self, trade: Trade) -> str:
        """Return the market's own number."""
        return str(trade.id)

    @property
    def urls(self) -> dict[str, Any]:
        """The addresses for ccxt: ``ccxt.binance({"urls": exchange.urls, …})``."""
        sections = ("public", "private")
        api: dict[str, Any] = dict.fromkeys(sections, f"{self.url}/api/v3")
        api |= {"v1": f"{self.url}/api/v1", "sapi": f"{self.url}/sapi/v1"}
        api |= {f"sapiV{number}": f"{self.url}/sapi/v{number}" for number in (2, 3, 4)}
        sockets = self.url.replace("http://", "ws://")
        api["ws"] = {"spot": f"{sockets}/ws", "ws-api": {"spot": f"{sockets}/ws-api/v3"}}
        return {"api": api}

    def kind_of(self, call: Call) -> RequestKind:
        """Say what a request is about."""
        route = self._routes.get((call.method, call.path))
        return "public" if route is None else route.kind

    async def answer(self, call: Call) -> Reply:
        """Answer as Binance does."""
        used = 0
        try:
            if self.faults.maintenance == "down":
                raise BinanceError(-1016, "This service is no longer available.", 503)
            route = self._routes.get((call.method, call.path))
            if route is None:
                return Reply(404, b"")
            params = read_params(call.query, call.body)
            weight = route.weight if isinstance(route.weight, int) else route.weight(params)
            used = self.limits.spend(call.peer, weight)
            payload, headers = await self._carry_out(call, route, params)
        except BinanceError as no:
            self.errors[str(no.code)] += 1
            answer = no.reply()
        else:
            answer = reply(payload)
            answer.headers.update(headers)
        if used:
            answer.headers |= {"X-MBX-USED-WEIGHT": str(used), "X-MBX-USED-WEIGHT-1M": str(used)}
        return answer

    async def _carry_out(self, call: Call, route: _Route, params: Params) -> tuple[Any, dict[str, str]]:
        if route.security == "public":
            return route.act(_NOBODY, params)()
        key = key_of(call, self.keys, route.security)
        still_in_time = check_window(params, self.server_time)
        check_signature(signed_payload(call), params.needed("signature"), key)
        act = route.act(key, params)
        if route.kind == "create" and self.faults.engine_delay_ms:
            await asyncio.sleep(self.faults.engine_delay_ms / 1_000)
            still_in_time()
        return act()

    # -- websockets

    async def stop(self) -> None:
        """End; websockets are closed first."""
        await asyncio.gather(*(connection.cut() for connection in self._connections()))
        await super().stop()

    def controls(self) -> dict[str, Callable[..., Any]]:
        """Return the methods for whoever tests by name."""
        return {**super().controls(), "cut_streams": self.cut_streams, "silence_streams": self.silence_streams}

    def cut_streams(self, *, announced: bool = False) -> None:
        """Close every websocket, with a ``serverShutdown`` before it if that is ``announced``."""
        for connection in self._connections():
            if announced:
                connection.tell({"e": "serverShutdown", "E": self.server_time()})
            closing = asyncio.get_running_loop().create_task(connection.cut())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    def silence_streams(self, *, silent: bool = True) -> None:
        """Say nothing more on the websockets that there are, without closing them; or go on."""
        for connection in self._connections():
            connection.silent = silent

    def _connections(self) -> list[Connection]:
        return [*(listener.connection for listener in self.streams.listeners), *self.ws_api.connections]

    async def _socket(self, request: web.BaseRequest) -> web.StreamResponse | None:
        if self.faults.maintenance == "down":
            return web.Response(status=503)
        if request.path.rstrip("/") == "/ws-api/v3":
            return await self.ws_api.serve(request)
        return await self.streams.serve(request)

    def _key_of_socket(self, params: Params, payload: str, peer: str) -> ApiKey:
        key = known_key(params.needed("apiKey"), peer, self.keys, "user_data")
        check_window(params, self.server_time)
        check_signature(payload, params.needed("signature"), key)
        return key

    async def _ask_by_socket(self, route: tuple[str, str], params: dict[str, str], peer: str) -> tuple[Any] | None:
        """Carry out what REST would, struck as it would be; None: nothing is ever said."""
        headers, given = {}, dict(params)
        if "apiKey" in given:
            key = known_key(given.pop("apiKey"), peer, self.keys, "user_data")
            check_signature(signed_params(params | {"apiKey": key.key}), given.pop("signature", ""), key)
            headers = {"X-MBX-APIKEY": key.key}
        # The limits beside each answer are a courtesy that is not paid here.
        given.pop("returnRateLimits", None)
        query = urlencode(given)
        if headers:
            query += f"&signature={hmac.new(key.secret.encode(), query.encode(), hashlib.sha256).hexdigest()}"
        answer = await self._face(Call(*route, query, headers, b"", peer))
        if answer is None:
            return None
        if answer.content_type != "application/json":
            raise Hung
        body = json.loads(answer.body)
        if answer.status != 200:
            raise BinanceError(body["code"], body["msg"], answer.status)
        return (body,)

    def limited(self) -> Reply:
        """Answer 429."""
        self.errors["-1003"] += 1
        return self.limits.too_much(self.server_time(), self.faults.retry_after_s).reply()

    def ban(self, call: Call) -> Reply:
        """Ban the address and answer 418."""
        self.errors["-1003"] += 1
        self.limits.ban_ms = self.faults.ban_s * 1_000
        self.limits.ban(call.peer)
        return self.limits.banned(call.peer).reply()

    def weighed(self) -> int:
        """Return what all requests weighed."""
        return self.limits.total

    def limit(self, **limits: int) -> None:
        """Change ``weight`` (a minute and address), ``patience`` (requests after a 429) or ``orders_10s``."""
        for name, value in limits.items():
            if name == "orders_10s":
                self.limits.orders = (replace(self.limits.orders[0], limit=value), *self.limits.orders[1:])
            elif name in ("weight", "patience"):
                setattr(self.limits, name, value)
            else:
                raise ValueError(f"there is no limit {name!r}: give weight, patience or orders_10s")

    def pardon(self) -> None:
        """End every ban, and begin every count anew."""
        super().pardon()
        self.limits.pardon()

    def unknown(self) -> Reply:
        """Answer that the engine did not answer in time."""
        self.errors["-1007"] += 1
        return BinanceError(
            -1007,
            "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
            408,
        ).reply()

    def _give_back(self, happening: Happening) -> None:
        """An order's first fill takes it out of the unfilled ones; one that fills at once does it itself."""
        order, trade = happening.order, happening.trade
        if trade is not None and order.trades[0] is trade and trade.liquidity == "maker":
            self.limits.count_order(order.account, -1, at=order.created_at)

    def _table(self) -> dict[tuple[str, str], _Route]:
        desk = self.order_desk
        ask = AccountQuestions(self.exchange, desk, self.limits)
        market = MarketQuestions(self.exchange, desk, self.limits, lambda: self.faults.maintenance)
        public: dict[str, tuple[Weight, Callable[[Params], Any]]] = {
            "/api/v3/ping": (1, market.ping),
            "/api/v3/time": (1, market.time),
            "/api/v3/exchangeInfo": (20, market.exchange_info),
            "/api/v3/ticker/24hr": (_weight_of_tickers, market.tickers),
            "/api/v3/ticker/price": (lambda params: 2 if params.has("symbol") else 4, market.prices),
            "/api/v3/ticker/bookTicker": (lambda params: 2 if params.has("symbol") else 4, market.book_tickers),
            "/api/v3/avgPrice": (2, market.average_price),
            "/api/v3/depth": (_weight_of_depth, market.depth),
            "/api/v3/klines": (2, market.klines),
            "/sapi/v1/system/status": (1, market.system_status),
        }
        private: dict[str, tuple[Weight, Callable[[ApiKey, Params], Any]]] = {
            "/api/v3/order": (4, lambda key, params: desk.query(key.account, params)),
            "/api/v3/openOrders": (
                lambda params: 6 if params.has("symbol") else 80,
                lambda key, params: desk.open(key.account, params),
            ),
            "/api/v3/allOrders": (20, lambda key, params: desk.all(key.account, params)),
            "/api/v3/myTrades": (lambda params: 5 if params.has("orderId") else 20, ask.trades),
            "/api/v3/account": (20, ask.account),
            "/api/v3/account/commission": (20, ask.commission),
            "/api/v3/rateLimit/order": (40, ask.unfilled),
            "/sapi/v1/account/apiRestrictions": (1, ask.restrictions),
            "/sapi/v1/capital/config/getall": (10, ask.coins),
            **dict.fromkeys(_MARGIN, (1, _nothing)),
        }
        table = {("GET", path): _Route("public", "public", w, _public(act)) for path, (w, act) in public.items()}
        table |= {("GET", path): _Route("user_data", "read", w, _private(act)) for path, (w, act) in private.items()}
        table |= {
            ("POST", "/api/v3/order"): _Route(
                "trade", "create", 1, lambda key, params: desk.place(key.account, _signed(params))
            ),
            ("POST", "/api/v3/order/test"): _Route(
                "trade", "read", 1, lambda key, params: desk.place(key.account, _signed(params), test=True)
            ),
            ("DELETE", "/api/v3/order"): _Route("trade", "cancel", 1, self._cancel),
            ("DELETE", "/api/v3/openOrders"): _Route("trade", "cancel", 1, self._cancel_all),
        }
        return table

    def _cancel(self, key: ApiKey, params: Params) -> Callable[[], tuple[Any, dict[str, str]]]:
        act = self.order_desk.cancel(key.account, _signed(params), self.dice.races)
        return lambda: (act(), {})

    def _cancel_all(self, key: ApiKey, params: Params) -> Callable[[], tuple[Any, dict[str, str]]]:
        act = self.order_desk.cancel_all(key.account, _signed(params))
        return lambda: (act(), {})


#: What is asked of margin trading, which nobody has here.
_MARGIN = ("/sapi/v1/margin/allPairs", "/sapi/v1/margin/isolated/allPairs", "/sapi/v1/margin/allAssets")
_NOBODY = ApiKey("", "", "")


def _signed(params: Params) -> Params:
    """Take what every signed request has as read."""
    params.skip("timestamp", "recvWindow", "signature")
    return params


def _nothing(_key: ApiKey, params: Params) -> list[Any]:
    params.done()
    return []


def _public(act: Callable[[Params], Any]) -> Act:
    return lambda _key, params: lambda: (act(params), {})


def _private(act: Callable[[ApiKey, Params], Any]) -> Act:
    return lambda key, params: lambda: (act(key, _signed(params)), {})


def _weight_of_tickers(params: Params) -> int:
    if params.has("symbol"):
        return 2
    some = params.symbols("symbols")
    if some is None or len(some) > 100:
        return 80
    return 2 if len(some) <= 20 else 40


def _weight_of_depth(params: Params) -> int:
    limit = params.number("limit") or 100
    return next(weight for most, weight in ((100, 5), (500, 25), (1_000, 50), (10**20, 250)) if limit <= most)
