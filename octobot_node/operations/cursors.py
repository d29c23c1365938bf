"""Cursors of lists in the order of their rows' ids."""

from __future__ import annotations

import re

from octobot_node.errors import UsageError

__all__ = ["id_in", "no_cursor"]

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def id_in(cursor: str | None) -> str | None:
    """Return the id of the last row of the page before; raise UsageError for what never was a cursor.

    What is none would sort behind every id or before it: an empty page, or the first one once more.
    """
    if cursor is not None and not _ID.fullmatch(cursor):
        raise no_cursor()
    return cursor


def no_cursor() -> UsageError:
    """Return what whoever sends no cursor of this list is told."""
    return UsageError("the cursor is none that was given here: send the `next_cursor` of the page before")
