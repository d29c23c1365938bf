"""How a text file is laid out: what separates fields, where the header or the first candle is, which column is what."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from octobot_plugins.replay.files import dates
from octobot_plugins.replay.files.content import Content
from octobot_plugins.replay.files.names import PRICES, WANTED, Roles, roles_of
from octobot_plugins.replay.files.numbers import looks_like_number
from octobot_plugins.replay.files.refusals import printable, reading, shown, wrong

__all__ = ["SEPARATORS", "Layout", "layout_of_rows", "layout_of_text"]

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
#: Lines looked at, and how far down the header may be.
_LOOK, _DEEPEST = 40, 12
#: A header without all of what is needed is still a header, which is told what it lacks.
_SOME = 3


@dataclass(frozen=True, slots=True)
class Layout:
    """``first`` is the line of the first candle (1 is the file's first); ``header`` None: the file has none.

    ``width`` is how many fields a line has, 0 where lines may differ. ``kind`` says in a few words what it is.
    """

    separator: str
    header: tuple[str, ...] | None
    first: int
    width: int
    roles: Roles
    kind: str
    notes: tuple[str, ...] = ()

    @property
    def indices(self) -> Mapping[str, int]:
        """Where what is needed stands in a row; ``clock``, ``volume`` and ``symbol`` only where they are."""
        roles = self.roles
        found = {"time": roles.time, **dict(zip(PRICES, roles.prices, strict=True))}
        more = {"clock": roles.clock, "volume": roles.volume, "symbol": roles.symbol}
        return {**found, **{name: index for name, index in more.items() if index is not None}}

    def name(self, role: str) -> str:
        """Return what the file calls a column."""
        if self.header is None or role not in self.indices:
            return "timestamp" if role == "time" else role
        return printable(self.header[self.indices[role]]) or role


def layout_of_text(content: Content, symbol: str) -> Layout:
    """Return the layout of a text file; raise InvalidMarketData where it has no candles that could be understood."""
    with reading(content.path), content.text() as text:
        lines = [line[:65_536] for line in islice(text, _LOOK)]
    given = [(number, line) for number, line in enumerate(lines, 1) if not _is_aside(line)]
    asked = next((line.strip()[4:5] for line in lines[:2] if line.lower().startswith("sep=")), "")
    separators = [asked] if asked in SEPARATORS else list(SEPARATORS)
    partial: tuple[int, str, list[str], Roles] | None = None
    for position, (number, line) in enumerate(given[:_DEEPEST]):
        for separator in separators:
            fields = split(line, separator)
            after = [split(other, separator) for _, other in given[position + 1 :]]
            roles = roles_of(fields, symbol)
            if not roles.problem:
                return _headed(content, number, separator, fields, roles, after)
            if partial is None or (roles.known, len(fields)) > (partial[3].known, len(partial[2])):
                partial = number, separator, fields, roles
            if is_candle(fields):
                above = [(at, split(other, separator)) for at, other in given[:position]]
                unknown = next(((at, names) for at, names in above if len(names) >= len(fields) - 1), None)
                if unknown is not None:
                    # A header that is not understood: to read the columns under it by their order would be a guess.
                    partial = unknown[0], separator, unknown[1], roles_of(unknown[1], symbol)
                    raise _not_understood(content, given, partial)
                return _headless(content, number, separator, [fields, *after])
    raise _not_understood(content, given, partial)


def layout_of_rows(
    content: Content, header: Sequence[str] | None, rows: Sequence[Sequence[str]], symbol: str
) -> Layout:
    """Return the layout of rows that are not text: of JSON, of feather."""
    sample = [list(row) for row in rows]
    if header is None:
        if not sample or not is_candle(sample[0]):
            has = f"its first item is {shown(', '.join(sample[0]) if sample else 'missing')}"
            raise wrong(content.path, f"has no candles that could be understood ({has})", f"make it rows of {WANTED}")
        return _headless(content, 1, "", sample)
    roles = roles_of(header, symbol)
    if roles.problem:
        problem = f"{roles.problem}; it has {_columns(header)}"
        raise wrong(content.path, problem, f"call its columns {WANTED}")
    return _headed(content, 0, "", list(header), roles, sample)


def split(line: str, separator: str) -> list[str]:
    """Return the fields of one line."""
    return [field.strip() for field in next(csv.reader([line.strip("\r\n")], delimiter=separator), [])]


def is_candle(fields: Sequence[str]) -> bool:
    """Whether a row looks like a candle without a header: a time, and numbers."""
    if len(fields) < 5:
        return False
    if not (dates.is_date(fields[0]) or looks_like_number(fields[0])):
        return False
    rest = fields[2:] if dates.is_clock(fields[1]) and ":" in fields[1] else fields[1:]
    return len(rest) >= 4 and all(looks_like_number(field) for field in rest[:4])


def _is_aside(line: str) -> bool:
    """Whether a line is none of the table: blank, a comment, a site's address, a word to Excel."""
    text = line.strip().strip('"').lower()
    return not text or text.startswith(("#", "//", "http://", "https://", "sep="))


def _headed(
    content: Content, number: int, separator: str, header: list[str], roles: Roles, after: Sequence[Sequence[str]]
) -> Layout:
    widths = [len(row) for row in after if row]
    if roles.clock is not None and after and not _are_clocks(after, roles.clock):
        # A column that is called time and has a date of its own.
        roles = replace(roles, time=roles.clock, clock=None)
    full = content.kind == "text" and bool(widths) and min(widths) > len(header)
    if full and tuple(roles.prices) == (1, 2, 3, 4) and roles.time == 0 and after and is_candle(after[0]):
        # A header of six names put on a file of twelve columns.
        found = _headless(content, number, separator, after)
        if found.kind.startswith("Binance"):
            note = f"the header names {len(header)} of {found.width} columns"
            return replace(found, header=tuple(header), first=number + 1, notes=(note,))
    kind = {"text": "CSV", "json": "JSON objects", "arrow": "feather"}[content.kind]
    return Layout(separator, tuple(header), number + 1, len(header), roles, kind, roles.notes)


def _are_clocks(rows: Sequence[Sequence[str]], index: int) -> bool:
    return all(dates.is_clock(row[index]) for row in rows if len(row) > index)


def _headless(content: Content, number: int, separator: str, rows: Sequence[Sequence[str]]) -> Layout:
    """Return the layout of rows without a header, which is told by how many columns there are and what is in them."""
    first = rows[0]
    shift = 1 if dates.is_clock(first[1]) and ":" in first[1] else 0
    width = len(first) - shift
    prices = tuple(range(1 + shift, 5 + shift))
    rows_of = "JSON rows" if content.kind == "json" else "CSV"
    kind, volume = f"{rows_of} of {width} columns without a header", None if width < 6 else 5 + shift
    order = "time, open, high, low, close" + (", volume" if width >= 6 else "; 0 is taken for the volume")
    if width >= 11 and looks_like_number(first[6]) and _is_after(first[6], first[0]):
        kind = "Binance klines without a header"
        order = ""
    elif width == 7:
        kind = "Kraken OHLCVT, or others of seven columns without a header"
    elif width == 8 and all(
        _is_between(row[5 + shift], row[3 + shift], row[2 + shift]) for row in rows if len(row) > 7
    ):
        kind, volume = "Kraken OHLC, eight columns without a header", 6 + shift
        order = "time, open, high, low, close, average, volume"
    notes = (f"it has no header: its columns are read as {order}",) if order else ()
    roles = Roles(0, 1 if shift else None, prices, volume, None)
    return Layout(separator, None, number, len(first), roles, kind, notes)


def _is_after(end: str, start: str) -> bool:
    try:
        return float(start) < float(end) < float(start) * 1.1
    except ValueError:
        return False


def _is_between(value: str, low: str, high: str) -> bool:
    try:
        return float(low) <= float(value) <= float(high) or float(value) == 0
    except ValueError:
        return False


def _not_understood(
    content: Content, given: Sequence[tuple[int, str]], partial: tuple[int, str, list[str], Roles] | None
) -> Exception:
    if partial is None:
        return wrong(content.path, "has no line with anything in it", f"give it the header {WANTED}")
    number, separator, fields, roles = partial
    if roles.known < _SOME and len(fields) < _SOME:
        number, line = given[0]
        separator = max(SEPARATORS, key=lambda each: len(split(line, each)))
        fields = split(line, separator)
        roles = roles_of(fields)
    problem = f"{roles.problem}; its columns, separated by {SEPARATORS[separator]}, are {_columns(fields)}"
    return wrong(content.path, problem, f"make the header {WANTED}", line=number)


def _columns(names: Sequence[str]) -> str:
    text = ", ".join(printable(name) or "(no name)" for name in names)
    return text if len(text) <= 200 else f"{text[:200]}…"
