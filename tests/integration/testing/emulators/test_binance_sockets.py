"""The emulator of Binance's websockets, spoken to as Binance's documentation says."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from octobot_node.testing.exchange_emulators import BinanceEmulator
from octobot_node.testing.exchange_emulators.binance.security import check_signature
from octobot_node.testing.exchange_emulators.binance.ws_api import signed_params
from octobot_node.testing.exchange_emulators.core.accounts import ApiKey
from tests.integration.testing.emulators.conftest import NOON, PlayBinance
from tests.support.binance_client import BinanceClient

#: The example of "SIGNED request example (HMAC)" of the websocket API's documentation.
EXAMPLE = {
    "symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01000000",
    "price": "52000.00", "recvWindow": "100", "timestamp": "1645423376532",
    "apiKey": "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
}  # fmt: skip
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
SIGNATURE = "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24"
PATIENCE_S = 20.0


class Socket:
    """A websocket, and what was heard on it and not asked for yet."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, client: BinanceClient) -> None:
        self.socket, self.client, self.kept = socket, client, list[Any]()

    async def hear(self, **wanted: Any) -> Any:
        """Return the next message that has these fields, at its top or in its event; keep the others."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for number, message in enumerate(self.kept):
                    inside = message.get("event", message) if isinstance(message, dict) else {}
                    if all({**message, **inside}.get(name) == value for name, value in wanted.items()):
                        return self.kept.pop(number)
                message = await self.socket.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    raise ConnectionError(str(message))
                self.kept.append(message.json())

    async def ask(self, method: str, params: Any = None, id_: Any = 1) -> Any:
        """Return the answer to a request."""
        await self.socket.send_json({"id": id_, "method": method, **({} if params is None else {"params": params})})
        return await self.hear(id=id_)

    async def signed(self, method: str, **params: Any) -> Any:
        """Return the answer to a request of the account's."""
        given = {"apiKey": self.client.key, "timestamp": self.client.clock(), **params}
        text = signed_params({name: str(value) for name, value in given.items()})
        signature = hmac.new(self.client.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return await self.ask(method, {**given, "signature": signature})


@asynccontextmanager
async def connected(client: BinanceClient, path: str) -> AsyncIterator[Socket]:
    async with client.session.ws_connect(f"{client.url}{path}") as socket:
        yield Socket(socket, client)


def test_the_documentation_s_own_signature_is_right() -> None:
    check_signature(signed_params({**EXAMPLE, "signature": "x"}), SIGNATURE, ApiKey("main", "key", SECRET))


def test_streams_are_subscribed_to_and_told(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        async with connected(client, "/ws/btcusdt@bookTicker") as socket:
            first = await socket.hear(s="BTCUSDT")
            assert (first["b"], first["a"]) == ("40000.00000000", "40000.01000000")
            exchange.price("BTC/USDT", 41_000)
            assert (await socket.hear(b="41000.00000000"))["u"] > first["u"]
            streams = ["btcusdt@ticker", "ethusdt@kline_1m", "btcusdt@depth5", "ethusdt@depth@100ms", "btcusdt@trade"]
            assert await socket.ask("SUBSCRIBE", streams) == {"result": None, "id": 1}
            assert (await socket.hear(e="24hrTicker"))["c"] == "41000.00000000"
            kline = (await socket.hear(e="kline"))["k"]
            assert (kline["s"], kline["i"], kline["x"], kline["t"] % 60_000) == ("ETHUSDT", "1m", False, 0)
            assert (await socket.hear(e="depthUpdate"))["E"] == NOON
            await client.order(type="MARKET", quantity="0.01")
            assert (await socket.hear(e="trade"))["q"] == "0.01000000"
            listed = await socket.ask("LIST_SUBSCRIPTIONS", id_=2)
            assert listed == {"result": ["btcusdt@bookTicker", *streams], "id": 2}
            await socket.ask("UNSUBSCRIBE", streams, id_="three")
            assert (await socket.ask("SHOUT", id_=4))["code"] == 2

    binance(scene)


def test_combined_streams_come_in_an_envelope(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        async with connected(client, "/stream?streams=btcusdt@miniTicker/!miniTicker@arr/nothing@ticker") as socket:
            one = await socket.hear(stream="btcusdt@miniTicker")
            assert (one["data"]["e"], one["data"]["c"]) == ("24hrMiniTicker", "40000.00000000")
            many = await socket.hear(stream="!miniTicker@arr")
            assert [each["s"] for each in many["data"]] == ["BTCUSDT", "ETHUSDT"]
            assert (await socket.ask("GET_PROPERTY", ["combined"]))["result"] is True
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with connected(client, "/elsewhere-sockets"):
                pass

    binance(scene)


def test_more_than_five_messages_a_second_cut_the_connection(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        async with connected(client, "/ws") as socket:
            for number in range(30):
                await socket.socket.send_json({"id": number, "method": "LIST_SUBSCRIPTIONS"})
            with pytest.raises(ConnectionError, match="1008"):
                await socket.hear(id=29)

    binance(scene)


def test_an_account_hears_what_becomes_of_its_orders_and_money(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        async with connected(client, "/ws-api/v3") as socket:
            assert (await socket.signed("userDataStream.subscribe.signature"))["result"] == {"subscriptionId": 0}
            assert (await socket.signed("userDataStream.subscribe.signature"))["error"]["code"] == -2035
            assert (await socket.ask("session.subscriptions"))["result"] == [{"subscriptionId": 0}]
            placed = (await client.order(quantity="0.02", price="39000", newClientOrderId="mine")).body
            new = await socket.hear(x="NEW")
            assert new["subscriptionId"] == 0
            event = new["event"]
            assert (event["i"], event["c"], event["X"], event["t"]) == (placed["orderId"], "mine", "NEW", -1)
            position = (await socket.hear(e="outboundAccountPosition"))["event"]["B"]
            assert {"a": "USDT", "f": "99220.00000000", "l": "780.00000000"} in position

            exchange.depth("BTC/USDT", "0.01")
            exchange.price("BTC/USDT", 38_999)
            part = (await socket.hear(x="TRADE"))["event"]
            assert (part["X"], part["l"], part["z"], part["n"], part["N"], part["m"]) == (
                "PARTIALLY_FILLED", "0.01000000", "0.01000000", "0.00001000", "BTC", True,
            )  # fmt: skip
            await client.delete("/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine", newClientOrderId="undo")
            gone = (await socket.hear(x="CANCELED"))["event"]
            assert (gone["c"], gone["C"], gone["z"]) == ("undo", "mine", "0.01000000")
            await client.order(quantity="0.02", price="30000", timeInForce="FOK")
            assert (await socket.hear(x="EXPIRED"))["event"]["X"] == "EXPIRED"
            other = exchange.add_key("other")
            exchange.deposit({"USDT": 1_000}, "other")
            await client.but(other.key, other.secret).order(quantity="0.01", price="31000")
            await client.order(quantity="0.01", price="32000")
            await socket.hear(p="32000.00000000")
            assert "31000.00000000" not in {each["event"].get("p") for each in socket.kept}
            assert (await socket.ask("userDataStream.unsubscribe"))["result"] == {}
            await socket.hear(e="eventStreamTerminated")

    binance(scene)


def test_orders_over_a_socket_are_struck_and_refused_as_over_http(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
        async with connected(client, "/ws-api/v3") as socket:
            placed = await socket.signed("order.place", **order, quantity="0.01", price="39000", newClientOrderId="a")
            assert (placed["status"], placed["result"]["status"]) == (200, "NEW")
            twice = await socket.signed("order.place", **order, quantity="0.01", price="39000", newClientOrderId="a")
            assert (twice["status"], twice["error"]) == (400, {"code": -2010, "msg": "Duplicate order sent."})
            found = await socket.signed("order.status", symbol="BTCUSDT", origClientOrderId="a")
            assert found["result"]["orderId"] == placed["result"]["orderId"]
            assert (await socket.signed("order.cancel", symbol="BTCUSDT", origClientOrderId="a"))["status"] == 200
            assert (await socket.ask("ticker.price", {"symbol": "BTCUSDT"}))["result"]["price"] == "40000.00000000"
            assert (await socket.ask("nothing"))["error"]["code"] == -1020
            assert (await socket.ask("userDataStream.subscribe"))["status"] == 401
            await socket.socket.send_str("{")
            assert (await socket.hear(id=None))["error"]["code"] == -1135
            exchange.revoke()
            assert (await socket.signed("order.place", **order, quantity="1", price="1"))["error"]["code"] == -2015
            exchange.restore()
            exchange.strike("rate_limited")
            limited = await socket.signed("order.place", **order, quantity="0.01", price="39000")
            assert (limited["status"], limited["error"]["code"]) == (429, -1003)
            exchange.strike("error_after")
            with pytest.raises(ConnectionError):
                await socket.signed("order.place", **order, quantity="0.01", price="39000", newClientOrderId="b")
        assert [each.order.client_order_id for each in exchange.orders()] == ["a", "b"]

    binance(scene)


def test_streams_go_silent_or_end_as_told(binance: PlayBinance) -> None:
    async def scene(exchange: BinanceEmulator, client: BinanceClient) -> None:
        async with connected(client, "/ws/btcusdt@bookTicker") as socket:
            await socket.hear(s="BTCUSDT")
            exchange.silence_streams()
            exchange.price("BTC/USDT", 41_000)
            async with connected(client, "/ws/btcusdt@bookTicker") as other:
                # When a later connection has heard of two prices, the silent one's turn has come, too.
                await other.hear(b="41000.00000000")
                exchange.price("BTC/USDT", 42_000)
                await other.hear(b="42000.00000000")
            exchange.silence_streams(silent=False)
            exchange.price("BTC/USDT", 43_000)
            await socket.hear(b="43000.00000000")
            assert socket.kept == []
            exchange.cut_streams(announced=True)
            await socket.hear(e="serverShutdown")
            with pytest.raises(ConnectionError):
                await socket.hear(e="anything")
        exchange.set(maintenance="down")
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with connected(client, "/ws"):
                pass

    binance(scene)
