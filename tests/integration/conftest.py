"""Tests of this layer are of the node in this process, on a real database.

One that needs a process beside it is marked ``process``, and one that needs a server is by its fixtures (``server``):
the others are what ``make fast`` runs beside the units.
"""

from __future__ import annotations

from collections.abc import Iterator

# It asks a process what Python this is, as it is imported.
import croniter  # noqa: F401
import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST

from octobot_plugins.auth import passwords
from tests.support.guard import PROCESSES, forbidden


@pytest.fixture(autouse=True)
def no_process_but_a_marked_one_s(request: pytest.FixtureRequest) -> Iterator[None]:
    marks = {mark.name for mark in request.node.iter_markers()}
    with forbidden("tests/integration without a mark", frozenset() if marks & {"process", "server"} else PROCESSES):
        yield


CHEAP_HASHES = PasswordHasher.from_parameters(CHEAPEST)


@pytest.fixture(autouse=True)
def passwords_that_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with the cheapest parameters: the real ones, which the units hold, take a core for 150 ms each time."""
    monkeypatch.setattr(passwords, "_HASHER", CHEAP_HASHES)
    monkeypatch.setattr(passwords, "_NOBODY", CHEAP_HASHES.hash("nobody's"))
