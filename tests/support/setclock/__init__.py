"""Set the clock of a process, as people and NTP set a machine's: its monotonic seconds go on.

    clock = SetClock(tmp_path)
    node = subprocess.Popen(command, env={**os.environ, **clock.environment()})
    clock.set_by(-3_600)

What is simulated: wall-clock time through libc. What is not: the times of files, and statically linked programs.
Linux with gcc only.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.preload import build

__all__ = ["SetClock"]

_SOURCE = Path(__file__).with_name("setclock.c")


class SetClock:
    """A clock that is right until ``set_by``; ``folder`` holds the library and by how much it is off."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._file = self._folder / "off-by"
        self.set_by(0)

    def environment(self) -> dict[str, str]:
        """Return what the environment of a process has besides that goes by this clock.

        Raises LibraryUnavailable where the library cannot be built.
        """
        preload = " ".join(filter(None, (str(build(_SOURCE, self._folder)), os.environ.get("LD_PRELOAD"))))
        return {"SETCLOCK_FILE": str(self._file), "LD_PRELOAD": preload}

    def set_by(self, seconds: int) -> None:
        """Let the clock be so many seconds off the right time from now on."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self._file)
