"""What every emulator is: an exchange, a server in front of it, and a handle for whoever tests."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from aiohttp import web

from octobot_node.testing.exchange_emulators.core.accounts import ApiKey
from octobot_node.testing.exchange_emulators.core.exchange import Exchange, Manner
from octobot_node.testing.exchange_emulators.core.listing import Listing
from octobot_node.testing.exchange_emulators.core.orders import Order, Trade
from octobot_node.testing.exchange_emulators.records import (
    Accepted,
    EmulatorReport,
    Executed,
    accepted,
    executed,
    money,
    total,
)
from octobot_node.testing.exchange_emulators.web.call import Call, Reply, RequestKind, html, reply
from octobot_node.testing.exchange_emulators.web.faults import BEFORE, FaultDice, Faults, Strike
from octobot_node.testing.exchange_emulators.web.server import Door, Hung
from octobot_node.testing.hostile_exchange.journal import Journal

__all__ = ["Emulator", "Money"]

#: Exact money; a float is refused.
Money = Decimal | int | str

#: What an exchange that needs both is given, if nothing is said.
_PRICES: Mapping[str, Money] = {"BTC/USDT": 40_000, "ETH/USDT": 2_500}
_BALANCES: Mapping[str, Money] = {"USDT": 100_000, "BTC": 1}

#: How often what moves by itself is looked at while nobody asks anything, in seconds.
_BEAT = 0.02


class Emulator(ABC):
    """An exchange that speaks the protocol of a real one, on this machine.

    ``async with BinanceEmulator() as exchange: exchange.url``. Everything but the start and the end is synchronous,
    and sees at once what clients see late or never. An account ``main`` has ``balances`` and the key ``key``,
    ``secret``. ``data`` is a folder in which ``journal.jsonl`` keeps what was accepted, executed and refused.
    """

    #: What it is called on the command line.
    name: ClassVar[str]
    #: Whether ids of orders count each market's own.
    numbers_by_market: ClassVar[bool] = False

    def __init__(
        self,
        *,
        prices: Mapping[str, Money] = _PRICES,
        balances: Mapping[str, Money] = _BALANCES,
        port: int = 0,
        data: Path | None = None,
        clock: Callable[[], int] | None = None,
        **faults: Any,
    ) -> None:
        self._machine = clock or (lambda: time.time_ns() // 1_000_000)
        self._journal = None if data is None else Journal(data / "journal.jsonl")
        record = None if self._journal is None else self._keep
        self.faults = Faults(**faults)
        self.exchange = Exchange(
            self.server_time,
            steady=self._machine,
            manner=Manner(numbers_by_market=self.numbers_by_market),
            record=record,
        )
        self.dice = FaultDice(self.faults)
        self.keys: dict[str, ApiKey] = {}
        self.struck: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self._port = port
        self._beating: asyncio.Task[None] | None = None
        self._door = Door(self._face, self._socket)
        for symbol, price in prices.items():
            self.exchange.enlist(self.listing(symbol), money(price))
        self.exchange.deposit("main", {asset: money(amount) for asset, amount in balances.items()})
        main = self.add_key("main")
        self.key, self.secret, self.passphrase = main.key, main.secret, main.passphrase
        self._apply_faults()

    # -- what each protocol says

    @abstractmethod
    def listing(self, symbol: str) -> Listing:
        """Return the rules of a market as this exchange has them."""

    @abstractmethod
    def new_key(self, account: str, number: int) -> ApiKey:
        """Return a key in this exchange's format."""

    @abstractmethod
    def kind_of(self, call: Call) -> RequestKind:
        """Say what a request is about, for faults."""

    @abstractmethod
    async def answer(self, call: Call) -> Reply:
        """Answer a request as the exchange does."""

    @abstractmethod
    def limited(self) -> Reply:
        """Answer that there were too many requests."""

    @abstractmethod
    def ban(self, call: Call) -> Reply:
        """Ban whoever asks, and say so."""

    @abstractmethod
    def unknown(self) -> Reply:
        """Say in the exchange's own words that the outcome is not known."""

    def order_id(self, order: Order) -> str:
        """Return an order's id as clients see it."""
        return str(order.number)

    def trade_id(self, trade: Trade) -> str:
        """Return a trade's id as clients see it."""
        return str(trade.serial)

    @property
    def urls(self) -> dict[str, Any]:
        """The addresses that ccxt's class of this exchange, if it has one, is given instead of the real ones."""
        return {"api": self.url}

    def limit(self, **limits: int) -> None:
        """Change the request limits; their names are each exchange's own."""
        raise ValueError(f"{self.name} has no request limits: {', '.join(limits)}")

    def pardon(self) -> None:
        """End every ban and lockout, begin every count anew, and forget strikes that met nothing yet."""
        self.dice.forget()

    async def _socket(self, _request: web.BaseRequest) -> web.StreamResponse | None:
        """Serve a websocket, where the emulator has them."""
        return None

    # -- start and end

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._door.port}"

    async def start(self) -> None:
        """Listen."""
        await self._door.open(self._port)
        self._beating = asyncio.create_task(self._beat())

    async def stop(self) -> None:
        """End; what is under way is lost."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        await self._door.close()
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _beat(self) -> None:
        while True:
            self.beat()
            await asyncio.sleep(_BEAT)

    # -- for whoever tests

    def set(self, **faults: Any) -> Faults:
        """Change the given faults, keep the others, start their chances anew; return what holds now."""
        self.faults = Faults.model_validate({**self.faults.model_dump(), **faults})
        self.dice.change(self.faults)
        self._apply_faults()
        return self.faults

    def strike(self, strike: Strike, on: RequestKind | Collection[RequestKind] = "create", times: int = 1) -> None:
        """Let the next ``times`` requests of a kind be struck, for sure."""
        kinds: frozenset[RequestKind] = frozenset({on}) if isinstance(on, str) else frozenset(on)
        self.dice.tell(strike, kinds, times)

    def price(self, symbol: str, price: Money) -> None:
        """Move the market: what it crosses trades, stops that it reaches are triggered."""
        self.exchange.set_price(symbol, money(price))

    def wave(self, symbol: str, amplitude: Money, period_ms: int = 60_000) -> None:
        """Let the price go up and down by itself around the last one that was set, by a ratio: 0.01 is 1 %."""
        line = self.exchange.books[symbol].line
        line.amplitude, line.period_ms = money(amplitude), period_ms

    def depth(self, symbol: str, amount: Money | None) -> None:
        """Let the world trade no more than ``amount`` of base before the price moves; None for any amount."""
        self.exchange.set_depth(symbol, None if amount is None else money(amount))

    def change(self, symbol: str, **rules: Any) -> None:
        """Change a market's rules while it is traded: fields of ``Listing``."""
        self.exchange.change(symbol, **{name: _rule(value) for name, value in rules.items()})

    def deposit(self, amounts: Mapping[str, Money], account: str = "main") -> None:
        """Give an account money, or take it with a negative amount."""
        self.exchange.deposit(account, {asset: money(amount) for asset, amount in amounts.items()})

    def add_key(self, account: str, **rights: Any) -> ApiKey:
        """Make a key of an account, with these fields of ``ApiKey``."""
        key = self.new_key(account, len(self.keys) + 1)
        for name, value in rights.items():
            setattr(key, name, value)
        self.keys[key.key] = key
        return key

    def revoke(self, key: str | None = None) -> None:
        """Let a key be one that the exchange does not know any more: the first one's, or another."""
        self.keys[key or self.key].revoked = True

    def restore(self, key: str | None = None) -> None:
        """Take that back."""
        self.keys[key or self.key].revoked = False

    def balances(self, account: str = "main") -> dict[str, Decimal]:
        """Return asset -> total, free and locked."""
        return dict(self.exchange.account(account).totals())

    def orders(self, account: str | None = None) -> list[Accepted]:
        """Return every order that was ever accepted, oldest first."""
        found = self.exchange.orders
        return [accepted(order, self.order_id(order)) for order in found if account in (None, order.account)]

    def trades(self, account: str | None = None) -> list[Executed]:
        """Return every execution, oldest first."""
        return [
            executed(trade, self.trade_id(trade), self.order_id(trade.order))
            for trade in self.exchange.trades
            if account in (None, trade.order.account)
        ]

    def report(self) -> EmulatorReport:
        """Return what was counted."""
        return EmulatorReport(
            orders=len(self.exchange.orders),
            trades=len(self.exchange.trades),
            refused=total(Counter(why for _, why in self.exchange.refused)),
            requests=total(self._door.requests),
            strikes=total(self.struck),
            errors=total(self.errors),
            connections=total(Counter(address for address, _ in self._door.connections)),
            peers=self._door.connections,
            redirects_followed=self._door.requests[self.faults.redirect_to],
            weight=self.weighed(),
        )

    def weighed(self) -> int:
        """Return what all requests weighed; 0 where the exchange has no weights."""
        return 0

    def controls(self) -> dict[str, Callable[..., Any]]:
        """Return the methods above by name: what the admin port offers."""
        return {
            "set": self.set,
            "strike": self.strike,
            "price": self.price,
            "wave": self.wave,
            "depth": self.depth,
            "change": self.change,
            "limit": self.limit,
            "pardon": self.pardon,
            "deposit": self.deposit,
            "revoke": self.revoke,
            "restore": self.restore,
            "balances": self.balances,
            "orders": self.orders,
            "trades": self.trades,
            "report": self.report,
        }

    @property
    def silent(self) -> int:
        """How many requests are being kept without an answer."""
        return self._door.silent

    # -- the exchange's own

    def server_time(self) -> int:
        """Return the exchange's time in ms UTC, wrong as told."""
        return self._machine() + self.faults.clock_drift_ms

    def beat(self) -> None:
        """Carry out what is due by now."""
        self.exchange.advance()

    async def _face(self, call: Call) -> Reply | None:
        """Let a request meet what strikes it, and answer it."""
        if call.path == self.faults.redirect_to:
            return reply({"here": "a redirect was followed"})
        kind, faults = self.kind_of(call), self.faults
        writes = kind == "create"
        strike = self.dice.strike(kind)
        if strike is not None:
            self.struck[strike] += 1
        await _pause(faults.latency_ms / 2 + (faults.delay_before_ms if writes else 0))
        if strike in BEFORE:
            return self._struck(strike, call, None)
        self.beat()
        answer = await self.answer(call)
        await _pause(faults.latency_ms / 2 + (faults.delay_after_ms if writes else 0))
        return answer if strike is None else self._struck(strike, call, answer)

    def _struck(self, strike: Strike, call: Call, answer: Reply | None) -> Reply | None:
        match strike:
            case "drop_before" | "drop_after":
                raise Hung
            case "silent_before" | "silent_after":
                return None
            case "truncated":
                raise Hung(answer)
            case "rate_limited":
                return self.limited()
            case "banned":
                return self.ban(call)
            case "error_before" | "error_after":
                return html(502, "502 Bad Gateway")
            case "unknown_before" | "unknown_after":
                return self.unknown()
            case "html":
                return html(200, "Just a moment...")
            case "redirected":
                return Reply(307, b"", {"Location": self.faults.redirect_to})

    def _apply_faults(self) -> None:
        manner, faults = self.exchange.manner, self.faults
        manner.parts, manner.part_interval_ms = faults.parts, faults.part_interval_ms
        manner.visibility_lag_ms = faults.visibility_lag_ms

    def _keep(self, event: list[Any]) -> None:
        if self._journal is not None:
            self._journal.append([event])


def _rule(value: Any) -> Any:
    return money(value) if isinstance(value, str) and value.replace(".", "", 1).isdigit() else value


async def _pause(milliseconds: float) -> None:
    if milliseconds:
        await asyncio.sleep(milliseconds / 1_000)
