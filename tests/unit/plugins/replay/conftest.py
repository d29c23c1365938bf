from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

HEADER = "timestamp,open,high,low,close,volume"

#: Rows of (minute, open, high, low, close) from which a file is written.
Rows = Sequence[tuple[int, str, str, str, str]]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write candles to a file, one a minute from minute 0 on unless told otherwise."""

    def write_rows(rows: Rows, name: str = "candles.csv", header: str = HEADER) -> Path:
        lines = [header, *(f"{m * 60_000},{o},{h},{low},{c},1.5" for m, o, h, low, c in rows)]
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n")
        return path

    return write_rows
