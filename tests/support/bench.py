"""An engine on a bench: real storage and stages, a virtual clock, a scripted exchange, queues that a test drains."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel

from octobot_node import Automation, Decision, Needs, Tick
from octobot_node.clock import VirtualClock
from octobot_node.engine.acting.account_poller import AccountPoller
from octobot_node.engine.acting.order_sender import OrderSender
from octobot_node.engine.assembly import assemble
from octobot_node.engine.base import open_base
from octobot_node.engine.commands.commands import Commands, NewAccount, NewAutomation
from octobot_node.engine.deciding.dispatcher import Dispatcher
from octobot_node.engine.deciding.price_levels import take_levels
from octobot_node.engine.deciding.tick_batch import TickBatch
from octobot_node.engine.evaluating.evaluator import InlineEvaluator
from octobot_node.engine.sweeper import Sweeper
from octobot_node.engine.workers.durable import TICKS
from octobot_node.engine.workers.event_loop import InlineEventLoop
from octobot_node.ids import new_id
from octobot_node.limits import Limits
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store import intents, tables
from octobot_node.testing import FakeExchange

__all__ = ["START", "Bench", "Decide"]

#: 2026-01-01T00:00:00Z, a whole day.
START = 1_767_225_600_000
Decide = Callable[[Tick[Any, Any]], Any]


class BenchClock(VirtualClock):
    """A virtual clock that can be set, too, as people and NTP set a machine's: its monotonic seconds go on."""

    def __init__(self, now: int) -> None:
        super().__init__(now)
        self._set_by = 0

    def monotonic(self) -> float:
        return (self._now - self._set_by) / 1000

    def set_by(self, milliseconds: int) -> None:
        """Set it forward, or back."""
        self._now += milliseconds
        self._set_by += milliseconds


class NoSettings(BaseModel):
    pass


class ScriptedConfig(BaseModel):
    who: str
    symbols: tuple[str, ...] = ("BTC/USDT",)
    candles: int = 0
    watches: tuple[str, ...] = ()


class Scripted(Automation[ScriptedConfig, Any]):
    """Decides what the test's own function says, by the ``who`` of its config."""

    name, version = "scripted", 1
    Config = ScriptedConfig

    def __init__(self) -> None:
        self.scripts: dict[str, Decide] = {}

    def evaluate(self, tick: Tick[ScriptedConfig, Any]) -> Decision:
        decision: Decision = self.scripts[tick.config.who](tick)
        return decision

    def needs(self, config: ScriptedConfig, state: Any) -> Needs:
        candles = {(symbol, "1h"): config.candles for symbol in config.symbols} if config.candles else {}
        also = state.get("also", ()) if isinstance(state, dict) else ()
        return Needs(tickers=(*config.symbols, *also), candles=candles, automations=config.watches)


class LiveScripted(Scripted):
    """The same, but keeping its orders when it is edited."""

    name = "live_scripted"
    live_edit = True


class Bench:
    """One engine; ``settle`` does all there is to do now, ``advance`` moves the clock."""

    def __init__(self, folder: Path, template: Path | None, registry: Registry, **settings: Any) -> None:
        folder.mkdir()
        if template is not None:
            shutil.copy(template, folder / "octobot.db")
        self.settings = Settings(data_dir=folder, **{"disk_reserve_mb": 0, **settings})
        self.clock = BenchClock(START)
        exchange = FakeExchange(self.clock)
        self.market, self.trading = exchange.market, exchange.trading
        self.type, live = Scripted(), LiveScripted()
        live.scripts = self.type.scripts
        self.registry = replace(
            exchange.register(registry),
            automations={**registry.automations, "tests.scripted": self.type, "tests.live_scripted": live},
        )
        self.base = open_base(self.settings, self.registry, START)
        self.queue: deque[tuple[str, str, str]] = deque()
        self.event_loop = InlineEventLoop()
        self.owned = True
        self.core = assemble(
            self.base,
            clock=self.clock,
            event_loop=self.event_loop,
            evaluator=InlineEvaluator(self.registry.automations, 2.0),
            deliver=self._deliver,
            kick=lambda _queue: None,
            owns=lambda _connection, _workflow: self.owned,
            carried=lambda _connection, ids: ids & {workflow for _, workflow, _ in self.queue},
        )
        self.build_stages()
        self.account = self.commands.create_account(NewAccount("main", "fake", "fake", {}, {}))

    def build_stages(self) -> None:
        """Build the stages, forgetting what they remember: what a restart does."""
        self.commands = Commands(self.core)
        self.batches = TickBatch(self.core)
        self.sends = OrderSender(self.core)
        self.watcher = AccountPoller(self.core)
        self.dispatcher = Dispatcher(self.core)
        self.sweeper = Sweeper(self.core, self.commands, self.dispatcher)

    def release_folder(self) -> None:
        """Leave folder and database to another process, as one that ended does; what it has can be read yet."""
        assert self.base.lock is not None
        self.base.lock.release()
        self.base.storage.close()

    def close(self) -> None:
        self.event_loop.call(self.core.accounts.close())
        self.event_loop.close()
        self.base.close()

    def _deliver(self, _connection: sa.Connection, queue: str, argument: str) -> str:
        workflow_id = new_id()
        self.queue.append((queue, workflow_id, argument))
        return workflow_id

    # -- doing

    def automation(
        self,
        who: str,
        decide: Decide,
        *,
        budget: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        type: str = "tests.scripted",  # noqa: A002 - the field's name
        account: str | None = None,
        owner: str = "local",
        **config: Any,
    ) -> str:
        """Create an automation that decides by the given function."""
        self.type.scripts[who] = decide
        funds = {asset: Decimal(amount) for asset, amount in (budget or {"USDT": "1000"}).items()}
        new = NewAutomation(
            who, type, account or self.account, funds, {"who": who, **config}, limits=limits or Limits(), owner=owner
        )
        return self.commands.create(new)

    def advance(self, milliseconds: int) -> None:
        self.clock.advance_to(self.clock.now() + milliseconds)

    def tick(self) -> int:
        """Dispatch what is due and evaluate it; nothing is sent."""
        due = self.dispatcher.dispatch()
        self.drain(only=TICKS)
        return due

    def drain(self, only: str | None = None) -> None:
        """Run what was delivered, in order."""
        waiting = [item for item in self.queue if only in (None, item[0])]
        for item in waiting:
            queue, workflow_id, argument = item
            stage = self.batches.run if queue == TICKS else self.sends.run
            stage(workflow_id, argument)
            self.queue.remove(item)

    def watch(self) -> bool | None:
        """Make one pass over the account."""
        return self.event_loop.call(self.watcher.watch(self.account))

    def send(self) -> None:
        """Send what may be sent now."""
        self.drain()
        self.sweeper.carry_adrift()
        self.drain()

    def settle(self) -> None:
        """Tick, send and watch until nothing moves at this instant."""
        for _ in range(50):
            moved = bool(self.watch()) + self.dispatcher.dispatch() + len(self.queue)
            self.drain()
            moved += self.sweeper.sweep() + len(self.queue)
            self.drain()
            if not moved:
                return
        raise AssertionError("the instant does not settle")

    def run(self, milliseconds: int, step: int = 500) -> None:
        """Settle, then let time pass, settling each step."""
        self.settle()
        end = self.clock.now() + milliseconds
        while self.clock.now() < end:
            self.advance(min(step, end - self.clock.now()))
            self.settle()

    def crossed(self) -> list[str]:
        """Look at prices as the node that leads does."""
        take_levels(self.core)
        return self.core.hub.crossed()

    # -- looking

    def rows(self, table: sa.Table, *order: Any) -> list[Any]:
        with self.core.storage.read() as connection:
            return list(connection.execute(sa.select(table).order_by(*order)))

    def row(self, automation_id: str) -> Any:
        """Return both halves of an automation in one row."""
        a, s = tables.automations, tables.schedule
        joined = sa.select(a, s).join_from(a, s, a.c.id == s.c.automation_id).where(a.c.id == automation_id)
        with self.core.storage.read() as connection:
            return connection.execute(joined).one()

    def intents(self, kind: str = "order") -> list[Any]:
        return [row for row in self.rows(tables.intents, tables.intents.c.id) if row.kind == kind]

    def statuses(self) -> list[str]:
        """Return the orders' statuses, in the order they were decided."""
        return [row.status for row in self.intents()]

    def funds(self, automation_id: str) -> dict[str, tuple[Decimal, Decimal]]:
        """Return asset -> (free, reserved)."""
        rows = self.rows(tables.balances, tables.balances.c.asset)
        return {row.asset: (row.free, row.reserved) for row in rows if row.automation_id == automation_id}

    def events(self, automation_id: str | None = None) -> list[str]:
        rows = self.rows(tables.events, tables.events.c.id)
        return [row.kind for row in rows if automation_id in (None, row.automation_id)]

    def live_accounts(self) -> list[str]:
        with self.core.storage.read() as connection:
            return intents.accounts_to_watch(connection)
