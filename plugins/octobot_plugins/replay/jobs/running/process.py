"""The node's end of one replay's process: begin it, write down how far it is, and what became of it."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from octobot_node.contracts.context import PluginContext
from octobot_node.errors import StorageUnavailable
from octobot_node.store.types import AnyRow
from octobot_plugins.replay.bounded import OUT_OF_MEMORY, command
from octobot_plugins.replay.candle_sets import statements as candle_statements
from octobot_plugins.replay.candle_sets.files import CandleFiles
from octobot_plugins.replay.job_settings import ReplaysSettings
from octobot_plugins.replay.jobs import statements
from octobot_plugins.replay.jobs.reports.outcome import JOB, RESULT, forget_state
from octobot_plugins.replay.jobs.running import folders
from octobot_plugins.replay.jobs.status import ReplayStatus

__all__ = ["ReplayProcess"]

log = structlog.get_logger(__name__)
#: How often it is looked at whether it was cancelled, though it says nothing.
_LOOK_S = 0.5
_LINE_MAX = 1_000_000
#: A replay whose process ended by itself so often is given up.
_STARTS_MAX = 5


class ReplayProcess:
    """One replay of a row that is running."""

    def __init__(self, context: PluginContext, settings: ReplaysSettings, row: AnyRow) -> None:
        self._context, self._settings, self._row = context, settings, row
        self._folder = folders.folder_of(context.settings.data_dir, row.id)
        self._outcome: dict[str, Any] = {}
        self._cancelled = False

    async def carry_out(self) -> None:
        """Replay to the end, and write down what became of it. Cancelled, it leaves the row as it is."""
        try:
            await self._carry_out()
        except _Gone as error:
            self._end(ReplayStatus.FAILED, str(error))
        except StorageUnavailable:
            raise
        except Exception as error:
            # A full disk, say: it must not keep the others from being carried out.
            log.exception("replay_not_carried_out", replay=self._row.id)
            self._try_again(f"the node failed at it ({type(error).__name__}: {error})")

    async def _carry_out(self) -> None:
        self._prepare()
        code = await self._run()
        if self._cancelled:
            self._end(ReplayStatus.CANCELLED, self._row.reason)
        else:
            self._settle(code)

    def _prepare(self) -> None:
        with self._context.storage.read() as connection:
            sets = candle_statements.by_ids(connection, list(self._row.candles.values()))
        files, data = CandleFiles(self._context.settings.data_dir), {}
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for number, (symbol, set_id) in enumerate(sorted(self._row.candles.items())):
            # Relative: what is told of a file has its name, and not where it is on this machine.
            place = Path("candles", str(number), sets[set_id].file_name) if set_id in sets else None
            try:
                if place is None:
                    raise FileNotFoundError
                files.lend(sets[set_id].digest, self._folder / place)
            except OSError:
                raise _Gone(
                    f"its candles of {symbol} are gone from this node: import them, and start it anew"
                ) from None
            data[symbol] = str(place)
        job = {
            "run_file": json.loads(self._row.run_file),
            "data": data,
            "data_dir": str(self._context.settings.data_dir.absolute()),
            "limits": [self._settings.memory_mb, self._settings.niceness],
        }
        (self._folder / JOB).write_text(json.dumps(job))

    async def _run(self) -> int:
        with (self._folder / "process.log").open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *command("jobs.running.work", str(self._folder)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                cwd=self._folder,
                start_new_session=True,
                limit=_LINE_MAX,
            )
        try:
            await self._follow(process)
            if self._cancelled:
                process.kill()
            return await process.wait()
        finally:
            # Nothing is lost: what it has done is on disk, and it goes on from there.
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _follow(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        reading: asyncio.Task[bytes] | None = None
        try:
            while True:
                reading = reading or asyncio.ensure_future(process.stdout.readline())
                done, _ = await asyncio.wait([reading], timeout=_LOOK_S)
                line = b""
                if done:
                    line, reading = reading.result(), None
                    if not line:
                        return
                if self._is_cancelled(json.loads(line) if line else {}):
                    self._cancelled = True
                    return
        finally:
            if reading is not None:
                reading.cancel()

    def _is_cancelled(self, told: dict[str, Any]) -> bool:
        """Write down what the process tells; return whether somebody cancelled it."""
        progress = told.get("progress")
        if told and progress is None and "message" not in told:
            self._outcome = told
            return False
        # What is not written down now is with the next.
        with suppress(StorageUnavailable):
            if progress is not None:
                with self._context.storage.write() as connection:
                    statements.progress(connection, self._row.id, *progress)
            with self._context.storage.read() as connection:
                row = statements.job(connection, self._row.id)
            if row is not None and row.cancelling:
                self._row = row
                return True
        return False

    def _settle(self, code: int) -> None:
        reason = self._outcome.get("refused") or self._outcome.get("failed")
        if self._outcome.get("finished"):
            self._keep()
        elif reason is not None:
            self._end(ReplayStatus.FAILED, reason)
        elif code == OUT_OF_MEMORY:
            self._end(
                ReplayStatus.FAILED,
                f"it took more than the {self._settings.memory_mb} MB of memory that a replay may have: replay fewer"
                " candles or automations, or let an admin set OCTOBOT_REPLAYS_MEMORY_MB",
            )
        else:
            how = f"its process ended {f'by signal {-code}' if code < 0 else f'with exit code {code}'}"
            log.warning("replay_process_ended", replay=self._row.id, how=how, log=str(self._folder / "process.log"))
            self._try_again(how)

    def _try_again(self, why: str) -> None:
        if self._row.starts >= _STARTS_MAX:
            gave_up = f"given up after {self._row.starts} starts: {why}; process.log in its folder may say more"
            self._end(ReplayStatus.FAILED, gave_up)
            return
        with self._context.storage.write(durable=True) as connection:
            reason = f"{why}: it goes on where it was"
            statements.change(connection, self._row, ReplayStatus.QUEUED, reason=reason)

    def _keep(self) -> None:
        found = json.loads((self._folder / RESULT).read_text())
        texts = {name: json.dumps(found[name]) for name in ("summary", "report", "curves")}
        with self._context.storage.write(durable=True) as connection:
            values = {"fills": found["fills"], "log_lines": found["log_lines"]}
            statements.keep_result(connection, self._row.id, **texts, **values)
            now, total = self._context.clock.now(), found["report"]["candles"]
            statements.change(
                connection, self._row, ReplayStatus.FINISHED, ended_at=now, done=total, total=total, reason=""
            )
        (self._folder / RESULT).unlink(missing_ok=True)
        forget_state(self._folder)

    def _end(self, status: ReplayStatus, reason: str) -> None:
        with self._context.storage.write(durable=True) as connection:
            statements.change(connection, self._row, status, ended_at=self._context.clock.now(), reason=reason)
        forget_state(self._folder)


class _Gone(Exception):
    """What is to be replayed is not there any more."""
