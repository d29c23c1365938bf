"""The log file: what the node does, in ``octobot-node.log`` in the data folder, away from stdout and the screen."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO, cast

from octobot_node.cli.rotated_file import BothOf, RotatedFile
from octobot_node.errors import OctoBotError

__all__ = ["append_to_log", "log_path", "logging_to_file", "logging_to_stderr"]


def log_path(data_dir: Path | None) -> Path:
    """Return where the log is for this data folder; None stands for the settings' own."""
    if data_dir is None:
        from octobot_node.configuration import Configuration

        data_dir = Configuration.load().settings.data_dir
    return data_dir.expanduser() / "octobot-node.log"


def append_to_log(data_dir: Path | None, text: str) -> Path | None:
    """Append ``text`` and return the log's path, or None where it cannot be written."""
    try:
        path = log_path(data_dir)
        with _open(path) as file:
            file.write(text)
    except (OSError, ValueError, OctoBotError):
        return None
    return path


@contextmanager
def logging_to_file(data_dir: Path | None) -> Iterator[None]:
    """Send structlog's lines, and the warnings of libraries, to the log file meanwhile, as JSON.

    The file is made by the first line; where it cannot be, lines go to stderr.
    """
    file = _LazyFile(log_path(data_dir))
    with _logging(cast("TextIO", file), "json"):
        try:
            yield
        finally:
            file.close()


@contextmanager
def logging_to_stderr(style: str, file: Path | None = None) -> Iterator[None]:
    """Send the same to stderr meanwhile, as JSON lines (``json``) or for a person (``console``); to ``file``, too.

    Raises NodeError for a file that cannot be written.
    """
    if file is None:
        with _logging(sys.stderr, style):
            yield
        return
    rotated = RotatedFile(file)
    with _logging(cast("TextIO", BothOf(sys.stderr, rotated)), style):
        try:
            yield
        finally:
            rotated.close()


@contextmanager
def _logging(stream: TextIO, style: str) -> Iterator[None]:
    import structlog

    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask,
    ]
    if style == "json":
        processors.append(structlog.processors.JSONRenderer(default=str))
    else:
        processors.append(_printable)
        colours = stream.isatty()
        plain = structlog.dev.plain_traceback
        processors.append(structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain, pad_event_to=0))
    structlog.configure(processors=processors, logger_factory=structlog.WriteLoggerFactory(stream))
    forward = _ToStructlog(logging.WARNING)
    logging.getLogger().addHandler(forward)
    logging.captureWarnings(capture=True)
    before, threading.excepthook = threading.excepthook, _thread_failed
    try:
        yield
    finally:
        threading.excepthook = before
        logging.captureWarnings(capture=False)
        logging.getLogger().removeHandler(forward)
        structlog.reset_defaults()


def _mask(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask secrets by what they are called, and by how they look: what a library says may hold one."""
    from octobot_node.text.masking import masked

    return {name: _without_secrets(masked(value, name)) for name, value in line.items()}


def _printable(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Write out what would act on the terminal: paths, names and what others say come from anybody."""
    from octobot_node.text.printable import printable

    kept = {"exception", "stack"}
    return {
        name: printable(value, lines=name in kept) if isinstance(value, str) else value for name, value in line.items()
    }


def _without_secrets(value: Any) -> Any:
    from octobot_node.text.masking import masked_text

    if isinstance(value, Mapping):
        return {name: _without_secrets(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else masked_text(str(value))


def _thread_failed(failure: threading.ExceptHookArgs) -> None:
    import structlog

    if failure.exc_type is not SystemExit:
        name = "" if failure.thread is None else failure.thread.name
        structlog.get_logger(__name__).error("thread_failed", thread=name, exc_info=failure.exc_value)


class _LazyFile:
    """The log file, opened by its first line: a command that is refused leaves nothing behind."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def write(self, text: str) -> None:
        if self._file is None:
            try:
                self._file = _open(self._path)
            except OSError:
                self._file = sys.stderr
        # A full disk must stop no more than it has to: what happens is more than its log.
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.flush()

    def close(self) -> None:
        if self._file is not None and self._file is not sys.stderr:
            with suppress(OSError):
                self._file.close()


class _ToStructlog(logging.Handler):
    """Takes what libraries log with the standard library, tracebacks included, into our log."""

    def emit(self, record: logging.LogRecord) -> None:
        import structlog

        log = structlog.get_logger(record.name)
        try:
            said = record.getMessage()
        except Exception:  # noqa: BLE001 - whoever logs may fill in what does not fit
            said = str(record.msg)
        log.log(record.levelno, said, logger=record.name, exc_info=record.exc_info)


def _open(path: Path) -> TextIO:
    # Private: the node keeps its state in the same folder.
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Line buffered: what was logged before a kill is there.
    return path.open("a", encoding="utf-8", buffering=1)
