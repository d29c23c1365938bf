"""A live run whose database is lost in the middle of its start begins again, as a service does."""

from __future__ import annotations

from typing import Any, cast

import pytest

from octobot_node.errors import StartInterrupted, StorageUnavailable
from octobot_node.runs.runner import started_again

LOST = StartInterrupted("the database was lost while the node started")
AWAY = StorageUnavailable("the database refuses connections")


class Starting:
    """A node of which the first starts fail, and a view that keeps what it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.done: list[str] = []

    def start(self) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.done.append("started")

    def stop(self) -> None:
        self.done.append("stopped")

    def message(self, text: str) -> None:
        self.done.append(text.rpartition(";")[2].strip())


def run(node: Starting, *, asked: bool = False) -> list[str]:
    both = cast("Any", node)
    with started_again(both, both, lambda: asked, pause=0):
        node.done.append("ran")
    return node.done


def test_it_is_begun_again_until_the_database_is_there_and_stopped_at_the_end() -> None:
    again = "it is begun again by itself"
    assert run(Starting(LOST, AWAY, LOST)) == [again, again, again, "started", "ran", "stopped"]


def test_a_database_that_never_was_there_is_not_waited_for() -> None:
    node = Starting(AWAY)
    with pytest.raises(StorageUnavailable, match="refuses connections"):
        run(node)
    assert node.done == []


def test_whoever_wants_it_to_end_does_not_wait() -> None:
    node = Starting(LOST, LOST)
    with pytest.raises(StartInterrupted):
        run(node, asked=True)
    assert node.done == []
