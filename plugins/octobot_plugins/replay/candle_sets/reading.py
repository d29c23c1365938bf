"""Read a file of candles that somebody gave: in a process of its own, since a small file may unpack to anything.

``python -m octobot_plugins.replay.candle_sets.reading`` is that process; its argument says what to read, and how.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

from octobot_node.errors import InvalidMarketData, NodeError
from octobot_plugins.replay.bounded import OUT_OF_MEMORY, command, settle_in
from octobot_plugins.replay.candle_sets.models import ReadAs
from octobot_plugins.replay.job_settings import ReplaysSettings

__all__ = ["read_facts"]

_ANSWER_MAX = 1_000_000


def read_facts(path: Path, how: ReadAs, settings: ReplaysSettings) -> dict[str, Any]:
    """Return what is in a file, as columns of its row.

    Raises InvalidMarketData for a file that is none, that takes too long, or more memory than a replay may have.
    """
    wanted = {
        "file": path.name,
        "symbol": how.symbol,
        "how": [how.time_unit, how.zone, how.off_grid],
        "limits": [settings.memory_mb, settings.niceness],
    }
    process = subprocess.Popen(
        command("candle_sets.reading", json.dumps(wanted)),
        cwd=path.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    timer = threading.Timer(settings.import_seconds, process.kill)
    timer.daemon = True
    timer.start()
    try:
        answer = _read(process.stdout)
    finally:
        timer.cancel()
        process.kill()
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
    return _facts(answer, code, path, settings)


def _read(out: IO[str] | None) -> str:
    return out.readline(_ANSWER_MAX) if out is not None else ""


def _facts(answer: str, code: int, path: Path, settings: ReplaysSettings) -> dict[str, Any]:
    if not answer and code == OUT_OF_MEMORY:
        raise InvalidMarketData(
            f"{path.name}: takes more than {settings.memory_mb} MB of memory to be read: give a part of it, or let an"
            " admin set OCTOBOT_REPLAYS_MEMORY_MB"
        )
    if not answer:
        raise InvalidMarketData(
            f"{path.name}: could not be read within {settings.import_seconds:g} s: give a part of it, or let an admin"
            " set OCTOBOT_REPLAYS_IMPORT_SECONDS"
        )
    told: dict[str, Any] = json.loads(answer)
    if "refused" in told:
        raise InvalidMarketData(told["refused"])
    if "failed" in told:
        raise NodeError(f"{path.name}: the process that reads candles failed ({told['failed']}): please report it")
    return told


def _told(wanted: dict[str, Any]) -> dict[str, Any]:
    from octobot_plugins.replay.files.reading import HowToRead, read_candles
    from octobot_plugins.replay.market_data import notes_of, wrong_gap

    symbol = wanted["symbol"]
    try:
        file = read_candles(symbol, Path(wanted["file"]), HowToRead(*wanted["how"]))
        series = file.series
        gap = wrong_gap(file, series)
        if gap is not None:
            raise InvalidMarketData(gap)
    except InvalidMarketData as error:
        return {"refused": str(error)}
    missing, first = series.missing
    return {
        "step": series.step,
        "candles": len(series),
        "start_at": series.opens_at(0),
        "end_at": series.closes_at(-1),
        "missing": missing,
        "first_missing_at": first,
        "notes": notes_of(symbol, file),
    }


def main(wanted: dict[str, Any]) -> None:
    """Say on stdout what is in a file."""
    send = settle_in(*wanted["limits"])
    try:
        send(_told(wanted))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except Exception as error:  # noqa: BLE001 - whatever it is, the node says it
        send({"failed": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
