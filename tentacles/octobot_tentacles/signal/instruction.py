"""What a signal says to do, and the readers of its parts that every format shares."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from octobot_node.text.symbols import spot_pair
from octobot_tentacles.signal.config import SignalConfig

__all__ = ["ABSENT", "Instruction", "Offset", "Unreadable", "number", "shown", "symbol_of", "tag_of"]

_NUMBER = re.compile(r"\+?(?:[0-9]{1,60}(?:\.[0-9]{0,60})?|\.[0-9]{1,60})(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
#: Sizes beyond these are no market's.
_MOST, _LEAST = Decimal("1e15"), Decimal("1e-18")
_TAG_MAX = 64
_SHOWN = 80
#: There is nothing in its place.
ABSENT = object()


class Unreadable(ValueError):
    """A signal says nothing that could be traded; its text says why."""


@dataclass(frozen=True, slots=True)
class Offset:
    """How far from the last price, in quote or in percent of it."""

    size: Decimal
    is_percent: bool

    def of(self, last: Decimal) -> Decimal:
        """Return the price."""
        return last + (last * self.size / 100 if self.is_percent else self.size)


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a signal says: at most one of ``amount`` (base), ``spend`` (quote) and ``percent``."""

    side: Literal["buy", "sell"]
    symbol: str
    amount: Decimal | None = None
    spend: Decimal | None = None
    percent: Decimal | None = None
    price: Decimal | None = None
    tag: str = "signal"
    #: The kind of order, where the signal says it.
    order: Literal["market", "limit"] | None = None
    #: Instead of a price.
    offset: Offset | None = None


def symbol_of(value: Any, config: SignalConfig) -> str:
    """Return the allowed symbol that ``value`` means; raise Unreadable."""
    if value is ABSENT:
        return config.symbol
    found = config.symbol_of(value) if isinstance(value, str) else None
    if found is None and isinstance(value, str):
        spot = spot_pair(_without_exchange(value.strip()))
        if spot is not None:
            raise Unreadable(
                f"{shown(value)} is a derivative, and those are not traded{f': {spot} is spot' if spot else ''}"
            )
    if found is None:
        raise Unreadable(f"{shown(value)} is none of the symbols it may trade: {', '.join(config.all_symbols)}")
    return found


def _without_exchange(text: str) -> str:
    """Return the symbol of EXCHANGE:SYMBOL; in BASE/QUOTE:SETTLEMENT the colon says something else."""
    exchange, colon, symbol = text.partition(":")
    return symbol if colon and "/" not in exchange else text


def number(name: str, value: Any) -> Decimal:
    """Return a number exactly as it was written; a float's is its shortest decimal."""
    text = str(value).strip() if isinstance(value, str | int | float | Decimal) and not isinstance(value, bool) else ""
    if name == "percent":
        text = text.removesuffix("%").rstrip()
    if not _NUMBER.fullmatch(text):
        raise Unreadable(f"its {name} {shown(value)} is not a number above zero")
    found = Decimal(text)
    if not found:
        raise Unreadable(f"its {name} is zero")
    if not _LEAST <= found <= _MOST:
        raise Unreadable(f"its {name} {shown(value)} is out of any market's range")
    return found


def tag_of(value: Any) -> str:
    """Return the sender's own word as it may be kept."""
    text = "".join(letter for letter in str(value) if letter.isprintable()).strip()
    return text[:_TAG_MAX] if isinstance(value, str | int) and text else "signal"


def shown(value: Any) -> str:
    """Return what a signal says as it may be quoted."""
    text = repr(value) if isinstance(value, str) else str(value)
    text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
