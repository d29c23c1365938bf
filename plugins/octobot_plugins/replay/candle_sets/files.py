"""The files of candle sets, in ``candles`` of the data folder: each content once, called by its SHA-256."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from octobot_node.ids import new_id
from octobot_node.text.printable import printable

__all__ = ["CandleFiles", "digest_of", "file_name_of"]

_CHUNK = 1_048_576
_NAME_MAX = 200
_DAY_S = 86_400


def file_name_of(given: str) -> str:
    """Return a file's name as it may be shown and used here: without folders, and without what nobody sees."""
    name = printable(given.replace("\\", "/").rpartition("/")[2], lines=False).replace("/", "_").strip()
    # Its end says most of it: .csv.gz
    return name[-_NAME_MAX:].lstrip(".") or "candles"


class CandleFiles:
    """One node's files."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "candles"
        self._incoming = self._folder / "incoming"

    def path(self, digest: str) -> Path:
        """Return where the file of a content is, or would be."""
        return self._folder / digest

    @contextmanager
    def incoming(self, file_name: str) -> Iterator[Path]:
        """Yield where to write a file that comes in; it is gone afterwards, unless it was kept."""
        folder = self._incoming / new_id()
        folder.mkdir(parents=True, mode=0o700)
        try:
            yield folder / file_name
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def arrived(self, incoming: str) -> Path:
        """Return the file that came in into a folder called so; raise FileNotFoundError."""
        for path in (self._incoming / incoming).iterdir():
            return path
        raise FileNotFoundError(incoming)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let nobody else keep or remove files: what one finds unused, another may just begin to use."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def keep(self, path: Path, digest: str) -> None:
        """Keep a file that came in under its digest; it survives a power cut when this returns."""
        kept = self.path(digest)
        if kept.exists():
            return
        with path.open("rb") as file:
            os.fsync(file.fileno())
        path.chmod(0o600)
        path.replace(kept)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def remove(self, digest: str) -> None:
        """Remove a file, if it is there."""
        self.path(digest).unlink(missing_ok=True)

    def lend(self, digest: str, path: Path) -> None:
        """Let a replay have a file at a path of its own. Raises OSError where it is gone."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        # Another name of the same file: it stays readable for this replay whatever becomes of the set.
        os.link(self.path(digest), path)

    def forget_broken_off(self) -> None:
        """Remove what was left of files that did not come in whole."""
        with suppress(OSError):
            for folder in self._incoming.iterdir():
                if folder.stat().st_mtime < time.time() - _DAY_S:
                    shutil.rmtree(folder, ignore_errors=True)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()
