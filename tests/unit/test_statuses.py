"""Statuses: what is asked of them, and that each of their state machines hangs together."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

import octobot_node
from octobot_node.automation import AutomationStatus
from octobot_node.cli.output.run_display import STATUS_STYLE
from octobot_node.operations.automations.models import automations as models
from octobot_node.orders import IntentStatus


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (lambda status: status.runs, {"active", "waiting"}),
        (lambda status: status.pausable, {"active", "waiting", "held"}),
        (lambda status: status.resumable, {"paused", "failed", "held"}),
        (lambda status: status.ending, {"stopping", "completing"}),
        (lambda status: status.over, {"stopped", "completed"}),
        (lambda status: status.ended, {"stopped", "completed", "failed"}),
    ],
)
def test_an_automation_s_status_answers_what_is_asked_of_it(
    asked: Callable[[AutomationStatus], bool], expected: set[str]
) -> None:
    assert {status for status in AutomationStatus if asked(status)} == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (lambda status: status.terminal, {"filled", "cancelled", "refused", "expired", "skipped", "done"}),
        (lambda status: status.failed, {"cancelled", "refused", "expired", "skipped"}),
        (lambda status: status.at_exchange, {"sent", "open", "unknown"}),
    ],
)
def test_an_intent_s_status_answers_what_is_asked_of_it(
    asked: Callable[[IntentStatus], bool], expected: set[str]
) -> None:
    assert {status for status in IntentStatus if asked(status)} == expected


def test_every_status_is_reached_from_the_first() -> None:
    assert _reached(IntentStatus.PLANNED) == set(IntentStatus)
    assert _reached(AutomationStatus.ACTIVE) == set(AutomationStatus)


def _reached(first: IntentStatus | AutomationStatus) -> set[str]:
    found: set[str] = set()
    ahead = [first]
    while ahead:
        status = ahead.pop()
        if status not in found:
            found.add(status)
            ahead += status.next
    return found


def test_what_has_ended_never_moves_again() -> None:
    with pytest.raises(ValueError, match=r"an intent that is filled cannot become open"):
        IntentStatus.OPEN.after("filled")
    assert IntentStatus.OPEN.after("sent") is IntentStatus.OPEN


def test_a_failed_automation_has_to_be_resumed_before_it_completes() -> None:
    with pytest.raises(ValueError, match=r"an automation that is failed cannot become completed"):
        AutomationStatus.COMPLETED.after("failed")
    assert AutomationStatus.FAILED.after("failed") is AutomationStatus.FAILED


def test_the_api_and_the_terminal_know_every_status() -> None:
    assert set(get_args(models.AutomationStatus)) == set(AutomationStatus)
    assert set(STATUS_STYLE) == set(AutomationStatus)


#: The first status of what is created; and what is written to many rows at once, each of which was checked before.
WRITTEN_OTHERWISE = {
    ("planning.py", "IntentStatus.PLANNED"),
    ("shadow_commands.py", "IntentStatus.PLANNED"),
    ("commands.py", "AutomationStatus.ACTIVE"),
    ("status_commands.py", "AutomationStatus.STOPPING"),
    ("holding.py", "AutomationStatus.HELD"),
}


def test_a_status_is_written_as_what_follows_the_one_before() -> None:
    written = re.compile(r"(?:\"status\": |\(status=)((?:Intent|Automation)Status\.[A-Z]+)(?!\.after|[A-Z])")
    core = Path(octobot_node.__file__).parent
    found = {
        (file.name, status)
        for folder in ("engine", "store", "transfer", "operations", "live", "runs")
        for file in (core / folder).rglob("*.py")
        for status in written.findall(file.read_text())
    }
    assert found == WRITTEN_OTHERWISE


def test_what_the_api_says_of_nodes_is_what_coordinators_say() -> None:
    from octobot_node.contracts import coordinator
    from octobot_node.operations.node.models import node

    assert set(get_args(node.Role)) == set(get_args(coordinator.Role))
    assert set(get_args(node.NodeStanding)) == {status.value for status in coordinator.NodeStatus}
