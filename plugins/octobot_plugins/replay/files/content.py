"""What a candle file is, by its first bytes and not by its name: a container, and in it text, JSON or Arrow."""

from __future__ import annotations

import gzip
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, TextIO, cast

from octobot_node.errors import InvalidMarketData
from octobot_plugins.replay.files.refusals import reading, wrong

__all__ = ["Content", "content_of"]

_HEAD = 4_096
#: What people have that is not read, by its first bytes, with what to do about it.
_OTHERS = {
    b"BZh": ("is compressed with bzip2", "unpack it"),
    b"\xfd7zXZ\x00": ("is compressed with xz", "unpack it"),
    b"\x28\xb5\x2f\xfd": ("is compressed with zstd", "unpack it"),
    b"7z\xbc\xaf\x27\x1c": ("is a 7z archive", "unpack it"),
    b"Rar!": ("is a rar archive", "unpack it"),
    b"PAR1": ("is a Parquet file", "save it as CSV or feather"),
    b"\x89HDF": ("is an HDF5 file", "save it as CSV or feather (freqtrade convert-data does)"),
    b"SQLite format 3\x00": ("is an SQLite database", "export its candles as CSV"),
    b"FEA1": ("is a feather file of version 1", "save it again with a version of this decade, or as CSV"),
    b"\xd0\xcf\x11\xe0": ("is an Excel workbook", "save it as CSV"),
    b"%PDF": ("is a PDF", "export the candles as CSV"),
}
_WORKBOOK = "[Content_Types].xml"


@dataclass(frozen=True, slots=True)
class Content:
    """A file out of its container; ``written_at`` is when it was last written (ms UTC)."""

    path: Path
    container: Literal["", "gzip", "zip"]
    member: str
    kind: Literal["text", "json", "arrow"]
    encoding: str
    written_at: int

    def open(self) -> BinaryIO:
        """Open the bytes, from the start."""
        return _open(self.path, self.container, self.member)

    def text(self, newline: str | None = "") -> TextIO:
        """Open the text, from the start. What is not of the encoding is replaced: no number has such a character."""
        return io.TextIOWrapper(self.open(), encoding=self.encoding, errors="replace", newline=newline)


def content_of(path: Path) -> Content:
    """Return what the file is; raise InvalidMarketData for what cannot be read."""
    with reading(path):
        written_at = int(path.stat().st_mtime * 1000)
        with path.open("rb") as file:
            start = file.read(_HEAD)
        container, member = _container(path, start)
        if container:
            with _open(path, container, member) as file:
                start = file.read(_HEAD)
    if not start:
        raise wrong(
            path, "is empty", "give it the header timestamp,open,high,low,close,volume and a line for each candle"
        )
    _refuse_others(path, start)
    if start.startswith(b"ARROW1"):
        return Content(path, container, member, "arrow", "", written_at)
    encoding = _encoding(path, start)
    begins = start.decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")[:1]
    return Content(path, container, member, "json" if begins in ("[", "{") else "text", encoding, written_at)


def _open(path: Path, container: str, member: str) -> BinaryIO:
    if container == "gzip":
        return cast("BinaryIO", gzip.open(path, "rb"))
    if container == "zip":
        with zipfile.ZipFile(path) as archive:
            try:
                # It stays open as long as its member does.
                return cast("BinaryIO", archive.open(member))
            except (RuntimeError, NotImplementedError) as error:
                raise wrong(path, f"cannot be unpacked ({error})", "unpack it") from None
    return path.open("rb")


def _container(path: Path, start: bytes) -> tuple[Literal["", "gzip", "zip"], str]:
    if start.startswith(b"\x1f\x8b"):
        return "gzip", ""
    if not start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "", ""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not _is_clutter(name)]
    if _WORKBOOK in names:
        raise wrong(path, "is an Excel workbook", "save it as CSV")
    if len(names) != 1:
        has = f"{len(names)} files ({', '.join(names[:3])}{', …' if len(names) > 3 else ''})" if names else "no file"
        raise wrong(path, f"is a zip with {has}, not with one", "unpack it, and name the file of candles")
    return "zip", names[0]


def _is_clutter(name: str) -> bool:
    parts = name.split("/")
    return name.endswith("/") or parts[0] == "__MACOSX" or parts[-1].startswith(".")


def _refuse_others(path: Path, start: bytes) -> None:
    for magic, (what, cure) in _OTHERS.items():
        if start.startswith(magic):
            raise wrong(path, what, cure)
    if start.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        raise wrong(path, "is packed twice", "unpack it")
    if start.lstrip()[:9].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise wrong(path, "is a web page, not a file of candles", "download it again")


def _encoding(path: Path, start: bytes) -> str:
    if start.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    even, odd = start[0:200:2].count(0), start[1:200:2].count(0)
    if odd > 20 and not even:
        return "utf-16-le"
    if even > 20 and not odd:
        return "utf-16-be"
    if any(byte < 32 and byte not in b"\t\n\v\f\r\x1a" for byte in start):
        raise _no_text(path)
    return "utf-8"


def _no_text(path: Path) -> InvalidMarketData:
    return wrong(path, "is neither text, JSON nor feather", "save it as CSV")
