"""JSON that keeps every digit and says each thing once: what is not whole is read as Decimal and written as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NoReturn

from octobot_node.text.from_outside import decoded, without_mark

__all__ = ["DoubledKey", "decode", "encode"]


class DoubledKey(ValueError):
    """JSON that is well-formed, and gives one key of an object two values: one of them would have to be guessed."""


def encode(value: Any) -> str:
    """Return ``value`` as JSON with every digit of its Decimals; raise ValueError or TypeError for what has none."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is not a number that JSON has")
        return format(value, "f")
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{json.dumps(str(key))}:{encode(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(encode(item) for item in value)}]"
    return json.dumps(value, allow_nan=False)


def decode(text: str | bytes) -> Any:
    """Return what JSON of ours or of anybody's says; a byte order mark before it says nothing.

    Raises ValueError for what is not valid JSON, and DoubledKey, which is one.
    """
    plain = decoded(text) if isinstance(text, bytes) else without_mark(text)
    return json.loads(plain, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once_each)


def _once_each(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise DoubledKey(f"{twice[:64]!r} is there twice: give one value for it")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number that JSON has")
