"""Names that two may take at once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import sqlalchemy as sa

__all__ = ["sees_names_taken_meanwhile"]

P = ParamSpec("P")
T = TypeVar("T")


def sees_names_taken_meanwhile(command: Callable[P, T]) -> Callable[P, T]:
    """Wrap a command that looks in its transaction whether a name is free: one that was taken meanwhile is refused.

    Where transactions run beside each other, both may find a name free; the later commit breaks the constraint that
    keeps it unique. Its transaction is rolled back, and the command, run once more, sees who was first.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except sa.exc.IntegrityError:
            return command(*args, **kwargs)

    return run
