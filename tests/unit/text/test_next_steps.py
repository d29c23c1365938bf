"""What an automation does next, in words."""

from __future__ import annotations

import pytest

from octobot_node.automation import AutomationStatus
from octobot_node.text.next_steps import NextStep, in_words, next_step


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "when something wakes it"),
        (-5, "now"),
        (0.3, "now"),
        (41.2, "in 41 s"),
        (60, "in 1 min"),
        (3_599, "in 59 min 59 s"),
        (12_000, "in 3 h 20 min"),
        (86_400 * 3 + 5, "in 3 d 5 s"),
    ],
)
def test_a_time_is_told_in_its_two_largest_units(seconds: float | None, said: str) -> None:
    assert in_words(seconds) == said


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (NextStep("active", described="buys BTC {when}", due_in=5), "buys BTC {when}"),
        (NextStep("active", due_in=5), "decides again {when}"),
        (NextStep("active"), "decides again when a fill or a signal wakes it"),
        (
            NextStep("active", levels={"above": {"BTC/USD": "50000"}, "below": {"BTC/USD": "40000"}}),
            "decides again when BTC/USD is at 40000 or below or BTC/USD is at 50000 or above",
        ),
        (
            NextStep("active", due_in=9, levels={"above": {"BTC/USD": "50000"}, "below": {}}),
            "decides again {when}, or when BTC/USD is at 50000 or above",
        ),
        (NextStep("waiting", "no price of BTC/USD", "buys"), "waits: no price of BTC/USD"),
        (NextStep("failed", "x", "buys"), "does nothing until it is resumed: it has failed: x"),
        (NextStep("stopped", described="buys"), "does nothing any more: it has stopped"),
    ],
)
def test_it_says_what_is_known(known: NextStep, said: str) -> None:
    assert next_step(known) == said


@pytest.mark.parametrize("status", list(AutomationStatus))
def test_every_status_has_its_words(status: AutomationStatus) -> None:
    assert not next_step(NextStep(status)).startswith("is ")
