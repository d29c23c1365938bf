"""Which exchange the rounds are played on: what a node is told of it, what troubles it, and its books in the end."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, Self

import sqlalchemy as sa

from benchmarks.crash.verify import Exchange, looked_at
from octobot_node.store.tables import fills, intents
from octobot_node.testing.exchange_emulators.process import EmulatorProcess
from octobot_node.testing.exchange_emulators.records import Accepted, Executed
from octobot_node.testing.hostile_exchange.process import HostileExchange, IntentOrder, IntentTrade
from octobot_node.testing.hostile_exchange.report import HostileReport
from tests.support.proxies import SocksServer

__all__ = ["EMULATED", "STRONG", "TROUBLE", "BooksOf", "CrashExchange", "Emulated", "Hostile"]

#: The exchanges that an emulator speaks the protocol of.
EMULATED = ("binance", "kraken", "okx")

#: What the hostile exchange does to requests during the rounds; the guarantees are the scenario's.
TROUBLE: dict[str, Any] = {
    "drop_before": 0.03,
    "drop_after": 0.03,
    "error_5xx": 0.02,
    "rate_limited": 0.02,
    "cancel_race": 0.2,
    "partial_fills": 2,
    "fill_interval_ms": 80,
    "latency_ms": 4,
    "retry_after": 0.2,
}
STRONG: dict[str, Any] = {"dedupe": "open", "lookup": "all", "request_expiry": True, "visibility_lag_ms": 300}
WEAK: dict[str, Any] = {"dedupe": "none", "lookup": "none", "request_expiry": False, "visibility_lag_ms": 300}


class Records(Protocol):
    """What an emulator accepted and executed, in this process or one of its own."""

    def orders(self) -> list[Accepted]: ...
    def trades(self) -> list[Executed]: ...


class CrashExchange(Protocol):
    """An exchange in a process of its own; a context manager."""

    def job(self) -> dict[str, Any]:
        """Return what a node is told: plugins, connectors with their settings, and which automations to create."""
        ...

    def trouble(self, number: int, /) -> str:
        """Make the trouble of a round's number, in the place of the one before; return its name."""
        ...

    def orders_asked(self) -> int:
        """Return how many requests for orders have arrived."""
        ...

    def calm(self) -> None:
        """Behave from now on."""
        ...

    def settled(self, database: Path | str, /) -> bool:
        """Whether the node has heard of everything that happened."""
        ...

    def books(self, database: Path | str, /) -> Exchange:
        """Return what really happened, by the intents of a node's database."""
        ...

    def problems(self) -> list[str]:
        """Return what else went wrong, as the exchange saw it."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...


class Hostile:
    """The hostile exchange and traders that order at every tick."""

    def __init__(self, folder: Path, *, automations: int, strong: bool, every: float) -> None:
        self._folder, self._strong = folder / "exchange", strong
        self._automations, self._every = automations, every

    def __enter__(self) -> Self:
        guarantees = STRONG if self._strong else WEAK
        self._exchange = HostileExchange.start(self._folder, **guarantees, **TROUBLE)
        return self

    def __exit__(self, *error: object) -> None:
        self._exchange.stop()

    def job(self) -> dict[str, Any]:
        """Return what a node is told."""
        # What an exchange cannot tell of each other's orders is by market: there each trader has one of its own.
        symbols = ["BTC/USD" if self._strong else f"C{number}/USD" for number in range(self._automations)]
        return {
            "plugins": ["octobot_node.testing.hostile_exchange", "benchmarks.crash.trader"],
            "connector": "hostile",
            "market_data_settings": self._exchange.market_data_settings(),
            "trading_settings": self._exchange.trading_settings("crash"),
            "automations": traders(symbols, self._every),
        }

    def trouble(self, _number: int) -> str:
        """Its troubles are the same in each round."""
        return "faults"

    def orders_asked(self) -> int:
        """Return how many have arrived, those that were struck included."""
        return self._exchange.report().requests.get("create", 0)

    def calm(self) -> None:
        """Answer everything."""
        none = ("drop_before", "drop_after", "error_5xx", "rate_limited", "cancel_race", "latency_ms")
        self._exchange.set(**{**self._exchange.behaviour().model_dump(), **dict.fromkeys(none, 0)})

    def settled(self, _database: Path | str) -> bool:
        """Nothing happens there by itself."""
        return True

    def books(self, _database: Path | str) -> Exchange:
        """Return the exchange, which knows intents."""
        return self._exchange

    def problems(self) -> list[str]:
        """Nothing else."""
        return []


def traders(symbols: list[str], every: float) -> list[dict[str, Any]]:
    """Return traders, one for each symbol."""
    return [
        {
            "name": f"trader-{number}",
            "type": "crash_trader",
            "budget": {symbol.partition("/")[2]: "1000000"},
            "config": {"symbol": symbol, "every": every},
        }
        for number, symbol in enumerate(symbols)
    ]


#: Small mishaps of each round beside its trouble.
_MISHAPS: dict[str, Any] = {
    "strikes": ["create", "cancel"],
    "drop_before": 0.03,
    "drop_after": 0.03,
    "error_before": 0.01,
    "error_after": 0.02,
    "unknown_before": 0.01,
    "unknown_after": 0.01,
    "truncated": 0.02,
    "html": 0.02,
    "redirected": 0.01,
    "silent_after": 0.01,
    "cancel_race": 0.2,
    "parts": 2,
    "part_interval_ms": 80,
    "latency_ms": 4,
    "visibility_lag_ms": 300,
    "retry_after_s": 1,
}
_CALM: dict[str, Any] = {"visibility_lag_ms": 300, "parts": 2, "part_interval_ms": 80, "ban_s": 2}
#: What an exchange may come to, a round each.
_TROUBLES = ("mishaps", "storm", "ban", "maintenance", "proxy", "drift", "revoked", "filters", "poor")
#: So much that no limit of an exchange is met but in a storm: rounds are short, and nodes start again and again.
_NO_LIMITS: dict[str, dict[str, int]] = {
    "binance": {"weight": 10**9, "orders_10s": 10**9},
    "kraken": {"counter": 10**9, "pair": 10**9, "open_orders": 10**6},
    "okx": {"orders": 10**9, "account_orders": 10**9, "reads": 10**9},
}
_PRICE = 40_000
#: Where the proxy's connections come from; a connection from elsewhere went around it.
_PROXY_ADDRESS = "127.0.0.2"
#: Where orders arrive.
_ORDERS = frozenset({"/api/v3/order", "/0/private/AddOrder", "/api/v5/trade/order", "/api/v5/trade/batch-orders"})


@dataclass
class Emulated:
    """A real exchange's protocol, ccxt in the node, and the automations that people run: dca, grid, smart_trade."""

    name: str
    folder: Path
    automations: int
    every: float
    _taken: bool = field(default=False, init=False)
    _dead: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._symbol = "BTC/USD" if self.name == "kraken" else "BTC/USDT"
        self._quote = self._symbol.partition("/")[2]
        self._rich = Decimal(10**9)

    def __enter__(self) -> Self:
        money = {self._quote: self._rich, "BTC": Decimal(10_000)}
        self._exchange = EmulatorProcess.start(
            self.name, self.folder / "exchange", prices={self._symbol: _PRICE}, balances=money, **_CALM
        )
        self._exchange.limit(**_NO_LIMITS[self.name])
        self._proxy = SocksServer(leaves_from=_PROXY_ADDRESS)
        self._proxy.__enter__()
        # The exchange's price moves by itself, so that grids trade and take-profits are reached.
        self._exchange.wave(self._symbol, "0.01", 12_000)
        return self

    def __exit__(self, *error: object) -> None:
        self._proxy.__exit__(*error)
        self._exchange.stop()

    def job(self) -> dict[str, Any]:
        """Return what a node is told."""
        market = {"exchange": self.name, "base_url": self._exchange.url}
        keys = {"api_key": self._exchange.key, "secret": self._exchange.secret}
        phrase = {"password": self._exchange.passphrase} if self._exchange.passphrase else {}
        return {
            "plugins": ["benchmarks.crash.trader"],
            "connector": "ccxt",
            "market_data_settings": market,
            "trading_settings": {**market, **keys, **phrase, "visibility_lag": 1.0},
            "allow_private": True,
            "egress": "proxy",
            "egress_routes": [f"proxy=socks5://127.0.0.1:{self._proxy.port}"],
            "automations": [
                *traders([self._symbol] * self.automations, self.every),
                *self._strategies(max(self.automations // 4, 1)),
            ],
        }

    def _strategies(self, count: int) -> list[dict[str, Any]]:
        profit = {"percent": "0.9"}
        configs: dict[str, dict[str, Any]] = {
            "dca": {
                "amount": "100",
                "every": "1m",
                "take_profit": "0.9",
                "safety_orders": {"count": 3, "amount": "50"},
            },
            "grid": {"lower": "39000", "upper": "41000", "levels": 11, "amount": "0.002", "max_orders_per_side": 3},
            "smart_trade": {"spend": "100", "take_profits": [profit], "stop_loss": {"percent": "1.5"}},
        }
        return [
            {
                "name": f"{type_}-{number}",
                "type": type_,
                "budget": {self._quote: "20000"},
                "config": {"symbol": self._symbol, **config},
            }
            for type_, config in configs.items()
            for number in range(count)
        ]

    def trouble(self, number: int) -> str:
        """Make the trouble of this number."""
        self.calm(moving=True)
        name = _TROUBLES[number % len(_TROUBLES)]
        self._exchange.set(**_MISHAPS)
        match name:
            case "storm":
                self._exchange.set(rate_limited=0.5, strikes=["create", "cancel", "read", "public"])
            case "ban":
                self._exchange.strike("banned", on=["read", "create"], times=2)
            case "maintenance":
                self._exchange.set(maintenance=("down", "cancel_only")[number // len(_TROUBLES) % 2])
            case "proxy":
                self._proxy.stop()
                self._dead = True
            case "drift":
                self._exchange.set(clock_drift_ms=(-4_000, 4_000)[number // len(_TROUBLES) % 2])
            case "revoked":
                self._exchange.revoke()
            case "filters":
                self._exchange.change(self._symbol, min_amount="0.01", min_notional="500")
            case "poor":
                self._exchange.deposit({self._quote: -self._rich, "BTC": -10_000})
                self._taken = True
        return name

    def orders_asked(self) -> int:
        """Return how many requests have come where orders arrive."""
        return sum(count for path, count in self._exchange.report().requests.items() if path in _ORDERS)

    def calm(self, *, moving: bool = False) -> None:
        """Behave; the price stands still, too, unless it is ``moving``."""
        self._exchange.set(**{**_none(), **_CALM})
        self._exchange.pardon()
        self._exchange.restore()
        self._exchange.change(self._symbol, min_amount="0.00001", min_notional="0.5")
        if self._dead:
            self._proxy.start()
            self._dead = False
        if self._taken:
            self._exchange.deposit({self._quote: self._rich, "BTC": 10_000})
            self._taken = False
        self._exchange.wave(self._symbol, "0.01" if moving else "0", 12_000)

    def settled(self, database: Path | str) -> bool:
        """Whether every execution is in the node's books, and of no order the outcome is unknown still."""
        count = sa.select(sa.func.count())
        with looked_at(database) as connection:
            settled = connection.scalar(count.select_from(fills)) or 0
            unknown = connection.scalar(count.where(intents.c.status == "unknown"))
        return settled >= len(self._exchange.trades()) and not unknown

    def books(self, database: Path | str) -> Exchange:
        """Return what happened at the emulator, by the client order ids that the node's intents have."""
        with looked_at(database) as connection:
            return BooksOf(self._exchange, connection)

    def problems(self) -> list[str]:
        """Tell redirects that were followed, which take a signed order elsewhere, and ways around the proxy."""
        report = self._exchange.report()
        followed = report.redirects_followed
        around = sum(count for address, count in report.connections.items() if address != _PROXY_ADDRESS)
        told = [f"{followed} redirects were followed"] if followed else []
        return [*told, *([f"{around} connections went around the proxy"] if around else [])]


class BooksOf:
    """An emulator's records as verification asks for them: with the intents that a node's database says they are of."""

    def __init__(self, exchange: Records, connection: sa.Connection) -> None:
        named = sa.select(intents.c.client_order_id, intents.c.id).where(intents.c.kind == "order")
        rows = connection.execute(named).all()
        self._intents: dict[str, str] = {client_id: id_ for client_id, id_ in rows if client_id}
        self._orders, self._trades = exchange.orders(), exchange.trades()

    def report(self) -> HostileReport:
        """Return the counts."""
        by_intent: dict[str, list[Accepted]] = defaultdict(list)
        for order in self._orders:
            by_intent[self._intent(order.order.client_order_id)].append(order)
        effective = {
            intent: [each.order.id for each in orders if each.effective] for intent, orders in by_intent.items()
        }
        doubled = {intent: ids for intent, ids in effective.items() if len(ids) > 1}
        return HostileReport(
            orders=len(self._orders),
            trades=len(self._trades),
            intents=len(by_intent),
            duplicates=sum(len(ids) - 1 for ids in doubled.values()),
            duplicated_intents=doubled,
            requests={},
        )

    def orders(self) -> list[IntentOrder]:
        """Return every order ever accepted."""
        return [
            IntentOrder(each.account, self._intent(each.order.client_order_id), each.order) for each in self._orders
        ]

    def trades(self) -> list[IntentTrade]:
        """Return every execution."""
        return [
            IntentTrade(each.account, self._intent(each.trade.client_order_id), each.trade) for each in self._trades
        ]

    def _intent(self, client_id: str | None) -> str:
        # One that no intent has is nobody's: verification says so.
        return self._intents.get(client_id or "", f"of client id {client_id}")


def _none() -> dict[str, Any]:
    from octobot_node.testing.exchange_emulators.web.faults import Faults

    return Faults().model_dump(mode="json")
