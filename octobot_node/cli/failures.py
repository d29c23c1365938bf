"""What a person sees when a command fails: one line on stderr, and an exit code.

2 is a mistake in what was asked, 1 any other failure, 130 Ctrl-C. ``OCTOBOT_DEBUG=1`` adds the traceback.
"""

from __future__ import annotations

import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

import typer

from octobot_node.errors import InvalidSettings, OctoBotError, StorageUnavailable, UsageError
from octobot_node.text.printable import printable

__all__ = ["exit_code_of"]


def exit_code_of(error: BaseException, *, data_dir: Path | None = None) -> int:
    """Tell the person at the keyboard about ``error`` and return the exit code that goes with it."""
    error = _invalid_settings(error) or _failed_database(error) or error
    if _debugging() and isinstance(error, Exception):
        traceback.print_exception(error)
    match error:
        case SystemExit():
            return error.code if isinstance(error.code, int) else int(error.code is not None)
        case KeyboardInterrupt() | typer.Abort():
            return 130
        case UsageError():
            return _say(str(error), 2)
        case OctoBotError():
            return _say(str(error), 1)
        case typer.TyperException() if type(error).__name__ == "NoArgsIsHelpError":
            # A group of commands without one: the help itself, as `octobot-node` alone shows it.
            sys.stdout.write(f"{error.format_message()}\n")
            return 0
        case typer.TyperException():
            text = error.format_message().replace("Value error, ", "").replace("Input should", "must")
            return _say(f"{text} (octobot-node --help lists what there is)", 2)
    return _unexpected(error, data_dir)


def _say(text: str, code: int) -> int:
    sys.stderr.write(f"octobot-node: error: {printable(' '.join(text.split()))}\n")
    return code


def _debugging() -> bool:
    return os.environ.get("OCTOBOT_DEBUG", "") not in {"", "0"}


def _unexpected(error: BaseException, data_dir: Path | None) -> int:
    from octobot_node.cli.log_file import append_to_log

    log = append_to_log(data_dir, f"{datetime.now(UTC).isoformat()}\n{''.join(traceback.format_exception(error))}")
    details = f"the traceback is in {log}" if log else "OCTOBOT_DEBUG=1 shows the traceback"
    return _say(f"unexpected {type(error).__name__}: {str(error) or 'no message'}; {details}; please report it", 1)


def _failed_database(error: BaseException) -> StorageUnavailable | None:
    """Return what to do about a database that cannot be read or written, if that is what ``error`` is about."""
    # By name, as below. An IntegrityError or a ProgrammingError is our own mistake and stays unexpected.
    kind = type(error)
    if kind.__module__ != "sqlalchemy.exc" or kind.__name__ not in {"OperationalError", "DatabaseError"}:
        return None
    why = getattr(error, "orig", None) or error
    return StorageUnavailable(
        f"the database failed ({why}): see that its disk works and has room, then give the same command again:"
        " it goes on where it was"
    )


def _invalid_settings(error: BaseException) -> InvalidSettings | None:
    """Return what is wrong with the ``OCTOBOT_*`` environment, if that is what ``error`` is about."""
    # By name: pydantic need not be imported to say that an option is misspelt.
    if type(error).__name__ != "ValidationError" or getattr(error, "title", "") != "Settings":
        return None
    from pydantic import ValidationError

    from octobot_node.text.validation_messages import told

    assert isinstance(error, ValidationError)
    first = error.errors(include_url=False)[0]
    name = "_".join(str(part) for part in first["loc"][:1]).upper()
    return InvalidSettings(f"OCTOBOT_{name}: {told(first)}")
