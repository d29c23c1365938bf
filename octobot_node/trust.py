"""Whether what a file or folder has is this user's own: what others may write is neither configuration nor code."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

__all__ = ["foreign", "foreign_inside"]

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def foreign(path: Path, *, folders: bool = True) -> str | None:
    """Return why others decide what is in ``path``, with the cure; None where this user and root alone do.

    ``folders``: those on the way to it count, too, since whoever may write to one can put another file there.
    """
    for each in (path.absolute(), path.resolve()):
        problem = _foreign(each, each.lstat())
        if problem is not None:
            return problem
        for folder in each.parents if folders else ():
            problem = _foreign(folder, folder.lstat(), is_above=folder != each.parent)
            if problem is not None:
                return problem
    return None


def foreign_inside(folder: Path) -> str | None:
    """Return why others decide what is in ``folder`` or anything in it, with the cure; or None."""
    return foreign(folder) or next(filter(None, (_foreign(each, each.lstat()) for each in _inside(folder))), None)


def _inside(folder: Path) -> Iterator[Path]:
    return folder.rglob("*") if folder.is_dir() else iter(())


def _foreign(path: Path, found: os.stat_result, *, is_above: bool = False) -> str | None:
    # A link's mode says nothing: who owns it, and the folder that it is in, do.
    mode = 0 if stat.S_ISLNK(found.st_mode) else found.st_mode & _OTHERS_WRITE
    if found.st_uid not in (os.geteuid(), 0) and not (is_above and _is_mapped(found)):
        return f"{path} belongs to another user (uid {found.st_uid}): take it over with `chown`, or use another folder"
    if not mode or _is_read_only(path):
        return None
    # In a sticky folder, such as /tmp, nobody replaces what is another's.
    if is_above and (found.st_mode & stat.S_ISVTX or (mode == stat.S_IWGRP and found.st_gid == os.getegid())):
        return None
    return f"others may write to {path}: run `chmod go-w {path}`"


def _is_mapped(found: os.stat_result) -> bool:
    # In a namespace that does not know the machine's root it is shown as nobody: as the root folder's owner is.
    return found.st_uid == Path("/").stat().st_uid


def _is_read_only(path: Path) -> bool:
    # As Kubernetes mounts a ConfigMap: anybody may write by its mode, and nobody can.
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
