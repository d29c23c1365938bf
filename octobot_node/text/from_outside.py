"""Text from elsewhere: UTF-8, with or without the byte order mark that some editors and senders put first."""

from __future__ import annotations

from pathlib import Path

__all__ = ["decoded", "read_text", "without_mark"]

_MARK = "\ufeff"


def without_mark(text: str) -> str:
    """Return ``text`` without a byte order mark at its beginning, which is no part of what it says."""
    return text.removeprefix(_MARK)


def decoded(data: bytes) -> str:
    """Return bytes as text without a mark; raise UnicodeDecodeError for what is not UTF-8."""
    return without_mark(data.decode("utf-8"))


def read_text(path: Path) -> str:
    """Return what a file has, as ``decoded`` does; raise OSError, and UnicodeDecodeError."""
    return decoded(path.read_bytes())
