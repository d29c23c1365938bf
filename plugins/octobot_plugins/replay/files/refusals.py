"""How a candle file is refused: in one sentence with the file, the place, how often, and the cure."""

from __future__ import annotations

import csv
import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from octobot_node.errors import InvalidMarketData

__all__ = ["Mask", "Numbers", "first", "others", "printable", "reading", "shown", "wrong"]

Mask = npt.NDArray[np.bool_]
#: Of each candle: the line of a text, the item of a list, the row of a table that it was read from.
Numbers = npt.NDArray[np.int32]
_SHOWN = 60


def wrong(
    path: Path, problem: str, cure: str, *, line: int | None = None, unit: str = "line", column: str = ""
) -> InvalidMarketData:
    """Return the error for ``problem``; ``line`` counts from 1."""
    where = (f", {unit} {line}" if line is not None else "") + (f", column {column}" if column else "")
    return InvalidMarketData(f"{path}{where}: {problem}: {cure}")


def first(mask: Mask) -> int | None:
    """Return the first index that is set."""
    index = int(mask.argmax()) if len(mask) else 0
    return index if len(mask) and mask[index] else None


def others(count: int, unit: str) -> str:
    """Return how many more there are besides the one that is named, as the end of a clause."""
    return "" if count <= 1 else f" (so it is in {count:,} {unit}s, this is the first)"


def printable(text: str) -> str:
    """Return a name of the file's without what a terminal would obey."""
    return "".join(letter for letter in text if letter.isprintable()).strip()


def shown(text: str) -> str:
    """Return a text of the file as it may be quoted in a message."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Refuse the file for whatever keeps it from being read meanwhile."""
    try:
        yield
    except FileNotFoundError:
        raise wrong(path, "there is no such file", "check the path under `data`") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise wrong(path, f"is not a whole gzip file ({error})", "download or compress it again") from None
    except zipfile.BadZipFile as error:
        raise wrong(path, f"is not a whole zip file ({error})", "download or compress it again") from None
    except csv.Error as error:
        raise wrong(path, f"is not CSV ({error})", "separate fields with commas, one candle a line") from None
    except UnicodeError as error:
        raise wrong(path, f"is not whole text ({error})", "save it as UTF-8") from None
    except OSError as error:
        raise wrong(path, f"cannot be read ({error.strerror or error})", "check that it is a readable file") from None
