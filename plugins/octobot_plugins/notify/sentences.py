"""Events, as sentences for a trader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Any

__all__ = ["Happened", "Message", "Names", "compose", "number"]

#: So many lines of one kind are told; of more, how many there are.
_LINES_MAX = 15
_REASON_MAX = 300
_PRECISION = Context(prec=8, rounding=ROUND_HALF_EVEN)
_EXACT = Context(prec=60)
#: id -> what it is called.
Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Happened:
    """An event that is worth telling; ``order`` is the intent's row as a mapping, where there is one."""

    id: int
    owner: str
    automation_id: str
    kind: str
    data: Mapping[str, Any]
    at: int
    order: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What an owner is told."""

    level: str
    text: str


def compose(happened: Sequence[Happened], names: Names) -> Message | None:
    """Return what to tell one owner of what happened, the worst first, or None."""
    unknown = _unknown(_of(happened, "order.unknown"), names)
    failed = _failures(happened, names)
    fills = _fills(_of(happened, "order.fill"), names)
    parts = [part for part in (unknown, failed, fills) if part]
    if not parts:
        return None
    level = "error" if unknown or _of(happened, "automation.failed") else "warning" if failed else "info"
    return Message(level, "\n\n".join(parts))


def number(value: Decimal) -> str:
    """Return a number as people write it, without zeros at its end."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _of(happened: Sequence[Happened], kind: str) -> list[Happened]:
    return [event for event in happened if event.kind == kind]


# Fills ----------------------------------------------------------------------------------------------------------------


def _fills(fills: Sequence[Happened], names: Names) -> str:
    groups: dict[tuple[str, str, str], list[Happened]] = {}
    for fill in fills:
        groups.setdefault((fill.automation_id, fill.data["symbol"], fill.data["side"]), []).append(fill)
    lines = [_bought_or_sold(_name(names, key[0]), key[1], key[2], group) for key, group in groups.items()]
    if len(fills) <= 1:
        return "".join(lines)
    automations = len({fill.automation_id for fill in fills})
    return _listed(f"{len(fills)} fills of {_counted(automations, 'automation')}:", lines)


def _bought_or_sold(name: str, symbol: str, side: str, fills: Sequence[Happened]) -> str:
    base, _, quote = symbol.partition("/")
    with localcontext(_EXACT):
        amount = sum((Decimal(fill.data["amount"]) for fill in fills), Decimal(0))
        cost = sum((Decimal(fill.data["amount"]) * Decimal(fill.data["price"]) for fill in fills), Decimal(0))
        average = cost / amount
    price = number(_PRECISION.plus(average))
    verb = "bought" if side == "buy" else "sold"
    on_average = "" if len(fills) == 1 else f" on average, in {len(fills)} fills"
    total = number(_PRECISION.plus(cost))
    return f"{name} {verb} {number(amount)} {base} at {price} {quote}{on_average} ({total} {quote})"


# Failures -------------------------------------------------------------------------------------------------------------


_ENDINGS = {
    "automation.failed": "has failed and does not run any more",
    "automation.held": "is held until this is mended",
}


def _failures(happened: Sequence[Happened], names: Names) -> str:
    ended = {event.automation_id for event in happened if event.kind in _ENDINGS}
    lines = [
        f"{_name(names, event.automation_id)} {ending}: {_reason(event)}"
        for kind, ending in _ENDINGS.items()
        for event in _of(happened, kind)
    ]
    ticks: dict[str, list[Happened]] = {}
    for event in _of(happened, "tick.failed"):
        if event.automation_id not in ended:
            ticks.setdefault(event.automation_id, []).append(event)
    for automation_id, events in ticks.items():
        times = "a tick failed" if len(events) == 1 else f"{len(events)} ticks failed"
        lines.append(f"{_name(names, automation_id)}: {times} and will be tried again: {_reason(events[-1])}")
    return lines[0] if len(lines) == 1 else _listed(f"{len(lines)} automations have trouble:", lines) if lines else ""


# Unknown orders -------------------------------------------------------------------------------------------------------


def _unknown(unknown: Sequence[Happened], names: Names) -> str:
    # Told more than once while the window is open, it is still one order.
    orders = {event.data["id"]: event for event in unknown}
    lines = [_unknown_order(event, _name(names, event.automation_id)) for event in orders.values()]
    if not lines:
        return ""
    title = "The outcome of an order is" if len(lines) == 1 else f"The outcomes of {len(lines)} orders are"
    cure = (
        "What they may cost stays reserved. See what the exchange says, then `octobot-node orders adopt` or"
        " `declare-not-sent`."
    )
    return f"{_listed(f'{title} not known:', lines)}\n{cure}"


def _unknown_order(event: Happened, name: str) -> str:
    data, order = event.data, event.order or {}
    base, _, quote = data["symbol"].partition("/")
    if order.get("amount") is not None:
        what = f"{number(order['amount'])} {base}"
    elif order.get("spend") is not None:
        what = f"{base} for {number(order['spend'])} {quote}"
    else:
        what = base
    price = order.get("price") or order.get("stop")
    at = "at the market's price" if price is None else f"at {number(price)} {quote}"
    filled = Decimal(data.get("filled", "0"))
    so_far = f", {number(filled)} of it filled" if filled else ""
    return f"{name}: {data['side']} {what} {at}{so_far} ({_reason(event)}); order {data['id']}"


# ----------------------------------------------------------------------------------------------------------------------


def _name(names: Names, automation_id: str) -> str:
    return names.get(automation_id) or automation_id or "an automation"


def _reason(event: Happened) -> str:
    text = " ".join(str(event.data.get("reason") or "no reason is given").split())
    return text if len(text) <= _REASON_MAX else f"{text[:_REASON_MAX]}…"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _listed(title: str, lines: Sequence[str]) -> str:
    # The same words of many are told once.
    counted = Counter(lines)
    told = [line if times == 1 else f"{line} ({times} times)" for line, times in counted.items()]
    more = len(told) - _LINES_MAX
    rest = [f"and {more} more" if more > 0 else ""]
    return "\n".join([title, *(f"- {line}" for line in told[:_LINES_MAX]), *(f"- {line}" for line in rest if line)])
