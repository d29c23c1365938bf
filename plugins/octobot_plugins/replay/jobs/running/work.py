"""A replay at work: ``python -m octobot_plugins.replay.jobs.running.work FOLDER``, a process of its own for each.

``FOLDER/job.json`` says what to replay. What happens is told on stdout, a JSON object a line: ``progress`` and
``message``, then ``finished``, ``stopped``, ``refused`` or ``failed``. What it came to is in ``FOLDER``, whole or
not at all. It is the run that ``octobot-node run`` makes of the same file, so that its figures are the same.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from octobot_node.errors import OctoBotError
from octobot_node.market import to_ms
from octobot_node.reports.models import AutomationReport
from octobot_node.run_files.run_file import RunFile
from octobot_node.runs.options import RunOptions
from octobot_node.runs.runner import run
from octobot_plugins.replay.bounded import OUT_OF_MEMORY, settle_in
from octobot_plugins.replay.jobs.reports.outcome import JOB, write_outcome

__all__ = ["main"]

#: Progress is told so often: each is a row that is written.
_TELL_S = 0.5

Send = Callable[[dict[str, Any]], None]


class _Told:
    """A view of the run that tells the node."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._told_at = 0.0

    def progress(self, done: int, total: int, now: datetime) -> None:
        """Tell how far it is, now and then."""
        if done >= total or time.monotonic() >= self._told_at + _TELL_S:
            self._told_at = time.monotonic()
            self._send({"progress": [done, total, to_ms(now)]})

    def table(self, rows: Sequence[AutomationReport], now: datetime) -> None:
        """Tell nothing: that is of a live run."""

    def message(self, text: str) -> None:
        """Tell what a person should know."""
        self._send({"message": text})


def _replay(folder: Path, job: dict[str, Any], send: Send) -> dict[str, Any]:
    run_file = RunFile.model_validate(job["run_file"])
    data = {symbol: Path(file) for symbol, file in job["data"].items()}
    options = RunOptions(data=data, data_dir=Path(job["data_dir"]), replays=folder / "state")
    # The names of candle files are told; where they are on this machine is nobody's business.
    os.chdir(folder)
    try:
        report = run(run_file, options, _Told(send), keep=lambda finished: write_outcome(folder, finished))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except OctoBotError as error:
        return {"refused": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever it is, the job's row says it
        import traceback

        traceback.print_exc()
        return {"failed": f"{type(error).__name__}: {error}"}
    return {"finished": True} if report.finished else {"stopped": True}


def main(folder: Path) -> None:
    """Replay what a folder says."""
    job = json.loads((folder / JOB).read_text())
    send = settle_in(*job["limits"])
    send(_replay(folder, job, send))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
