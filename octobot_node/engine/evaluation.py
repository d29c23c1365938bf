"""Evaluate one tick in a guard: from plain, picklable input to a plain, checked decision."""

from __future__ import annotations

import copyreg
import json
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from functools import lru_cache
from itertools import count
from operator import attrgetter
from random import Random
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from octobot_node.automation import (
    KEEP,
    Automation,
    Decision,
    Needs,
    Notify,
    PauseAutomation,
    Position,
    Signal,
    StopAutomation,
    Tick,
    TickLog,
    Wake,
    WatchedAutomation,
)
from octobot_node.engine.schedule import Plan, levels_of, plan_of
from octobot_node.errors import DataUnavailable
from octobot_node.market import Market, from_ms, timeframe_ms
from octobot_node.orders import (
    CancelOrder,
    Fill,
    LimitOrder,
    MarketOrder,
    OpenOrder,
    OrderAction,
    OrderResult,
    StopOrder,
)

__all__ = [
    "HUNG",
    "OUT_OF_MEMORY",
    "STATE_LIMIT",
    "BadDecision",
    "Outcome",
    "PlainDecision",
    "TickInput",
    "definite",
    "diverted",
    "dump_needs",
    "evaluate",
    "first_needs",
    "load_needs",
    "needs_after_edit",
]

#: A state larger than this is refused: it is written at every change and read at every tick.
STATE_LIMIT = 64_000
OUT_OF_MEMORY = "used more memory than it may"
HUNG = "evaluate() hung"
#: Who swallows this many interruptions will not be interrupted.
_RINGS = 3
_ORDERS_LIMIT = 500
_FIGURES_LIMIT = 32
_WATCHED_LIMIT = 100
_ERROR_LIMIT = 2_000
_WIDE = Context(prec=60)


class BadDecision(Exception):
    """What an evaluation returned is no usable decision; the text says what and why."""


class _TookTooLong(BaseException):
    """Raised inside an evaluation by the alarm; a BaseException, so that `except Exception` does not swallow it."""


@dataclass(frozen=True, slots=True)
class TickInput:
    """One tick as loaded from the store: plain values only, so that another process can evaluate it."""

    automation_id: str
    type: str
    config: str
    previous_config: str | None
    state: str | None
    state_version: int
    number: int
    now: int
    scheduled_at: int | None
    missed: int
    #: What the tick asked for: it sees that much of the snapshot that its batch shares, whoever is in the batch.
    #: None: all of it.
    needs: Needs | None = None
    positions: tuple[Position, ...] = ()
    balances: tuple[tuple[str, Decimal], ...] = ()
    open_orders: tuple[OpenOrder, ...] = ()
    fills: tuple[Fill, ...] = ()
    results: tuple[OrderResult, ...] = ()
    signals: tuple[Signal, ...] = ()
    watched: tuple[WatchedAutomation, ...] = ()


@dataclass(frozen=True, slots=True)
class PlainDecision:
    """A checked decision; ``state`` and ``figures`` are JSON, or None to keep the old ones."""

    state: str | None
    needs: str
    plan: Plan | None
    levels: str | None
    orders: tuple[OrderAction, ...]
    notices: tuple[Notify, ...]
    requests: tuple[StopAutomation | PauseAutomation, ...]
    independent: bool
    done: bool
    figures: str | None


Problem = Literal["failed", "slow", "held", "waiting"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one evaluation: a decision, or a problem and its reason."""

    automation_id: str
    decision: PlainDecision | None = None
    problem: Problem | None = None
    reason: str = ""
    #: It hung, or took its process with it: it is evaluated apart from healthy ones from now on.
    suspect: bool = False
    #: The (level, text) of what the author's code noted until then.
    logged: tuple[tuple[str, str], ...] = ()


def definite(outcome: Outcome) -> Outcome:
    """Read "slow" as a failure: there is nobody more patient to ask."""
    if outcome.problem != "slow":
        return outcome
    return replace(outcome, problem="failed", reason=f"evaluate() {outcome.reason}", suspect=True)


def diverted(given: TickInput) -> Outcome:
    """Return the outcome of one that is not evaluated here, since another of its type was slow or ended the process."""
    return Outcome(given.automation_id, problem="slow", reason="another of its type holds up a batch")


def evaluate(
    types: Mapping[str, Automation[Any, Any]],
    given: TickInput,
    market: Market,
    timeout: float | None,
    give_up: Callable[[], None] | None = None,
) -> Outcome:
    """Evaluate ``given`` and check what comes back; whatever an author's code does ends as an Outcome.

    ``timeout`` (seconds) works in a process's main thread, where an alarm can interrupt Python code. For code that
    will not be interrupted ``give_up`` is called, in the middle of it, after three times as long.
    """
    automation = types.get(given.type)
    if automation is None:
        return Outcome(given.automation_id, problem="held", reason=f"no plugin provides the type {given.type!r}")
    if given.state_version > automation.version:
        reason = f"its state was written by version {given.state_version}, this is {automation.version}: upgrade"
        return Outcome(given.automation_id, problem="held", reason=reason)
    noted = TickLog()
    outcome = _outcome(automation, given, market, noted, timeout, give_up)
    return replace(outcome, logged=noted.lines) if noted.lines else outcome


def _outcome(
    automation: Automation[Any, Any],
    given: TickInput,
    market: Market,
    noted: TickLog,
    timeout: float | None,
    give_up: Callable[[], None] | None,
) -> Outcome:
    try:
        with _alarm(timeout, give_up):
            return Outcome(given.automation_id, decision=_decide(automation, given, market, noted))
    except _TookTooLong:
        return Outcome(given.automation_id, problem="slow", reason=f"took longer than {timeout:g} s")
    except DataUnavailable as error:
        return Outcome(given.automation_id, problem="waiting", reason=str(error))
    except (BadDecision, ValidationError) as error:
        return Outcome(given.automation_id, problem="failed", reason=_clip(str(error)))
    except MemoryError:
        return Outcome(given.automation_id, problem="failed", reason=OUT_OF_MEMORY)
    except BaseException as error:  # noqa: BLE001 - an author's SystemExit must not end the process
        return Outcome(given.automation_id, problem="failed", reason=_where(error))


def _decide(automation: Automation[Any, Any], given: TickInput, market: Market, noted: TickLog) -> PlainDecision:
    tick = _tick(automation, given, market, noted)
    decision = automation.evaluate(tick)
    if not isinstance(decision, Decision):
        raise BadDecision(f"evaluate() returned {type(decision).__name__}, not a Decision")
    return _check(automation, tick, decision)


def _tick(automation: Automation[Any, Any], given: TickInput, market: Market, noted: TickLog) -> Tick[Any, Any]:
    config = automation.Config.model_validate_json(given.config)
    previous = given.previous_config
    return Tick(
        automation_id=given.automation_id,
        number=given.number,
        now=from_ms(given.now),
        scheduled_at=None if given.scheduled_at is None else from_ms(given.scheduled_at),
        missed=given.missed,
        config=config,
        previous_config=None if previous is None else automation.Config.model_validate_json(previous),
        state=_read_state(automation, given.state, given.state_version),
        market=_asked_for(market, given.needs),
        positions={position.symbol: position for position in given.positions},
        balances=dict(given.balances),
        open_orders=given.open_orders,
        fills=given.fills,
        results=given.results,
        signals=given.signals,
        random=Random(f"{given.automation_id}/{given.number}"),
        automations={watched.name: watched for watched in given.watched},
        logged=noted,
    )


def _asked_for(market: Market, needs: Needs | None) -> Market:
    if needs is None:
        return market
    columns = ("time", "open", "high", "low", "close", "volume")
    candles = {
        key: replace(found, **{name: getattr(found, name)[-count:] for name in columns})
        for key, count in needs.candles.items()
        if (found := market.all_candles.get(key)) is not None
    }
    return Market(
        market.as_of,
        {symbol: market.tickers[symbol] for symbol in needs.symbols if symbol in market.tickers},
        candles,
        {symbol: market.all_rules[symbol] for symbol in needs.symbols if symbol in market.all_rules},
    )


def _read_state(automation: Automation[Any, Any], text: str | None, version: int) -> Any:
    if text is None:
        return None
    if version == automation.version and automation.State is not None:
        return automation.State.model_validate_json(text)
    state = json.loads(text, parse_float=Decimal) if version != automation.version else json.loads(text)
    if version != automation.version:
        state = automation.upgrade(state, version)
    return state if automation.State is None else automation.State.model_validate(state)


def _check(automation: Automation[Any, Any], tick: Tick[Any, Any], decision: Decision) -> PlainDecision:
    state = None if decision.state is KEEP else _dump_state(automation, decision.state)
    if len(decision.orders) > _ORDERS_LIMIT:
        raise BadDecision(f"{len(decision.orders)} orders in one decision; {_ORDERS_LIMIT} is the most")
    own = {order.id for order in tick.open_orders}
    for order in decision.orders:
        _check_order(order, tick.market, own)
    for action in decision.actions:
        _check_action(action)
    if decision.wake is not None and not isinstance(decision.wake, Wake):
        raise BadDecision(f"wake must be a Wake, not {type(decision.wake).__name__}")
    try:
        plan = plan_of(decision.wake, tick.automation_id)
        levels = levels_of(decision.wake)
    except ValueError as error:
        raise BadDecision(str(error)) from None
    kept = tick.state if decision.state is KEEP else decision.state
    return PlainDecision(
        state=state,
        needs=dump_needs(automation.needs(tick.config, kept)),
        plan=plan,
        levels=None if levels is None else json.dumps(levels, separators=(",", ":")),
        orders=tuple(decision.orders),
        notices=tuple(action for action in decision.actions if isinstance(action, Notify)),
        requests=tuple(action for action in decision.actions if not isinstance(action, Notify)),
        independent=bool(decision.independent),
        done=bool(decision.done),
        figures=None if decision.figures is KEEP else _dump_figures(decision.figures),
    )


def _check_action(action: Any) -> None:
    if isinstance(action, Notify):
        message: Any = action.message
        level: Any = action.level
        if not isinstance(message, str) or not isinstance(level, str) or len(level) > 16:
            raise BadDecision(f"{action!r}: message is text, and so is level, of at most 16 characters")
    elif isinstance(action, StopAutomation | PauseAutomation):
        name: Any = action.name
        if not isinstance(name, str) or not 0 < len(name) <= 128:
            raise BadDecision(f"{action!r} names no automation")
    else:
        raise BadDecision(f"{action!r} is no action; there are Notify, StopAutomation and PauseAutomation")


def _dump_figures(figures: Any) -> str:
    if not isinstance(figures, Mapping) or len(figures) > _FIGURES_LIMIT:
        raise BadDecision(f"figures must be a mapping of at most {_FIGURES_LIMIT} labels, not {figures!r:.200}")
    return json.dumps({_label(label): _figure(label, value) for label, value in figures.items()})


def _label(label: Any) -> str:
    if not isinstance(label, str) or not 0 < len(label) <= 64:
        raise BadDecision(f"the label of a figure must be text of at most 64 characters, not {label!r:.200}")
    return label


def _figure(label: str, value: Any) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    if isinstance(value, str | int) and not isinstance(value, bool) and len(str(value)) <= 200:
        return str(value)
    raise BadDecision(f"the figure {label!r} must be a finite Decimal, an int or a short text, not {value!r:.200}")


def _dump_state(automation: Automation[Any, Any], state: Any) -> str:
    if isinstance(state, BaseModel):
        text = state.model_dump_json()
        if automation.State is not None:
            automation.State.model_validate_json(text)
    else:
        try:
            text = json.dumps(state, allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError) as error:
            raise BadDecision(f"the state is not JSON: {error}") from None
    if len(text) > STATE_LIMIT:
        raise BadDecision(f"the state takes {len(text):,} characters of JSON; {STATE_LIMIT:,} is the most")
    return text


def _check_order(order: Any, market: Market, own: set[str]) -> None:
    if isinstance(order, CancelOrder):
        if order.id not in own:
            raise BadDecision(f"CancelOrder({order.id!r}) names no open order of this automation")
        return
    if not isinstance(order, MarketOrder | LimitOrder | StopOrder):
        raise BadDecision(f"{order!r} is no order; there are MarketOrder, LimitOrder, StopOrder and CancelOrder")
    if order.side not in ("buy", "sell"):
        raise BadDecision(f"side is 'buy' or 'sell', not {order.side!r}")
    if order.account is not None:
        raise BadDecision("an order on another account is not possible yet: leave account out")
    if order.symbol not in market.all_rules:
        raise BadDecision(f"an order for {order.symbol!r}, which needs() does not ask for")
    tag: Any = order.tag
    if not isinstance(tag, str) or len(tag) > 64:
        raise BadDecision("a tag is text of at most 64 characters")
    optional = isinstance(order, MarketOrder)
    for name in ("amount", "spend", "price", "stop"):
        if hasattr(order, name) and not (optional and getattr(order, name) is None):
            _check_positive(name, getattr(order, name))
    if isinstance(order, MarketOrder):
        _check_market(order)
    if isinstance(order, LimitOrder):
        _check_limit(order)


def _check_market(order: MarketOrder) -> None:
    if (order.amount is None) == (order.spend is None):
        raise BadDecision("a MarketOrder takes either amount or spend")
    if order.spend is not None and order.side == "sell":
        raise BadDecision("spend is for buying: a sell takes amount")


def _check_limit(order: Any) -> None:
    if order.tif not in ("gtc", "ioc", "fok"):
        raise BadDecision(f"tif is 'gtc', 'ioc' or 'fok', not {order.tif!r}")
    if order.expires is not None and getattr(order.expires, "tzinfo", None) is None:
        raise BadDecision(f"expires must be an aware time, not {order.expires!r}")


def _check_positive(name: str, value: Any) -> None:
    if not isinstance(value, Decimal) or not value.is_finite() or value <= 0:
        raise BadDecision(f"{name} must be a positive Decimal, not {value!r}")
    if value.adjusted() > 20 or value != value.quantize(Decimal("1e-30"), context=_WIDE):
        raise BadDecision(f"{name} {value!r} is out of any market's range")


def first_needs(automation: Automation[Any, Any], config: BaseModel) -> str:
    """Return what the first tick needs, as JSON."""
    return dump_needs(automation.needs(config, None))


def needs_after_edit(automation: Automation[Any, Any], config: BaseModel, state: str | None, version: int) -> str:
    """Return what the next tick needs, as JSON, with a new config and the state that there is."""
    if version > automation.version:
        return first_needs(automation, config)
    return dump_needs(automation.needs(config, _read_state(automation, state, version)))


def dump_needs(needs: Needs) -> str:
    """Return ``needs`` as JSON; raise BadDecision for what is no Needs or an unreadable timeframe."""
    if not isinstance(needs, Needs):
        raise BadDecision(f"needs() returned {type(needs).__name__}, not Needs")
    candles = []
    for (symbol, timeframe), wanted in needs.candles.items():
        try:
            timeframe_ms(timeframe)
        except ValueError as error:
            raise BadDecision(str(error)) from None
        if not 0 < wanted <= 5_000:
            raise BadDecision(f"needs() wants {wanted} candles; 1 to 5,000 are possible")
        candles.append([symbol, timeframe, wanted])
    watched: list[Any] = sorted(set(needs.automations))
    if len(watched) > _WATCHED_LIMIT or not all(isinstance(name, str) and 0 < len(name) <= 128 for name in watched):
        raise BadDecision(f"needs() watches automations by name, at most {_WATCHED_LIMIT}, not {watched!r:.200}")
    asked: list[Any] = [sorted(set(needs.tickers)), sorted(candles)]
    return json.dumps([*asked, watched] if watched else asked, separators=(",", ":"))


@lru_cache(maxsize=1_024)
def load_needs(text: str) -> Needs:
    """Return what ``dump_needs`` wrote."""
    tickers, candles, *watched = json.loads(text)
    return Needs(
        tickers=tuple(tickers),
        candles={(symbol, frame): count for symbol, frame, count in candles},
        automations=tuple(watched[0]) if watched else (),
    )


@contextmanager
def _alarm(timeout: float | None, give_up: Callable[[], None] | None) -> Iterator[None]:
    if timeout is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    rings = count(1)

    def ring(_signal: int, _frame: Any) -> None:
        if next(rings) == _RINGS and give_up is not None:
            give_up()
        raise _TookTooLong

    previous = signal.signal(signal.SIGALRM, ring)
    # It rings again and again: an evaluation may swallow the first.
    signal.setitimer(signal.ITIMER_REAL, timeout, timeout)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].name}, line {frames[-1].lineno})" if frames else ""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an author's error may fail to say what it is
        text = ""
    return _clip(f"{type(error).__name__}: {text}{place}")


def _clip(text: str) -> str:
    # Half a surrogate pair cannot be stored; a reason must be, whatever the author's error says.
    text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= _ERROR_LIMIT else text[:_ERROR_LIMIT] + "…"


def _pickle_by_position(cls: type[Any]) -> None:
    """Pickle a dataclass by its values' positions: by field names, as dataclasses do it, takes twice as long.

    Not for orders, whose tag is given by keyword only.
    """
    values = attrgetter(*cls.__dataclass_fields__)
    copyreg.pickle(cls, lambda instance: (cls, values(instance)))


for _plain in (
    *(TickInput, PlainDecision, Outcome, Plan),
    *(Position, Signal, OpenOrder, Fill, OrderResult),
    *(Notify, StopAutomation, PauseAutomation, WatchedAutomation),
):
    _pickle_by_position(_plain)
