"""What is said of a step that failed: where it is a mistake, and in one line where the machine has no more to give."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import Any

import structlog

from octobot_node.text.said_once import SaidOnce

__all__ = ["StepFailures", "out_of"]

log = structlog.get_logger(__name__)
#: What keeps on being so is said again after so many seconds.
_SAID_AGAIN_S = 60.0
_OPEN_FILES = "raise the limit of open files (`ulimit -n`, LimitNOFILE= of systemd), or see what keeps them open"
_PROCESSES = (
    "raise the limits of processes and memory (`ulimit -u`, TasksMax= and MemoryMax= of systemd), or stop others"
)
_CURES = {
    errno.EMFILE: _OPEN_FILES,
    errno.ENFILE: _OPEN_FILES,
    errno.EAGAIN: _PROCESSES,
    errno.ENOMEM: _PROCESSES,
    errno.ENOBUFS: _PROCESSES,
    errno.ENOSPC: "make room on its disk",
    errno.EDQUOT: "make room on its disk",
}


class StepFailures:
    """Says of a thread's steps that they failed."""

    def __init__(self) -> None:
        self._said = SaidOnce(_SAID_AGAIN_S)

    def tell(self, step: str, error: Exception, **more: Any) -> None:
        """Log a failure: with its traceback, or as a state of the machine, which passes, with what helps."""
        cure = out_of(error)
        if cure is None:
            log.error("step_failed", step=step, exc_info=error, **more)
        elif self._said.is_news("machine", cure):
            log.error("step_waits", step=step, reason=str(error) or type(error).__name__, cure=cure, **more)


def out_of(error: BaseException) -> str | None:
    """Return what helps where a machine has no more files, processes, memory or room; None for anything else."""
    for each in _causes(error):
        if isinstance(each, OSError) and each.errno in _CURES:
            return _CURES[each.errno]
        if isinstance(each, MemoryError) or "can't start new thread" in str(each):
            return _PROCESSES
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        # As HTTP clients keep what led to theirs.
        inner = getattr(found, "os_error", None)
        if isinstance(inner, OSError):
            yield inner
        found = found.__cause__ or found.__context__
