"""What exchanges let an address or a key ask, kept by all accounts and nodes together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from octobot_node.contracts.exchanges import RequestLimit
from octobot_node.engine.market.request_gates import RequestGates
from octobot_node.errors import NotSent, StorageUnavailable
from octobot_node.store.tables import request_budgets
from tests.support.bench import Bench

LIMIT = RequestLimit("binance", "weight", 100, 60.0)


def gates_of(bench: Bench) -> RequestGates:
    """What another node on the database has, or this one after a restart."""
    return RequestGates(bench.core.storage, bench.clock)


def take(gate: Any, weight: float = 1, *, urgent: bool = False) -> float | None:
    """Ask to pass; return when to come back (s), None where it may pass."""
    try:
        asyncio.run(gate.take(weight, urgent=urgent))
    except NotSent as error:
        return error.retry_after
    return None


def fill(gate: Any, weight: float = 1) -> int:
    """Pass as often as may be."""
    passed = 0
    while take(gate, weight) is None:
        passed += 1
    return passed


def test_no_more_passes_than_is_allowed_and_a_part_is_kept_for_what_cannot_wait(bench: Bench) -> None:
    gate = gates_of(bench).gate(LIMIT, "here")
    bench.clock.advance_to(bench.clock.now() // 60_000 * 60_000 + 60_000)
    assert fill(gate, 5) == 16
    assert take(gate) == 60.0
    assert [take(gate, 5, urgent=True) for _ in range(5)] == [None] * 4 + [60.0]
    bench.advance(60_000)
    assert take(gate, 5) is None


def test_accounts_and_nodes_of_one_address_share_it_and_others_have_their_own(bench: Bench) -> None:
    first = gates_of(bench)
    # On a database that is not shared there is one node.
    second = gates_of(bench) if bench.core.storage.shared else first
    here, there = first.gate(LIMIT, "here"), second.gate(LIMIT, "here")
    assert first.gate(LIMIT, "here") is here
    turns = [take(gate, 5) for _ in range(8) for gate in (here, there)]
    assert turns == [None] * 16
    assert take(here, 5) is not None
    assert take(there, 5) is not None
    assert take(second.gate(LIMIT, "elsewhere"), 5) is None


def test_a_node_writes_once_for_many_requests(bench: Bench) -> None:
    gate = gates_of(bench).gate(RequestLimit("binance", "weight", 1_000, 60.0), "here")
    with counted_writes(bench) as writes:
        assert fill(gate) == 800
    assert len(writes) <= (20 if bench.core.storage.shared else 0)


@contextmanager
def counted_writes(bench: Bench) -> Iterator[list[str]]:
    engine, seen = bench.core.storage.engine, []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE"):
            seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)


def test_whom_the_exchange_shuts_out_asks_nothing_until_the_time_that_it_named(bench: Bench) -> None:
    first = gates_of(bench)
    gate = first.gate(LIMIT, "here")
    assert take(gate) is None
    asyncio.run(gate.shut(120.0))
    assert (take(gate), take(gate, urgent=True)) == (120.0, 120.0)
    # Nor does another node, nor this one after a restart.
    another = gates_of(bench)
    assert take(another.gate(LIMIT, "here"), urgent=True) == 120.0
    assert another.gate(LIMIT, "here").budget().remaining == 0
    # A shorter time that comes late is no way out.
    asyncio.run(gate.shut(1.0))
    bench.advance(110_000)
    assert (take(gate), take(another.gate(LIMIT, "here"))) == (10.0, 10.0)
    bench.advance(10_000)
    assert (take(gate), take(another.gate(LIMIT, "here"))) == (None, None)


def test_a_node_that_hears_of_it_forgets_what_it_has_taken(bench: Bench) -> None:
    here, other = gates_of(bench), gates_of(bench)
    assert take(other.gate(LIMIT, "here")) is None
    asyncio.run(here.gate(LIMIT, "here").shut(90.0))
    other.doubt()
    assert take(other.gate(LIMIT, "here")) == 90.0


def test_what_others_use_of_the_address_counts_once_the_exchange_tells_it(bench: Bench) -> None:
    gate = gates_of(bench).gate(LIMIT, "here")
    assert take(gate) is None
    gate.told(100)
    wait = take(gate, urgent=True)
    assert wait is not None
    bench.advance(int(wait * 1_000) + 1)
    assert take(gate) is None


def test_who_has_to_wait_for_a_moment_only_waits(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = gates_of(bench).gate(LIMIT, "here")
    bench.clock.advance_to(bench.clock.now() // 60_000 * 60_000 + 119_000)
    assert take(gate, 80) is None
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        bench.advance(int(seconds * 1_000))

    monkeypatch.setattr("octobot_node.engine.market.request_gates.asyncio.sleep", sleep)
    assert take(gate, 10) is None
    assert waits == [1.0]


def test_a_request_that_is_heavier_than_all_passes_where_nothing_else_did(bench: Bench) -> None:
    gate = gates_of(bench).gate(LIMIT, "here")
    assert take(gate, 1_000) is None
    assert take(gate, 1) is not None


#: Kraken's: a count that may rise to 15 and falls by one in three seconds.
COUNT = RequestLimit("kraken", "requests", 10, 30.0, "key", burst=15)


def test_a_count_that_falls_lets_much_through_at_once_and_then_as_much_as_it_fell(bench: Bench) -> None:
    gate = gates_of(bench).gate(COUNT, "key")
    assert [take(gate, 2) for _ in range(6)] == [None] * 6
    # To 12, a fifth is kept; what cannot wait goes on to 15.
    assert take(gate, 3) == pytest.approx(9.0, abs=0.01)
    assert [take(gate, urgent=True) for _ in range(3)] == [None] * 3
    assert take(gate, 0) is None
    bench.advance(3_000)
    assert (take(gate), take(gate, urgent=True)) == (pytest.approx(9.0, abs=0.01), None)
    assert gate.budget().remaining == pytest.approx(0, abs=0.01)
    bench.advance(60_000)
    assert [take(gate, 2) for _ in range(6)] == [None] * 6


def test_nodes_and_restarts_share_a_count_that_falls_and_an_exchange_that_says_so_has_it_full(bench: Bench) -> None:
    first = gates_of(bench)
    second = gates_of(bench) if bench.core.storage.shared else first
    here, there = first.gate(COUNT, "key"), second.gate(COUNT, "key")
    assert [take(gate, 4) for gate in (here, there, here)] == [None] * 3
    assert take(there, 3) == pytest.approx(9.0, abs=0.01)
    # More was asked than is known here, by what was killed a moment ago: it is as high as it may go.
    anew = gates_of(bench).gate(COUNT, "key")
    asyncio.run(anew.shut(9.0))
    assert take(anew, urgent=True) == 9.0
    bench.advance(9_000)
    assert (take(anew, urgent=True), take(anew, 2)) == (None, pytest.approx(9.0, abs=0.01))


def test_while_the_database_is_away_nothing_is_asked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = gates_of(bench).gate(LIMIT, "here")

    def gone() -> Any:
        raise StorageUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(bench.core.storage, "write", gone)
        patch.setattr(bench.core.storage, "read", gone)
        assert take(gate) == 1.0
    assert take(gate) is None


def test_a_limit_of_a_key_is_shared_by_whatever_way_it_is_used_and_the_key_is_not_kept(
    make_bench: Callable[..., Bench],
) -> None:
    bench = make_bench(egress_address="office")
    lent = bench.core.accounts.lend(bench.account)
    per_key = RequestLimit("kraken", "counter", 20, 60.0, "key")
    gate = lent.request_gate(per_key, "k3y")
    assert lent.request_gate(per_key, "k3y") is gate
    assert lent.request_gate(per_key, "another") is not gate
    assert lent.request_gate(LIMIT, "k3y") is lent.request_gate(LIMIT)
    asyncio.run(gate.shut(5.0))
    with bench.core.storage.read() as connection:
        assert "k3y" not in str(connection.execute(sa.select(request_budgets)).all())
