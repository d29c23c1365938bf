"""Random numbers that are a pure function of a key and an index, and smooth noise made of them."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

__all__ = ["key_of", "normal", "smooth_noise", "uniform"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def key_of(*parts: object) -> int:
    """Return 64 bits that ``parts`` name, the same in every process (Python's own ``hash`` is not)."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _hashes(key: int, index: Ints) -> Hashes:
    # SplitMix64 (Steele, Lea, Flood 2014): the index-th output of the generator that starts at ``key``.
    mixed = index.astype(np.uint64) * _GOLDEN + np.array(key, dtype=np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    return mixed ^ (mixed >> np.uint64(31))


def uniform(key: int, index: Ints) -> Floats:
    """Return a number in [0, 1) for each index."""
    return (_hashes(key, index) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal(key: int, index: Ints) -> Floats:
    """Return a number of mean 0 and variance 1, within +-3.5, for each index: a sum of four uniform ones."""
    mixed = _hashes(key, index)
    low = np.uint64(0xFFFF)
    total = (
        (mixed & low) + ((mixed >> np.uint64(16)) & low) + ((mixed >> np.uint64(32)) & low) + (mixed >> np.uint64(48))
    )
    scaled: Floats = (total.astype(np.float64) / 65_536 - 2.0) * 3.0**0.5
    return scaled


def smooth_noise(key: int, period: int, at: Ints) -> Floats:
    """Return value noise at times ``at``: a random level every ``period``, joined by smooth steps."""
    cell = at // period
    part = (at - cell * period) / period
    first, last = (int(cell.min()), int(cell.max())) if len(cell) else (0, 0)
    if last - first < len(cell):
        # Slow noise: many times share a cell, so each level is drawn once.
        levels = normal(key, np.arange(first, last + 2, dtype=np.int64))
        before, after = levels[cell - first], levels[cell - first + 1]
    else:
        before, after = normal(key, cell), normal(key, cell + 1)
    return before + (after - before) * (part * part * (3.0 - 2.0 * part))
