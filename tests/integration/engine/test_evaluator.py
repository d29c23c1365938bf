"""Whatever an automation does in its evaluation, the others of its batch get their decisions."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from octobot_node.engine.evaluating.evaluation import Outcome, TickInput
from octobot_node.engine.evaluating.evaluator import EvaluatorClosed, InlineEvaluator, ProcessEvaluator
from octobot_node.market import Market
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.settings import Settings

pytestmark = pytest.mark.process

MARKET = Market(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessEvaluator]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("evaluator"), evaluate_timeout=0.3, evaluate_memory_mb=256, disk_reserve_mb=0
    )
    evaluator = ProcessEvaluator(load_plugins(("benchmarks._poison",), discover=False), settings)
    yield evaluator
    evaluator.close()


def given(*deeds: str, kind: str = "poison") -> list[TickInput]:
    return [
        TickInput(
            automation_id=f"{number}-{deed}",
            type="benchmarks.harmless" if deed == "healthy" else f"benchmarks.{kind}",
            config=json.dumps({"deed": deed}),
            previous_config=None,
            state=None,
            state_version=1,
            number=0,
            now=0,
            scheduled_at=None,
            missed=0,
        )
        for number, deed in enumerate(deeds)
    ]


def did(outcome: Outcome) -> str:
    """Return what an outcome says in one word, or its problem and reason."""
    if outcome.decision is None:
        return f"{outcome.problem}: {outcome.reason}"
    assert outcome.decision.state is not None
    return str(json.loads(outcome.decision.state)["did"])


#: What a healthy batch, and then the suspects' process, say of each deed.
VERDICTS = {
    "hang": ("slow: took longer than 0.25 s", "failed: evaluate() took longer than 0.3 s"),
    "sleep": ("slow: took longer than 0.25 s", "failed: evaluate() took longer than 0.3 s"),
    "swallow": ("failed: evaluate() hung", "failed: evaluate() hung"),
    "exit": ("failed: evaluate() ended its process",) * 2,
    "kill": ("failed: evaluate() ended its process",) * 2,
    "allocate": ("slow: used more memory than it may", "failed: used more memory than it may"),
    "print": ("print", "print"),
    "system_exit": ("failed: SystemExit: 1 (benchmarks/_poison.py, line",) * 2,
    "interrupt": ("failed: KeyboardInterrupt",) * 2,
    "unpicklable_error": ("failed: Odd (benchmarks/_poison.py, line",) * 2,
}


@pytest.mark.parametrize("deed", sorted(VERDICTS))
def test_the_others_of_a_batch_get_their_decisions(
    evaluator: ProcessEvaluator, capfd: pytest.CaptureFixture[str], deed: str
) -> None:
    # Each death costs the start of a process: what the suspects' verdict does not change is asked of the healthy alone.
    both = VERDICTS[deed][0] != VERDICTS[deed][1]
    for suspects, verdict in zip((False, True)[: 1 + both], VERDICTS[deed], strict=False):
        outcomes = evaluator.evaluate(given("healthy", deed, "healthy", "healthy"), MARKET, suspects=suspects)
        assert [outcome.automation_id for outcome in outcomes] == ["0-healthy", f"1-{deed}", "2-healthy", "3-healthy"]
        assert [did(outcomes[n]) for n in (0, 2, 3)] == ["healthy"] * 3
        assert did(outcomes[1]).startswith(verdict)
    printed = capfd.readouterr().out
    assert ("anybody" in printed, "nor this" in printed) == (False, False)


def test_several_poisons_in_one_batch_each_take_their_own_blame(evaluator: ProcessEvaluator) -> None:
    outcomes = evaluator.evaluate(given("exit", "healthy", "kill", "exit", "healthy"), MARKET, suspects=True)
    assert [(did(outcome).partition(":")[0], outcome.suspect) for outcome in outcomes] == [
        ("failed", True),
        ("healthy", False),
        ("failed", True),
        ("failed", True),
        ("healthy", False),
    ]


@pytest.mark.parametrize("deed", ["hang", "swallow", "exit", "allocate"])
def test_once_one_of_a_type_holds_up_a_healthy_batch_the_others_of_it_wait_for_the_suspects(
    evaluator: ProcessEvaluator, deed: str
) -> None:
    batch = given("healthy", deed, "print", deed, "healthy", "print")
    started = time.monotonic()
    outcomes = evaluator.evaluate(batch, MARKET, suspects=False)
    # Were each of the four waited for by itself, a machine that does much else would not keep to it either.
    assert time.monotonic() - started < 30
    assert [did(outcomes[n]) for n in (0, 4)] == ["healthy", "healthy"]
    verdict = VERDICTS[deed][0]
    waits = "slow: another of its type holds up a batch"
    # An eater of memory leaves its worker alone, and only itself to be evaluated again.
    assert [did(outcomes[n]) for n in (2, 3, 5)] == (["print", verdict, "print"] if deed == "allocate" else [waits] * 3)
    assert did(outcomes[1]).startswith(verdict)


def test_many_that_kill_their_process_cost_little_time(evaluator: ProcessEvaluator, tmp_path: Path) -> None:
    started = time.monotonic()
    # The start of a process that imports the plugins takes a second.
    fresh = ProcessEvaluator(
        load_plugins(("benchmarks._poison",), discover=False), Settings(data_dir=tmp_path, disk_reserve_mb=0)
    )
    fresh.evaluate(given("healthy"), MARKET, suspects=True)
    a_start = time.monotonic() - started
    fresh.close()

    evaluator.evaluate(given("healthy"), MARKET, suspects=True)
    started = time.monotonic()
    evaluator.evaluate(given(*["kill"] * 20), MARKET, suspects=True)
    assert time.monotonic() - started < 10 * a_start


def test_an_evaluation_that_hangs_ends_when_the_evaluator_is_closed(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, evaluate_timeout=60, disk_reserve_mb=0)
    evaluator = ProcessEvaluator(load_plugins(("benchmarks._poison",), discover=False), settings)
    evaluator.evaluate(given("healthy"), MARKET, suspects=True)
    closing = threading.Timer(0.2, evaluator.close)
    closing.start()
    with pytest.raises(EvaluatorClosed):
        evaluator.evaluate(given("swallow"), MARKET, suspects=True)
    closing.join()
    with pytest.raises(EvaluatorClosed):
        evaluator.evaluate(given("healthy"), MARKET, suspects=False)


def test_a_process_that_died_between_batches_is_started_anew(evaluator: ProcessEvaluator) -> None:
    first, second = (evaluator.evaluate(given("healthy"), MARKET, suspects=False) for _ in range(2))
    assert _pid(first[0]) == _pid(second[0]) != os.getpid()
    os.kill(_pid(first[0]), 9)
    while psutil.Process(_pid(first[0])).status() != psutil.STATUS_ZOMBIE:
        pass
    (again,) = evaluator.evaluate(given("healthy"), MARKET, suspects=False)
    assert (did(again), _pid(again) != _pid(first[0])) == ("healthy", True)


def test_memory_that_one_keeps_is_not_held_against_the_next(evaluator: ProcessEvaluator) -> None:
    leak, after = evaluator.evaluate(given("allocate", "healthy"), MARKET, suspects=False)
    (later,) = evaluator.evaluate(given("healthy"), MARKET, suspects=False)
    assert [did(leak), did(after), did(later)] == ["slow: used more memory than it may", "healthy", "healthy"]


def _pid(outcome: Outcome) -> int:
    assert outcome.decision is not None
    assert outcome.decision.state is not None
    return int(json.loads(outcome.decision.state)["in"])


def test_no_child_outlives_its_evaluator(tmp_path: Path) -> None:
    evaluator = ProcessEvaluator(
        load_plugins(("benchmarks._poison",), discover=False), Settings(data_dir=tmp_path, disk_reserve_mb=0)
    )
    pid = _pid(evaluator.evaluate(given("healthy"), MARKET, suspects=False)[0])
    evaluator.close()
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize("deed", ["hang", "sleep", "system_exit", "interrupt", "unpicklable_error"])
def test_evaluated_inline_an_automation_hurts_only_itself_too(deed: str) -> None:
    registry = load_plugins(("benchmarks._poison",), discover=False)
    evaluator = InlineEvaluator(registry.automations, 0.05)
    outcomes: list[Any] = evaluator.evaluate(given("healthy", deed, "healthy"), MARKET, suspects=False)
    assert [outcome.problem for outcome in outcomes] == [None, "failed", None]
