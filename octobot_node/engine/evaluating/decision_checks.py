"""Check what an evaluation returned, and write it down as plain values; what a tick needs, too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any, Never, assert_never

from pydantic import BaseModel

from octobot_node.automation import (
    KEEP,
    Action,
    Automation,
    AutomationRequest,
    Decision,
    Needs,
    Notify,
    PauseAutomation,
    Perform,
    SignalOutcome,
    StopAutomation,
    Tick,
    Wake,
)
from octobot_node.engine.evaluating.schedule import Plan, levels_of, plan_of
from octobot_node.market import Market, timeframe_ms
from octobot_node.orders import CancelOrder, LimitOrder, MarketOrder, Order, OrderAction, StopOrder
from octobot_node.text.printable import printable
from octobot_node.text.symbols import check_symbol

__all__ = [
    "NEXT_STEP_LIMIT",
    "STATE_LIMIT",
    "BadDecision",
    "PlainDecision",
    "PlainOutcome",
    "check_decision",
    "dump_needs",
    "first_needs",
    "load_needs",
    "next_step",
]

#: A state larger than this is refused: it is written at every change and read at every tick.
STATE_LIMIT = 64_000
#: A next step is shown in a list.
NEXT_STEP_LIMIT = 300
_ORDERS_LIMIT = 500
_FIGURES_LIMIT = 32
_WATCHED_LIMIT = 100
_PAYLOAD_LIMIT = 16_000
_OUTCOME_LIMIT, _REASON_LIMIT = 32, 500
_WIDE = Context(prec=60)


class BadDecision(Exception):
    """What an evaluation returned is not a usable decision; the text says what and why."""


@dataclass(frozen=True, slots=True)
class PlainOutcome:
    """What became of a signal; ``orders`` are the places, among the decision's, of those that follow from it."""

    signal: str
    outcome: str
    reason: str
    orders: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PlainDecision:
    """A checked decision; ``state`` and ``figures`` are JSON, or None to keep the old ones."""

    state: str | None
    needs: str
    plan: Plan | None
    levels: str | None
    orders: tuple[OrderAction, ...]
    notices: tuple[Notify, ...]
    requests: tuple[AutomationRequest, ...]
    #: (action, payload as JSON) of what plugins are to do.
    performs: tuple[tuple[str, str], ...]
    independent: bool
    done: bool
    figures: str | None
    outcomes: tuple[PlainOutcome, ...] = ()
    #: What it does next, in its author's words; "" where there are none.
    next_step: str = ""
    #: Field of the config, by message, of those notices that say what the type's ``check`` finds in it.
    found: Mapping[str, str] = field(default_factory=dict)


def check_decision(automation: Automation[Any, Any], tick: Tick[Any, Any], decision: Decision) -> PlainDecision:
    """Return a decision as the commit takes it; raise BadDecision for one that cannot be carried out."""
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
        requests=tuple(action for action in decision.actions if isinstance(action, StopAutomation | PauseAutomation)),
        performs=tuple(_dump_perform(action) for action in decision.actions if isinstance(action, Perform)),
        independent=bool(decision.independent),
        done=bool(decision.done),
        figures=None if decision.figures is KEEP else _dump_figures(decision.figures),
        outcomes=_outcomes(tick, decision),
        next_step=next_step(automation, tick.config, kept),
    )


def _outcomes(tick: Tick[Any, Any], decision: Decision) -> tuple[PlainOutcome, ...]:
    given: Any = decision.signals
    if not isinstance(given, Mapping):
        raise BadDecision(f"signals maps ids of signals to what became of them, not {given!r:.200}")
    known = {signal.id for signal in tick.signals}
    # By identity: two signals may ask for the same.
    places = {id(order): place for place, order in enumerate(decision.orders)}
    return tuple(_outcome(signal, told, known, places) for signal, told in given.items())


def _outcome(signal: Any, told: Any, known: set[str], places: Mapping[int, int]) -> PlainOutcome:
    if signal not in known:
        raise BadDecision(f"signals has {signal!r:.100}, which is no signal of this tick")
    if not isinstance(told, SignalOutcome):
        raise BadDecision(f"what became of a signal is a SignalOutcome, not {told!r:.200}")
    outcome: Any = told.outcome
    reason: Any = told.reason
    is_word = isinstance(outcome, str) and 0 < len(outcome) <= _OUTCOME_LIMIT and outcome.isprintable()
    if not is_word or not isinstance(reason, str):
        raise BadDecision(
            f"the outcome of a signal is a word of at most {_OUTCOME_LIMIT} characters and its reason text,"
            f" not {told!r:.200}"
        )
    if any(id(order) not in places for order in told.orders):
        raise BadDecision("the orders that follow from a signal are among the decision's orders, the same objects")
    # A reason may quote what somebody sent.
    clean = printable(reason)
    shown = clean if len(clean) <= _REASON_LIMIT else f"{clean[: _REASON_LIMIT - 1]}…"
    return PlainOutcome(signal, outcome, shown, tuple(places[id(order)] for order in told.orders))


def next_step(automation: Automation[Any, Any], config: BaseModel, state: Any) -> str:
    """Return what an automation does next, as its author says it, in one line; "" where that fails."""
    try:
        text: Any = automation.describe(config, state)
        if not isinstance(text, str):
            return ""
        line = printable(" ".join(text.split()), lines=False)
    except Exception:  # noqa: BLE001 - words for people: an author's mistake in them must not stop what trades
        return ""
    return line if len(line) <= NEXT_STEP_LIMIT else f"{line[: NEXT_STEP_LIMIT - 1]}…"


def _check_action(action: Action) -> None:
    if isinstance(action, Notify):
        message: Any = action.message
        level: Any = action.level
        if not isinstance(message, str) or not isinstance(level, str) or len(level) > 16:
            raise BadDecision(f"{action!r}: message is text, and so is level, of at most 16 characters")
    elif isinstance(action, StopAutomation | PauseAutomation):
        name: Any = action.name
        if not isinstance(name, str) or not 0 < len(name) <= 128:
            raise BadDecision(f"{action!r} names no automation")
    elif isinstance(action, Perform):
        _dump_perform(action)
    else:
        _refuse_action(action)


def _dump_perform(action: Perform) -> tuple[str, str]:
    name: Any = action.action
    payload: Any = action.payload
    if not isinstance(name, str) or not 0 < len(name) <= 64 or not isinstance(payload, Mapping):
        raise BadDecision(f"Perform takes the name of an action and a mapping, not {action!r:.200}")
    try:
        text = json.dumps(dict(payload), allow_nan=False, separators=(",", ":"), default=_as_text)
    except (TypeError, ValueError) as error:
        raise BadDecision(f"what the action {name!r} is given is not JSON: {error}") from None
    if len(text) > _PAYLOAD_LIMIT:
        raise BadDecision(f"the action {name!r} is given {len(text):,} characters; {_PAYLOAD_LIMIT:,} is the most")
    return name, text


def _as_text(value: Any) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


# Authors may return anything. `Never`, as in `assert_never`: mypy finds what a new member of the union lacks above.
def _refuse_action(action: Never) -> Never:
    raise BadDecision(f"{action!r} is not an action; there are Notify, StopAutomation, PauseAutomation and Perform")


def _refuse_order(order: Never) -> Never:
    raise BadDecision(f"{order!r} is not an order; there are MarketOrder, LimitOrder, StopOrder and CancelOrder")


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


def _check_order(order: OrderAction, market: Market, own: set[str]) -> None:
    if isinstance(order, CancelOrder):
        if order.id not in own:
            raise BadDecision(f"CancelOrder({order.id!r}) names no open order of this automation")
        return
    if not isinstance(order, MarketOrder | LimitOrder | StopOrder):
        _refuse_order(order)
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
    _check_type(order)


def _check_type(order: Order) -> None:
    if isinstance(order, MarketOrder):
        _check_market(order)
    elif isinstance(order, LimitOrder):
        _check_limit(order)
    elif not isinstance(order, StopOrder):
        assert_never(order)


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


def dump_needs(needs: Needs) -> str:
    """Return ``needs`` as JSON; raise BadDecision for what is not a Needs or an unreadable timeframe."""
    if not isinstance(needs, Needs):
        raise BadDecision(f"needs() returned {type(needs).__name__}, not Needs")
    for symbol in sorted(map(str, needs.symbols)):
        try:
            check_symbol(symbol)
        except ValueError as error:
            raise BadDecision(str(error)) from None
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
