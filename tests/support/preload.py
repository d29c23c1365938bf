"""Build the small libraries under which a process meets a failing disk, or a clock that is set."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

__all__ = ["LibraryUnavailable", "build"]


class LibraryUnavailable(RuntimeError):
    """A library cannot be built here."""


def build(source: Path, folder: Path) -> Path:
    """Return the library made of a C file, in ``folder``; raise LibraryUnavailable where it cannot be built."""
    library = folder / f"{source.stem}.so"
    if library.exists() and library.stat().st_mtime >= source.stat().st_mtime:
        return library
    compiler = shutil.which("gcc")
    if compiler is None:
        raise LibraryUnavailable(
            "gcc is needed to simulate failing disks and clocks that are set: install it, on Debian with"
            " 'apt install gcc libc6-dev'"
        )
    folder.mkdir(parents=True, exist_ok=True)
    # Under a name of its own first: another test process may be building too.
    fresh = folder / f"{source.stem}.{os.getpid()}.so"
    flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-pthread"]
    done = subprocess.run([compiler, *flags, "-o", fresh, source], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LibraryUnavailable(f"gcc cannot build {source.name} (are libc6-dev's headers installed?): {done.stderr}")
    fresh.replace(library)
    return library
