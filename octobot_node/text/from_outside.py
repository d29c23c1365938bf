"""Text from elsewhere: UTF-8, with or without the byte order mark that some editors and senders put first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["HALF", "HalfCharacter", "decoded", "has_half", "read_text", "refuse_halves", "without_mark"]

_MARK = "\ufeff"
_HALVES = re.compile("[\ud800-\udfff]")
#: What is said of it, after what it is in.
HALF = "has half of a surrogate pair, which is no character: leave it out, or write it as UTF-8"


class HalfCharacter(ValueError):
    """A text that no UTF-8 says, and so no database keeps: JSON's ``"\\ud800"``, or bytes that were no UTF-8."""


def without_mark(text: str) -> str:
    """Return ``text`` without the byte order marks at its beginning, which are no part of what it says."""
    # Of texts that were put together there are several.
    return text.lstrip(_MARK)


def decoded(data: bytes) -> str:
    """Return bytes as text without a mark; raise UnicodeDecodeError for what is not UTF-8."""
    return without_mark(data.decode("utf-8"))


def read_text(path: Path) -> str:
    """Return what a file has, as ``decoded`` does; raise OSError, and UnicodeDecodeError."""
    return decoded(path.read_bytes())


def has_half(text: str) -> bool:
    """Whether a text has half of a surrogate pair."""
    return _HALVES.search(text) is not None


def refuse_halves(value: Any, place: tuple[str, ...] = ()) -> None:
    """Raise HalfCharacter, with its place, where a text anywhere in a value has half of a surrogate pair."""
    if isinstance(value, str):
        if has_half(value):
            raise HalfCharacter(f"{'.'.join(place) or 'the text'}: {HALF}")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(key, str) and has_half(key):
                raise HalfCharacter(f"{'.'.join(place) or 'the text'}: a name in it {HALF}")
            refuse_halves(item, (*place, str(key)))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            refuse_halves(item, (*place, str(index)))
