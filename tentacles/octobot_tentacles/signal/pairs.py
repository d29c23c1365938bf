"""An alert of OctoBot's own format, SYMBOL=BTCUSDT;SIGNAL=BUY;VOLUME=10a%: a pair a line or after a semicolon."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from octobot_tentacles.signal.config import SignalConfig
from octobot_tentacles.signal.instruction import Instruction, Offset, Unreadable, number, shown, symbol_of, tag_of

__all__ = ["is_pairs", "read_pairs"]

_PAIR = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=\s*(.*?)\s*", re.DOTALL)
_NUMBER = r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?"
#: A size with what it is of; %a and a% are the same.
_VOLUME = re.compile(rf"({_NUMBER})\s*(q|a%|%a|s%|%s|t%|%t|p%|%p|%)?", re.IGNORECASE)
_PRICE = re.compile(rf"({_NUMBER})\s*(d|%)?", re.IGNORECASE)
#: What is not done here, and what does it.
_NOT_HERE = {
    "STOP_PRICE": "a signal places no stop: use a smart_trade, or a stop_loss_guard beside it",
    "TAKE_PROFIT_PRICE": "a signal places no take-profit: use a smart_trade",
    "TAKE_PROFIT_VOLUME_RATIO": "a signal places no take-profit: use a smart_trade",
    "LEVERAGE": "derivatives are not supported",
    "PARAM_SIDE": "a signal cancels nothing",
    "TOKEN": "tokens are not checked here: leave it out, the address that a hook has is the secret",
}
_UNITS = {
    "%": "is a part of all that is held, also of what orders hold: write a%, of what is free",
    "s%": "is a part of what both assets are worth: write a%, of what is free",
    "t%": "is a part of what all assets are worth: write a%, of what is free",
    "p%": "is a part of a futures position: write a%, of what is free",
}


def is_pairs(text: str) -> bool:
    """Whether a message is of this format."""
    first = re.split(r"[;\r\n]", text.strip(), maxsplit=1)[0]
    return _PAIR.fullmatch(first) is not None


def read_pairs(text: str, config: SignalConfig) -> Instruction:
    """Return what the alert says; raise Unreadable, by name, for what would not be followed to the letter."""
    given = _pairs(text)
    for name in given:
        numbered = re.sub(r"_[0-9]+$", "", name)
        if numbered in _NOT_HERE:
            raise Unreadable(f"{name} is not followed: {_NOT_HERE[numbered]}")
        if name not in _READ:
            raise Unreadable(f"{name} is not understood; there are {', '.join(_READ)}")
    side = _side(given)
    order = _order(given)
    if _is_true(given) and side == "buy":
        raise Unreadable("REDUCE_ONLY is not followed by a buy: it is for futures")
    amount, spend, percent = _volume(given)
    if side == "sell" and spend is not None:
        raise Unreadable("VOLUME of a sell in quote is not followed: write it in base, or as a%")
    price, offset = (None, None) if (order or config.order) == "market" else _price(given)
    symbol = symbol_of(given["SYMBOL"], config) if "SYMBOL" in given else config.symbol
    tag = tag_of(given["TAG"]) if "TAG" in given else "signal"
    return Instruction(side, symbol, amount, spend, percent, price, tag, order=order, offset=offset)


#: EXCHANGE is not asked for: an automation trades on its own account, whatever the alert's chart is of.
_READ = ("EXCHANGE", "SYMBOL", "SIGNAL", "ORDER_TYPE", "VOLUME", "PRICE", "REDUCE_ONLY", "TAG")


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in re.split(r"[;\r\n]", text):
        if not part.strip():
            continue
        pair = _PAIR.fullmatch(part)
        if pair is None:
            raise Unreadable(f"{shown(part.strip())} is not NAME=VALUE")
        name, value = pair[1].upper(), pair[2]
        if name in found:
            raise Unreadable(f"{name} is there twice, and one of them would have to be guessed")
        found[name] = value
    return found


def _side(given: Mapping[str, str]) -> Literal["buy", "sell"]:
    signal = given.get("SIGNAL", "").lower()
    if signal == "buy":
        return "buy"
    if signal == "sell":
        return "sell"
    if signal == "cancel":
        raise Unreadable("SIGNAL=CANCEL is not followed: a signal cancels nothing; set `expires` for limit orders")
    raise Unreadable(f"SIGNAL is BUY or SELL, not {shown(given['SIGNAL'])}" if signal else "there is no SIGNAL")


def _order(given: Mapping[str, str]) -> Literal["market", "limit"] | None:
    kind = given.get("ORDER_TYPE", "").lower()
    if kind in ("", "market", "limit"):
        return "market" if kind == "market" else "limit" if kind == "limit" else None
    if kind == "stop":
        raise Unreadable("ORDER_TYPE=STOP is not followed: a signal places no stop: use a stop_loss_guard beside it")
    raise Unreadable(f"ORDER_TYPE is MARKET or LIMIT, not {shown(given['ORDER_TYPE'])}")


def _is_true(given: Mapping[str, str]) -> bool:
    word = given.get("REDUCE_ONLY", "false").lower()
    if word not in ("true", "false"):
        raise Unreadable(f"REDUCE_ONLY is true or false, not {shown(given['REDUCE_ONLY'])}")
    return word == "true"


def _volume(given: Mapping[str, str]) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Return the size in base, in quote, or in percent of what is free."""
    text = given.get("VOLUME", "")
    if not text:
        return None, None, None
    found = _VOLUME.fullmatch(text)
    if found is None:
        raise Unreadable(f"VOLUME {shown(text)} is not a size such as 0.01, 100q or 10a%")
    unit = (found[2] or "").lower()
    unit = f"{unit[1]}%" if len(unit) == 2 and unit[0] == "%" else unit
    if unit in _UNITS:
        raise Unreadable(f"VOLUME {shown(text)} {_UNITS[unit]}")
    value = number("volume", found[1])
    if unit == "a%":
        return None, None, value
    return (None, value, None) if unit == "q" else (value, None, None)


def _price(given: Mapping[str, str]) -> tuple[Decimal | None, Offset | None]:
    """Return a price, or how far from the last one."""
    text = given.get("PRICE", "")
    if not text:
        return None, None
    found = _PRICE.fullmatch(text)
    if found is None:
        raise Unreadable(f"PRICE {shown(text)} is not a price such as 42000, -400d or 10%")
    if not found[2]:
        return number("price", found[1]), None
    sign = -1 if found[1].startswith("-") else 1
    return None, Offset(sign * number("price", found[1].lstrip("+-")), is_percent=found[2] == "%")
