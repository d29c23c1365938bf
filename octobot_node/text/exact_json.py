"""JSON that keeps every digit and says each thing once: what is not whole is read as Decimal and written as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NoReturn

from octobot_node.text.from_outside import decoded, refuse_halves, without_mark
from octobot_node.text.numbers import exact_decimal, exact_int

__all__ = ["DEPTH", "DoubledKey", "decode", "encode"]

#: Deeper than any document that the node takes, and far from what would overflow a stack.
DEPTH = 64
#: Values, and names of them, that a text may have: what is more is no document but a way to keep the node busy.
_VALUES = 100_000
#: A string, or what there is of one that does not end. Possessive: nothing is tried twice.
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKET = re.compile(r"[][{}]")
#: What half of a surrogate pair can only come from; a whole one is written so, too.
_PERHAPS_HALF = re.compile(r"[\ud800-\udfff]|\\u[dD][89a-fA-F]")


class DoubledKey(ValueError):
    """JSON that is well-formed, and gives one key of an object two values: one of them would have to be guessed."""


def encode(value: Any) -> str:
    """Return ``value`` as JSON with every digit of its Decimals; raise ValueError or TypeError for what has none."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is not a number")
        return format(value, "f")
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{json.dumps(str(key))}:{encode(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(encode(item) for item in value)}]"
    return json.dumps(value, allow_nan=False)


def decode(text: str | bytes) -> Any:
    """Return what JSON of ours or of anybody's says; a byte order mark before it says nothing.

    Raises ValueError for what is not valid JSON, or larger or deeper than it may be; DoubledKey, HalfCharacter and,
    before any number is made, UnreasonableNumber for one that is not to be reckoned with are ValueErrors, too.
    """
    plain = decoded(text) if isinstance(text, bytes) else without_mark(text)
    _refuse_bomb(plain)
    found = json.loads(
        plain,
        parse_float=exact_decimal,
        parse_int=exact_int,
        parse_constant=_no_number,
        object_pairs_hook=_once_each,
    )
    if _PERHAPS_HALF.search(plain):
        refuse_halves(found)
    return found


def _once_each(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # add returns None
        raise DoubledKey(f"{twice[:64]!r} is there twice: give one value for it")
    return found


def _refuse_bomb(text: str) -> None:
    """Raise ValueError for more values or levels than a document may have, before any of them is made."""
    if text.count("[") + text.count("{") <= DEPTH and text.count(",") + text.count(":") <= _VALUES:
        return
    bare = _STRING.sub("", text)
    if sum(bare.count(mark) for mark in ",:[{") > _VALUES:
        raise ValueError(f"it has more than {_VALUES:,} values: send fewer at once")
    depth = 0
    for bracket in _BRACKET.finditer(bare):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > DEPTH:
            raise ValueError(f"it is nested more than {DEPTH} levels deep")


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")
