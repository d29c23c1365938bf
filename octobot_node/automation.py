"""What an author writes: an ``Automation`` that turns a ``Tick`` into a ``Decision``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

from octobot_node.about import About
from octobot_node.market import Market
from octobot_node.orders import Fill, OpenOrder, OrderAction, OrderResult

if TYPE_CHECKING:
    # Importing pydantic takes longer than `octobot-node --help` may.
    from pydantic import BaseModel

__all__ = [
    "Action",
    "Automation",
    "AutomationRequest",
    "AutomationStatus",
    "Daily",
    "Decision",
    "Finding",
    "Needs",
    "Notify",
    "PauseAutomation",
    "Perform",
    "Position",
    "Signal",
    "SignalOutcome",
    "StopAutomation",
    "Tick",
    "Wake",
    "WatchedAutomation",
]

C = TypeVar("C", bound="BaseModel")
S = TypeVar("S")


class AutomationStatus(StrEnum):
    """Where an automation stands; docs/engine.md draws the transitions."""

    ACTIVE = "active"
    #: For data that is missing, such as a price; it is tried again every few seconds.
    WAITING = "waiting"
    PAUSED = "paused"
    #: Until a person looks: its type is missing, its state is newer than the type, or it was restored.
    HELD = "held"
    #: Too many ticks failed in a row.
    FAILED = "failed"
    #: Told to stop: its orders are being cancelled, and what it holds sold where that was asked for.
    STOPPING = "stopping"
    #: Decided that it is done: its last orders settle.
    COMPLETING = "completing"
    STOPPED = "stopped"
    COMPLETED = "completed"

    @property
    def runs(self) -> bool:
        """Whether it is evaluated."""
        return self in (AutomationStatus.ACTIVE, AutomationStatus.WAITING)

    @property
    def pausable(self) -> bool:
        """Whether there is something to pause: it runs, or would again once what holds it is gone."""
        return self.runs or self is AutomationStatus.HELD

    @property
    def resumable(self) -> bool:
        """Whether a command lets it run again."""
        return self in (AutomationStatus.PAUSED, AutomationStatus.FAILED, AutomationStatus.HELD)

    @property
    def ending(self) -> bool:
        """Whether it ends once its orders are settled."""
        return self in (AutomationStatus.STOPPING, AutomationStatus.COMPLETING)

    @property
    def over(self) -> bool:
        """Whether it has ended for good: nothing lets it run again."""
        return self in (AutomationStatus.STOPPED, AutomationStatus.COMPLETED)

    @property
    def ended(self) -> bool:
        """Whether it has ended, if only until somebody resumes it: over, or failed."""
        return self.over or self is AutomationStatus.FAILED

    @property
    def next(self) -> Collection[AutomationStatus]:
        """What it may become."""
        return _NEXT[self]

    def after(self, before: str) -> AutomationStatus:
        """Return this status, to be written over ``before``; raise ValueError where it may not follow."""
        if self != before and self not in _NEXT[before]:
            raise ValueError(
                f"an automation that is {before} cannot become {self}: no such transition is in automation.py"
            )
        return self


#: What becomes of one that is evaluated, besides waiting and being active.
_EVALUATED = (
    *(AutomationStatus.PAUSED, AutomationStatus.HELD, AutomationStatus.FAILED),
    *(AutomationStatus.STOPPING, AutomationStatus.COMPLETING, AutomationStatus.COMPLETED),
)
#: The state machine: what each status may become.
_NEXT: Mapping[str, Sequence[AutomationStatus]] = {
    AutomationStatus.ACTIVE: (AutomationStatus.WAITING, *_EVALUATED),
    AutomationStatus.WAITING: (AutomationStatus.ACTIVE, *_EVALUATED),
    AutomationStatus.PAUSED: (AutomationStatus.ACTIVE, AutomationStatus.STOPPING),
    # A fill wakes one that is held, too: its type may be there again.
    AutomationStatus.HELD: (
        *(AutomationStatus.ACTIVE, AutomationStatus.WAITING),
        *(status for status in _EVALUATED if status is not AutomationStatus.HELD),
    ),
    AutomationStatus.FAILED: (AutomationStatus.ACTIVE, AutomationStatus.STOPPING),
    AutomationStatus.STOPPING: (AutomationStatus.STOPPED,),
    AutomationStatus.COMPLETING: (AutomationStatus.COMPLETED, AutomationStatus.STOPPING),
    # To sell what it still holds.
    AutomationStatus.STOPPED: (AutomationStatus.STOPPING,),
    AutomationStatus.COMPLETED: (AutomationStatus.STOPPING,),
}


@dataclass(frozen=True, slots=True)
class Daily:
    """Every day at ``at`` ("HH:MM") on the clock of the IANA zone ``tz``.

    A time that daylight saving skips runs at the first instant after the gap; one that it repeats runs once.
    """

    at: str
    tz: str = "UTC"


@dataclass(frozen=True, slots=True)
class Wake:
    """When to evaluate again; fills, results and signals wake an automation whatever this says.

    ``at`` is an aware time. ``every`` repeats, spread over the interval by a hash of the automation so that a thousand
    do not tick in the same instant; ``align`` puts them on multiples of the interval since 1970 UTC, ``anchor``
    on multiples since that time. ``cron`` is five fields, read in ``tz``. ``above`` and ``below`` map symbol to a price
    (quote per base): the first observed price at or past it wakes. Several may be given: the first to come wakes.

    A replay meets levels inside its candles too, as a running node that looks every second would: each candle goes from
    its open to its low, then to its high, then to its close. ``at_closes`` leaves levels to closes.
    """

    at: datetime | None = None
    every: timedelta | None = None
    align: bool = False
    anchor: datetime | None = None
    daily: Daily | None = None
    cron: str | None = None
    tz: str = "UTC"
    above: Mapping[str, Decimal] = field(default_factory=dict)
    below: Mapping[str, Decimal] = field(default_factory=dict)
    at_closes: bool = False


@dataclass(frozen=True, slots=True)
class Needs:
    """The market data a tick wants: symbols of tickers, and candles as {(symbol, timeframe): count}.

    ``automations`` names others of the same owner that the tick wants to see; their fills, and changes of their
    status, wake it.
    """

    tickers: Sequence[str] = ()
    candles: Mapping[tuple[str, str], int] = field(default_factory=dict)
    automations: Sequence[str] = ()

    @property
    def symbols(self) -> frozenset[str]:
        """Every symbol that is named."""
        return frozenset(self.tickers) | {symbol for symbol, _ in self.candles}


@dataclass(frozen=True, slots=True)
class Position:
    """What an automation holds of a symbol's base asset, by average cost.

    ``amount`` is in base; ``cost`` is what it cost in quote, buying fees included; ``realised`` is the PnL of what
    was sold, net of fees, in quote.
    """

    symbol: str
    amount: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    realised: Decimal = Decimal(0)

    @property
    def average(self) -> Decimal | None:
        """Average cost in quote per base, or None when nothing is held."""
        return self.cost / self.amount if self.amount else None


@dataclass(frozen=True, slots=True)
class WatchedAutomation:
    """Another automation of the same owner, as it stood when the tick was loaded; ``positions`` is by symbol."""

    name: str
    type: str
    status: AutomationStatus
    positions: Mapping[str, Position] = field(default_factory=dict)

    def position(self, symbol: str) -> Position:
        """Return its position in ``symbol``, an empty one if nothing was ever held."""
        return self.positions.get(symbol) or Position(symbol)


@dataclass(frozen=True, slots=True)
class Signal:
    """A message from outside, in the order it arrived; ``payload`` is JSON."""

    id: str
    channel: str
    payload: Any
    at: datetime


@dataclass(frozen=True, slots=True)
class SignalOutcome:
    """What became of a signal, kept with it and shown to whoever sent it: ``outcome`` in a word, such as "traded",
    "ignored" or "refused", ``reason`` in a sentence, ``orders`` those of the decision's that follow from it.
    """

    outcome: str
    reason: str = ""
    orders: Sequence[OrderAction] = ()


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell the automation's owner something, through every notifier."""

    message: str
    level: str = "info"


@dataclass(frozen=True, slots=True)
class StopAutomation:
    """Stop another automation of the same owner, by name: its orders are cancelled; ``close`` also sells what it
    holds, at market. One that has ended already, or is stopping, is left as it is.
    """

    name: str
    close: bool = False


@dataclass(frozen=True, slots=True)
class PauseAutomation:
    """Pause another automation of the same owner, by name: no more decisions, its resting orders stay."""

    name: str


@dataclass(frozen=True, slots=True)
class Perform:
    """Have a plugin do something, by the name of its action: ``Perform("http", {"url": …, "json": …})``.

    It is noted with the decision, in one transaction, and carried out after it, once, as far as can be known; what
    became of it is in the automation's log. A replay notes it only. ``payload`` is JSON, ``Decimal`` taken as text.
    """

    action: str
    payload: Mapping[str, Any] = field(default_factory=dict)


#: What a decision may have done to others.
AutomationRequest = StopAutomation | PauseAutomation
Action = Notify | AutomationRequest | Perform


class TickLog:
    """The lines that a tick logged: 20 of 500 characters, and how many more there were."""

    __slots__ = ("_lines", "_more")
    LEVELS, LINES, LENGTH = ("info", "warning", "error"), 20, 500

    def __init__(self) -> None:
        self._lines: list[tuple[str, str]] = []
        self._more = 0

    def __repr__(self) -> str:
        return "TickLog()"

    def add(self, text: Any, level: Any) -> None:
        """Keep a line; raise TypeError for what is not text, ValueError for what is not a level."""
        if not isinstance(text, str):
            raise TypeError(f"a line of the log is text, not {type(text).__name__}")
        if level not in self.LEVELS:
            raise ValueError(f"the level of a line is one of {', '.join(self.LEVELS)}, not {level!r:.100}")
        if len(self._lines) == self.LINES:
            self._more += 1
            return
        shown = text if len(text) <= self.LENGTH else f"{text[: self.LENGTH - 1]}…"
        # Half a surrogate pair, or a NUL, cannot be stored.
        self._lines.append((str(level), shown.encode(errors="backslashreplace").decode().replace("\0", "\\0")))

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """The (level, text) of each line."""
        if not self._more:
            return tuple(self._lines)
        return (*self._lines, ("warning", f"{self._more:,} more lines of this tick were not kept"))


@dataclass(frozen=True, slots=True)
class Tick(Generic[C, S]):
    """Everything an evaluation may look at; it has no other input.

    ``number`` counts from 0. ``scheduled_at`` is the planned time when this tick was due by the last ``Wake``, None
    when something else woke it early. ``missed`` counts planned times that passed unevaluated (the node was down).
    ``balances`` maps asset to what is free to spend. ``fills`` and ``results`` are those since the last successful
    tick.
    """

    automation_id: str
    number: int
    now: datetime
    scheduled_at: datetime | None
    missed: int
    config: C
    previous_config: C | None
    state: S | None
    market: Market
    positions: Mapping[str, Position]
    balances: Mapping[str, Decimal]
    open_orders: Sequence[OpenOrder]
    fills: Sequence[Fill]
    results: Sequence[OrderResult]
    signals: Sequence[Signal]
    #: Seeded by the automation and the tick's number: the same tick draws the same numbers wherever it runs.
    random: Random
    #: The automations that ``Needs.automations`` names, by name; one that does not exist is missing.
    automations: Mapping[str, WatchedAutomation] = field(default_factory=dict)
    #: What ``log`` keeps.
    logged: TickLog = field(default_factory=TickLog)

    def position(self, symbol: str) -> Position:
        """Return the position in ``symbol``, an empty one if nothing was ever held."""
        return self.positions.get(symbol) or Position(symbol)

    def log(self, text: str, level: Literal["info", "warning", "error"] = "info") -> None:
        """Note a line in the automation's own log, kept once with what the tick decided, or failed at.

        20 lines of 500 characters are kept of a tick. What people are to be told is a ``Notify``. Raises TypeError for
        what is not text, ValueError for another level.
        """
        self.logged.add(text, level)


class _Keep:
    """The default of ``Decision.state`` and ``Decision.figures``: keep what there is."""

    def __repr__(self) -> str:
        return "KEEP"

    def __reduce__(self) -> str:
        return "KEEP"  # unpickles to the module's one instance, so that `is KEEP` holds across processes


KEEP = _Keep()


@dataclass(frozen=True, slots=True)
class Decision:
    """What a tick returns.

    ``state`` replaces the old state; it must be JSON (or a pydantic model) under 64 kB; leave it out to keep what
    there is. ``orders`` are carried out in order, cancels first; after a failure the rest is skipped unless
    ``independent``. ``done`` completes the automation once its orders are settled. ``figures`` are the type's own
    numbers for people, such as {"grid profit": Decimal("1.5")}: at most 32, shown beside its equity until replaced;
    leave them out to keep what there is. ``signals`` says, by id, what became of those that the tick was given.
    """

    state: Any = KEEP
    orders: Sequence[OrderAction] = ()
    actions: Sequence[Notify | StopAutomation | PauseAutomation | Perform] = ()
    wake: Wake | None = None
    independent: bool = False
    done: bool = False
    figures: Any = KEEP
    signals: Mapping[str, SignalOutcome] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """What ``Automation.check`` finds in a config: ``text`` is one sentence that names the cause and the cure.

    ``field`` is where, dotted as in "take_profits.0.percent", "" for the whole. With an ``error`` the config is
    refused; a ``warning`` is told, and the config taken.
    """

    field: str
    text: str
    severity: Literal["warning", "error"] = "warning"


class Automation(Generic[C, S]):
    """Base class of every automation type.

    ``name`` is unique in its package, ``version`` grows when the state's shape changes, ``Config`` is a pydantic
    model whose JSON schema becomes the form that users fill in. ``State``, if given, is a pydantic model the state is
    read into; without it the tick carries plain JSON. An instance holds nothing: ``evaluate`` must be pure.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    Config: ClassVar[type[BaseModel]]
    State: ClassVar[type[BaseModel] | None] = None
    #: Keep own orders resting when the config is edited; otherwise they are cancelled first.
    live_edit: ClassVar[bool] = False
    #: How it presents itself to those who choose a type.
    about: ClassVar[About] = About()

    def evaluate(self, tick: Tick[C, S]) -> Decision:
        """Decide what to do. No I/O, no clock, no global state: same tick, same decision."""
        raise NotImplementedError

    def needs(self, config: C, state: S | None) -> Needs:
        """Return the market data the next tick wants; by default the ticker of ``config.symbol`` if there is one."""
        del state
        symbol = getattr(config, "symbol", None)
        return Needs(tickers=(symbol,)) if isinstance(symbol, str) else Needs()

    def check(self, config: C, market: Market, budget: Mapping[str, Decimal]) -> Sequence[Finding]:
        """Return what a market says against a config that its form cannot know: fees that eat a take-profit, a budget
        that pays for nothing. By default nothing.

        ``market`` has tickers and rules, the account's own fees in them, of what ``needs`` asks for at first, and no
        candles; ``budget`` is all that the automation has, or will have. It is pure, and asked before anything is
        created or edited, for a plan, and at the first tick with a config, which tells what it finds and is evaluated
        all the same. Where the market does not answer nothing is asked before that tick.
        """
        del config, market, budget
        return ()

    def describe(self, config: C, state: S | None) -> str:
        """Return what it does next: a sentence without its subject and full stop, "" where nothing is to be said.

        ``{when}`` in it is replaced by when it is due: "buys BTC for 100 USD {when}". Called after each tick with the
        state that it leaves, and before the first one; it must be pure, as ``evaluate``.
        """
        del config, state
        return ""

    def upgrade(self, state: Any, version: int) -> Any:
        """Return ``state`` as written by the older ``version`` in today's shape; by default unchanged."""
        del version
        return state
