"""What happened to an automation, as sentences for people: for its log, and for whoever tells somebody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Any, Literal, NamedTuple

__all__ = [
    "ENDINGS",
    "REQUESTS",
    "Sentence",
    "amount_of",
    "bought_or_sold",
    "number",
    "price_of",
    "reason_of",
    "sentence",
]

Level = Literal["debug", "info", "warning", "error"]
Data = Mapping[str, Any]
_REASON_MAX = 300
_PRECISION = Context(prec=8, rounding=ROUND_HALF_EVEN)
_EXACT = Context(prec=60)
#: Kinds of events after which an automation does nothing any more, though nobody asked it to end.
ENDINGS: Mapping[str, str] = {
    "automation.failed": "has failed and does not run any more",
    "automation.held": "is held until this is mended",
}

#: What one automation may ask of another.
REQUESTS: Mapping[str, str] = {"stop": "to stop", "close": "to stop and sell what it holds", "pause": "to pause"}


class Sentence(NamedTuple):
    """What happened, without the name of the automation, which goes before it."""

    level: Level
    text: str


def sentence(kind: str, data: Data) -> Sentence:
    """Return an event in words; one of an unknown kind, or whose data lacks what its words need, as what it is."""
    try:
        return _sentence(kind, data)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        # Written by another release, or by a plugin: whoever reads the log is told what there is.
        return _as_it_is(kind, data)


def _sentence(kind: str, data: Data) -> Sentence:
    if kind in _PLAIN:
        level, text = _PLAIN[kind]
        return Sentence(level, text)
    if kind in ENDINGS:
        return Sentence("error", f"{ENDINGS[kind]}: {reason_of(data)}")
    if kind in _COMPOSED:
        level, compose = _COMPOSED[kind]
        return Sentence(level, compose(data))
    group, _, status = kind.partition(".")
    if group == "order" and "side" in data:
        return Sentence(_ORDER_LEVELS.get(status, "info"), f"{_order(data)}: {status}{_because(data)}")
    if kind == "notice.told":
        return Sentence(_NOTICE_LEVELS.get(data["level"], "info"), " ".join(str(data["message"]).split()))
    if group == "log" and status in _LOG_LEVELS:
        return Sentence(_LOG_LEVELS[status], " ".join(data["text"].split()))
    return _as_it_is(kind, data)


def _as_it_is(kind: str, data: Data) -> Sentence:
    return Sentence("info", " ".join([kind, *(f"{name}={_short(value)}" for name, value in data.items())]))


# What others say in the same words -----------------------------------------------------------------------------------


def number(value: Decimal) -> str:
    """Return a number as people write it, without zeros at its end."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def reason_of(data: Data) -> str:
    """Return why something happened, in one line of bearable length."""
    return _short(data.get("reason") or "no reason is given")


def bought_or_sold(symbol: str, side: str, fills: Iterable[Data]) -> str:
    """Return what some fills of one symbol and side come to: ``bought 2 BTC at 40000 USDT (80000 USDT)``."""
    base, _, quote = symbol.partition("/")
    trades = [(Decimal(fill["amount"]), Decimal(fill["price"])) for fill in fills]
    with localcontext(_EXACT):
        amount = sum((amount for amount, _ in trades), Decimal(0))
        cost = sum((amount * price for amount, price in trades), Decimal(0))
        average = cost / amount
    price = number(_PRECISION.plus(average))
    verb = "bought" if side == "buy" else "sold"
    on_average = "" if len(trades) == 1 else f" on average, in {len(trades)} fills"
    total = number(_PRECISION.plus(cost))
    return f"{verb} {number(amount)} {base} at {price} {quote}{on_average} ({total} {quote})"


def amount_of(symbol: str, order: Data) -> str:
    """Return how much an order is about: ``2 BTC``, ``BTC for 100 USDT``, or ``BTC`` where that is not known."""
    base, _, quote = symbol.partition("/")
    if order.get("amount") is not None:
        return f"{number(Decimal(order['amount']))} {base}"
    if order.get("spend") is not None:
        return f"{base} for {number(Decimal(order['spend']))} {quote}"
    return base


def price_of(symbol: str, order: Data) -> str:
    """Return at which price an order is: ``at 40000 USDT``, or at the market's."""
    price = order.get("price") or order.get("stop")
    return "at the market's price" if price is None else f"at {number(Decimal(price))} {symbol.partition('/')[2]}"


# ---------------------------------------------------------------------------------------------------------------------


def _order(data: Data) -> str:
    # An event that tells what became of an order does not repeat what it was.
    known = data.get("amount") is not None or data.get("spend") is not None
    at = f" {price_of(data['symbol'], data)}" if known else ""
    return f"order to {data['side']} {amount_of(data['symbol'], data)}{at}"


def _because(data: Data) -> str:
    filled = Decimal(data.get("filled", "0"))
    so_far = f", {number(filled)} of it filled" if filled else ""
    return f"{so_far} ({reason_of(data)})" if data.get("reason") else so_far


def _fill(data: Data) -> str:
    return bought_or_sold(data["symbol"], data["side"], [data])


def _failed_tick(data: Data) -> str:
    return f"a tick failed and will be tried again: {reason_of(data)}"


def _missed(data: Data) -> str:
    missed = data["missed"]
    return f"{missed} planned {'tick' if missed == 1 else 'ticks'} passed while no node ran, and became one"


def _budget(data: Data) -> str:
    told = []
    for asset, amount in sorted(data["changes"].items()):
        change = Decimal(amount)
        did = "was given" if change > 0 else "had taken from it"
        told.append(f"{did} {number(abs(change))} {asset} (its budget is {number(Decimal(data['budget'][asset]))} now)")
    return " and ".join(told)


def _waiting(data: Data) -> str:
    return f"waits: {reason_of(data)}"


def _stopping(data: Data) -> str:
    then = ", and what it holds is sold" if data.get("close") else ""
    return f"is stopping: its own orders are cancelled{then}"


def _by(did: str) -> Callable[[Data], str]:
    return lambda data: f"order {data['id']} was {did} by {data['by']}"


def _asked(data: Data) -> str:
    return f"asked {data['target']!r} {REQUESTS[data['command']]}"


def _asked_in_vain(data: Data) -> str:
    return f"{_asked(data)}, but {reason_of(data)}"


def _untold(data: Data) -> str:
    return f"{data['notifier']} did not take a message and was given up: {reason_of(data)}"


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _REASON_MAX else f"{text[:_REASON_MAX]}…"


_PLAIN: Mapping[str, tuple[Level, str]] = {
    "automation.created": ("info", "was created"),
    "automation.edited": ("info", "was edited"),
    "automation.shadow_began": ("info", "has a shadow on paper from here on"),
    "automation.shadow_ended": ("info", "has no shadow any more"),
    "automation.active": ("info", "was resumed"),
    "automation.paused": ("info", "was paused"),
    "automation.stopped": ("info", "has stopped"),
    "automation.completed": ("info", "has completed"),
    "automation.deleted": ("info", "was deleted"),
    "kill_switch.thrown": ("warning", "a kill switch was thrown: nothing new is sent, its own orders are cancelled"),
    "kill_switch.settled": ("info", "the exchange has confirmed what became of every order since the kill switch"),
    "kill_switch.released": ("info", "the kill switch was released: orders are sent again"),
}


def _action(what: str) -> Callable[[Data], str]:
    return lambda data: f"the action {data['action']} {what}: {reason_of(data)}"


def _short_account(data: Data) -> str:
    lacks = ", ".join(f"{each['has']} {asset} of {each['needs']}" for asset, each in sorted(data["lacks"].items()))
    return f"the account {data['account']} has {lacks} at its exchange: orders that spend it are not sent"


_COMPOSED: Mapping[str, tuple[Level, Callable[[Data], str]]] = {
    "account.answered": ("info", lambda data: f"the exchange of the account {data['account']} answers again"),
    "account.covered": ("info", lambda data: f"the account {data['account']} has at its exchange what it should"),
    "account.short": ("warning", _short_account),
    "account.unanswered": (
        "error",
        lambda data: f"the exchange of the account {data['account']} does not answer: {reason_of(data)}",
    ),
    "action.asked": ("info", lambda data: f"asked for the action {data['action']}"),
    "action.done": ("info", _action("is done")),
    "action.failed": ("error", _action("failed")),
    "action.unknown": ("error", _action("has an outcome that is not known")),
    "automation.stopping": ("info", _stopping),
    "automation.waiting": ("info", _waiting),
    "budget.changed": ("info", _budget),
    "notice.failed": ("error", _untold),
    "order.adopted": ("info", _by("adopted")),
    "order.declared_not_sent": ("info", _by("declared not sent")),
    "order.fill": ("info", _fill),
    "request.done": ("info", _asked),
    "request.failed": ("error", _asked_in_vain),
    "tick.failed": ("warning", _failed_tick),
    "tick.missed": ("warning", _missed),
}
_NOTICE_LEVELS: Mapping[str, Level] = {"debug": "debug", "info": "info", "warning": "warning", "error": "error"}
#: Of what an automation's own code notes; the text is its author's.
_LOG_LEVELS: Mapping[str, Level] = {"info": "info", "warning": "warning", "error": "error"}
_ORDER_LEVELS: Mapping[str, Level] = {"refused": "warning", "skipped": "warning", "unknown": "error"}
