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

from octobot_plugins.auth.sign_in import passwords
from octobot_plugins.sqlite import storage as sqlite_storage
from tests.support.compiled_once import compiled_once
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


@pytest.fixture(autouse=True, scope="session")
def statements_compiled_once() -> Iterator[None]:
    """Each test has engines of its own: a fifth of the time would go into compiling the same statements."""
    with compiled_once():
        yield


@pytest.fixture(autouse=True)
def commits_that_wait_for_no_disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here loses power; one that is about just this is marked ``synced``."""
    if request.node.get_closest_marker("synced") is None:
        monkeypatch.setattr(sqlite_storage, "_NORMAL", 0)
        monkeypatch.setattr(sqlite_storage, "_FULL", 0)
