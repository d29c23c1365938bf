"""The real candles of ``tests/data`` as files that a replay reads."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

__all__ = ["unpack"]

_DATA = Path(__file__).parents[1] / "data"


def unpack(folder: Path) -> Path:
    """Write every file of candles to a folder, as ``.csv.gz``, and return it."""
    for packed in _DATA.glob("*.csv.xz"):
        # In the repository they are as small as can be; here as quick to read.
        text = lzma.decompress(packed.read_bytes())
        (folder / packed.name).with_suffix(".gz").write_bytes(gzip.compress(text, compresslevel=1))
    return folder
