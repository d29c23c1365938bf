"""Replays carried out by a node: in processes of their own, to the figures of ``octobot-node run``, whatever dies."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest

from octobot_node.cli.output.run_display import QuietView
from octobot_node.errors import CommandRefused, UsageError
from octobot_node.reports.models import RunReport
from octobot_node.run_files.run_file import read_run_files
from octobot_node.runs.options import RunOptions
from octobot_node.runs.runner import run
from octobot_plugins.replay.jobs import statements
from octobot_plugins.replay.jobs.status import ReplayStatus
from tests.integration.plugins.replay.conftest import Office, at_work, csv, until

pytestmark = pytest.mark.process
RUN_FILE = """
accounts:
  paper:
    market_data: {use: replay, taker_fee: 0.002}
    trading: {use: paper}
    balances: {USD: 1000}
automations:
  - {name: dca-btc, type: dca, account: paper, budget: {USD: 500},
     config: {symbol: BTC/USD, amount: 10, every: 10m, take_profit: 3}}
"""
DCA: dict[str, Any] = {
    "type": "dca",
    "budget": {"USD": "500"},
    "config": {"symbol": "BTC/USD", "amount": "20", "every": "10m", "take_profit": "3"},
}


def figures(report: RunReport) -> dict[str, Any]:
    """Return a report without what is of its run and not of what it replayed: ids, and when it was made."""
    told = report.model_dump(mode="json", exclude={"started_at", "ended_at"})
    told["automations"] = [{name: value for name, value in row.items() if name != "id"} for row in told["automations"]]
    return told


def stands(office: Office, replay: str) -> str:
    return str(office.do("replays.progress", replay=replay).status)


def test_a_job_is_carried_out_and_what_it_came_to_is_kept(office: Office, candles: Path) -> None:
    made = office.do("candles.import", symbol="BTC/USD", path=str(candles))
    replay = office.do("replays.start", candles=[made.id], **DCA)
    with at_work(office.context()):
        until(lambda: stands(office, replay.id) == "finished")

    (report,) = office.do("replays.report", replay=replay.id).report.automations
    row = office.do("replays.show", replay=replay.id)
    (summary,) = row.results
    performance = report.performance
    assert performance is not None
    assert performance.max_drawdown is not None
    assert (row.done, row.total, row.starts, row.reason) == (120, 120, 1, "")
    assert (summary.final_equity, summary.total_return) == (performance.final_equity, performance.total_return.value)

    fills = office.do("replays.fills", replay=replay.id, limit=10)
    rest = office.do("replays.fills", replay=replay.id, limit=500, cursor=fills.next_cursor)
    assert (len(fills.fills) + len(rest.fills), rest.next_cursor) == (report.fills, None)
    assert sum(fill.realised for fill in [*fills.fills, *rest.fills]) == report.realised_pnl
    log = office.do("replays.log", replay=replay.id, limit=2)
    assert (log.lines[0].text, len(log.lines)) == ("was created", 2)

    (curve,) = office.do("replays.curves", replay=replay.id, points=500).curves
    assert (len(curve.times), curve.equity[-1]) == (120, performance.final_equity)
    assert max(curve.drawdown) == performance.max_drawdown.ratio.quantize(Decimal("1e-8"))
    assert curve.holding is not None
    (thin,) = office.do("replays.curves", replay=replay.id, points=10).curves
    assert (len(thin.times) <= 10, thin.times[-1], min(thin.equity)) == (True, curve.times[-1], min(curve.equity))

    folder = office.bench.settings.data_dir / "replays" / "jobs" / replay.id
    # The books are gone with the end of the replay: what it came to is kept.
    assert (folder.exists(), (folder / "state").exists()) == (True, False)
    office.do("replays.delete", replay=replay.id)
    assert not folder.exists()


@pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)
def test_a_job_comes_to_exactly_what_run_comes_to_and_is_compared(
    office: Office, candles: Path, tmp_path: Path
) -> None:
    made = office.do("candles.import", symbol="BTC/USD", path=str(candles))
    first = office.do("replays.start", candles=[made.id], run_file=RUN_FILE, name="A")
    second = office.do("replays.start", candles=[made.id], **DCA, name="B")
    assert [office.do("replays.progress", replay=each.id).place for each in (first, second)] == [0, 1]
    with at_work(office.context()):
        until(lambda: stands(office, second.id) == "finished")

    options = RunOptions(data={"BTC/USD": candles}, data_dir=tmp_path / "run")
    expected = run(read_run_files([("run file", RUN_FILE)], {}), options, QuietView())
    report = office.do("replays.report", replay=first.id).report
    assert figures(report) == figures(expected)
    assert report.automations[0].fills > 12

    with pytest.raises(UsageError, match=r"^replays: 'B' is named twice: name each replay once$"):
        office.do("replays.compare", replays=[first.id, "B", "B"])
    compared = office.do("replays.compare", replays=[first.id, "B"], points=7)
    assert [each.name for each in compared.replays] == ["A", "B"]
    assert [len(each.results) for each in compared.replays] == [len(compared.times)] * 2
    found = {row.figure: row for row in compared.figures}
    one, other = found["total_return"].values
    assert (found["fills"].differences[0], found["total_return"].differences[1]) == (0, other - one)
    differing = {each.field: each.values for each in compared.differences}
    assert differing["config.amount"] == [10, "20"]
    assert differing["market_data.taker_fee"] == ["0.002", None]


@pytest.fixture
def long(office: Office, tmp_path: Path) -> str:
    """A replay that takes long enough to be met at work; its candle set's id."""
    path = tmp_path / "long.csv"
    path.write_text(csv(20_000))
    return str(office.do("candles.import", symbol="BTC/USD", path=str(path)).id)


def start_long(office: Office, candles: str, **changes: Any) -> str:
    config = {**DCA["config"], "amount": "0.01"}
    return str(office.do("replays.start", candles=[candles], **{**DCA, "config": config, **changes}).id)


def processes(office: Office) -> Sequence[psutil.Process]:
    """Return the processes that replay something for this node."""
    folder = str(office.bench.settings.data_dir)
    found = psutil.Process().children(recursive=True)
    return [each for each in found if folder in " ".join(each.cmdline()) and each.status() != psutil.STATUS_ZOMBIE]


def is_on_its_way(office: Office, replay: str) -> Callable[[], bool]:
    return lambda: office.do("replays.progress", replay=replay).done > 0


@pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)
def test_one_runs_at_once_gives_way_to_the_node_and_is_cancelled_for_good(office: Office, long: str) -> None:
    first, second = (start_long(office, long, name=name) for name in "AB")
    with at_work(office.context()):
        until(is_on_its_way(office, first))
        (process,) = processes(office)
        assert process.nice() == os.nice(0) + 1
        assert process.rlimit(psutil.RLIMIT_DATA) == (2_048 * 1_048_576,) * 2
        assert stands(office, second) == "queued"
        cancelled = office.do("replays.cancel", replay=first)
        assert (cancelled.status, cancelled.reason) == ("running", "cancelled by alice")
        until(lambda: [stands(office, each) for each in (first, second)] == ["cancelled", "running"])
        office.do("replays.cancel", replay=second)
        until(lambda: stands(office, second) == "cancelled")
        assert processes(office) == []
    row = office.do("replays.show", replay=first)
    assert (row.status, row.reason, row.results) == ("cancelled", "cancelled by alice", [])


@pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)
def test_one_whose_process_or_node_dies_goes_on_where_it_was(office: Office, long: str) -> None:
    replay = start_long(office, long)
    with at_work(office.context()):
        until(lambda: office.do("replays.progress", replay=replay).done > 200)
        os.kill(processes(office)[0].pid, signal.SIGKILL)
        until(lambda: office.do("replays.show", replay=replay).starts == 2)
        before = office.do("replays.progress", replay=replay).done
        until(lambda: office.do("replays.progress", replay=replay).done != before)
        # A killed one does a quarter of a second again, and not what was long before.
        assert office.do("replays.progress", replay=replay).done > 50
    # The node has stopped: nothing runs, and the books say so at its next start.
    assert processes(office) == []
    assert stands(office, replay) == "running"
    reached = office.do("replays.progress", replay=replay).done
    with at_work(office.context()):
        until(lambda: office.do("replays.show", replay=replay).starts == 3)
        until(lambda: office.do("replays.progress", replay=replay).done != reached)
    assert office.do("replays.progress", replay=replay).done > 50
    office.do("replays.cancel", replay=replay)
    with at_work(office.context()):
        until(lambda: stands(office, replay) == "cancelled")


@pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)
def test_one_that_cannot_be_carried_out_fails_with_the_reason(office: Office, candles: Path) -> None:
    made = office.do("candles.import", symbol="BTC/USD", path=str(candles))
    gone = office.do("replays.start", candles=[made.id], **DCA)
    (office.bench.settings.data_dir / "candles" / made.digest).unlink()
    with at_work(office.context()):
        until(lambda: stands(office, gone.id) == "failed")
    reason = office.do("replays.show", replay=gone.id).reason
    assert reason == "its candles of BTC/USD are gone from this node: import them, and start it anew"
    with pytest.raises(CommandRefused, match=r"is failed \(its candles of BTC/USD are gone"):
        office.do("replays.report", replay=gone.id)


@pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)
def test_one_whose_process_always_dies_is_given_up(office: Office, candles: Path) -> None:
    made = office.do("candles.import", symbol="BTC/USD", path=str(candles))
    replay = office.do("replays.start", candles=[made.id], **DCA)
    with office.bench.core.storage.write() as connection:
        # Its fifth start, with a run file that no process reads.
        statements.edit(connection, replay.id, starts=4, run_file=json.dumps({"automations": [{"type": "dca"}]}))
    with at_work(office.context()):
        until(lambda: stands(office, replay.id) == "failed")
    assert (
        "given up after 5 starts: its process ended with exit code 1"
        in office.do("replays.show", replay=replay.id).reason
    )


@pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)
def test_what_is_old_is_deleted_with_its_files(office: Office, candles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOBOT_REPLAYS_KEEP_DAYS", "2")
    made = office.do("candles.import", symbol="BTC/USD", path=str(candles))
    old, new = (office.do("replays.start", candles=[made.id], **DCA) for _ in range(2))
    office.do("replays.cancel", replay=old.id)
    folder = office.bench.settings.data_dir / "replays" / "jobs" / old.id
    folder.mkdir(parents=True)
    office.bench.clock.advance_to(office.bench.clock.now() + 3 * 86_400_000)
    office.do("replays.cancel", replay=new.id)
    with at_work(office.context()):
        until(lambda: [row.id for row in office.do("replays.list").replays] == [new.id])
        until(lambda: not folder.exists())


def test_every_status_is_reached_and_what_is_over_stays_so() -> None:
    found: set[ReplayStatus] = set()
    ahead = [ReplayStatus.QUEUED]
    while ahead:
        status = ahead.pop()
        found.add(status)
        ahead += [each for each in status.next if each not in found]
    assert found == set(ReplayStatus)
    assert {status for status in ReplayStatus if not status.next} == {each for each in ReplayStatus if each.over}
    with pytest.raises(ValueError, match="a replay that is finished cannot become queued"):
        ReplayStatus.QUEUED.after("finished")
