"""Numbers from outside, bounded before anything is made of them.

A dozen characters can name a number whose digits take gigabytes, and a thread that holds the interpreter for minutes
while it writes them out. No market has such a number: it is refused by its text, wherever one comes in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

__all__ = ["DIGITS", "UnreasonableNumber", "exact_decimal", "exact_int", "is_reasonable", "unreasonable"]

#: More than any currency has, before the point and after it.
DIGITS = 60
_INT_MAX: int = 10**DIGITS
_NUMBER = re.compile(r"[-+]?([0-9]*)\.?([0-9]*)(?:[eE]([-+]?[0-9]+))?", re.ASCII)
#: Of an exponent, its zeros in front aside: with more digits it is out of bounds whatever they are.
_EXPONENT = 6
_SHOWN = 20


class UnreasonableNumber(ValueError):
    """A number larger or smaller than any to reckon with."""

    def __init__(self, text: str) -> None:
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        super().__init__(f"{shown} is not a number to reckon with: use at most {DIGITS} digits")


def exact_decimal(text: str) -> Decimal:
    """Return the decimal number that ``text`` names; raise UnreasonableNumber before a larger one is made."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise UnreasonableNumber(text)
    whole, fraction, exponent = found.groups()
    digits = (whole + fraction).lstrip("0")
    if len(digits) > DIGITS or len((exponent or "").lstrip("+-0")) > _EXPONENT:
        raise UnreasonableNumber(text)
    value = Decimal(text)
    if not is_reasonable(value):
        raise UnreasonableNumber(text)
    return value


def exact_int(text: str) -> int:
    """Return the whole number that ``text`` names; raise ValueError before a larger one is made."""
    if len(text) > DIGITS + 1:
        raise ValueError(f"{text[:_SHOWN]}… has {len(text):,} digits, and {DIGITS} are the most")
    return int(text)


def is_reasonable(value: Decimal | int) -> bool:
    """Whether a number has at most ``DIGITS`` digits, and as many zeros; infinities and NaN are others' business."""
    if isinstance(value, int):
        return abs(int(value)) < _INT_MAX
    if not value.is_finite():
        return True
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    # Of a zero the exponent alone says how long it is when it is written out.
    size = value.adjusted() if value else exponent
    return abs(size) <= DIGITS and len(digits) <= DIGITS


def unreasonable(value: Any) -> tuple[tuple[str | int, ...], Decimal | int] | None:
    """Return where in ``value``, models and all, the first number is that is not reasonable, and the number; or None.

    Numbers that are written as text become numbers in a model only: what comes in is looked at again as its model.
    """
    # A stack of its own: what is nested deeply is not to be found by exhausting Python's.
    rest: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while rest:
        place, item = rest.pop()
        if isinstance(item, Decimal | int) and not is_reasonable(item):
            return place, item
        rest += (((*place, key), inner) for key, inner in _inside(item))
    return None


def _inside(item: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(item, BaseModel):
        return [*item.__dict__.items(), *(item.__pydantic_extra__ or {}).items()]
    if isinstance(item, Mapping):
        return [(str(key), inner) for key, inner in item.items()]
    return enumerate(item) if isinstance(item, list | tuple | set | frozenset) else ()
