"""A restored database decides nothing before each account agrees with its exchange."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from octobot_node.contracts.exchanges import OrderRequest
from octobot_node.engine.commands.restore_reconciliation import RestoreReconciliation
from octobot_node.errors import CommandRefused, Unresolved
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.shadow_ids import shadow_of
from octobot_node.store import tables
from octobot_node.transfer.backing_up import back_up
from octobot_node.transfer.restoring import restore
from tests.integration.transfer.conftest import buy_and_rest, worked
from tests.support.bench import Bench


@pytest.fixture
def first(make_bench: Callable[..., Bench]) -> Bench:
    bench = make_bench()
    worked(bench)
    return bench


@pytest.fixture
def restored(first: Bench, registry: Registry, tmp_path: Path) -> Iterator[Bench]:
    """An engine on a restored backup of the first one, on the same exchange."""
    yield from _restored(first, registry, tmp_path)


def _restored(first: Bench, registry: Registry, tmp_path: Path) -> Iterator[Bench]:
    back_up(first.settings, registry, tmp_path / "b.zip", lambda *_: None)
    settings = Settings(data_dir=tmp_path / "restored", disk_reserve_mb=0)
    done = restore(settings, registry, tmp_path / "b.zip", lambda *_: None)
    (tmp_path / "second").mkdir()
    file = shutil.copy(settings.data_dir / "octobot.db", tmp_path / "second" / "template.db")
    bench = Bench(tmp_path / "engine", Path(file), registry)
    bench.type.scripts["one"] = buy_and_rest
    bench.trading._orders, bench.trading.executions = first.trading._orders, first.trading.executions
    bench.clock.advance_to(int(done.backup_from.timestamp() * 1000) + 10_000)
    yield bench
    bench.close()


def only(bench: Bench) -> str:
    (row,) = bench.rows(tables.automations)
    return str(row.id)


def since(bench: Bench) -> int | None:
    (row,) = bench.rows(tables.accounts)
    moment: int | None = row.reconcile_since
    return moment


def strange_order(bench: Bench) -> str:
    request = OrderRequest(
        "", "somebody1", "BTC/USDT", "buy", "limit", Decimal(2), None, Decimal(80), None, "gtc", False, 0
    )
    return bench.trading.accept(request).id


def test_an_account_that_agrees_is_let_go(restored: Bench) -> None:
    reconciling = RestoreReconciliation(restored.core)
    assert restored.row(only(restored)).status == "held"
    assert reconciling.step() == 1
    row = restored.row(only(restored))
    assert (row.status, row.reason, row.runnable) == ("active", "", True)
    assert since(restored) is None
    assert restored.events()[-2:] == ["automation.active", "account.reconciled"]
    assert reconciling.step() == 0
    restored.settle()
    assert restored.row(only(restored)).tick == 2
    assert len(restored.intents()) == 2


def test_what_filled_after_the_backup_is_settled_first(restored: Bench) -> None:
    restored.trading.fill("x2")
    restored.watch()
    assert restored.statuses() == ["filled", "filled"]
    assert RestoreReconciliation(restored.core).step() == 1


def test_an_order_nobody_knows_keeps_it_held_and_is_told_once(restored: Bench) -> None:
    order_id = strange_order(restored)
    reconciling = RestoreReconciliation(restored.core)
    for _ in range(5):
        assert reconciling.step() == 0
        restored.advance(61_000)
    row = restored.row(only(restored))
    assert row.status == "held"
    assert f"'main' has what the backup does not know: open order {order_id}: buy 2 BTC/USDT; cancel" in row.reason
    assert restored.events().count("account.differs") == 1
    # Nor after a restart, whose looking for missing types must not let it go.
    assert restored.commands.take_up_held() == []
    restored.build_stages()
    assert RestoreReconciliation(restored.core).step() == 0
    assert restored.events().count("account.differs") == 1

    restored.trading.become(order_id, "cancelled")
    restored.advance(61_000)
    assert reconciling.step() == 1
    assert restored.row(only(restored)).status == "active"


def test_resumed_by_a_person_it_goes_on_in_spite_of_the_difference(restored: Bench) -> None:
    restored.trading.trade_of_a_stranger()
    reconciling = RestoreReconciliation(restored.core)
    reconciling.step()
    assert "trade s1: buy 1 BTC/USDT at 100" in restored.row(only(restored)).reason
    restored.commands.resume(only(restored))
    restored.advance(61_000)
    reconciling.step()
    assert since(restored) is None
    assert restored.row(only(restored)).status == "active"


def test_an_exchange_that_does_not_answer_is_asked_again(restored: Bench) -> None:
    restored.trading.faults["trades"] = Unresolved("the request timed out")
    reconciling = RestoreReconciliation(restored.core)
    assert reconciling.step() == 0
    restored.trading.faults.clear()
    assert reconciling.step() == 0
    assert restored.trading.questions.count("trades") == 1
    restored.advance(5_001)
    assert reconciling.step() == 1


def test_it_waits_while_an_order_s_outcome_is_unknown(restored: Bench) -> None:
    with restored.core.storage.write() as connection:
        connection.execute(tables.intents.update().where(tables.intents.c.status == "open").values(status="unknown"))
    reconciling = RestoreReconciliation(restored.core)
    assert reconciling.step() == 0
    assert restored.trading.questions == []
    assert restored.row(only(restored)).status == "held"


def test_one_that_was_being_sold_sells_nothing_before_that(restored: Bench) -> None:
    order_id = strange_order(restored)
    reconciling = RestoreReconciliation(restored.core)
    reconciling.step()
    restored.trading.become("x2", "cancelled")
    with restored.core.storage.write() as connection:
        connection.execute(tables.automations.update().values(status="stopping", close_on_stop=True))
    restored.settle()
    assert len(restored.intents()) == 2
    restored.trading.become(order_id, "cancelled")
    restored.advance(61_000)
    reconciling.step()
    restored.settle()
    assert len(restored.intents()) == 3


def test_a_shadow_goes_on_with_its_original_and_nobody_is_told_of_it(
    first: Bench, registry: Registry, tmp_path: Path
) -> None:
    bot = only(first)
    with pytest.raises(CommandRefused, match="about to be told"):
        first.commands.add_shadow(bot)
    first.advance(1_000)
    first.settle()
    first.commands.add_shadow(bot)
    first.settle()
    for restored in _restored(first, registry, tmp_path):
        reconciling = RestoreReconciliation(restored.core)
        assert [restored.row(each).status for each in (bot, shadow_of(bot))] == ["held", "held"]
        strange = strange_order(restored)
        reconciling.step()
        # What is on paper agrees with itself; the exchange does not.
        assert [restored.row(each).status for each in (bot, shadow_of(bot))] == ["held", "held"]
        restored.trading.become(strange, "cancelled")
        restored.advance(600_000)
        reconciling.step()
        assert [restored.row(each).status for each in (bot, shadow_of(bot))] == ["active", "active"]
        told = restored.rows(tables.events)
        assert {row.account_id for row in told} <= {"", restored.row(bot).account_id}
