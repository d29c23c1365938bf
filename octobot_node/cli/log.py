"""The log file: what the node does, in ``octobot-node.log`` in the data folder, away from stdout and the screen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

__all__ = ["append_to_log", "log_path", "logging_to_file"]


def log_path(data_dir: Path | None) -> Path:
    """Return where the log is for this data folder; None stands for the settings' own."""
    if data_dir is None:
        from octobot_node.settings import Settings

        data_dir = Settings().data_dir
    return data_dir / "octobot-node.log"


def append_to_log(data_dir: Path | None, text: str) -> Path | None:
    """Append ``text`` and return the log's path, or None where it cannot be written."""
    try:
        path = log_path(data_dir)
        with _open(path) as file:
            file.write(text)
    except (OSError, ValueError):
        return None
    return path


@contextmanager
def logging_to_file(data_dir: Path | None) -> Iterator[None]:
    """Send structlog's lines to the log file meanwhile, as JSON; to stderr where the file cannot be written."""
    import structlog

    try:
        file = _open(log_path(data_dir))
    except OSError:
        file = None
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ],
        logger_factory=structlog.WriteLoggerFactory(file or sys.stderr),
    )
    try:
        yield
    finally:
        structlog.reset_defaults()
        if file is not None:
            file.close()


def _open(path: Path) -> TextIO:
    # Private: the node keeps its state in the same folder.
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Line buffered: what was logged before a kill is there.
    return path.open("a", encoding="utf-8", buffering=1)
