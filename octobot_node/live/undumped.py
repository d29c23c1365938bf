"""Keep this process's memory, in which secrets are open, out of core dumps and of other processes' sight."""

from __future__ import annotations

import ctypes
import resource
import sys
from contextlib import suppress

__all__ = ["keep_out_of_dumps"]

#: Of linux/prctl.h.
_PR_SET_DUMPABLE = 4


def keep_out_of_dumps() -> None:
    """Have no core of this process be written, nor of those that it starts; on Linux nobody but root may attach to it.

    What it starts by exec may be attached to again: that has no secret but its own.
    """
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
