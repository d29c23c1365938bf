"""The data folder and the disk that it is on."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health

__all__ = ["check_disk", "check_folder", "file_system"]

#: File locks, and what SQLite shares between processes, cannot be relied upon on these.
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs", "ceph", "glusterfs", "lustre"})
_MOUNTS = Path("/proc/self/mounts")


def check_folder(context: PluginContext) -> Health:
    """Say whether the data folder can be used, by this user alone, on a disk of this machine."""
    folder = context.settings.data_dir
    existing = _existing(folder)
    if not os.access(existing, os.W_OK | os.X_OK):
        return _unwritable(existing)
    kind = file_system(existing, _MOUNTS.read_text() if _MOUNTS.exists() else "")
    if kind in _NETWORK:
        cure = "keep the data folder on a disk of this machine: locks do not hold on a network's"
        return Health("failed", f"{folder} is on a network file system ({kind})", cure)
    if existing != folder:
        return Health("ok", f"{folder} does not exist yet; it will be made")
    if not folder.is_dir():
        return Health("failed", f"{folder} is not a folder", "give another --data-dir, or move the file away")
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        return Health("warning", f"{folder} can be read by others (mode {mode:04o})", f"run `chmod 700 {folder}`")
    return Health("ok", f"{folder} is writable and private")


def check_disk(context: PluginContext) -> Health:
    """Say whether there is room for what is to come."""
    settings = context.settings
    usage = shutil.disk_usage(_existing(settings.data_dir))
    free, reserve = usage.free // 1_048_576, settings.disk_reserve_mb
    cure = "make room, or lower OCTOBOT_DISK_RESERVE_MB"
    detail = f"{free:,} MB are free, {reserve:,} MB are kept in reserve"
    if free < reserve:
        return Health("failed", f"{detail}: no order is sent", cure)
    return Health("warning", detail, cure) if free < 2 * reserve else Health("ok", detail)


def _unwritable(folder: Path) -> Health:
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        cure = "see the system's log for why its disk is mounted read-only, mend it and mount it to be written"
        return Health("failed", f"{folder} cannot be written: its file system is read-only", cure)
    return Health("failed", f"{folder} cannot be written", f"run `chown -R $USER {folder}`, or give --data-dir")


def file_system(path: Path, mounts: str) -> str:
    """Return the kind of file system that ``path`` is on by a table such as /proc/self/mounts, or "" if unknown."""
    best, kind = -1, ""
    real = path.resolve()
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = Path(fields[1].replace("\\040", " "))
        # Of two on one place, the later one is in use.
        if real.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), fields[2]
    return kind


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.absolute().parents) if each.exists())
