"""What an instant of a replay costs, beside a bare SQLite commit: ``python -m benchmarks.replay CANDLES``.

Two automations are replayed on one-minute candles of BTC/USD (a CSV file as ``octobot-node run --data`` takes it), one
after the other. The *ladder* keeps some 70 limit orders in the book and answers each fill with the opposite order: an
instant of it observes fills, settles them, decides, passes the send fence and places orders. The *stepper* waits for
the next step of the price, up or down, and orders nothing: an instant of it is one tick. What both came to is held
against a plain loop over the same candles, which knows nothing of the engine.

The baseline is one row inserted and committed through sqlite3, with the settings that the replay's database has. The
ratio is how many such commits an instant of the ladder costs: less is better. Times are of the process's CPU: a replay
waits for nothing.
"""

from __future__ import annotations

import argparse
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from benchmarks._automations import Ladder, Stepper
from benchmarks._common import empty_folder, in_fresh_process, settings_for, write_numbers
from octobot_node.engine.base import open_base
from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.engine.replay import Replay
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.store.tables import fills, schedule
from octobot_plugins.replay.files.reading import read_series
from octobot_plugins.replay.series import Series

SYMBOL = "BTC/USD"
LADDER = Ladder.Config(lowest=Decimal(40_000), step=Decimal(100), rungs=70, amount=Decimal("0.01"))
STEPPER = Stepper.Config(step=Decimal(100))
BUDGET = Decimal(1_000_000)
HOUR, SECOND = 3_600_000, 1_000
#: What comes in so many of a candle's first milliseconds meets the whole candle.
FIRST = 5_000
COMMITS = 2_000

T = TypeVar("T")
#: (ms UTC, side, price) of a fill.
Fill = tuple[int, str, Decimal]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay came to: CPU seconds, instants settled, ticks, and its fills."""

    seconds: float
    instants: int
    ticks: int
    fills: Sequence[Fill]


def main() -> None:
    """Run both and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("candles", type=Path, help="one-minute candles of BTC/USD, CSV, gzipped or not")
    parser.add_argument("--hours", type=int, default=240, metavar="N", help="how many are replayed (240)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    parser.add_argument("--keep", type=Path, help="work in this folder and keep it")
    options = parser.parse_args()
    with empty_folder(options.keep) as folder:
        given = options.candles, options.hours
        ladder = in_fresh_process(replayed, folder / "ladder", *given, "bench_ladder", LADDER.model_dump())
        stepper = in_fresh_process(replayed, folder / "stepper", *given, "bench_stepper", STEPPER.model_dump())
        commit = in_fresh_process(commit_seconds, folder / "commits.db")
        plain, ladder_fills = in_fresh_process(timed, ladder_loop, *given)
        _, steps = in_fresh_process(timed, stepper_loop, *given)
    _check(ladder.fills == ladder_fills, "the ladder's fills are not those of the plain loop")
    _check(stepper.ticks == steps + 1, f"the stepper ticked {stepper.ticks} times, the plain loop says {steps + 1}")
    instant = ladder.seconds / ladder.instants
    figures = {
        "hours of candles": options.hours,
        "ladder: seconds": ladder.seconds,
        "ladder: fills": len(ladder.fills),
        "ladder: instants": ladder.instants,
        "ladder: ms an instant": instant * 1_000,
        "stepper: seconds": stepper.seconds,
        "stepper: instants": stepper.instants,
        "stepper: ms an instant": stepper.seconds / stepper.instants * 1_000,
        "plain loop of the ladder: seconds": plain,
        "bare commit: ms": commit * 1_000,
    }
    write_numbers(options, figures, instant / commit)


def _check(true: bool, otherwise: str) -> None:
    if not true:
        raise SystemExit(otherwise)


# The replay ---------------------------------------------------------------------------------------------------------


def replayed(folder: Path, candles: Path, hours: int, automation: str, config: Mapping[str, Any]) -> Outcome:
    """Replay one automation in a data folder of its own."""
    settings = settings_for(folder)
    registry = load_plugins(settings.extra_plugins)
    start = read_series(SYMBOL, candles).opens_at(0)
    base = open_base(settings, registry, start)
    replay = Replay(base, start, start + hours * HOUR)
    # Fees in quote: what a rung bought is all there to be sold.
    market = {"data": {SYMBOL: str(candles)}, "fee_in": "quote"}
    account = NewAccount("paper", "replay", "paper", market, {"balances": {"USD": str(BUDGET)}})
    account_id = replay.commands.create_account(account)
    replay.commands.create_many([NewAutomation("bench", automation, account_id, {"USD": BUDGET}, config)])
    replay.core.accounts.get(account_id)  # reads the candles
    instants: list[int] = []
    seconds, _ = timed(replay.run, instants.append)
    with replay.core.storage.read() as connection:
        columns = fills.c
        rows = connection.execute(fills.select().order_by(columns.at, columns.price, columns.side)).all()
        ticks = connection.scalar(schedule.select().with_only_columns(schedule.c.tick)) or 0
    replay.close()
    base.close()
    return Outcome(seconds, len(instants), ticks, [(row.at, row.side, row.price) for row in rows])


def timed(function: Callable[..., T], *arguments: Any) -> tuple[float, T]:
    """Return the process's CPU seconds that a call takes, and what it returns."""
    started = time.process_time()
    found = function(*arguments)
    return time.process_time() - started, found


def commit_seconds(path: Path) -> float:
    """Return the CPU seconds of one insert and commit of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, at INTEGER, text TEXT)")

    def commit(count: int) -> None:
        for number in range(count):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO rows (at, text) VALUES (?, ?)", (number, "x" * 400))
            connection.execute("COMMIT")

    return timed(commit, COMMITS)[0] / COMMITS


# The plain loops ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Resting:
    rung: int
    side: str
    price: Decimal
    since: int


def ladder_loop(candles: Path, hours: int) -> list[Fill]:
    """Return the ladder's fills by a loop over the candles, none of which may be missing.

    An order that comes in a candle's first seconds is held against its open, then rests until a candle, this one
    included, trades through it. One that comes later fills at the next open where the newest close allows that too, or
    at its own price by a close through it, then rests as well. What fills at the same moment is answered together: at
    once, or a second after the last answer.
    """
    series = read_series(SYMBOL, candles)
    answered = start = series.opens_at(0)
    resting = _first_orders(series)
    found: list[Fill] = []
    for index in range(series.first_from(start + hours * HOUR + 1)):
        now, opened = series.opens_at(index), series.exact("open", index)
        filled = {} if index == 0 else _filled_by(series, index, resting)
        while filled:
            found += [(at, order.side, price) for order, (at, price) in filled.items()]
            answered = max(now, answered + SECOND)
            answers = _answers(list(filled), answered)
            resting = [order for order in resting if order not in filled] + answers
            in_time = answers if answered - now <= FIRST else []
            filled = {order: (answered, opened) for order in in_time if _takes(order, opened)}
    return sorted(found, key=_as_stored)


def _filled_by(series: Series, index: int, resting: Sequence[_Resting]) -> dict[_Resting, tuple[int, Decimal]]:
    """Return the (time, price) of each order that the candle before ``index``, or the open of ``index``, fills."""
    before, now = series.opens_at(index - 1), series.opens_at(index)
    low, high, close = (series.exact(column, index - 1) for column in ("low", "high", "close"))
    known = series.exact("close", index - 2) if index > 1 else series.exact("open", 0)
    opened = series.exact("open", index)
    filled = {}
    for order in resting:
        is_late = order.since > before + FIRST
        if is_late and _takes(order, known):
            if _takes(order, opened):
                filled[order] = now, opened
        elif _is_through(order, *((close, close) if is_late else (low, high))):
            filled[order] = now, order.price
    return filled


def _as_stored(fill: Fill) -> tuple[int, str, str]:
    # SQLite sorts prices as the text that they are.
    return fill[0], format(fill[2], "f"), fill[1]


def _first_orders(series: Series) -> list[_Resting]:
    last = series.exact("open", 0)
    prices = [(rung, LADDER.lowest + LADDER.step * rung) for rung in range(LADDER.rungs)]
    return [_Resting(rung, "buy", price, series.opens_at(0)) for rung, price in prices if price < last]


def _answers(filled: Sequence[_Resting], at: int) -> list[_Resting]:
    return [
        _Resting(order.rung, "sell", order.price + LADDER.step, at)
        if order.side == "buy"
        else _Resting(order.rung, "buy", order.price - LADDER.step, at)
        for order in filled
    ]


def _takes(order: _Resting, opened: Decimal) -> bool:
    return opened <= order.price if order.side == "buy" else opened >= order.price


def _is_through(order: _Resting, low: Decimal, high: Decimal) -> bool:
    return low < order.price if order.side == "buy" else high > order.price


def stepper_loop(candles: Path, hours: int) -> int:
    """Return how many steps the closes make."""
    series = read_series(SYMBOL, candles)
    end, from_price, steps = series.opens_at(0) + hours * HOUR, series.exact("open", 0), 0
    for index in range(series.closed(end)):
        close = series.exact("close", index)
        if abs(close - from_price) >= STEPPER.step:
            from_price, steps = close, steps + 1
    return steps


if __name__ == "__main__":
    main()
