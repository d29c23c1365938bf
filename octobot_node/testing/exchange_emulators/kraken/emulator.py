"""The emulator of Kraken: which method does what, and what it counts."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from octobot_node.testing.exchange_emulators.core.accounts import ApiKey
from octobot_node.testing.exchange_emulators.core.listing import Listing
from octobot_node.testing.exchange_emulators.core.orders import Order, Trade
from octobot_node.testing.exchange_emulators.emulator import Emulator
from octobot_node.testing.exchange_emulators.kraken.errors import KrakenError, invalid
from octobot_node.testing.exchange_emulators.kraken.limits import Limits
from octobot_node.testing.exchange_emulators.kraken.market import MarketQuestions
from octobot_node.testing.exchange_emulators.kraken.names import asset_id, pair_of, trade_txid, txid
from octobot_node.testing.exchange_emulators.kraken.orders import Arguments, Orders
from octobot_node.testing.exchange_emulators.kraken.security import Door, arguments_of
from octobot_node.testing.exchange_emulators.kraken.shapes import Shape
from octobot_node.testing.exchange_emulators.web.call import Call, Reply, RequestKind, reply

__all__ = ["KrakenEmulator"]

_PUBLIC, _PRIVATE = "/0/public/", "/0/private/"
_KINDS: dict[str, RequestKind] = {
    "AddOrder": "create",
    "CancelOrder": "cancel",
    "CancelAll": "cancel",
    "CancelAllOrdersAfter": "cancel",
}
#: What a call adds to the key's counter; one, if it is not here.
_POINTS = {"AddOrder": 0, "CancelOrder": 0, "TradesHistory": 2}
_TRADES = frozenset(_KINDS)
_RIGHTS = ("query-funds", "query-open-trades", "query-closed-trades")

Ask = Callable[[ApiKey, Arguments], Shape]


class KrakenEmulator(Emulator):
    """Kraken spot on this machine: ``/0/public`` and ``/0/private``.

    ``order_desk.duplicate`` is the answer to a cl_ord_id that an open order has. ``entrance`` checks keys and nonces.
    """

    name: ClassVar[str] = "kraken"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.limits = Limits(self.server_time)
        self.entrance = Door(self.keys, self.server_time)
        self.order_desk = Orders(self.exchange, self.limits)
        market = MarketQuestions(self.exchange, lambda: self.faults.maintenance)
        #: When everything of an account is cancelled, unless it says otherwise before.
        self._cancel_at: dict[str, int] = {}
        self._public: dict[str, Callable[[Arguments], Shape]] = {
            "Time": market.time,
            "SystemStatus": market.status,
            "Assets": market.assets,
            "AssetPairs": market.pairs,
            "Ticker": market.ticker,
            "OHLC": market.candles,
            "Depth": market.depth,
        }
        desk = self.order_desk
        self._private: dict[str, Ask] = {
            "OpenOrders": lambda key, arguments: desk.open(key.account, arguments),
            "ClosedOrders": lambda key, arguments: desk.closed(key.account, arguments),
            "QueryOrders": lambda key, arguments: desk.query(key.account, arguments),
            "TradesHistory": lambda key, arguments: desk.trades(key.account, arguments),
            "QueryTrades": lambda key, arguments: desk.query_trades(key.account, arguments),
            "Balance": self._balance,
            "BalanceEx": self._balance_held,
            "TradeVolume": self._fees,
            "GetApiKeyInfo": self._key_info,
            "CancelAll": lambda key, _arguments: desk.cancel_all(key.account),
            "CancelAllOrdersAfter": self._cancel_after,
        }

    def listing(self, symbol: str) -> Listing:
        """Return a market's rules: a coarse tick, amounts of eight digits, fees of the first tier."""
        return Listing(
            symbol,
            tick=Decimal("0.1"),
            step=Decimal("0.00000001"),
            min_amount=Decimal("0.00005"),
            max_amount=Decimal(10_000),
            max_market_amount=Decimal(10_000),
            min_notional=Decimal("0.5"),
            maker_fee=Decimal("0.0025"),
            taker_fee=Decimal("0.004"),
            far_up=Decimal(0),
            far_down=Decimal(0),
        )

    def new_key(self, account: str, number: int) -> ApiKey:
        """Return a key of 56 characters with a secret in base64, the same for the same account and number."""
        made = [hashlib.sha512(f"kraken {what} {account} {number}".encode()).digest() for what in ("key", "secret")]
        key, secret = (base64.b64encode(each).decode() for each in made)
        return ApiKey(account, key[:56], secret)

    def order_id(self, order: Order) -> str:
        """Return the order's txid."""
        return txid(order)

    def trade_id(self, trade: Trade) -> str:
        """Return the trade's txid."""
        return trade_txid(trade)

    @property
    def urls(self) -> dict[str, Any]:
        """The addresses for ccxt: ``ccxt.kraken({"urls": exchange.urls, …})``."""
        return {"api": {"public": self.url, "private": self.url}}

    def kind_of(self, call: Call) -> RequestKind:
        """Say what a request is about."""
        if not call.path.startswith(_PRIVATE):
            return "public"
        return _KINDS.get(call.path.removeprefix(_PRIVATE), "read")

    async def answer(self, call: Call) -> Reply:
        """Answer as Kraken does."""
        try:
            return reply({"error": [], "result": await self._result(call)})
        except KrakenError as no:
            self.errors[no.text] += 1
            return no.reply()

    async def _result(self, call: Call) -> Shape:
        if call.path.startswith(_PUBLIC):
            method = call.path.removeprefix(_PUBLIC)
            if method not in self._public:
                raise KrakenError("EGeneral:Unknown method")
            self._refuse_if_down(method)
            return self._public[method](arguments_of(call))
        method = call.path.removeprefix(_PRIVATE)
        if call.method != "POST" or (method not in self._private and method not in ("AddOrder", "CancelOrder")):
            raise KrakenError("EGeneral:Unknown method")
        self._refuse_if_down(method)
        arguments = arguments_of(call)
        key = self.entrance.key_of(call, arguments)
        if method in _TRADES and not key.may_trade:
            raise KrakenError("EGeneral:Permission denied")
        self.limits.call(key.key, _POINTS.get(method, 1))
        if method == "AddOrder":
            return await self._add(key, arguments)
        if method == "CancelOrder":
            return self.order_desk.cancel(key.account, arguments, self.dice.races)()
        return self._private[method](key, arguments)

    async def _add(self, key: ApiKey, arguments: Arguments) -> Shape:
        act = self.order_desk.add(key.account, arguments)
        if self.faults.maintenance in ("cancel_only", "post_only"):
            mode = self.faults.maintenance
            if mode == "cancel_only" or "post" not in arguments.get("oflags", ""):
                raise KrakenError(f"EService:Market in {mode} mode")
        if self.faults.engine_delay_ms:
            await asyncio.sleep(self.faults.engine_delay_ms / 1_000)
        return act()

    def _refuse_if_down(self, method: str) -> None:
        if self.faults.maintenance == "down" and method != "SystemStatus":
            raise KrakenError("EService:Unavailable")

    def limited(self) -> Reply:
        """Answer that the key's counter is full."""
        return self._said("EAPI:Rate limit exceeded")

    def ban(self, call: Call) -> Reply:
        """Lock the address out."""
        self.entrance.lock(call.peer)
        return self._said("EGeneral:Temporary lockout")

    def unknown(self) -> Reply:
        """Answer that the service is not there, which says nothing of the order."""
        return self._said("EService:Unavailable")

    def limit(self, **limits: int) -> None:
        """Change ``counter`` (calls of a key), ``pair`` (orders of a market), ``open_orders`` or ``mistakes``."""
        for name, value in limits.items():
            if name == "mistakes":
                self.entrance.mistakes = value
            elif name in ("counter", "pair", "open_orders"):
                setattr(self.limits, name, value)
            else:
                raise ValueError(f"there is no limit {name!r}: give counter, pair, open_orders or mistakes")

    def pardon(self) -> None:
        """End every lockout, and begin every count anew."""
        super().pardon()
        self.limits.pardon()
        self.entrance.pardon()

    def beat(self) -> None:
        """Carry out what is due, the cancel of everything among it."""
        super().beat()
        now = self.exchange.now()
        for account, due in [*self._cancel_at.items()]:
            if due <= now:
                del self._cancel_at[account]
                self.order_desk.cancel_all(account)

    def _said(self, text: str) -> Reply:
        self.errors[text] += 1
        return KrakenError(text).reply()

    # -- the account

    def _balance(self, key: ApiKey, _arguments: Arguments) -> Shape:
        totals = self.exchange.account(key.account).totals()
        return {asset_id(asset): f"{total:.8f}" for asset, total in totals.items()}

    def _balance_held(self, key: ApiKey, _arguments: Arguments) -> Shape:
        account = self.exchange.account(key.account)
        return {
            asset_id(asset): {"balance": f"{total:.8f}", "hold_trade": f"{account.locked[asset]:.8f}"}
            for asset, total in account.totals().items()
        }

    def _fees(self, _key: ApiKey, _arguments: Arguments) -> Shape:
        listings = [book.listing for book in self.exchange.books.values()]

        def fees(of: Callable[[Listing], Decimal]) -> Shape:
            return {
                pair_of(listing.symbol).id: {"fee": f"{of(listing) * 100:.4f}", "minfee": "0.0000", "maxfee": "0.4000"}
                for listing in listings
            }

        return {
            "currency": "ZUSD",
            "volume": "0.0000",
            "fees": fees(lambda listing: listing.taker_fee),
            "fees_maker": fees(lambda listing: listing.maker_fee),
        }

    def _key_info(self, key: ApiKey, _arguments: Arguments) -> Shape:
        trading = ("modify-trades", "close-trades") if key.may_trade else ()
        withdrawing = ("withdraw-funds",) if key.may_withdraw else ()
        return {
            "apiKeyName": "emulated",
            "apiKey": key.key,
            "nonceWindow": str(self.entrance.nonce_window),
            "permissions": [*_RIGHTS, *trading, *withdrawing],
            "ipAllowlist": sorted(key.addresses),
        }

    def _cancel_after(self, key: ApiKey, arguments: Arguments) -> Shape:
        text = arguments.get("timeout", "")
        if not text.isdigit():
            raise invalid("timeout")
        now, timeout = self.exchange.now(), int(text)
        self._cancel_at.pop(key.account, None)
        if timeout:
            self._cancel_at[key.account] = now + timeout * 1_000
        return {
            "currentTime": _rfc3339(now),
            "triggerTime": _rfc3339(now + timeout * 1_000) if timeout else "0",
        }


def _rfc3339(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1_000, UTC):%Y-%m-%dT%H:%M:%SZ}"
