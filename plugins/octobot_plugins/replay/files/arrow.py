"""Feather files, which are Arrow IPC files: what freqtrade and pandas keep candles in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from octobot_plugins.replay.files.content import Content
from octobot_plugins.replay.files.refusals import wrong

__all__ = ["rows_of"]

#: A file is its magic and padding, the stream, and a footer that a reader from the start does not need.
_MAGIC = 8


def rows_of(content: Content) -> tuple[list[str], Iterator[list[str]]]:
    """Return the names of the columns, and the rows as text, batch by batch; raise InvalidMarketData."""
    try:
        import nanoarrow
        from nanoarrow import ipc
    except ImportError:
        problem = "is a feather file, and the package that reads them is not installed"
        raise wrong(content.path, problem, "pip install nanoarrow, or save the candles as CSV") from None
    file = content.open()
    file.read(_MAGIC)
    try:
        batches: Any = nanoarrow.ArrayStream(ipc.InputStream.from_readable(file))
        fields = list(batches.schema.fields)
    except Exception as error:  # noqa: BLE001 - the library's own have no common parent
        file.close()
        raise _unreadable(content, error) from None
    return [field.name for field in fields], _rows(content, file, fields, batches)


def _rows(content: Content, file: BinaryIO, fields: list[Any], batches: Any) -> Iterator[list[str]]:
    try:
        for batch in batches:
            columns = [_texts(field, child) for field, child in zip(fields, batch.iter_children(), strict=True)]
            yield from map(list, zip(*columns, strict=True))
    except Exception as error:  # noqa: BLE001 - the library's own have no common parent
        raise _unreadable(content, error) from None
    finally:
        file.close()


def _unreadable(content: Content, error: Exception) -> Exception:
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    return wrong(content.path, f"is no whole feather file ({said})", "save it again, or as CSV")


def _texts(field: Any, column: Any) -> list[str]:
    """Return a column as text: floats as their shortest, moments with a zone as numbers of their unit."""
    kind = field.type.name
    if kind == "TIMESTAMP":
        moments = _values(column)
        if field.timezone:
            texts = list(map(str, moments.tolist()))
        else:
            unit = {"SECOND": "s", "MILLI": "ms", "MICRO": "us", "NANO": "ns"}[field.unit.name]
            texts = np.datetime_as_string(moments.astype(f"datetime64[{unit}]")).tolist()
    elif kind in ("DOUBLE", "FLOAT"):
        texts = [repr(value).removesuffix(".0") for value in _values(column).tolist()]
    else:
        texts = ["" if value is None else str(value) for value in column.to_pylist()]
    return _without_nulls(texts, column)


def _values(column: Any) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = np.asarray(column.buffers[1])
    return found[column.offset : column.offset + len(column)]


def _without_nulls(texts: list[str], column: Any) -> list[str]:
    valid = np.asarray(column.buffers[0])
    if not len(valid):
        return texts
    bits = np.unpackbits(valid.view(np.uint8), bitorder="little")[column.offset : column.offset + len(column)]
    return [text if bit else "" for text, bit in zip(texts, bits.tolist(), strict=True)]
