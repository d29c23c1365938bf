"""Events of an owner, gathered into one message for a trader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from octobot_node.text.event_sentences import ENDINGS, amount_of, bought_or_sold, number, price_of, reason_of, sentence

__all__ = ["Happened", "Message", "Names", "compose"]

#: So many lines of one kind are told; of more, how many there are.
_LINES_MAX = 15
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
    accounts = _accounts(happened)
    parts = [part for part in (unknown, accounts, failed, fills) if part]
    if not parts:
        return None
    grave = unknown or _of(happened, "automation.failed") or _of(happened, "account.unanswered")
    level = "error" if grave else "warning" if failed or _of(happened, "account.short") else "info"
    return Message(level, "\n\n".join(parts))


def _of(happened: Sequence[Happened], kind: str) -> list[Happened]:
    return [event for event in happened if event.kind == kind]


# Fills ----------------------------------------------------------------------------------------------------------------


def _fills(fills: Sequence[Happened], names: Names) -> str:
    groups: dict[tuple[str, str, str], list[Happened]] = {}
    for fill in fills:
        groups.setdefault((fill.automation_id, fill.data["symbol"], fill.data["side"]), []).append(fill)
    lines = [
        f"{_name(names, who)} {bought_or_sold(symbol, side, [fill.data for fill in group])}"
        for (who, symbol, side), group in groups.items()
    ]
    if len(fills) <= 1:
        return "".join(lines)
    automations = len({fill.automation_id for fill in fills})
    return _listed(f"{len(fills)} fills of {_counted(automations, 'automation')}:", lines)


# Failures -------------------------------------------------------------------------------------------------------------


def _failures(happened: Sequence[Happened], names: Names) -> str:
    ended = {event.automation_id for event in happened if event.kind in ENDINGS}
    lines = [
        f"{_name(names, event.automation_id)} {sentence(kind, event.data).text}"
        for kind in ENDINGS
        for event in _of(happened, kind)
    ]
    ticks: dict[str, list[Happened]] = {}
    for event in _of(happened, "tick.failed"):
        if event.automation_id not in ended:
            ticks.setdefault(event.automation_id, []).append(event)
    for automation_id, events in ticks.items():
        lines.append(f"{_name(names, automation_id)}: {_failed_ticks(events)}")
    return lines[0] if len(lines) == 1 else _listed(f"{len(lines)} automations have trouble:", lines) if lines else ""


def _failed_ticks(events: Sequence[Happened]) -> str:
    newest = events[-1].data
    if len(events) == 1:
        return sentence("tick.failed", newest).text
    return f"{len(events)} ticks failed and will be tried again: {reason_of(newest)}"


def _accounts(happened: Sequence[Happened]) -> str:
    about = [sentence(event.kind, event.data).text for event in happened if event.kind.startswith("account.")]
    lines = [f"{text[0].upper()}{text[1:]}." for text in about]
    return lines[0] if len(lines) == 1 else _listed("Of accounts:", lines) if lines else ""


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
    what, at = amount_of(data["symbol"], order), price_of(data["symbol"], order)
    filled = Decimal(data.get("filled", "0"))
    so_far = f", {number(filled)} of it filled" if filled else ""
    return f"{name}: {data['side']} {what} {at}{so_far} ({reason_of(data)}); order {data['id']}"


# ----------------------------------------------------------------------------------------------------------------------


def _name(names: Names, automation_id: str) -> str:
    return names.get(automation_id) or automation_id or "an automation"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _listed(title: str, lines: Sequence[str]) -> str:
    # The same words of many are told once.
    counted = Counter(lines)
    told = [line if times == 1 else f"{line} ({times} times)" for line, times in counted.items()]
    more = len(told) - _LINES_MAX
    rest = [f"and {more} more" if more > 0 else ""]
    return "\n".join([title, *(f"- {line}" for line in told[:_LINES_MAX]), *(f"- {line}" for line in rest if line)])
