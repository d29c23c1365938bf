"""The columns of a candle file as exact texts: a plain text file at once, anything else line by line."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
import numpy.typing as npt

from octobot_plugins.replay.files.content import Content
from octobot_plugins.replay.files.layout import SEPARATORS, Layout, layout_of_rows, layout_of_text
from octobot_plugins.replay.files.refusals import Numbers, others, reading, shown, wrong

__all__ = ["Table", "table_of"]

Bytes = npt.NDArray[np.bytes_]
#: No time and no number is longer.
_LONGEST = 40
_CHUNK = 20_000
_SAMPLE = 40
_BLOCK = 1 << 20
#: One item of a JSON list has at most this many characters.
_ITEM = 1 << 20


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by role, rows in the file's order. ``numbers`` has the line of each row, None where nobody counted."""

    layout: Layout
    columns: Mapping[str, Bytes]
    unit: str
    numbers: Numbers | None
    notes: tuple[str, ...] = ()


def table_of(content: Content, symbol: str, *, counted: bool) -> Table:
    """Return the file's table; with the line of each row where ``counted``, which takes longer."""
    if content.kind == "text":
        layout = layout_of_text(content, symbol)
        quick = None if counted else _quick(content, layout)
        if quick is not None:
            return Table(layout, quick, "line", None)
        return _slow(content, layout, _lines(content, layout), "line")
    if content.kind == "json":
        return _of_json(content, symbol)
    from octobot_plugins.replay.files.arrow import rows_of

    header, rows = rows_of(content)
    numbered: Iterator[tuple[int, Sequence[str]]] = enumerate(rows, 1)
    sample = list(islice(numbered, _SAMPLE))
    layout = layout_of_rows(content, header, [row for _, row in sample], symbol)
    return _slow(content, layout, chain(sample, numbered), "row")


# Text at once -------------------------------------------------------------------------------------------------------


def _quick(content: Content, layout: Layout) -> dict[str, Bytes] | None:
    """Return the columns as numpy reads them, ten times as fast, or None where something is not plain."""
    needed = set(layout.indices.values())
    # What is not needed is read for its number of fields alone.
    fields = [(f"f{index}", f"S{_LONGEST}" if index in needed else "S1") for index in range(layout.width)]
    parts: dict[str, list[Bytes]] = {role: [] for role in layout.indices}
    try:
        with reading(content.path), content.text(newline=None) as text:
            for _ in range(layout.first - 1):
                next(text)
            # Lines that are blank count for nothing, and numpy warns of them.
            rows = filter(str.strip, text)
            while (line := next(rows, None)) is not None:
                found = np.loadtxt(
                    chain([line], rows),
                    dtype=fields,
                    delimiter=layout.separator,
                    comments=None,
                    quotechar='"',
                    encoding=None,
                    ndmin=1,
                    max_rows=_CHUNK,
                )
                for role, index in layout.indices.items():
                    column = np.ascontiguousarray(found[f"f{index}"])
                    if _may_be_cut(column):
                        return None
                    parts[role].append(_narrow(column))
    except (ValueError, StopIteration):
        return None
    return {role: np.concatenate(each) for role, each in parts.items()} if parts["time"] else None


def _may_be_cut(column: Bytes) -> bool:
    # numpy cuts what is longer without a word.
    return bool(column.view(np.uint8).reshape(len(column), _LONGEST)[:, -1].any())


def _narrow(column: Bytes) -> Bytes:
    if b" " in column.tobytes():
        column = np.char.strip(column)
    longest = int(np.char.str_len(column).max())
    return column.astype(f"S{max(longest, 1)}")


# Row by row ---------------------------------------------------------------------------------------------------------


def _lines(content: Content, layout: Layout) -> Iterator[tuple[int, Sequence[str]]]:
    with reading(content.path), content.text() as text:
        above = layout.first - 1
        rows = csv.reader(islice(text, above, None), delimiter=layout.separator)
        for row in rows:
            yield above + rows.line_num, row


def _slow(content: Content, layout: Layout, rows: Iterator[tuple[int, Sequence[str]]], unit: str) -> Table:
    """Return the columns without blank rows and repeated headers; refuse rows of another length."""
    kept: dict[str, list[Bytes]] = {role: [] for role in layout.indices}
    numbers: list[Numbers] = []
    aside, misfits = _Asides(layout), _Misfits()
    while chunk := list(islice(rows, _CHUNK)):
        good = [(number, row) for number, row in chunk if not aside.takes(row)]
        fitting = [item for item in good if misfits.fits(item, layout)]
        for role, index in layout.indices.items():
            texts = [row[index].strip() for _, row in fitting]
            _refuse_long(content, layout, role, texts, fitting, unit)
            kept[role].append(np.array([text.encode() for text in texts], dtype=np.bytes_))
        numbers.append(np.array([number for number, _ in fitting], dtype=np.int32))
    misfits.refuse(content, layout, unit)
    columns = {role: np.concatenate(parts) if parts else np.array([], dtype="S1") for role, parts in kept.items()}
    count = np.concatenate(numbers) if numbers else np.array([], dtype=np.int32)
    return Table(layout, columns, unit, count, aside.notes)


class _Asides:
    """Rows that are none of the table: blank ones, and the header again, where files were put one after the other."""

    def __init__(self, layout: Layout) -> None:
        self._header = layout.header
        self._repeated = 0

    def takes(self, row: Sequence[str]) -> bool:
        if not any(row) or not any(field.strip() for field in row):
            return True
        if self._header is not None and row[0].strip() == self._header[0] and _is_same(row, self._header):
            self._repeated += 1
            return True
        return False

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"the header is repeated {self._repeated:,} times inside",) if self._repeated else ()


def _is_same(row: Sequence[str], header: Sequence[str]) -> bool:
    return [field.strip() for field in row] == list(header)


class _Misfits:
    """Rows with another number of fields than they should have."""

    def __init__(self) -> None:
        self._count = 0
        self._first = (0, 0)

    def fits(self, item: tuple[int, Sequence[str]], layout: Layout) -> bool:
        number, row = item
        width = layout.width
        if not width or len(row) == width or (len(row) > width and not any(row[width:])):
            return True
        self._count += 1
        if self._count == 1:
            self._first = number, len(row)
        return False

    def refuse(self, content: Content, layout: Layout, unit: str) -> None:
        if not self._count:
            return
        line, width = self._first
        said = "the header" if layout.header is not None else "the first line"
        by = f", separated by {SEPARATORS[layout.separator]}" if layout.separator else ""
        problem = f"has {width} fields and {said} {layout.width}{by}{others(self._count, unit)}"
        cure = "complete or remove the line"
        if self._count > 1:
            cure = f"give every {unit} as many fields as {said} has, or name them all in the header"
        raise wrong(content.path, problem, cure, line=line, unit=unit)


def _refuse_long(
    content: Content, layout: Layout, role: str, texts: Sequence[str], rows: Sequence[tuple[int, object]], unit: str
) -> None:
    if texts and max(map(len, texts)) > _LONGEST:
        index = next(index for index, text in enumerate(texts) if len(text) > _LONGEST)
        problem = f"{shown(texts[index])} is too long for a time or a number"
        line = rows[index][0]
        raise wrong(content.path, problem, "remove the line", line=line, unit=unit, column=layout.name(role))


# JSON ---------------------------------------------------------------------------------------------------------------


def _of_json(content: Content, symbol: str) -> Table:
    items = enumerate(_items(content), 1)
    start = list(islice(items, _SAMPLE))
    if not start:
        raise wrong(content.path, "is an empty JSON list", "make it a list of candles")
    number, first = start[0]
    header = tuple(first) if isinstance(first, dict) else None
    if header is None and not isinstance(first, list):
        problem = f"is a JSON list of {type(first).__name__}, not of candles"
        raise wrong(
            content.path, problem, "make it a list of [time, open, high, low, close, volume]", line=number, unit="item"
        )
    rows = (_row(content, item, header) for item in chain(start, items))
    sample = list(islice(rows, _SAMPLE))
    layout = layout_of_rows(content, header, [row for _, row in sample], symbol)
    return _slow(content, layout, chain(sample, rows), "item")


def _row(content: Content, item: tuple[int, object], header: Sequence[str] | None) -> tuple[int, list[str]]:
    number, value = item
    values: list[object]
    if header is None and isinstance(value, list):
        values = value
    elif header is not None and isinstance(value, dict):
        values = [value.get(name) for name in header]
    else:
        raise wrong(content.path, "is of another kind than the first item", "make all alike", line=number, unit="item")
    return number, ["" if each is None else str(each) for each in values]


def _items(content: Content) -> Iterator[object]:
    """Yield the items of a JSON list one by one, or those of lines that are an object each, numbers as their text."""
    decoder = json.JSONDecoder(parse_float=str, parse_int=str)
    with reading(content.path), content.text() as text:
        buffer = text.read(_BLOCK).lstrip("\ufeff \t\r\n")
        lines = not buffer.startswith("[")
        if lines and not _are_lines(buffer):
            raise _no_list(content, buffer)
        buffer = buffer if lines else buffer[1:]
        while True:
            buffer = buffer.lstrip(" \t\r\n,")
            if buffer.startswith("]"):
                return
            at = 0
            while True:
                try:
                    item, after = _next_item(decoder, buffer, at)
                except ValueError:
                    break
                except RecursionError:
                    raise wrong(content.path, "is nested too deeply to be candles", "download it again") from None
                if after == len(buffer) and not lines:
                    break  # a number that ends here may go on
                yield item
                at = after
            more = text.read(_BLOCK)
            rest = buffer[at:].lstrip(" \t\r\n,")
            if rest.startswith("]") or (lines and not rest and not more):
                return
            if not more or len(buffer) - at > _ITEM + _BLOCK:
                raise wrong(content.path, "is not whole JSON", "download it again, or save the candles as CSV")
            buffer = buffer[at:] + more


def _next_item(decoder: json.JSONDecoder, buffer: str, at: int) -> tuple[object, int]:
    while buffer[at : at + 1] in (" ", "\t", "\r", "\n", ","):
        at += 1
    return decoder.raw_decode(buffer, at)


def _are_lines(start: str) -> bool:
    """Whether an object begins a text and another one follows it."""
    try:
        after = json.JSONDecoder().raw_decode(start)[1]
    except (ValueError, RecursionError):
        return False
    return start[after:].lstrip().startswith("{")


def _no_list(content: Content, start: str) -> Exception:
    names = ", ".join(_keys(start)) or "nothing"
    problem = f"is a JSON object ({names}), not a list of candles"
    cure = "make it a list of [time, open, high, low, close, volume]"
    return wrong(content.path, problem, cure)


def _keys(start: str) -> list[str]:
    try:
        found = json.JSONDecoder().raw_decode(start)[0]
    except (ValueError, RecursionError):
        return []
    return [str(name) for name in list(found)[:6]] if isinstance(found, dict) else []
