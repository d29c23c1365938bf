"""A log file that is begun anew when it is large, with a few of those before kept beside it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from octobot_node.errors import NodeError

__all__ = ["BothOf", "RotatedFile"]

_LARGEST = 20_000_000
_KEPT = 5


class RotatedFile:
    """Written line by line. A full disk loses lines and stops nothing: what happens is more than its log."""

    def __init__(self, path: Path, *, largest: int = _LARGEST, kept: int = _KEPT) -> None:
        self._path, self._largest, self._kept = path, largest, kept
        try:
            self._file = self._open()
        except OSError as error:
            raise NodeError(
                f"the log cannot be written to {path} ({error.strerror}): give another --log-file"
            ) from None

    def write(self, text: str) -> None:
        """Append whole lines."""
        with suppress(OSError):
            if self._size + len(text) > self._largest:
                self._begin_anew()
            self._size += self._file.write(text)

    def close(self) -> None:
        """Let the file go."""
        with suppress(OSError):
            self._file.close()

    def _open(self) -> TextIO:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self._path.open("a", encoding="utf-8", buffering=1)
        self._size = os.fstat(file.fileno()).st_size
        return file

    def _begin_anew(self) -> None:
        self._file.close()
        for number in range(self._kept - 1, 0, -1):
            with suppress(FileNotFoundError):
                self._numbered(number).replace(self._numbered(number + 1))
        with suppress(FileNotFoundError):
            self._path.replace(self._numbered(1))
        self._file = self._open()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


class BothOf:
    """A stream whose lines go to a terminal, or whatever stderr is, and to a file."""

    def __init__(self, stream: TextIO, file: RotatedFile) -> None:
        self._stream, self._file = stream, file

    def write(self, text: str) -> int:
        """Write to both."""
        self._file.write(text)
        return self._stream.write(text)

    def flush(self) -> None:
        """Flush the first; the file is written line by line."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether lines may have colours: they may not in a file."""
        return False
