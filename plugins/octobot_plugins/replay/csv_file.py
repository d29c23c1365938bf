"""Read a file of candles, and refuse it with its line, column and cure when something in it is wrong."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO, cast

import numpy as np
import numpy.typing as npt

from octobot_node.errors import InvalidMarketData
from octobot_node.market import FloatColumn, TimeColumn
from octobot_plugins.replay.series import Series

__all__ = ["COLUMNS", "read_series"]

COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")
_PRICES = ("open", "high", "low", "close")
_SECOND, _DAY = 1_000, 86_400_000
_INT64 = range(-(2**63), 2**63)

Texts = Mapping[str, Sequence[str]]


def read_series(symbol: str, path: Path) -> Series:
    """Read the candles of ``symbol`` from a CSV or CSV.gz file.

    Raises InvalidMarketData, in one sentence with the file, line, column and cure, for whatever is wrong with it.
    """
    texts = _columns(path, _rows(path))
    time = _times(path, texts["timestamp"])
    step = _step(path, time)
    floats = {name: _floats(path, name, texts[name]) for name in COLUMNS[1:]}
    _check_prices(path, floats, texts)
    return Series(symbol, step, time, floats, {name: texts[name] for name in _PRICES})


def _rows(path: Path) -> list[list[str]]:
    try:
        with _open_text(path) as lines:
            rows = list(csv.reader(lines))
    except FileNotFoundError:
        raise _wrong(path, "there is no such file", "check the path under `data`") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _wrong(path, f"is not a whole gzip file ({error})", "compress it again, or name it .csv") from None
    except UnicodeDecodeError:
        raise _wrong(path, "is not UTF-8 text", "name it .csv.gz if it is compressed, or save it as UTF-8") from None
    except csv.Error as error:
        raise _wrong(path, f"is not CSV ({error})", "separate fields with commas, one candle a line") from None
    except OSError as error:
        raise _wrong(path, f"cannot be read ({error.strerror or error})", "check that it is a readable file") from None
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _open_text(path: Path) -> TextIO:
    # utf-8-sig: spreadsheets put a byte order mark before the first column's name.
    if path.suffix == ".gz":
        return cast("TextIO", gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
    return path.open(encoding="utf-8-sig", newline="")


def _columns(path: Path, rows: list[list[str]]) -> Texts:
    wanted = ",".join(COLUMNS)
    if not rows:
        raise _wrong(path, "is empty", f"give it the header {wanted} and a line for each candle")
    header = [name.strip() for name in rows[0]]
    missing = [name for name in COLUMNS if header.count(name) != 1]
    if missing:
        raise _wrong(path, f"needs exactly one column {missing[0]!r}", f"make the header {wanted}", line=1)
    if len(rows) < 3:
        raise _wrong(path, f"has {len(rows) - 1} candles", "give at least two, whose distance is the timeframe")
    if set(map(len, rows)) != {len(header)}:
        index = next(i for i, row in enumerate(rows) if len(row) != len(header))
        problem = f"has {len(rows[index])} fields and the header {len(header)}"
        raise _wrong(path, problem, "complete or remove the line", line=index + 1)
    columns = list(zip(*rows[1:], strict=True))
    return {name: columns[header.index(name)] for name in COLUMNS}


def _times(path: Path, texts: Sequence[str]) -> TimeColumn:
    try:
        return np.array(list(map(int, texts)), dtype=np.int64)
    except (ValueError, OverflowError):
        index = next(i for i, text in enumerate(texts) if not _is_time(text))
        problem = f"{texts[index]!r} is not a whole number of milliseconds"
        raise _wrong(path, problem, "write the opening time in ms since 1970 UTC", index, "timestamp") from None


def _is_time(text: str) -> bool:
    try:
        return int(text) in _INT64
    except ValueError:
        return False


def _step(path: Path, time: TimeColumn) -> int:
    steps = np.diff(time)
    wrong = _first(steps <= 0)
    if wrong is not None:
        again = "is there twice" if steps[wrong] == 0 else "is before the line above"
        cure = "sort the file by timestamp and keep each once"
        raise _wrong(path, f"{time[wrong + 1]} {again}", cure, wrong + 1, "timestamp")
    step = int(steps.min())
    if step < _SECOND or step % _SECOND:
        cure = "write the timestamps in milliseconds, whole seconds apart"
        raise _wrong(path, f"the candles are {step} ms apart", cure, int(steps.argmin()) + 1, "timestamp")
    # Weeks begin on a Monday and the epoch on a Thursday, so beyond a day only the distance has to fit.
    uneven = _first((steps % step != 0).astype(bool))
    off = 0 if time[0] % min(step, _DAY) else (None if uneven is None else uneven + 1)
    if off is not None:
        cure = "remove the candle, or give all candles one timeframe that starts on its own multiples"
        problem = f"{time[off]} is not on a multiple of the {step // _SECOND} s between candles"
        raise _wrong(path, problem, cure, off, "timestamp")
    return step


def _floats(path: Path, name: str, texts: Sequence[str]) -> FloatColumn:
    try:
        values = np.array(list(map(float, texts)), dtype=np.float64)
    except ValueError:
        index = next(i for i, text in enumerate(texts) if not _is_number(text))
        raise _wrong(path, f"{texts[index]!r} is not a number", "write it as 123.45", index, name) from None
    _refuse(path, name, texts, ~np.isfinite(values), "is not finite", "remove the candle or find its real value")
    if name == "volume":
        _refuse(path, name, texts, values < 0, "is negative", "write a volume of 0 or more")
    else:
        _refuse(path, name, texts, values <= 0, "is not a price", "write a price above 0")
    return values


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_prices(path: Path, floats: Mapping[str, FloatColumn], texts: Texts) -> None:
    high, low = floats["high"], floats["low"]
    cure = "find the candle's real prices, or remove the candle"
    _refuse(path, "high", texts["high"], high < low, lambda i: f"is below the low {texts['low'][i]}", cure)
    for name in ("open", "close"):
        outside = (floats[name] < low) | (floats[name] > high)
        _refuse(
            path,
            name,
            texts[name],
            outside,
            lambda i: f"is outside low to high, {texts['low'][i]} to {texts['high'][i]}",
            cure,
        )


def _refuse(
    path: Path,
    name: str,
    texts: Sequence[str],
    wrong: npt.NDArray[np.bool_],
    problem: str | Callable[[int], str],
    cure: str,
) -> None:
    index = _first(wrong)
    if index is not None:
        said = problem if isinstance(problem, str) else problem(index)
        raise _wrong(path, f"{texts[index]!r} {said}", cure, index, name)


def _first(wrong: npt.NDArray[np.bool_]) -> int | None:
    index = int(wrong.argmax())
    return index if wrong[index] else None


def _wrong(
    path: Path, problem: str, cure: str, index: int | None = None, column: str = "", *, line: int | None = None
) -> InvalidMarketData:
    # The header is line 1, so the candle with index 0 is on line 2.
    line = index + 2 if index is not None else line
    where = (f", line {line}" if line is not None else "") + (f", column {column}" if column else "")
    return InvalidMarketData(f"{path}{where}: {problem}: {cure}")
