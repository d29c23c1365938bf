"""A backup's file: a zip of ``manifest.json`` and one gzipped member of JSON lines for each table.

``tables/NAME.jsonl.gz`` has a row a line, as a list in the order of the manifest's columns; money is text. Nothing but
tables is ever written into it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, ValidationError

from octobot_node.errors import NodeError, UnusableBackup, UsageError
from octobot_node.store.types import Money

__all__ = ["FORMAT", "Archive", "Manifest", "Seal", "TableManifest", "Writer", "open_archive", "write_archive"]

#: What this release writes; it reads this one and those before.
FORMAT = 1
#: What a manifest and a row take at most: far more than any has, and little enough to be read at once.
_MANIFEST_MAX, _LINE_MAX = 1_000_000, 64_000_000
_MANIFEST = "manifest.json"
_PIECE = 1 << 20
#: What a damaged zip or gzip raises; RuntimeError and NotImplementedError where a flag was flipped.
_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError)
Row = Sequence[Any]


class TableManifest(BaseModel):
    """A table in the archive; ``sums`` are exact, by column."""

    model_config = ConfigDict(frozen=True)

    owner: str
    name: str
    member: str
    columns: tuple[str, ...]
    rows: int
    sums: dict[str, Decimal]
    sha256: str


class Seal(BaseModel):
    """What shows that an archive is as it was written: a code of all else in its manifest, and its key, wrapped."""

    model_config = ConfigDict(frozen=True)

    #: The fingerprint of the master key that wrapped it.
    master_key: str
    wrapped: str
    code: str


class Manifest(BaseModel):
    """What an archive says of itself; moments are ms UTC."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["octobot-node backup"] = "octobot-node backup"
    format: int = FORMAT
    version: str
    installation: str
    generation: int
    created_at: int
    #: The database, without its password.
    database: str
    revisions: dict[str, str]
    #: Table -> the last number that it gave to a row.
    numbers: dict[str, int]
    #: The newest entry of the audit, ``ID:HASH``; "" where there is none, or a release before wrote it.
    audit: str = ""
    tables: tuple[TableManifest, ...]
    #: None where there was no master key, or a release before wrote it.
    seal: Seal | None = None


class Writer:
    """An archive that is being written."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._zip = archive

    def write_table(self, table: sa.Table, rows: Iterable[Row]) -> tuple[str, str]:
        """Write a table's rows; return the member's name and its SHA-256."""
        member = f"tables/{table.name}.jsonl.gz"
        with self._zip.open(member, "w", force_zip64=True) as raw:
            hashed = _Hashed(raw)
            # Level 3 takes a third of the time of the usual 9, for a tenth more bytes.
            with gzip.GzipFile(filename="", mode="wb", compresslevel=3, fileobj=hashed, mtime=0) as packed:
                for row in rows:
                    packed.write(_encode(list(row)).encode() + b"\n")
            return member, hashed.digest.hexdigest()

    def write_manifest(self, manifest: Manifest) -> None:
        """Write what the archive says of itself, last."""
        self._zip.writestr(_MANIFEST, manifest.model_dump_json(indent=2))


@contextmanager
def write_archive(path: Path) -> Iterator[Writer]:
    """Make ``path``, which nobody else may read: whole on leaving, not at all after an exception.

    Raises UsageError where there is such a file already, NodeError where it cannot be written.
    """
    try:
        if path.exists():
            raise UsageError(f"{path} is there already: give another name, or move it away")
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".draft", dir=path.parent)
        draft = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                    yield Writer(archive)
                file.flush()
                os.fsync(file.fileno())
            _publish(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise NodeError(f"{path} cannot be written ({error.strerror or error}): give another FILE") from None


def _publish(draft: Path, path: Path) -> None:
    try:
        # Fails for a name that was taken meanwhile, which renaming would not.
        path.hardlink_to(draft)
    except FileExistsError:
        raise UsageError(f"{path} is there already: give another name, or move it away") from None
    except OSError:
        # A file system without hard links.
        draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Archive:
    """An archive that is being read."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path = path
        self._zip = archive
        #: The manifest as it is written, with what other releases say in it.
        self.written: dict[str, Any] = {}
        self.manifest = self._read_manifest()

    def _read_manifest(self) -> Manifest:
        try:
            with self._zip.open(_MANIFEST) as file:
                text = file.read(_MANIFEST_MAX + 1)
            if len(text) > _MANIFEST_MAX:
                raise self._damaged(_MANIFEST)
        except KeyError:
            raise UnusableBackup(
                f"{self.path} is not a backup of octobot-node: it has no {_MANIFEST}; use another backup"
            ) from None
        except _BROKEN:
            raise self._damaged(_MANIFEST) from None
        try:
            written = json.loads(text)
            if isinstance(written, dict) and isinstance(written.get("format"), int) and written["format"] > FORMAT:
                raise UnusableBackup(
                    f"{self.path} was written by octobot-node {written.get('version')}, in a newer format: upgrade"
                )
            self.written = written
            return Manifest.model_validate(written)
        except (ValueError, ValidationError):
            raise UnusableBackup(
                f"{self.path} is damaged: its {_MANIFEST} cannot be read; use another backup"
            ) from None

    def verify(self) -> None:
        """Raise UnusableBackup where a table is not, byte for byte, what was written."""
        for table in self.manifest.tables:
            digest = hashlib.sha256()
            with self._member(table) as raw:
                while piece := raw.read(_PIECE):
                    digest.update(piece)
            if digest.hexdigest() != table.sha256:
                raise self._damaged(table.name)

    def rows(self, given: TableManifest, table: sa.Table) -> Iterator[list[Any]]:
        """Yield a table's rows, as the manifest has its columns."""
        decoders = [
            (at, decode)
            for at, name in enumerate(given.columns)
            if (decode := _decoder(table.c[name].type)) is not None
        ]
        width = len(given.columns)
        try:
            with self._member(given) as raw, gzip.GzipFile(fileobj=raw) as lines:
                # A line that goes on for ever is no row: what was read of it is not valid JSON.
                while line := lines.readline(_LINE_MAX):
                    values = json.loads(line)
                    if len(values) != width:
                        raise self._damaged(given.name)
                    for at, decode in decoders:
                        if values[at] is not None:
                            values[at] = decode(values[at])
                    yield values
        except (*_BROKEN, TypeError, InvalidOperation):
            raise self._damaged(given.name) from None

    @contextmanager
    def _member(self, table: TableManifest) -> Iterator[IO[bytes]]:
        try:
            with self._zip.open(table.member) as raw:
                yield raw
        except (KeyError, *_BROKEN):
            raise self._damaged(table.name) from None

    def _damaged(self, name: str) -> UnusableBackup:
        return UnusableBackup(f"{self.path} is damaged, at {name!r}: nothing was restored; use another backup")


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Yield the archive at ``path``; raise UnusableBackup where it is none, or not whole."""
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror or error}): give the path of a backup") from None
    except _BROKEN:
        raise UnusableBackup(
            f"{path} is not a backup of octobot-node, or only a part of one: use another backup"
        ) from None
    with archive:
        yield Archive(path, archive)


class _Hashed:
    """Passes bytes on and remembers their digest."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._out.write(data)

    def flush(self) -> None:
        self._out.flush()


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"a column of type {type(value).__name__} cannot be backed up")


#: Made once: json.dumps makes an encoder at every call that asks for something.
_encode = json.JSONEncoder(separators=(",", ":"), default=_plain).encode


def _decoder(kind: sa.types.TypeEngine[Any]) -> Callable[[Any], Any] | None:
    if isinstance(kind, (Money, sa.Numeric)) and not isinstance(kind, sa.Float):
        return Decimal
    return base64.b64decode if isinstance(kind, sa.LargeBinary) else None
