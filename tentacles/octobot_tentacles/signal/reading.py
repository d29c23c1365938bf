"""Reading a signal: what it says to do, exactly, or why it cannot be read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, NoReturn

from octobot_tentacles.signal.config import SignalConfig
from octobot_tentacles.signal.instruction import (
    ABSENT,
    Instruction,
    Unreadable,
    number,
    shown,
    symbol_of,
    tag_of,
)
from octobot_tentacles.signal.pairs import is_pairs, read_pairs

__all__ = ["Instruction", "Unreadable", "read"]


def read(payload: Any, config: SignalConfig) -> Instruction:
    """Return what ``payload`` says; raise Unreadable with the reason.

    A mapping is read by the config's fields; text is JSON of one, or words: "buy", "sell 50%", "buy 0.01 ETH/USD",
    "buy 100 USD", "buy 0.1 at 30000"; or OctoBot's own pairs, "SYMBOL=BTCUSDT;SIGNAL=BUY;VOLUME=0.01".
    """
    if isinstance(payload, str):
        text = payload.strip()
        if text.startswith("{"):
            payload = _json(text)
        else:
            payload = _checked(read_pairs(text, config)) if is_pairs(text) else _words(text, config)
        if isinstance(payload, Instruction):
            return payload
    if not isinstance(payload, Mapping):
        raise Unreadable(f"{shown(payload)} is neither text nor a JSON object")
    return _mapping(payload, config)


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_once_each)
    except _Doubled as error:
        raise Unreadable(str(error)) from None
    except (ValueError, RecursionError):
        raise Unreadable(f"{shown(text)} is not JSON") from None


class _Doubled(ValueError):
    pass


def _once_each(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _Doubled(f"{shown(twice)} is there twice, and one of the values would have to be guessed")
    return found


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _mapping(payload: Mapping[str, Any], config: SignalConfig) -> Instruction:
    fields = config.fields
    given = {name: _at(payload, getattr(fields, name)) for name in type(fields).model_fields}
    wanted = ("amount", "spend", "percent", *(("price",) if config.order == "limit" else ()))
    numbers = {name: number(name, given[name]) for name in wanted if given[name] is not ABSENT}
    side = given["side"]
    if side is ABSENT:
        raise Unreadable(f"it does not say what to do: there is no {fields.side.replace('|', ' or ')}")
    return _checked(
        Instruction(
            _side(side, config),
            symbol_of(given["symbol"], config),
            amount=numbers.get("amount"),
            spend=numbers.get("spend"),
            percent=numbers.get("percent"),
            price=numbers.get("price"),
            tag="signal" if given["tag"] is ABSENT else tag_of(given["tag"]),
        )
    )


def _at(payload: Mapping[str, Any], paths: str) -> Any:
    """Return what is at the first of the ``paths`` that leads to anything but null."""
    for path in paths.split("|"):
        found = _follow(payload, path)
        if found is not ABSENT and found is not None:
            return found
    return ABSENT


def _follow(payload: Any, path: str) -> Any:
    if not isinstance(payload, Mapping):
        return ABSENT
    if path in payload:  # senders do write names with dots
        return payload[path]
    first, _, rest = path.partition(".")
    return _follow(payload.get(first), rest) if rest else ABSENT


def _words(text: str, config: SignalConfig) -> Instruction:
    words = text.replace("@", " at ").split()
    if not words:
        raise Unreadable("it is empty")
    side, rest = _side(words[0], config), words[1:]
    price = None
    if len(rest) >= 2 and rest[-2].lower() == "at":
        price, rest = number("price", rest[-1]), rest[:-2]
    size, rest = (rest[0], rest[1:]) if rest and rest[0][:1] in "+-.0123456789" else ("", rest)
    unit, symbol = "", config.symbol
    for word in rest:
        found = config.symbol_of(word)
        if found is not None:
            symbol = found
        elif size and not unit:
            unit = word.upper()
        else:
            raise Unreadable(f"{shown(word)} in {shown(text)} is not understood")
    name, value = _size(size, unit, symbol)
    sizes = {name: value}
    return _checked(
        Instruction(side, symbol, sizes.get("amount"), sizes.get("spend"), sizes.get("percent"), price=price)
    )


def _size(size: str, unit: str, symbol: str) -> tuple[str, Decimal | None]:
    base, _, quote = symbol.upper().partition("/")
    if size.endswith("%") or unit == "%":
        return "percent", number("percent", size)
    if unit not in ("", base, quote):
        raise Unreadable(f"{unit} is neither {base} nor {quote}")
    name = "spend" if unit == quote else "amount"
    return name, number(name, size) if size else None


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
        raise Unreadable(f"{shown(value)} is neither buy nor sell, and no word of `sides`")
    return side
