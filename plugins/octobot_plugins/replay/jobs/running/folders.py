"""The folders of replays, ``replays/jobs/ID`` in the data folder: what one is of, its books, what it came to."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

__all__ = ["folder_of", "known", "remove"]


def folder_of(data_dir: Path, job_id: str) -> Path:
    """Return where a replay has its files."""
    return data_dir / "replays" / "jobs" / job_id


def known(data_dir: Path) -> Collection[str]:
    """Return the ids of replays that have a folder."""
    with suppress(FileNotFoundError):
        return [path.name for path in (data_dir / "replays" / "jobs").iterdir()]
    return []


def remove(data_dir: Path, job_id: str) -> None:
    """Remove a replay's files, if there are any."""
    shutil.rmtree(folder_of(data_dir, job_id), ignore_errors=True)
