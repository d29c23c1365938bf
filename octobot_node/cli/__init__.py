"""The command line, ``octobot-node``; each command imports what it needs when it runs, so that help is instant."""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
from collections.abc import Sequence

__all__ = ["main"]

_PRIVATE = 0o077
#: After how many objects of each generation Python looks for garbage. By its own figures it looks at some 300,000 that
#: are there to stay, again and again, while it imports: a fifth of what a command costs.
_COLLECTED_AFTER = (50_000, 20, 20)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line with ``arguments`` (None: the process's own) and return the exit code."""
    gc.set_threshold(*_COLLECTED_AFTER)
    if arguments is None:
        # As the process ends, Python would look through all of them once more for what to free: half a second of CPU.
        atexit.register(gc.freeze)
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["health"]:
        from octobot_node.cli.actions.health import examine_at_once

        code = examine_at_once(given)
        if code is not None:
            return code
    if arguments is None and "--help" not in given:
        # Of a process of its own, which may come to have secrets open in its memory.
        from octobot_node.live.undumped import keep_out_of_dumps

        keep_out_of_dumps()
    from octobot_node.cli.app import Session, build_app
    from octobot_node.cli.failures import exit_code_of

    _fill_standard_descriptors()
    _write_what_can_be_written()
    # What commands make in data folders is nobody else's: databases, ids, logs.
    session = Session(umask=os.umask(_PRIVATE))
    try:
        result = build_app()(arguments, prog_name="octobot-node", standalone_mode=False, obj=session)
    except BaseException as error:  # noqa: BLE001 - the one place where every failure becomes one line and an exit code
        return exit_code_of(error, data_dir=session.data_dir)
    finally:
        os.umask(session.umask)
    return result if isinstance(result, int) else 0


def _write_what_can_be_written() -> None:
    # A terminal that is not UTF-8 shows a name with a question mark, rather than an error instead of everything.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace" if stream is sys.stderr else "replace")


def _fill_standard_descriptors() -> None:
    # Started with `2>&-`, the next file opened would be descriptor 2: a child's stderr would go into the database.
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
