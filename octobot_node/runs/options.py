"""What a run is told to do besides its run file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

__all__ = ["Gaps", "RunOptions"]

#: What to do about missing candles: count them in the report, or refuse the data.
Gaps = Literal["count", "error"]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run; what the command line says besides the run files.

    ``data`` maps symbol to a file of candles for a replay. ``duration`` ends a live run after so many seconds,
    None runs until it is stopped. ``data_dir`` is where state lives, None for the settings' own. ``fresh`` starts a
    replay over. ``replays`` is where replays have their folders, None for the data folder's own. ``serve`` serves the
    API and the dashboard during a live run.
    """

    data: Mapping[str, Path] = field(default_factory=dict)
    duration: float | None = None
    data_dir: Path | None = None
    gaps: Gaps = "count"
    fresh: bool = False
    replays: Path | None = None
    serve: bool = False
