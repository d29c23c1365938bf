"""Delivery by DBOS: in our transactions, at least once, and never by unpickling."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octobot_node.engine.workers.durable import StoredError, json_decode, json_encode

ROOT = Path(__file__).parents[3]


def command(scenario: str, folder: Path) -> list[str]:
    return [sys.executable, "-m", "tests.acceptance.engine.durable_program", scenario, str(folder)]


def run(scenario: str, folder: Path) -> list[Any]:
    """Run one life of a process and return what it said."""
    ran = subprocess.run(command(scenario, folder), capture_output=True, text=True, cwd=ROOT, timeout=90, check=False)
    assert ran.returncode == 0, ran.stderr[-3_000:]
    return [json.loads(line) for line in ran.stdout.splitlines() if line[:1] in '["tf']


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """Return what each scenario said that was played in one life of a process."""
    said: dict[str, list[Any]] = {}
    for value in run("calm", tmp_path_factory.mktemp("calm")):
        if isinstance(value, str):
            name = value
        else:
            said.setdefault(name, []).append(value)
    return said


def test_a_kick_runs_at_once_and_what_was_rolled_back_never_runs(calm: dict[str, list[Any]]) -> None:
    first, fast, all_, statuses = calm["delivery"]
    assert (first, fast, all_) == (["kicked"], True, ["after", "kicked", "last"])
    assert statuses == [
        ["send", "SUCCESS", "octobot_json"],
        ["tick_batch", "SUCCESS", "octobot_json"],
        ["tick_batch", "SUCCESS", "octobot_json"],
    ]


def test_a_workflow_is_ours_until_somebody_else_claims_it(calm: dict[str, list[Any]]) -> None:
    assert calm["ownership"] == [[True, False, False, False]]


def test_what_waits_or_runs_is_carried_and_what_ended_is_not(calm: dict[str, list[Any]]) -> None:
    assert calm["carried"] == [True, True, [True, True]]


def test_what_waits_and_what_runs_is_counted_by_queue(calm: dict[str, list[Any]]) -> None:
    # Of ticks waiting and running, then of orders: before, while the tick runs, and after.
    assert calm["depths"] == [[1, 0, 2, 0], [0, 1, 2, 0], [0, 0, 0, 0]]


def test_what_a_killed_process_left_runs_again_in_its_next_life_and_in_nobody_else_s(tmp_path: Path) -> None:
    with subprocess.Popen(
        command("begin_and_hang", tmp_path), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        said = next(line for line in process.stdout if line.startswith('"'))
        os.kill(process.pid, signal.SIGKILL)
    assert json.loads(said) == "interrupted"
    assert run("resume_elsewhere", tmp_path) == [["new"], ["new"]]
    assert run("resume", tmp_path) == [["interrupted", "new"]]


def test_a_row_marked_as_pickled_is_refused_and_the_others_run(tmp_path: Path) -> None:
    ran, exploded, statuses = run("pickled", tmp_path)
    assert (ran, exploded) == (["healthy"], False)
    assert statuses.count("SUCCESS") == 1


def test_what_ended_is_pruned_in_small_batches_and_what_waits_stays(calm: dict[str, list[Any]]) -> None:
    assert calm["pruning"] == [[0, 2, 1], ["ENQUEUED"]]


def test_what_another_program_has_in_the_same_tables_is_left_alone(calm: dict[str, list[Any]]) -> None:
    assert calm["others"] == [[0, [], 0], [0], True]


plain = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
        st.decimals(allow_nan=False, allow_infinity=False),
        st.datetimes(timezones=st.just(UTC)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.one_of(st.text(max_size=5), st.just("$"), st.just("v")), inner, max_size=4),
    ),
    max_leaves=12,
)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal down to their types: True is not 1, nor a tuple a list."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


@given(value=plain)
def test_what_is_stored_as_json_comes_back_as_it_was(value: Any) -> None:
    assert same(json_decode(json_encode(value)), value)


def test_a_decimal_keeps_its_digits_and_an_error_comes_back_as_text() -> None:
    assert str(json_decode(json_encode(Decimal("1.500")))) == "1.500"
    error = json_decode(json_encode(ValueError("bad")))
    assert (type(error), str(error)) == (StoredError, "ValueError: bad")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({1: "a"}, "only text can be a key"),
        ({"a": {1, 2}}, "set cannot be stored"),
        (object(), "object cannot be stored"),
        (b"bytes", "bytes cannot be stored"),
        (datetime, "type cannot be stored"),
    ],
)
def test_what_has_no_exact_json_form_is_refused(value: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        json_encode(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("-inf")]])
def test_a_number_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        json_encode(value)
