"""Prices and volumes: plain numbers at once, those of spreadsheets in the one way in which all of them can be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from octobot_node.market import FloatColumn
from octobot_plugins.replay.files.refusals import Numbers, first, others, shown, wrong
from octobot_plugins.replay.files.times import texts_of

__all__ = ["ParsedColumns", "looks_like_number", "parsed", "plain"]

Bytes = npt.NDArray[np.bytes_]
#: Exact texts and their floats, by column.
ParsedColumns = tuple[Mapping[str, Bytes], Mapping[str, FloatColumn]]

_PLAIN = b"0123456789.\x00"
_EXPONENT = b"eE+-"
_SPACES = str.maketrans("", "", " \u00a0\u202f'\u2019$€£¥₿")
_GROUPED = {mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+") for mark in ",."}
_SUFFIXED = re.compile(r"(\d+(?:\.\d+)?)([KMB])", re.IGNORECASE)
_SHIFT = {"K": 3, "M": 6, "B": 9}


def plain(column: Bytes) -> FloatColumn | None:
    """Return the floats of a column of plain numbers (123.45, 7.2e-06), or None if it has others."""
    left = column.tobytes().translate(None, _PLAIN)
    if left.strip(_EXPONENT):
        return None
    try:
        return column.astype(np.float64)
    except ValueError:
        return None


def parsed(
    path: Path,
    columns: Mapping[str, Bytes],
    lines: Callable[[], Numbers],
    *,
    names: Mapping[str, str],
    line_unit: str,
) -> tuple[ParsedColumns, tuple[str, ...]]:
    """Return every column's exact texts and floats, and what is to be told; ``names`` are the file's own of them.

    Raises InvalidMarketData for what is not a number, and where numbers could be read in two ways.
    """
    floats = {name: plain(column) for name, column in columns.items()}
    found = {name: column for name, column in floats.items() if column is not None}
    if len(found) == len(columns):
        return (columns, found), ()
    texts = {name: texts_of(column) for name, column in columns.items()}
    mark = _decimal_mark(path, texts, lines, names, line_unit)
    notes = ("numbers have decimal commas",) if mark == "," else ()
    clean: dict[str, Bytes] = {}
    for name, column in texts.items():
        wanted = [_plain_text(text, mark) for text in column]
        if name == "volume" and any(_SUFFIXED.fullmatch(text) for text in wanted):
            wanted, notes = [_unsuffixed(text) for text in wanted], (*notes, "volumes are rounded to K, M or B")
        bad = np.array([not _is_number(text) for text in wanted], dtype=np.bool_)
        index = first(bad)
        if index is not None:
            problem = f"{shown(column[index])} is not a number{others(int(bad.sum()), line_unit)}"
            line = int(lines()[index])
            raise wrong(path, problem, "write it as 123.45", line=line, unit=line_unit, column=names[name])
        clean[name] = np.array([text.encode() for text in wanted])
        found[name] = np.array([float(text) for text in wanted], dtype=np.float64)
    return (clean, found), notes


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _unsuffixed(text: str) -> str:
    found = _SUFFIXED.fullmatch(text)
    return text if found is None else f"{found[1]}e{_SHIFT[found[2].upper()]}"


def _plain_text(text: str, mark: str) -> str:
    bare = text.translate(_SPACES)
    thousands = "." if mark == "," else ","
    head, found, tail = bare.partition(mark)
    if thousands in head:
        # A number with the other decimal mark is none of this file's.
        head = head.replace(thousands, "") if _GROUPED[thousands].fullmatch(head) else "?"
    return f"{head}.{tail}" if found else head


def _decimal_mark(
    path: Path,
    texts: Mapping[str, list[str]],
    lines: Callable[[], Numbers],
    names: Mapping[str, str],
    line_unit: str,
) -> str:
    """Return what separates the decimals in all the numbers; "." where no number has a comma."""
    proofs: dict[str, tuple[str, int]] = {}
    doubtful: tuple[str, int] | None = None
    for name, column in texts.items():
        for index, text in enumerate(column):
            if "," not in text:
                continue
            proof = _proof(text.translate(_SPACES))
            if proof is None:
                doubtful = doubtful or (name, index)
            else:
                proofs.setdefault(proof, (name, index))
    if len(proofs) == 1:
        return next(iter(proofs))
    if not proofs and doubtful is None:
        return "."
    if proofs:
        (name, index), (other, at) = proofs["."], proofs[","]
        problem = (
            f"{shown(texts[other][at])} has a decimal comma, and {shown(texts[name][index])} on {line_unit}"
            f" {int(lines()[index])} a decimal point"
        )
        name, index = other, at
    else:
        assert doubtful is not None
        name, index = doubtful
        problem = (
            f"{shown(texts[name][index])} may have a decimal comma or thousands, and no number of the file decides it"
        )
    line = int(lines()[index])
    raise wrong(path, problem, "write numbers as 123.45", line=line, unit=line_unit, column=names[name])


def _proof(text: str) -> str | None:
    """Return the decimal mark that a number with a comma proves, None where it could be either."""
    if "." in text:
        return "," if text.rindex(",") > text.rindex(".") else "."
    if _GROUPED[","].fullmatch(text):
        # 93,500: two readings. 1,234,567 has one.
        return "." if text.count(",") > 1 else None
    return ","


def looks_like_number(text: str) -> bool:
    """Whether a field is a number in any of the ways that are read."""
    bare = text.translate(_SPACES)
    return (
        any(_is_number(_plain_text(bare, mark)) and bare[-1:].isalnum() for mark in ".,")
        and bare[:1] in "+-.0123456789"
    )
