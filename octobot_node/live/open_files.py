"""How many files and connections this process may have open."""

from __future__ import annotations

import resource
from contextlib import suppress

__all__ = ["raise_open_files"]

#: More than any node needs, where there is no limit at all.
_ENOUGH = 65_536


def raise_open_files() -> int:
    """Raise the limit as far as this user may, and return it: what systems begin with is few for a server."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # macOS has a lower limit than it says.
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
