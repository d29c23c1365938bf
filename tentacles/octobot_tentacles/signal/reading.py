"""Reading a signal: what it says to do, exactly, or why it cannot be read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, NoReturn

from octobot_tentacles.signal.config import SignalConfig

__all__ = ["Instruction", "Unreadable", "read"]

_NUMBER = re.compile(r"\+?(?:[0-9]{1,60}(?:\.[0-9]{0,60})?|\.[0-9]{1,60})(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
#: Sizes beyond these are no market's.
_MOST, _LEAST = Decimal("1e15"), Decimal("1e-18")
_TAG_MAX = 64
_SHOWN = 80
_ABSENT = object()


class Unreadable(ValueError):
    """A signal says nothing that could be traded; its text says why."""


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


def read(payload: Any, config: SignalConfig) -> Instruction:
    """Return what ``payload`` says; raise Unreadable with the reason.

    A mapping is read by the config's fields; text is JSON of one, or words: "buy", "sell 50%", "buy 0.01 ETH/USD",
    "buy 100 USD", "buy 0.1 at 30000".
    """
    if isinstance(payload, str):
        text = payload.strip()
        payload = _json(text) if text.startswith("{") else _words(text, config)
        if isinstance(payload, Instruction):
            return payload
    if not isinstance(payload, Mapping):
        raise Unreadable(f"{_shown(payload)} is neither text nor a JSON object")
    return _mapping(payload, config)


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Unreadable(f"{_shown(text)} is not JSON") from None


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _mapping(payload: Mapping[str, Any], config: SignalConfig) -> Instruction:
    fields = config.fields
    given = {name: _at(payload, getattr(fields, name)) for name in type(fields).model_fields}
    wanted = ("amount", "spend", "percent", *(("price",) if config.order == "limit" else ()))
    numbers = {name: _number(name, given[name]) for name in wanted if given[name] is not _ABSENT}
    side = given["side"]
    if side is _ABSENT:
        raise Unreadable(f"it does not say what to do: there is no {fields.side.replace('|', ' or ')}")
    return _checked(
        Instruction(
            _side(side, config),
            _symbol(given["symbol"], config),
            amount=numbers.get("amount"),
            spend=numbers.get("spend"),
            percent=numbers.get("percent"),
            price=numbers.get("price"),
            tag="signal" if given["tag"] is _ABSENT else _tag(given["tag"]),
        )
    )


def _at(payload: Mapping[str, Any], paths: str) -> Any:
    """Return what is at the first of the ``paths`` that leads to anything but null."""
    for path in paths.split("|"):
        found = _follow(payload, path)
        if found is not _ABSENT and found is not None:
            return found
    return _ABSENT


def _follow(payload: Any, path: str) -> Any:
    if not isinstance(payload, Mapping):
        return _ABSENT
    if path in payload:  # senders do write names with dots
        return payload[path]
    first, _, rest = path.partition(".")
    return _follow(payload.get(first), rest) if rest else _ABSENT


def _words(text: str, config: SignalConfig) -> Instruction:
    words = text.replace("@", " at ").split()
    if not words:
        raise Unreadable("it is empty")
    side, rest = _side(words[0], config), words[1:]
    price = None
    if len(rest) >= 2 and rest[-2].lower() == "at":
        price, rest = _number("price", rest[-1]), rest[:-2]
    size, rest = (rest[0], rest[1:]) if rest and rest[0][:1] in "+-.0123456789" else ("", rest)
    unit, symbol = "", config.symbol
    for word in rest:
        found = config.symbol_of(word)
        if found is not None:
            symbol = found
        elif size and not unit:
            unit = word.upper()
        else:
            raise Unreadable(f"{_shown(word)} in {_shown(text)} is not understood")
    name, number = _size(size, unit, symbol)
    sizes = {name: number}
    return _checked(
        Instruction(side, symbol, sizes.get("amount"), sizes.get("spend"), sizes.get("percent"), price=price)
    )


def _size(size: str, unit: str, symbol: str) -> tuple[str, Decimal | None]:
    base, _, quote = symbol.upper().partition("/")
    if size.endswith("%") or unit == "%":
        return "percent", _number("percent", size)
    if unit not in ("", base, quote):
        raise Unreadable(f"{unit} is neither {base} nor {quote}")
    name = "spend" if unit == quote else "amount"
    return name, _number(name, size) if size else None


def _checked(found: Instruction) -> Instruction:
    sizes = [name for name in ("amount", "spend", "percent") if getattr(found, name) is not None]
    if len(sizes) > 1:
        raise Unreadable(f"{' and '.join(sizes)} are several sizes, and one of them would have to be guessed")
    if found.percent is not None and found.percent > 100:
        raise Unreadable(f"{found.percent:f} % is more than there is")
    if found.side == "sell" and found.spend is not None:
        raise Unreadable("a sell takes an amount or a percent, not what to spend")
    return found


def _side(value: Any, config: SignalConfig) -> Literal["buy", "sell"]:
    side = config.side_of(value) if isinstance(value, str) else None
    if side is None:
        raise Unreadable(f"{_shown(value)} is neither buy nor sell, and no word of `sides`")
    return side


def _symbol(value: Any, config: SignalConfig) -> str:
    if value is _ABSENT:
        return config.symbol
    found = config.symbol_of(value) if isinstance(value, str) else None
    if found is None:
        raise Unreadable(f"{_shown(value)} is none of the symbols it may trade: {', '.join(config.all_symbols)}")
    return found


def _number(name: str, value: Any) -> Decimal:
    """Return a number exactly as it was written; a float's is its shortest decimal."""
    text = str(value).strip() if isinstance(value, str | int | float | Decimal) and not isinstance(value, bool) else ""
    if name == "percent":
        text = text.removesuffix("%").rstrip()
    if not _NUMBER.fullmatch(text):
        raise Unreadable(f"its {name} {_shown(value)} is not a number above zero")
    number = Decimal(text)
    if not number:
        raise Unreadable(f"its {name} is zero")
    if not _LEAST <= number <= _MOST:
        raise Unreadable(f"its {name} {_shown(value)} is out of any market's range")
    return number


def _tag(value: Any) -> str:
    text = "".join(letter for letter in str(value) if letter.isprintable()).strip()
    return text[:_TAG_MAX] if isinstance(value, str | int) and text else "signal"


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
