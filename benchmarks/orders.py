"""Orders per second from decision to settled fill, beside one DBOS workflow per order: ``python -m benchmarks.orders``.

N automations are due at once and each plans one market order: through the send fence, to the hostile exchange at zero
latency in a process of its own, until the watcher has settled every fill in the ledger. The ticks that decide and the
ticks that tell the automations of their fills run meanwhile, as they would. The baseline runs fewer orders, each one
DBOS workflow of three steps on the same tables: reserve and write the intent as sent; send through the same
connector; settle the fill by what the answer says.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks._baseline import create_in_chunks, launch_dbos, open_core, run_workflows
from benchmarks._common import (
    databases,
    empty_folder,
    in_fresh_process,
    parse_options,
    settings_for,
    wait_until,
    write_numbers,
)
from octobot_node.automation import Needs
from octobot_node.contracts.exchanges import ExchangeOrder, ExchangeTrade, OrderRequest
from octobot_node.engine.commands.commands import Commands, NewAccount, NewAutomation
from octobot_node.engine.core import Core
from octobot_node.engine.ledger.book import Owner, load_book
from octobot_node.engine.ledger.planning import Plan, plan_group
from octobot_node.engine.market.account import source_key
from octobot_node.ids import new_id
from octobot_node.limits import Limits
from octobot_node.live.node import Node
from octobot_node.market import Market
from octobot_node.orders import IntentStatus, MarketOrder
from octobot_node.store import intents
from octobot_node.store.tables import automations, fills, schedule
from octobot_node.store.tables import intents as intents_table
from octobot_node.testing.hostile_exchange.process import HostileExchange

SYMBOL = "BTC/USD"
AMOUNT = Decimal("0.001")
BUDGET = Decimal(1_000_000)


def main() -> None:
    """Run both and print."""
    options = parse_options(__doc__, either=True, automations=5_000, baseline=500)
    with empty_folder(options.keep) as folder, databases(options) as new:
        ours = in_fresh_process(node_rate, folder / "node", options.automations, new())
        theirs = in_fresh_process(baseline_rate, folder / "baseline", options.baseline, new())
    figures = {
        "database": options.database,
        "orders": options.automations,
        "orders settled per second": ours["rate"],
        "orders sent per second": ours["sent"],
        "requests that expired or failed": ours["again"],
        "requests to the exchange for each order": ours["requests"],
        "baseline orders": options.baseline,
        "baseline orders settled per second": theirs,
    }
    write_numbers(options, figures, ours["rate"] / theirs)


def account_at(exchange: HostileExchange) -> NewAccount:
    """Return an account at an exchange, to be created."""
    return NewAccount(
        "bench", "hostile", "hostile", exchange.market_data_settings(), exchange.trading_settings("bench")
    )


def _new(count: int) -> list[NewAutomation]:
    return [NewAutomation(f"buyer-{i}", "bench_buyer", "", {"USD": BUDGET}, {}) for i in range(count)]


def node_rate(folder: Path, count: int, database: str = "") -> Mapping[str, float]:
    """Return orders per second, sent and settled, and what it cost the exchange."""
    with (
        HostileExchange.start(folder / "exchange", request_expiry=True) as exchange,
        Node(settings_for(folder / "node", database)) as node,
    ):
        create_in_chunks(node.commands, account_at(exchange), _new(count))
        counters = node.core.counters
        node.hurry()
        wait_until(lambda: counters.ticks >= count, seconds=300, what="the first ticks, which order nothing")
        time.sleep(1.5)  # an automation ticks once a second at most
        _make_due(node.core)
        started = time.monotonic()
        node.hurry()
        sent_at = _when(lambda: counters.sent >= count, count, "sent")
        settled_at = _when(lambda: counters.settled >= count, count, "settled")
        statuses, attempts = _outcome(node.core)
        asked = sum(exchange.report().requests.values())
    assert statuses == {"filled": count}, f"the orders ended as {statuses}"
    return {
        "rate": count / (settled_at - started),
        "sent": count / (sent_at - started),
        "again": attempts - count,
        "requests": asked / count,
    }


def _when(condition: Any, count: int, what: str) -> float:
    wait_until(condition, seconds=300, what=f"{count} orders {what}")
    return time.monotonic()


def _make_due(core: Core) -> None:
    with core.storage.write() as connection:
        now = core.clock.now()
        connection.execute(schedule.update().values(next_run_at=now, due_at=now))


def _outcome(core: Core) -> tuple[dict[str, int], int]:
    """Return how the orders ended, once the last of them did, and how often they were sent in all."""
    wait_until(lambda: _open(core) == 0, seconds=30, what="the last orders ending")
    with core.storage.read() as connection:
        rows = connection.execute(sa.select(intents_table.c.status, intents_table.c.attempt)).all()
    return dict(Counter(row.status for row in rows)), sum(row.attempt for row in rows)


def _open(core: Core) -> int:
    with core.storage.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).where(intents_table.c.status != "filled")) or 0


def baseline_rate(folder: Path, count: int, database: str = "") -> float:
    """Return orders per second of one workflow each."""
    with HostileExchange.start(folder / "exchange", request_expiry=True) as exchange:
        core = open_core(folder / "node", database)
        account = account_at(exchange)
        ids = create_in_chunks(Commands(core), account, _new(count))
        launch_dbos(core)
        seconds = run_workflows(core, order_workflow(core, account), ids)
        with core.storage.read() as connection:
            settled = connection.scalar(sa.select(sa.func.count()).select_from(fills))
        assert settled == count, f"{settled} of {count} settled"
        core.event_loop.call(core.accounts.close())
    return (count - 1) / seconds


def order_workflow(core: Core, account: NewAccount) -> Callable[[str], str]:
    """Return a workflow that buys for one automation, in three steps."""
    import dbos

    source = source_key(account.market_data, account.market_data_settings)

    @dbos.DBOS.step()
    def reserve(automation_id: str) -> str:
        market = core.hub.snapshot(source, Needs(tickers=(SYMBOL,)))
        return _reserve(core, automation_id, market)

    @dbos.DBOS.step()
    def send(intent_id: str) -> dict[str, Any]:
        return _send(core, intent_id)

    @dbos.DBOS.step()
    def settle(intent_id: str, answer: dict[str, Any]) -> str:
        return _settle(core, intent_id, answer)

    def workflow(automation_id: str) -> str:
        intent_id = reserve(automation_id)
        return settle(intent_id, send(intent_id))

    return workflow


def _reserve(core: Core, automation_id: str, market: Market) -> str:
    """Plan the order as the engine does, reserve its funds, and write it down as sent."""
    with core.storage.write(durable=True) as connection:
        row = connection.execute(sa.select(automations).where(automations.c.id == automation_id)).one()
        account, now = core.accounts.get(row.account_id), core.clock.now()
        owner, book = Owner(row.id, row.owner, row.account_id), load_book(connection, [automation_id])
        plan = Plan(core.installation, owner, 0, now, market, account.capabilities, Limits())
        rows = plan_group(plan, [MarketOrder(SYMBOL, "buy", amount=AMOUNT)], book, independent=False)
        sent = {"status": IntentStatus.SENT, "sent_at": now, "send_by": now + 5_000, "attempt": 1, "epoch": 0}
        intents.insert(connection, [{**rows[0], **sent}])
        book.write(connection)
    return str(rows[0]["id"])


def _send(core: Core, intent_id: str) -> dict[str, Any]:
    with core.storage.read() as connection:
        row = connection.execute(sa.select(intents_table).where(intents_table.c.id == intent_id)).one()
    request = OrderRequest(
        row.id, row.client_order_id, row.symbol, row.side, row.type, row.amount, row.spend, row.price, row.stop,
        row.tif, row.post_only, core.clock.now() + 5_000,
    )  # fmt: skip
    trading = core.accounts.get(row.account_id).trading

    async def send() -> ExchangeOrder:
        async with asyncio.timeout(core.settings.request_timeout):
            return await trading.create_order(request)

    order = core.event_loop.call(send())
    return {"id": order.id, "filled": str(order.filled), "at": order.created_at}


def _settle(core: Core, intent_id: str, answer: dict[str, Any]) -> str:
    """Settle by the answer: the price is the snapshot's, the fee is computed, and the baseline is spared a request."""
    with core.storage.write() as connection:
        row = connection.execute(sa.select(intents_table).where(intents_table.c.id == intent_id)).one()
        fill_id, amount, price, now = new_id(), Decimal(answer["filled"]), row.snapshot_price, core.clock.now()
        fee = amount / 1_000
        trade = ExchangeTrade(
            answer["id"], answer["id"], None, row.symbol, row.side, amount, price, amount * price, fee, row.base,
            "taker", answer["at"],
        )  # fmt: skip
        book = load_book(connection, [row.automation_id])
        owner = Owner(row.automation_id, row.owner, row.account_id)
        left, realised = book.settle(owner, row.base, row.quote, trade, row.reserved, fill_id)
        book.release(owner, row.quote, left)
        fill = {name: getattr(trade, name) for name in _FROM_TRADE}
        fill |= {name: getattr(row, name) for name in ("owner", "account_id", "automation_id", "tag", "generation")}
        fill |= {"id": fill_id, "intent_id": row.id, "news": False, "realised": realised, "settled_at": now}
        fill |= {"exchange_trade_id": trade.id, "exchange_order_id": trade.order_id}
        connection.execute(fills.insert(), [fill])
        ended = {"id": row.id, "status": IntentStatus.FILLED, "exchange_order_id": trade.order_id, "filled": amount}
        ended |= {"cost": trade.cost, "fee": fee, "fee_asset": row.base, "reserved": Decimal(0), "updated_at": now}
        intents.update(connection, [ended])
        book.write(connection)
    return fill_id


_FROM_TRADE = ("symbol", "side", "amount", "price", "cost", "fee", "fee_asset", "liquidity", "at")


if __name__ == "__main__":
    main()
