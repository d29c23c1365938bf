"""JSON that keeps every digit: what is not whole is read as Decimal and written as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

__all__ = ["decode", "encode"]


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
    """Return what ``encode`` wrote; raise ValueError for what is not valid JSON."""
    return json.loads(text, parse_float=Decimal, parse_constant=_no_number)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number that JSON has")
