"""The emulator of OKX: which address does what, and what each answer is wrapped in."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from octobot_node.testing.exchange_emulators.core.accounts import ApiKey
from octobot_node.testing.exchange_emulators.core.listing import Listing
from octobot_node.testing.exchange_emulators.core.orders import Order, Trade
from octobot_node.testing.exchange_emulators.emulator import Emulator
from octobot_node.testing.exchange_emulators.okx.errors import OkxError
from octobot_node.testing.exchange_emulators.okx.limits import Limits
from octobot_node.testing.exchange_emulators.okx.market import MarketQuestions
from octobot_node.testing.exchange_emulators.okx.orders import Arguments, Orders
from octobot_node.testing.exchange_emulators.okx.security import key_of
from octobot_node.testing.exchange_emulators.okx.shapes import Shape, ord_id, text
from octobot_node.testing.exchange_emulators.web.call import Call, Reply, RequestKind, html, reply

__all__ = ["OkxEmulator"]

_BASE = "/api/v5/"
_KINDS: dict[str, RequestKind] = {
    "trade/order": "create",
    "trade/batch-orders": "create",
    "trade/cancel-order": "cancel",
    "trade/cancel-batch-orders": "cancel",
}
_MOST_IN_A_BATCH = 20

Ask = Callable[[ApiKey, Arguments], list[Any]]


class OkxEmulator(Emulator):
    """OKX spot on this machine: ``/api/v5``. ``demo``: keys are of demo trading, whose requests say so by a header."""

    name: ClassVar[str] = "okx"

    def __init__(self, *, demo: bool = False, **options: Any) -> None:
        super().__init__(**options)
        # An order that may not take is taken in, and cancelled at once.
        self.exchange.manner.post_only_cancels = True
        self.demo = demo
        self.limits = Limits(self.server_time)
        self.order_desk = desk = Orders(self.exchange, self.limits)
        self._banned_until: dict[str, int] = {}
        market = MarketQuestions(self.exchange, lambda: self.faults.maintenance)
        self._public: dict[str, Callable[[Arguments], list[Any]]] = {
            "public/time": market.time,
            "public/instruments": market.instruments,
            "market/tickers": market.tickers,
            "market/ticker": market.ticker,
            "market/candles": market.candles,
            "market/history-candles": market.candles,
            "market/books": market.books,
            "system/status": market.status,
        }
        self._questions: dict[str, Ask] = {
            "trade/order": lambda key, asked: desk.query(key.account, asked),
            "trade/orders-pending": lambda key, asked: desk.pending(key.account, asked),
            "trade/orders-history": lambda key, asked: desk.history(key.account, asked, 7),
            "trade/orders-history-archive": lambda key, asked: desk.history(key.account, asked, 90),
            "trade/fills": lambda key, asked: desk.fills(key.account, asked, 3),
            "trade/fills-history": lambda key, asked: desk.fills(key.account, asked, 90),
            "account/balance": self._balance,
            "account/config": self._config,
            "account/trade-fee": self._fees,
            "account/instruments": lambda _key, asked: market.instruments(asked),
            "asset/currencies": self._currencies,
        }

    def listing(self, symbol: str) -> Listing:
        """Return a market's rules."""
        return Listing(
            symbol,
            tick=Decimal("0.1"),
            step=Decimal("0.00000001"),
            max_amount=Decimal(9_999_999_999),
            max_market_amount=Decimal(9_999_999_999),
            min_notional=Decimal(0),
            max_notional=Decimal(1_000_000),
            maker_fee=Decimal("0.0008"),
            taker_fee=Decimal("0.001"),
        )

    def new_key(self, account: str, number: int) -> ApiKey:
        """Return a key like a UUID with a secret of 32 digits, the same for the same account and number."""
        made = hashlib.sha256(f"okx {account} {number}".encode()).hexdigest()
        key = f"{made[:8]}-{made[8:12]}-{made[12:16]}-{made[16:20]}-{made[20:32]}"
        return ApiKey(account, key, made[32:].upper(), passphrase=f"Phrase-{made[:6]}")

    def order_id(self, order: Order) -> str:
        """Return the order's ordId."""
        return ord_id(order)

    def trade_id(self, trade: Trade) -> str:
        """Return the trade's tradeId, which is its market's own."""
        return str(trade.id)

    @property
    def urls(self) -> dict[str, Any]:
        """The address for ccxt: ``ccxt.okx({"urls": exchange.urls, "password": exchange.passphrase, …})``."""
        return {"api": {"rest": self.url}}

    def kind_of(self, call: Call) -> RequestKind:
        """Say what a request is about."""
        path = call.path.removeprefix(_BASE)
        if call.method == "POST":
            return _KINDS.get(path, "read")
        return "public" if path in self._public else "read"

    async def answer(self, call: Call) -> Reply:
        """Answer as OKX does."""
        arrived = self.server_time()
        if self._banned_until.get(call.peer, 0) > arrived:
            return html(403, "403 Forbidden")
        try:
            code, data = await self._result(call)
        except OkxError as no:
            self.errors[no.code] += 1
            return no.reply()
        for each in data:
            if isinstance(each, dict) and each.get("sCode", "0") != "0":
                self.errors[each["sCode"]] += 1
        words = {"0": "", "1": "All operations failed", "2": "Bulk operation partially succeeded"}[code]
        stamps = {"inTime": str(arrived * 1_000), "outTime": str(self.server_time() * 1_000)}
        return reply({"code": code, "data": data, "msg": words, **(stamps if call.method == "POST" else {})})

    async def _result(self, call: Call) -> tuple[str, list[Any]]:
        path = call.path.removeprefix(_BASE)
        if self.faults.maintenance == "down" and path != "system/status":
            raise OkxError("50001", "Service temporarily unavailable. Please try again later.", 503)
        asked = dict(parse_qsl(call.query, keep_blank_values=True))
        if call.method == "GET" and path in self._public:
            return "0", self._public[path](asked)
        known = path in self._questions if call.method == "GET" else path in _KINDS
        if not known:
            raise OkxError("50005", "API endpoint is inactive or unavailable.", 410)
        key = key_of(call, self.keys, self.server_time(), demo=self.demo)
        if call.method == "GET":
            self.limits.read(key.account, path)
            return "0", self._questions[path](key, asked)
        if not key.may_trade:
            raise OkxError("50120", "This API key doesn't have permission to use this function")
        orders = _orders_in(call, batch="batch" in path)
        return await (self._create if _KINDS[path] == "create" else self._cancel)(key, call, orders)

    async def _create(self, key: ApiKey, call: Call, orders: list[Arguments]) -> tuple[str, list[Any]]:
        if self.faults.maintenance != "none" and not (
            self.faults.maintenance == "post_only" and all(each.get("ordType") == "post_only" for each in orders)
        ):
            raise OkxError("50013", "Systems are busy. Please try again later.", 429)
        expires = call.headers.get("expTime", "")
        if self.faults.engine_delay_ms:
            await asyncio.sleep(self.faults.engine_delay_ms / 1_000)
        if expires and (not expires.isdigit() or self.server_time() > int(expires)):
            raise OkxError(
                "50036",
                "The expTime can't be earlier than the current system time. Please adjust the expTime and try again.",
            )
        return _whole([self.order_desk.place(key.account, each, alone=len(orders) == 1) for each in orders])

    async def _cancel(self, key: ApiKey, _call: Call, orders: list[Arguments]) -> tuple[str, list[Any]]:
        return _whole([self.order_desk.cancel(key.account, each, self.dice.races) for each in orders])

    def limited(self) -> Reply:
        """Answer 429."""
        self.errors["50011"] += 1
        return OkxError("50011", "Too Many Requests", 429).reply()

    def ban(self, call: Call) -> Reply:
        """Keep the address out for a while, with a page of whoever stands before the exchange."""
        self._banned_until[call.peer] = self.server_time() + self.faults.ban_s * 1_000
        return html(403, "403 Forbidden")

    def unknown(self) -> Reply:
        """Answer that the request took too long, which says nothing of the order."""
        self.errors["50004"] += 1
        words = (
            "API endpoint request timeout. (does not mean that the request was successful or failed, please check the "
        )
        return OkxError("50004", f"{words}request result).", 400).reply()

    def limit(self, **limits: int) -> None:
        """Change ``orders`` (of an instrument), ``account_orders`` or ``reads``, each in two seconds."""
        for name, value in limits.items():
            if name not in ("orders", "account_orders", "reads"):
                raise ValueError(f"there is no limit {name!r}: give orders, account_orders or reads")
            setattr(self.limits, name, value)

    def pardon(self) -> None:
        """End every ban, and begin every count anew."""
        super().pardon()
        self.limits.pardon()
        self._banned_until.clear()

    # -- the account

    def _balance(self, key: ApiKey, asked: Arguments) -> list[Shape]:
        account, now = self.exchange.account(key.account), str(self.exchange.now())
        wanted = str(asked["ccy"]).split(",") if asked.get("ccy") else None
        details = [
            {
                "ccy": asset,
                "availBal": text(account.free[asset]),
                "availEq": text(account.free[asset]),
                "cashBal": text(total),
                "eq": text(total),
                "frozenBal": text(account.locked[asset]),
                "ordFrozen": text(account.locked[asset]),
                "uTime": now,
            }
            for asset, total in account.totals().items()
            if total and (wanted is None or asset in wanted)
        ]
        return [{"adjEq": "", "details": details, "isoEq": "0", "ordFroz": "", "totalEq": "0", "uTime": now}]

    def _config(self, key: ApiKey, _asked: Arguments) -> list[Shape]:
        rights = ["read_only", *(["withdraw"] if key.may_withdraw else []), *(["trade"] if key.may_trade else [])]
        return [
            {
                "acctLv": "1",
                "acctStpMode": "cancel_maker",
                "autoLoan": False,
                "enableSpotBorrow": False,
                "ip": ",".join(sorted(key.addresses)),
                "kycLv": "3",
                "label": "emulated",
                "level": "Lv1",
                "mainUid": "44705892343619584",
                "perm": ",".join(rights),
                "posMode": "net_mode",
                "type": "0",
                "uid": "44705892343619584",
            }
        ]

    def _fees(self, _key: ApiKey, _asked: Arguments) -> list[Shape]:
        listing = next(iter(self.exchange.books.values())).listing
        return [
            {
                "instType": "SPOT",
                "level": "Lv1",
                "maker": text(-listing.maker_fee),
                "taker": text(-listing.taker_fee),
                "ruleType": "normal",
                "ts": str(self.exchange.now()),
            }
        ]

    def _currencies(self, _key: ApiKey, _asked: Arguments) -> list[Shape]:
        names = {asset for book in self.exchange.books.values() for asset in (book.listing.base, book.listing.quote)}
        return [
            {"ccy": name, "name": name, "chain": f"{name}-{name}", "canDep": True, "canWd": True, "canInternal": True}
            for name in sorted(names)
        ]


def _orders_in(call: Call, *, batch: bool) -> list[Arguments]:
    if not call.body:
        raise OkxError("50000", "Body for POST request cannot be empty.", 400)
    try:
        found = json.loads(call.body)
    except ValueError as error:
        raise OkxError("50002", "JSON syntax error", 400) from error
    orders = found if batch else [found]
    if not isinstance(orders, list) or not all(isinstance(each, Mapping) for each in orders):
        raise OkxError("50002", "JSON syntax error", 400)
    if not 0 < len(orders) <= _MOST_IN_A_BATCH:
        raise OkxError("50025", f"Parameter orders count exceeds the limit {_MOST_IN_A_BATCH}.")
    return orders


def _whole(parts: list[Shape]) -> tuple[str, list[Any]]:
    """Return the code of a request by those of its orders: all went well, none, or some."""
    failed = sum(part["sCode"] != "0" for part in parts)
    return ("0" if not failed else "1" if failed == len(parts) else "2"), parts
