"""Evaluate one tick in a guard: from plain, picklable input to a plain, checked decision."""

from __future__ import annotations

import copyreg
import json
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from operator import attrgetter
from random import Random
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from octobot_node.automation import (
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
    WatchedAutomation,
)
from octobot_node.contracts.exchanges import Fees, with_fees
from octobot_node.engine.evaluating.config_checks import findings_of
from octobot_node.engine.evaluating.decision_checks import (
    BadDecision,
    PlainDecision,
    PlainOutcome,
    check_decision,
    dump_needs,
    first_needs,
    next_step,
)
from octobot_node.engine.evaluating.schedule import Plan
from octobot_node.errors import DataUnavailable
from octobot_node.market import Market, from_ms
from octobot_node.orders import Fill, OpenOrder, OrderResult
from octobot_node.shadow_ids import is_shadow, original_of
from octobot_node.text.code_places import place_of
from octobot_node.text.validation_messages import sentence

__all__ = [
    "HUNG",
    "OUT_OF_MEMORY",
    "Outcome",
    "TickInput",
    "definite",
    "diverted",
    "evaluate",
    "needs_after_edit",
    "next_step_after_edit",
    "read_state",
]

OUT_OF_MEMORY = "used more memory than it may"
HUNG = "evaluate() hung"
#: Who swallows this many interruptions will not be interrupted.
_RINGS = 3
_ERROR_LIMIT = 2_000


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
    #: What its account pays, by symbol: a batch's automations share the market, not the account.
    fees: tuple[tuple[str, Fees], ...] = ()
    #: No tick with this config has succeeded yet: what its type finds in it is told.
    new_config: bool = False


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
        return Outcome(given.automation_id, problem="failed", reason=_clip(_said(error)))
    except MemoryError:
        return Outcome(given.automation_id, problem="failed", reason=OUT_OF_MEMORY)
    except BaseException as error:  # noqa: BLE001 - an author's SystemExit must not end the process
        return Outcome(given.automation_id, problem="failed", reason=_where(error))


def _said(error: BadDecision | ValidationError) -> str:
    return sentence(error) if isinstance(error, ValidationError) else str(error)


def _decide(automation: Automation[Any, Any], given: TickInput, market: Market, noted: TickLog) -> PlainDecision:
    tick = _tick(automation, given, market, noted)
    decision = automation.evaluate(tick)
    if not isinstance(decision, Decision):
        raise BadDecision(f"evaluate() returned {type(decision).__name__}, not a Decision")
    checked = check_decision(automation, tick, decision)
    return _with_findings(automation, tick, checked) if given.new_config else checked


def _with_findings(automation: Automation[Any, Any], tick: Tick[Any, Any], decision: PlainDecision) -> PlainDecision:
    """Return the decision with what the type finds in the config as notices, but for what the tick tells itself."""
    said = [notice.message for notice in decision.notices]
    added: list[Notify] = []
    found: dict[str, str] = {}
    for finding in findings_of(automation, tick.config, tick.market, _owned(tick)):
        message = next((each for each in said if finding.text in each), None)
        if message is None:
            message = f"{finding.field}: {finding.text}" if finding.field else finding.text
            added.append(Notify(message, finding.severity))
        found[message] = finding.field
    return replace(decision, notices=(*added, *decision.notices), found=found)


def _owned(tick: Tick[Any, Any]) -> dict[str, Decimal]:
    """Return what the automation has by asset, what its open orders may use included."""
    owned = dict(tick.balances)
    for order in tick.open_orders:
        base, _, quote = order.symbol.partition("/")
        rest = order.remaining or Decimal(0)
        if order.side == "sell":
            owned[base] = owned.get(base, Decimal(0)) + rest
        elif order.price is not None:
            owned[quote] = owned.get(quote, Decimal(0)) + rest * order.price
    return owned


def _tick(automation: Automation[Any, Any], given: TickInput, market: Market, noted: TickLog) -> Tick[Any, Any]:
    config = automation.Config.model_validate_json(given.config)
    previous = given.previous_config
    # What a shadow decides is what its original would: nothing of it depends on which of the two it is.
    known = original_of(given.automation_id) if is_shadow(given.automation_id) else given.automation_id
    return Tick(
        automation_id=known,
        number=given.number,
        now=from_ms(given.now),
        scheduled_at=None if given.scheduled_at is None else from_ms(given.scheduled_at),
        missed=given.missed,
        config=config,
        previous_config=None if previous is None else automation.Config.model_validate_json(previous),
        state=read_state(automation, given.state, given.state_version),
        market=with_fees(_asked_for(market, given.needs), dict(given.fees)),
        positions={position.symbol: position for position in given.positions},
        balances=dict(given.balances),
        open_orders=given.open_orders,
        fills=given.fills,
        results=given.results,
        signals=given.signals,
        random=Random(f"{known}/{given.number}"),
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


def read_state(automation: Automation[Any, Any], text: str | None, version: int) -> Any:
    """Return a stored state as ``evaluate`` is given it, brought up to date where an earlier version wrote it."""
    if text is None:
        return None
    if version == automation.version and automation.State is not None:
        return automation.State.model_validate_json(text)
    state = json.loads(text, parse_float=Decimal) if version != automation.version else json.loads(text)
    if version != automation.version:
        state = automation.upgrade(state, version)
    return state if automation.State is None else automation.State.model_validate(state)


def needs_after_edit(automation: Automation[Any, Any], config: BaseModel, state: str | None, version: int) -> str:
    """Return what the next tick needs, as JSON, with a new config and the state that there is."""
    if version > automation.version:
        return first_needs(automation, config)
    return dump_needs(automation.needs(config, read_state(automation, state, version)))


def next_step_after_edit(automation: Automation[Any, Any], config: BaseModel, state: str | None, version: int) -> str:
    """Return what it does next with a new config and the state that there is."""
    if version > automation.version:
        return ""
    return next_step(automation, config, read_state(automation, state, version))


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
    place = place_of(error)
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an author's error may fail to say what it is
        text = ""
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"{_clip(what)} ({place})" if place else _clip(what)


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
    *(TickInput, PlainDecision, PlainOutcome, Outcome, Plan),
    Fees,
    *(Position, Signal, OpenOrder, Fill, OrderResult),
    *(Notify, StopAutomation, PauseAutomation, WatchedAutomation),
):
    _pickle_by_position(_plain)
