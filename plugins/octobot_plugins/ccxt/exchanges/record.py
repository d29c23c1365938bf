"""What is known of an exchange, as data: what it guarantees, how its requests are written, what its codes mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from octobot_node.contracts.exchanges import Capabilities, RequestBudget
from octobot_node.orders import OrderType, Side

__all__ = [
    "Asked",
    "ExchangeRecord",
    "FeeTable",
    "Meaning",
    "NotOffered",
    "Placing",
    "Question",
    "Raw",
    "Rights",
    "Said",
    "Wire",
    "first",
    "paged",
    "rows_in",
]

Raw = Mapping[str, Any]


class NotOffered(Exception):
    """The exchange has no such order; nothing was sent."""


class Meaning(StrEnum):
    """What a code of an exchange means for the request that it answers."""

    #: Definitive: it did not and will not execute.
    REFUSED = "refused"
    #: An order with this client id is there.
    DUPLICATE = "duplicate"
    #: Thrown away because it came too late: it may be sent again.
    EXPIRED = "expired"
    #: It may have been executed: only asking tells.
    UNKNOWN = "unknown"
    #: Too many requests; this one was not looked at.
    LIMITED = "limited"
    #: Closed for maintenance; not executed.
    MAINTENANCE = "maintenance"
    #: The key, its signature or its rights are not accepted.
    KEY = "key"
    #: The clocks are apart, or a nonce is not above the last one.
    CLOCK = "clock"
    #: There is no such order (any more).
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Said:
    """A code of the exchange's, and its words."""

    code: str
    text: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Wire:
    """One request as ccxt's ``sign`` takes it; ``headers`` are added to those that it makes."""

    path: str
    api: tuple[str, ...] = ("private",)
    method: str = "POST"
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Placing:
    """An order as text, in the exchange's own names; ``at`` is the time (ms UTC by its clock) that is signed.

    ``expires_at`` is by its clock, too; ``window`` is how long after ``at`` the request may arrive, in ms.
    """

    market: str
    side: Side
    type: OrderType
    amount: str | None
    spend: str | None
    price: str | None
    stop: str | None
    tif: str
    post_only: bool
    client_id: str
    at: int
    window: int
    expires_at: int
    #: What was asked before the first order, such as HTX's number of the account.
    known: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question is about; ``page`` is where the answer is to go on, as the one before said.

    Times are ms UTC by the exchange's clock.
    """

    market: str | None = None
    #: With commas between them where a question is about many.
    order_id: str = ""
    client_id: str = ""
    since: int = 0
    page: str = ""
    until: int = 0
    now: int = 0
    known: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """How something is asked for, where in the answer its rows are, and where the next page begins ("": nowhere).

    ``cursor`` is for exchanges whose answers say it themselves, ``next_page`` for those where the rows do.
    """

    wire: Callable[[Asked], Wire]
    rows: Callable[[Any], Sequence[Raw]]
    next_page: Callable[[Sequence[Raw], Asked], str] = lambda _rows, _asked: ""
    cursor: Callable[[Any], str] = lambda _body: ""


@dataclass(frozen=True, slots=True)
class FeeTable:
    """How an account's fees are asked for; ``read(body, market)`` returns (taker, maker) as ratios: 0.001 is 0.1 %."""

    wire: Callable[[Asked], Wire]
    read: Callable[[Any, str], tuple[Any, Any]]
    by_market: bool = False


@dataclass(frozen=True, slots=True)
class Rights:
    """What a key may, as the exchange tells; None where it does not tell that."""

    withdraw: bool | None = None
    trade: bool | None = None
    #: Whether it holds from given addresses alone.
    bound: bool | None = None


@dataclass(frozen=True, slots=True)
class ExchangeRecord:
    """One exchange. Of those that are ``vouched`` for each field was read in its documentation; ``sources`` says where.

    ``said`` finds the codes of a failure in an answer; none is a success. ``codes`` gives them their meanings, by
    their beginnings; whatever is not in it is unknown. Without ``place`` orders go through ccxt's own ``create_order``.
    """

    id: str
    title: str
    capabilities: Capabilities
    sources: Mapping[str, str]
    vouched: bool = True
    sandbox: bool = False
    needs_password: bool = False
    #: Time passes at its own pace: requests of one key one after the other, each with a higher nonce.
    nonce: bool = False
    #: How exactly (ms) it tells its time.
    time_step: int = 1
    #: How long (ms) after its time a signed request may arrive.
    window: int = 5_000
    fee_in: Literal["received", "quote"] = "received"
    options: Mapping[str, Any] = field(default_factory=dict)
    said: Callable[[Any], Sequence[Said]] = lambda _body: ()
    codes: Mapping[Meaning, Sequence[str]] = field(default_factory=dict)
    statuses: Mapping[int, Meaning] = field(default_factory=dict)
    client_id: Callable[[str], str] = lambda text: text
    own_id: Callable[[str], str] = lambda text: text
    #: What a market is called in requests.
    market: Callable[[Mapping[str, Any]], str] = lambda market: str(market["id"])
    #: What an exchange of ccxt's has to add to a request before its ``sign`` makes it ready.
    sign: Callable[[Any, Wire], Wire] = lambda _exchange, wire: wire
    #: Each market counts its orders by itself: one number is several orders' of an account.
    ids_by_market: bool = False
    place: Callable[[Placing], Wire] | None = None
    placed: Callable[[Any], str] = lambda _body: ""
    cancel: Callable[[Asked], Wire] | None = None
    find: Sequence[Question] = ()
    order: Sequence[Question] = ()
    #: Many orders by their client ids, in one go: asked one after the other until all are found.
    find_many: Sequence[Question] = ()
    #: Many by their own ids, so many at once.
    order_many: Question | None = None
    order_many_most: int = 0
    open_orders: Question | None = None
    #: Open orders and trades are told for one market at a time.
    open_by_market: bool = False
    #: The open orders of all markets cost as much as those of so many: below it they are asked for one by one.
    open_costs: int = 1
    trades: Question | None = None
    trades_by_market: bool = False
    #: How much time (ms) one question about trades may be about; 0: any.
    trades_span: int = 0
    #: As many as one answer has at most, where it has no next page: a full one is asked for again in two halves.
    trades_page: int = 0
    #: What ccxt's costs are counted in: so many seconds. The shorter, the less may come at once.
    pace_seconds: float = 10.0
    #: Where what is asked with a key is a count that falls all the time: how high it may go, in ccxt's costs.
    pace_burst: int = 0
    #: Whether all that comes from an address is counted together, or what is asked with a key.
    paced_per: Literal["address", "key"] = "address"
    #: What a request costs by its documentation, where ccxt counts otherwise: (path, parameters) -> cost, or None.
    cost: Callable[[str, Mapping[str, Any]], float | None] = lambda _path, _params: None
    #: What the prices of so many symbols cost in one request, where that depends on how many they are.
    tickers_cost: Callable[[int], float] | None = None
    #: The budget, by its name in ``budgets``, that is the one which ccxt's costs are about; "": none of them.
    paced_by: str = ""
    #: What headers of an answer say of the request budgets.
    budgets: Callable[[Mapping[str, str]], Sequence[RequestBudget]] = lambda _headers: ()
    #: What has to be known before the first order, each by a read: name -> (question, field of its first row).
    before_orders: Mapping[str, tuple[Wire, Callable[[Any], str]]] = field(default_factory=dict)
    #: Which asset paid an execution's fee, where ccxt guesses although the exchange says it.
    fee_asset: Callable[[Raw], str] = lambda _execution: ""
    #: What the account pays; None where the listing's fees are taken for everybody's.
    fees: FeeTable | None = None
    #: What a key may, and how that is asked for; None where the exchange does not tell.
    rights: tuple[Wire, Callable[[Any], Rights]] | None = None
    notes: Sequence[str] = ()
    #: Whether its streams are listened to where nobody says otherwise: where that was tried.
    streams: bool = False
    #: What ccxt wants to be told for a stream of prices with both sides.
    stream_prices: Mapping[str, str] = field(default_factory=dict)

    def meaning(self, said: Said) -> Meaning | None:
        """Return what a code means, by the longest beginning that fits; None where no table has it."""
        whole, best, found = str(said), -1, None
        for meaning, beginnings in self.codes.items():
            for each in beginnings:
                rest = whole[len(each) :]
                if len(each) > best and whole.startswith(each) and not (rest[:1].isalnum() and each[-1:].isalnum()):
                    best, found = len(each), meaning
        return found


def paged(params: Mapping[str, Any], asked: Asked, name: str) -> dict[str, Any]:
    """Return the parameters of a question, with where its answer is to go on under ``name``, if it is one that does."""
    return {**params, **({name: asked.page} if asked.page else {})}


def rows_in(*path: str) -> Callable[[Any], Sequence[Raw]]:
    """Return a function that takes the rows at ``path`` out of an answer; one row that is no list is the only one.

    Raises KeyError or TypeError for an answer of another shape: it must not be read as "there is none".
    """

    def rows(body: Any) -> Sequence[Raw]:
        found = body
        for name in path:
            found = found[name]
        if isinstance(found, list):
            return found
        if not isinstance(found, dict):
            raise TypeError(f"{'.'.join(path)} is {type(found).__name__}")
        return [found] if found else []

    return rows


def first(*path: str | int) -> Callable[[Any], str]:
    """Return a function that takes the text at ``path`` out of an answer, "" where there is none."""

    def text(body: Any) -> str:
        found = body
        try:
            for name in path:
                found = found[name]
        except (KeyError, IndexError, TypeError):
            return ""
        return "" if found is None or isinstance(found, dict | list) else str(found)

    return text
