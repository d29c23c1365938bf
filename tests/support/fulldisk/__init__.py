"""Fill the disk of a process: what would make its files longer fails, until there is room again.

    disk = FullDisk(tmp_path)
    node = subprocess.Popen(command, env=disk.environment(data_dir))
    disk.fill()
    disk.free()

What is simulated: writes, allocations and new files in the folder through libc fail with ENOSPC. What is not: writes
through memory maps, stdio and io_uring, links, folders, and those of statically linked programs. Linux with gcc only.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.preload import build

__all__ = ["FullDisk"]

_SOURCE = Path(__file__).with_name("fulldisk.c")


class FullDisk:
    """A disk that is full between ``fill`` and ``free``; ``folder`` holds the library and the flag.

    Whoever runs on it must be able to walk into ``folder``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._flag = self._folder / "full"

    def environment(self, data_dir: Path) -> dict[str, str]:
        """Return the environment for a process whose files in ``data_dir`` are on this disk; the rest is our own.

        Raises LibraryUnavailable where the library cannot be built.
        """
        preload = " ".join(filter(None, (str(build(_SOURCE, self._folder)), os.environ.get("LD_PRELOAD"))))
        paths = {"FULLDISK_DIR": str(data_dir.resolve()), "FULLDISK_FLAG": str(self._flag)}
        return {**os.environ, **paths, "LD_PRELOAD": preload}

    def fill(self) -> None:
        """Leave no room from now on."""
        self._flag.touch()

    def free(self) -> None:
        """Make room again."""
        self._flag.unlink(missing_ok=True)
