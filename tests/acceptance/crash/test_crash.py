"""A few rounds of ``python -m benchmarks.crash``: real nodes, a real exchange process, real SIGKILL."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.crash.harness import POINTS, CrashRun, Result
from benchmarks.crash.verify import verify
from octobot_node.testing.hostile_exchange.process import HostileExchange

pytestmark = pytest.mark.timeout(280)


#: Each point once, and every kind; a few of them for every change.
WHOLE = ("point",) * len(POINTS) + ("kill", "freeze", "power")
SHORT = ("point", "point", "kill", "power")


@pytest.fixture(scope="module", params=[SHORT, pytest.param(WHOLE, marks=pytest.mark.long)], ids=["short", "whole"])
def kinds(request: pytest.FixtureRequest) -> tuple[str, ...]:
    found: tuple[str, ...] = request.param
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, kinds: tuple[str, ...]) -> Path:
    return tmp_path_factory.mktemp(f"crash{len(kinds)}-")


@pytest.fixture(scope="module")
def strong(folder: Path, kinds: tuple[str, ...]) -> Result:
    return CrashRun(folder, automations=40, strong=True, seed=11).run(len(kinds), kinds)


def test_with_request_expiry_and_lookup_no_order_is_sent_twice_and_none_is_lost(
    strong: Result, kinds: tuple[str, ...]
) -> None:
    verdict = strong.verdict

    assert (verdict.duplicates, verdict.losses, verdict.unknown, verdict.problems) == (0, 0, 0, [])
    assert strong.by_kind == Counter(kinds)
    whole = kinds == WHOLE
    assert verdict.orders > (200 if whole else 60)
    assert verdict.trades > (100 if whole else 30)
    assert strong.recoveries


def test_without_them_what_cannot_be_known_is_unknown_and_never_sent_again(tmp_path: Path) -> None:
    result = CrashRun(tmp_path, automations=150, strong=False, seed=5).run(3, ("kill", "point", "freeze"))

    assert (result.verdict.duplicates, result.verdict.losses, result.verdict.problems) == (0, 0, [])
    assert result.verdict.unknown > 0
    assert result.verdict.orders > 50


def _forget_a_fill(books: sqlite3.Connection) -> None:
    books.execute("DELETE FROM fills WHERE id = (SELECT min(id) FROM fills)")


def _change_a_balance(books: sqlite3.Connection) -> None:
    books.execute(
        "UPDATE balances SET free = free || '1' WHERE free LIKE '%.%' AND rowid = (SELECT min(rowid) FROM balances)"
    )


def _forget_an_intent(books: sqlite3.Connection) -> None:
    books.execute("DELETE FROM intents WHERE id = (SELECT min(id) FROM intents WHERE status = 'filled')")


def _repeat_a_tick(books: sqlite3.Connection) -> None:
    books.execute("UPDATE schedule SET tick = tick + 1 WHERE automation_id = (SELECT min(automation_id) FROM schedule)")


def _leave_something_sent(books: sqlite3.Connection) -> None:
    books.execute("UPDATE intents SET status = 'sent' WHERE id = (SELECT min(id) FROM intents WHERE kind = 'order')")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        pytest.param(_forget_a_fill, "executions were never settled", id="a fill is lost"),
        pytest.param(_change_a_balance, "balances differ", id="a balance is wrong"),
        pytest.param(_forget_an_intent, "does not know intent", id="an intent is lost"),
        pytest.param(_repeat_a_tick, "its orders are not one for each", id="a tick is repeated"),
        pytest.param(_leave_something_sent, "still planned or sent", id="an order is stuck"),
    ],
)
@pytest.mark.usefixtures("strong")
def test_the_verification_finds_damage(
    folder: Path, tmp_path: Path, damage: Callable[[sqlite3.Connection], None], told: str
) -> None:
    books = tmp_path / "octobot.db"
    shutil.copy(folder / "node" / "octobot.db", books)
    with sqlite3.connect(books) as connection:
        damage(connection)
    connection.close()
    with HostileExchange.start(folder / "exchange") as exchange:
        verdict = verify(books, exchange, all_known=True)

    assert any(told in problem for problem in verdict.problems)
    assert not verdict.clean
