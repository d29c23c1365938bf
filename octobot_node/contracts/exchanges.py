"""The two halves of an exchange connector: market data and trading.

Connectors are asynchronous and stateless towards the engine: whatever must survive a crash is the exchange's
or the engine's to remember. Times are integer milliseconds UTC, money is Decimal.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel

from octobot_node.market import Candles, Market, MarketRules, Ticker
from octobot_node.orders import OrderType, Side

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from octobot_node.clock import Clock
    from octobot_node.contracts.storage import Storage
    from octobot_node.egress import HttpClient, WebSocketClient
    from octobot_node.settings import Settings as NodeSettings

__all__ = [
    "AskedFor",
    "Budgeted",
    "Capabilities",
    "ChecksKeys",
    "ConnectorContext",
    "ExchangeOffer",
    "ExchangeOrder",
    "ExchangeOrderStatus",
    "ExchangeTrade",
    "Fees",
    "KeyFinding",
    "KnownFees",
    "LookUp",
    "LooksUpMany",
    "Lookup",
    "MarketData",
    "MarketDataFactory",
    "OrderRequest",
    "RequestBudget",
    "RequestCost",
    "RequestGate",
    "RequestLimit",
    "StatesCosts",
    "SymbolList",
    "Trading",
    "TradingFactory",
    "with_fees",
]

ExchangeOrderStatus = Literal["open", "filled", "cancelled", "refused", "expired"]


@dataclass(frozen=True, slots=True)
class Lookup:
    """How far back an order can be found by its client order id.

    ``none``: not at all. ``open``: only while it rests. ``recent``: also closed ones, for ``recent_ms``. ``all``: for
    ever.
    """

    reach: Literal["none", "open", "recent", "all"]
    recent_ms: int = 0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an exchange really guarantees; the engine decides from this record alone.

    ``dedupe``: a second order with the same client id is refused never, while the first is open, or for ever.
    ``request_expiry``: the exchange throws away a request that arrives after its expiry. ``visibility_lag_ms``: how
    long after acceptance an order may still be missing from look-ups. ``client_id_length``: how many characters of
    [a-z0-9] a client id may have. ``market_spend``: market buys can be given in quote. ``native_stops``: StopOrder
    rests at the exchange. ``market_orders``: there are orders at market at all. ``market_amount``: market buys can be
    given in base; else they go out as what they cost at the moment. ``fill_or_kill``: limit orders may have that tif.
    """

    dedupe: Literal["none", "open", "forever"] = "none"
    lookup: Lookup = Lookup("none")
    request_expiry: bool = False
    visibility_lag_ms: int = 1_000
    client_id_length: int = 32
    market_spend: bool = False
    native_stops: bool = False
    post_only: bool = False
    market_orders: bool = True
    market_amount: bool = True
    fill_or_kill: bool = True

    @property
    def exact(self) -> bool:
        """Whether an order whose answer was lost is always found, or proven not to have executed, without a person."""
        conclusive = self.lookup.reach in ("recent", "all")
        return self.dedupe == "forever" or (self.request_expiry and conclusive)


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One order as it goes to the exchange: already rounded, already fenced.

    ``amount`` is in base, ``spend`` in quote (exactly one is given), ``price`` and ``stop`` in quote per base.
    ``expires_at`` (ms UTC) is the request's own expiry, to be signed into it where the exchange has that.
    ``intent_id`` is for logs and tests, never for dedupe. ``seen`` is what the market offered when a shadow's order was
    decided, the ask to buy at or the bid to sell at: a simulated exchange fills at that; None: at its own price of now.
    """

    intent_id: str
    client_order_id: str
    symbol: str
    side: Side
    type: OrderType
    amount: Decimal | None
    spend: Decimal | None
    price: Decimal | None
    stop: Decimal | None
    tif: str
    post_only: bool
    expires_at: int
    seen: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ExchangeOrder:
    """An order as the exchange knows it; ``filled`` in base, ``created_at`` in ms UTC.

    ``id`` is no other order's of the account, whatever its market: where an exchange counts each market's orders by
    itself, the connector adds the market's name.
    """

    id: str
    client_order_id: str | None
    symbol: str
    side: Side
    status: ExchangeOrderStatus
    amount: Decimal | None
    price: Decimal | None
    filled: Decimal
    created_at: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ExchangeTrade:
    """One execution. ``id`` is unique per account and symbol; ``cost`` = amount x price, in quote."""

    id: str
    order_id: str
    client_order_id: str | None
    symbol: str
    side: Side
    amount: Decimal
    price: Decimal
    cost: Decimal
    fee: Decimal
    fee_asset: str
    liquidity: Literal["maker", "taker"]
    at: int


@dataclass(frozen=True, slots=True)
class Fees:
    """What an account pays where the market's rules say something else; None: as they say.

    ``taker`` and ``maker`` are ratios: 0.001 is 0.1 %. ``fee_in`` says which asset pays them.
    """

    taker: Decimal | None = None
    maker: Decimal | None = None
    fee_in: Literal["received", "quote"] | None = None

    def of(self, rules: MarketRules) -> MarketRules:
        """Return a market's rules with these fees in them."""
        return replace(
            rules,
            taker_fee=rules.taker_fee if self.taker is None else self.taker,
            maker_fee=rules.maker_fee if self.maker is None else self.maker,
            fee_in=rules.fee_in if self.fee_in is None else self.fee_in,
        )


def with_fees(market: Market, fees: Mapping[str, Fees]) -> Market:
    """Return a market with ``fees`` in the rules of their symbols."""
    if not fees:
        return market
    charged = {symbol: fees[symbol].of(rules) for symbol, rules in market.all_rules.items() if symbol in fees}
    return replace(market, all_rules={**market.all_rules, **charged})


class MarketData(Protocol):
    """The public half: prices. One instance per source, shared by every automation that names it."""

    async def tickers(self, symbols: Collection[str]) -> Mapping[str, Ticker]:
        """Return the ticker of each symbol; leave out what is not known; raise DataUnavailable when nothing is."""
        ...

    async def candles(self, symbol: str, timeframe: str, count: int) -> Candles:
        """Return up to ``count`` newest *closed* candles; raise DataUnavailable when there are none."""
        ...

    async def rules(self, symbols: Collection[str]) -> Mapping[str, MarketRules]:
        """Return the rules of each symbol that is listed."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class Trading(Protocol):
    """The private half: one account's orders. One instance per account.

    Every method raises NotSent, OrderRefused, RequestExpired or Unresolved and nothing else on purpose; the engine
    reads any other exception as Unresolved.
    """

    capabilities: Capabilities

    async def create_order(self, request: OrderRequest) -> ExchangeOrder:
        """Send one order, once; HTTP-level retries must be off."""
        ...

    async def cancel_order(self, symbol: str, order_id: str) -> None:
        """Ask to cancel; an order that is already final is no error. May be repeated."""
        ...

    async def find_order(self, symbol: str, client_order_id: str, since: int) -> ExchangeOrder | None:
        """Return the order with this client id among open orders, closed orders and trades since ``since`` (ms UTC),
        or None.
        """
        ...

    async def order(self, symbol: str, order_id: str) -> ExchangeOrder | None:
        """Return the order with the exchange's own id, open or final, or None if the exchange no longer knows it."""
        ...

    async def open_orders(self) -> Sequence[ExchangeOrder]:
        """Return every open order of the account."""
        ...

    async def trades(self, since: int) -> Sequence[ExchangeTrade]:
        """Return the account's executions at or after ``since`` (ms UTC), oldest first."""
        ...

    async def balances(self) -> Mapping[str, Decimal]:
        """Return asset -> total (free and locked) that the exchange holds for the account."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class MarketDataFactory:
    """How a plugin offers market data: a name, a settings model and a function that opens it.

    ``open(settings, context)`` gets an instance of ``Settings`` and the node's ``ConnectorContext``.
    """

    name: str
    Settings: type[BaseModel]
    open: Any
    #: Candles of the past on a virtual clock instead of a live market.
    replay: bool = False


@dataclass(frozen=True, slots=True)
class ExchangeOffer:
    """One of the exchanges that a trading connector reaches, for those who choose one.

    ``settings`` is what an account writes of it beside its keys, and ``source`` with ``source_settings`` the market
    data that has its prices. ``needs`` are settings that this one wants beside those that all of them want. Who
    ``vouched`` for it read in its documentation what ``capabilities`` say; ``notes`` is what else one should know.
    """

    name: str
    title: str
    settings: Mapping[str, Any]
    source: str
    source_settings: Mapping[str, Any]
    capabilities: Capabilities
    vouched: bool = True
    sandbox: bool = False
    needs: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TradingFactory:
    """How a plugin offers a trading connector; ``open(settings, account, context)`` returns a ``Trading``."""

    name: str
    Settings: type[BaseModel]
    open: Any
    #: Orders never leave this machine.
    simulated: bool = False
    #: What its exchange guarantees, for those who choose one; None where that depends on the settings.
    capabilities: Capabilities | None = None
    #: Which exchanges it reaches, where that is for the settings to say: those that somebody vouches for.
    offers: Callable[[], Sequence[ExchangeOffer]] | None = None


@dataclass(frozen=True, slots=True)
class RequestLimit:
    """What an exchange lets be asked: requests of ``weight`` together in each ``seconds``.

    ``exchange`` and ``name`` say which limit it is; ``per`` whether all who come from one address share it, or all who
    use one key. Without ``burst`` windows follow each other, and each begins with all of it; with it what was asked is
    a count that may rise to so much, and falls by ``weight`` in each ``seconds``.
    """

    exchange: str
    name: str
    weight: int
    seconds: float
    per: Literal["address", "key"] = "address"
    burst: int = 0


class RequestGate(Protocol):
    """What lets requests through, no more than a limit allows, all accounts and nodes together."""

    limit: RequestLimit

    async def take(self, weight: float = 1.0, *, urgent: bool = False) -> None:
        """Wait until a request of this weight may be made, and count it. ``urgent``, such as a cancel, may use what is
        kept for that.

        Raises NotSent, with when to come back, where that is longer than a few seconds from now.
        """
        ...

    async def shut(self, seconds: float) -> None:
        """Let nobody pass for so long, on any node: the exchange answered 429 or 418, and named the time."""
        ...

    def told(self, used: float) -> None:
        """Take note of what the exchange says was used of this window: others may use the address or the key, too."""
        ...

    def budget(self) -> RequestBudget:
        """Return the limit, and what is left of it as far as this node knows, for ``Budgeted``."""
        ...


#: What is asked of an exchange for automations: every price at once, one series of candles, one look at an account's
#: orders with their executions, one order or cancel.
AskedFor = Literal["tickers", "candles", "polling", "orders"]


@dataclass(frozen=True, slots=True)
class RequestCost:
    """What is asked takes ``requests``, and ``weight`` of the limit behind ``gate``; ``exchange`` is what people call
    it.
    """

    exchange: str
    gate: RequestGate
    requests: float
    weight: float


@runtime_checkable
class StatesCosts(Protocol):
    """A connector that can say beforehand what is asked of its exchange takes: for plans of automations."""

    async def request_cost(self, what: AskedFor, symbols: int = 1) -> RequestCost | None:
        """Return what one such question takes, where ``tickers`` are those of so many symbols; None where it is not
        asked, or not known.
        """
        ...


class ConnectorContext(Protocol):
    """What the node lends a connector."""

    clock: Clock
    storage: Storage
    settings: NodeSettings

    def market_data(self, source: str) -> MarketData:
        """Return the opened market data of this key, as accounts name it; of "" the account's own."""
        ...

    def http(self) -> HttpClient:
        """Return a client for HTTP requests, which leave by the account's route or not at all, and go only where the
        operator lets them; close it with the connector.
        """
        ...

    def websockets(self) -> WebSocketClient:
        """Return the same for websockets."""
        ...

    def session(self, *, private: bool = False, **options: Any) -> ClientSession:
        """Return a session of aiohttp on the running loop, for a library that wants one: ``open_session`` says what it
        does. Whoever asks for it closes it.

        Every connection of it leaves by the account's route; what a library sets of proxies by itself is refused.
        ``private`` lets it go to this machine and private networks, too, for an address that its author knows and
        nobody gives. Raises EgressRefused where the account's route may not be taken.
        """
        ...

    def request_gate(self, limit: RequestLimit, key: str = "") -> RequestGate:
        """Return the gate of a limit, which every account that leaves by the same address, or uses the same ``key``,
        passes on every node.

        ``key`` is told where the limit is per key; a digest of it is all that is kept.
        """
        ...

    def trading(self, name: str, settings: Mapping[str, Any]) -> Trading:
        """Open another trading connector for the same account, for one that wraps it (``WrappedTrading``).

        Whoever opens it closes it. Raises UnknownType, or InvalidSettings for settings that it does not take.
        """
        ...

    def open_market_data(self, name: str, settings: Mapping[str, Any]) -> MarketData:
        """Open other market data, for one that wraps it (``WrappedMarketData``); as ``trading``."""
        ...


@dataclass(frozen=True, slots=True)
class RequestBudget:
    """One of an exchange's request budgets: "weight a minute", of which ``remaining`` are left until it is renewed."""

    name: str
    limit: float
    remaining: float


@runtime_checkable
class Budgeted(Protocol):
    """A connector that knows how much it may still ask; for metrics."""

    def request_budgets(self) -> Sequence[RequestBudget]:
        """Return the budgets as the exchange stated them last, at once and without asking it."""
        ...


@dataclass(frozen=True, slots=True)
class KeyFinding:
    """One thing about an account's keys: what they may, or how far the clocks are apart.

    What is not ``ok`` keeps the account from passing its check; ``cure`` says what to do about it.
    """

    what: Literal["permissions", "clock"]
    ok: bool
    detail: str
    cure: str = ""


@runtime_checkable
class ChecksKeys(Protocol):
    """Trading that can say what its account's keys may, beside what is in the account."""

    async def check_keys(self) -> Sequence[KeyFinding]:
        """Ask the exchange, and return what was found; what it does not tell is said as that, and is ok."""
        ...


@dataclass(frozen=True, slots=True)
class LookUp:
    """One order that is asked about: by the exchange's own id where that is known, otherwise by its client id, among
    those that were made at or after ``since`` (ms UTC).
    """

    symbol: str
    client_order_id: str
    since: int
    order_id: str | None = None


@runtime_checkable
class LooksUpMany(Protocol):
    """Trading that asks about many orders in few requests: after a crash their outcome is known sooner."""

    @property
    def looks_up_many(self) -> bool:
        """Whether its exchange has such a question; otherwise orders are asked about one by one."""
        ...

    async def look_up(self, asked: Sequence[LookUp]) -> Mapping[LookUp, ExchangeOrder | None]:
        """Return of each what ``find_order``, or ``order`` where its id is known, would return.

        Those that could not be asked about are left out; raises as they do where none could be.
        """
        ...


@runtime_checkable
class KnownFees(Protocol):
    """Trading that knows what its account pays: automations see it in their rules, and money is reserved by it.

    Without it the fees of the market data's rules are taken for the account's, and an order may cost more than its
    automation has.
    """

    def fees(self, symbol: str) -> Fees:
        """Return what is paid on a symbol, at once and without asking the exchange: before each tick it is called."""
        ...


@runtime_checkable
class SymbolList(Protocol):
    """Market data that can say which symbols it has: what people choose from."""

    #: Whether those are all; otherwise it has more that it does not list.
    lists_all: bool

    async def symbols(self) -> Collection[str]:
        """Return the symbols; raise DataUnavailable when the market does not answer."""
        ...
