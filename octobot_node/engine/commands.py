"""Commands of people and programs: immediate transactions that bump the revision, so that an evaluation under way is
dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from pydantic import BaseModel, ValidationError

from octobot_node.automation import Automation
from octobot_node.engine.accounts import source_key
from octobot_node.engine.durable import ORDERS, json_encode
from octobot_node.engine.evaluation import BadDecision, first_needs, load_needs, needs_after_edit
from octobot_node.engine.ledger import Book, Owner, load_book
from octobot_node.engine.own_orders import OwnOrders
from octobot_node.engine.watching import lock_with_watchers
from octobot_node.errors import CommandRefused, UsageError
from octobot_node.ids import new_id
from octobot_node.limits import Limits
from octobot_node.run_file import first_mistake
from octobot_node.store import automations, events, intents, kill_switches, schedules
from octobot_node.store.events import Event
from octobot_node.store.many import insert_many
from octobot_node.store.tables import (
    accounts,
    balances,
    equity,
    fills,
    inbox,
    notices,
    positions,
    postings,
    requests,
    schedule,
    watchings,
)
from octobot_node.store.tables import automations as automations_table
from octobot_node.store.tables import intents as intents_table
from octobot_node.store.types import AnyRow

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["Commands", "NewAccount", "NewAutomation", "parse_config"]

_ENDED = ("stopped", "completed", "failed")
#: What goes with an automation that is deleted; its events stay.
_HISTORY = (
    *(schedule, intents_table, fills, postings, balances, positions),
    *(inbox, notices, equity, watchings, requests),
)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to create: connectors by name, with their settings as JSON."""

    name: str
    market_data: str
    trading: str
    market_data_settings: Mapping[str, Any]
    trading_settings: Mapping[str, Any]
    limits: Limits = field(default_factory=Limits)
    owner: str = "local"


@dataclass(frozen=True, slots=True)
class NewAutomation:
    """An automation to create."""

    name: str
    type: str
    account_id: str
    budget: Mapping[str, Decimal]
    config: Mapping[str, Any]
    limits: Limits = field(default_factory=Limits)
    owner: str = "local"


class Commands:
    """What can be done to accounts and automations; each either happens whole or raises and changes nothing."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._own_orders = OwnOrders(core)

    def create_account(self, new: NewAccount) -> str:
        """Create an account and return its id; one of that name and owner is returned as it is."""
        core, now = self._core, self._core.clock.now()
        core.registry.market_data_factory(new.market_data)
        core.registry.trading_factory(new.trading)
        with core.storage.write(durable=True) as connection:
            existing = automations.account_id_named(connection, new.owner, new.name)
            if existing is not None:
                return existing
            # So that whoever stops everything of an owner does it before or after this.
            kill_switches.lock_installation(connection, shared=True)
            account_id = new_id()
            row = {
                "id": account_id,
                "owner": new.owner,
                "name": new.name,
                "market_data": new.market_data,
                "market_data_settings": dict(new.market_data_settings),
                "trading": new.trading,
                "trading_settings": dict(new.trading_settings),
                "limits": new.limits.model_dump(mode="json", exclude_none=True),
                "trades_cursor": now,
                # Whoever stopped everything of his meant what he adds meanwhile, too.
                "sending": not kill_switches.halts_new_accounts(connection, new.owner),
                "created_at": now,
            }
            automations.add_account(connection, row)
        return account_id

    def create(self, new: NewAutomation) -> str:
        """Create an automation, active and due now; return its id.

        Raises UnknownType, UsageError naming the config field, CommandRefused for a name that is taken.
        """
        return self.create_many([new])[0]

    def create_many(self, many: list[NewAutomation]) -> list[str]:
        """Create automations in one transaction: all or none."""
        if not many:
            return []
        core, now = self._core, self._core.clock.now()
        prepared = [self._prepare(new) for new in many]
        ids: list[str] = []
        with core.storage.write(durable=True) as connection:
            sources = _sources(connection, {new.account_id for new in many})
            book, happened, wide, narrow = Book(), [], [], []
            taken: set[tuple[str, str]] = set()
            for new, (full_name, automation, config) in zip(many, prepared, strict=True):
                key = (new.owner, new.name)
                if key in taken or automations.named(connection, *key) is not None:
                    raise CommandRefused(f"an automation is called {new.name!r} already: choose another name")
                taken.add(key)
                owner = Owner(new_id(), new.owner, new.account_id)
                ids.append(owner.automation_id)
                wide.append(_wide_row(new, owner, full_name, automation, config, now))
                narrow.append(_narrow_row(owner, sources[new.account_id], now))
                for asset, amount in new.budget.items():
                    book.deposit(owner, asset, amount, now)
                happened.append(_event(owner, "automation.created", {"name": new.name, "type": full_name}))
            insert_many(connection, automations_table, wide)
            insert_many(connection, schedule, narrow)
            insert_many(connection, watchings, _watchings(wide))
            # Some may have waited for one of this name.
            lock_with_watchers(connection, (), ids).wake_watchers(connection, ids, now)
            book.write(connection)
            events.append(connection, happened, now)
        return ids

    def _prepare(self, new: NewAutomation) -> tuple[str, Automation[Any, Any], BaseModel]:
        full_name, automation = self._core.registry.automation(new.type)
        config = parse_config(automation, new.config, new.name)
        for asset, amount in new.budget.items():
            if not amount.is_finite() or amount <= 0:
                raise UsageError(f"automation {new.name!r}: the budget of {asset} must be positive, not {amount}")
        return full_name, automation, config

    def pause(self, automation_id: str) -> None:
        """Make no more decisions; resting orders stay and fills settle."""
        self._change(automation_id, ("active", "waiting", "held"), "paused", runnable=False, next_run_at=None)

    def resume(self, automation_id: str) -> None:
        """Decide again, at once. Also for one that failed or is held: its failures are forgiven."""
        now = self._core.clock.now()
        self._change(automation_id, ("paused", "failed", "held"), "active", runnable=True, next_run_at=now)

    def take_up_held(self) -> list[str]:
        """Let those automations decide again that were held for want of their type, if it is installed now.

        Returns their ids. Called when a node starts: that is when types come and go.
        """
        types = self._core.registry.automations
        columns = automations_table.c
        held = (
            sa.select(columns.id, columns.type, columns.state_version)
            .join(accounts, accounts.c.id == columns.account_id)
            # Those of a restored account are held for another reason: engine/reconciling.py lets them go.
            .where(columns.status == "held", accounts.c.reconcile_since.is_(None))
        )
        with self._core.storage.read() as connection:
            rows = connection.execute(held).all()
        found = [row.id for row in rows if row.type in types and row.state_version <= types[row.type].version]
        for automation_id in found:
            self.take_up(automation_id)
        return found

    def take_up(self, automation_id: str) -> None:
        """Let one that is held decide again, at once; its failures are not forgiven."""
        now = self._core.clock.now()
        self._change(automation_id, ("held",), "active", runnable=True, next_run_at=now, forgive=False)

    def run_now(self, automation_id: str) -> None:
        """Evaluate as soon as possible."""
        with self._core.storage.write() as connection:
            row = _get(connection, automation_id)
            if row.status not in ("active", "waiting"):
                raise CommandRefused(f"{row.name!r} is {row.status}: resume it first")
            schedules.wake(connection, [automation_id], self._core.clock.now())

    def edit(self, automation_id: str, config: Mapping[str, Any]) -> None:
        """Replace the config, validated, and evaluate with it at once.

        Own orders are cancelled first unless the type declares ``live_edit``; the next tick sees ``previous_config``.
        """
        core, now = self._core, self._core.clock.now()
        self._open_account(automation_id)
        with core.storage.write(durable=True) as connection:
            locked = schedules.lock(connection, [automation_id]).get(automation_id)
            row = _get(connection, automation_id)
            if locked is None or row.status in (*_ENDED, "stopping", "completing"):
                raise CommandRefused(f"{row.name!r} is {row.status} and cannot be edited")
            _, automation = core.registry.automation(row.type)
            model = parse_config(automation, config, row.name)
            change = {
                "id": automation_id,
                "config": model.model_dump_json(),
                # Edited twice between two ticks: the next one compares with what the last one saw.
                "previous_config": row.previous_config or row.config,
                "needs": needs_after_edit(automation, model, row.state, row.state_version),
                "updated_at": now,
            }
            automations.update(connection, [change])
            automations.watch(connection, _watcher(_owner(row)), load_needs(change["needs"]).automations)
            if not automation.live_edit:
                self._own_orders.cancel_all(connection, row, now)
            run_at = now if locked.runnable else None
            schedules.set_runnable(
                connection, automation_id, runnable=locked.runnable, next_run_at=run_at, due_at=locked.due_at
            )
            events.append(connection, [_event(_owner(row), "automation.edited", {})], now)
        core.kick(ORDERS)

    def stop(self, automation_id: str, *, close: bool = False) -> None:
        """Cancel own orders, settle, then end; with ``close`` also sell what is held, at market.

        What an automation still holds that has ended already is sold with ``close``. Raises CommandRefused where there
        is nothing left to do.
        """
        core, now = self._core, self._core.clock.now()
        self._open_account(automation_id)
        with core.storage.write(durable=True) as connection:
            locked = lock_with_watchers(connection, [automation_id])
            row = _get(connection, automation_id)
            if row.status in ("stopped", "completed") and not (close and self.holds(connection, automation_id)):
                raise CommandRefused(f"{row.name!r} is {row.status} already{' and holds nothing' if close else ''}")
            # Told twice, the stronger one holds: who wanted it sold is not undone by a second stop.
            close = close or (row.status == "stopping" and row.close_on_stop)
            change = {"id": automation_id, "status": "stopping", "reason": "", "close_on_stop": close}
            automations.update(connection, [{**change, "updated_at": now}])
            schedules.set_runnable(connection, automation_id, runnable=False, next_run_at=None, due_at=None)
            self._own_orders.cancel_all(connection, row, now)
            events.append(connection, [_event(_owner(row), "automation.stopping", {"close": close})], now)
            locked.wake_watchers(connection, [automation_id], now)
        core.kick(ORDERS)

    def holds(self, connection: sa.Connection, automation_id: str) -> bool:
        """Whether an automation has a position in anything."""
        book = load_book(connection, [automation_id])
        return any(position.amount > 0 for position in book.held.values())

    def delete(self, automation_id: str) -> None:
        """Remove an automation that has ended, with its history but for what a kill switch's checklist answers for."""
        with self._core.storage.write(durable=True) as connection:
            watched = lock_with_watchers(connection, [automation_id])
            row = _get(connection, automation_id)
            if row.status not in _ENDED or intents.live_count(connection, automation_id):
                raise CommandRefused(f"{row.name!r} is {row.status}: stop it and let its orders settle first")
            watched.wake_watchers(connection, [automation_id], self._core.clock.now())
            noted = intents_table.c.id.in_(kill_switches.noted_of(automation_id))
            for table in _HISTORY:
                theirs = table.c.automation_id == automation_id
                connection.execute(table.delete().where(theirs & ~noted if table is intents_table else theirs))
            connection.execute(automations_table.delete().where(automations_table.c.id == automation_id))
            events.append(
                connection, [_event(_owner(row), "automation.deleted", {"name": row.name})], self._core.clock.now()
            )

    def signal(
        self,
        automation_id: str,
        payload: Any,
        *,
        channel: str = "default",
        source: str = "",
        key: str | None = None,
        expires_at: int | None = None,
    ) -> bool:
        """Put a signal into an automation's inbox and wake it; return False for a key that arrived before.

        After ``expires_at`` (ms UTC) it is no longer given to a tick.
        """
        now = self._core.clock.now()
        with self._core.storage.write(durable=True) as connection:
            schedules.lock(connection, [automation_id])
            row = _get(connection, automation_id)
            dedup = key or new_id()
            columns = inbox.c
            seen = sa.select(columns.id).where(
                columns.automation_id == automation_id, columns.channel == channel, columns.dedup_key == dedup
            )
            if connection.execute(seen).first() is not None:
                return False
            values = {
                "id": new_id(),
                "owner": row.owner,
                "account_id": row.account_id,
                "automation_id": automation_id,
                "channel": channel,
                "source": source,
                "dedup_key": dedup,
                "payload": json_encode(payload),
                "status": "waiting",
                "received_at": now,
                "expires_at": expires_at,
            }
            connection.execute(inbox.insert(), [values])
            schedules.wake(connection, [automation_id], now)
        return True

    def cancel(self, automation_id: str, intent_ids: list[str]) -> None:
        """Cancel live orders of an automation, as the engine itself does for orders that expire."""
        core, now = self._core, self._core.clock.now()
        self._open_account(automation_id)
        with core.storage.write(durable=True) as connection:
            schedules.lock(connection, [automation_id])
            live = intents.lock(connection, intent_ids)
            self._own_orders.cancel(connection, live, now)
        core.kick(ORDERS)

    def _open_account(self, automation_id: str) -> None:
        """Open the connector before a transaction: it may write, too."""
        with self._core.storage.read() as connection:
            account_id = _get(connection, automation_id).account_id
        self._core.accounts.get(account_id)

    def _change(
        self,
        automation_id: str,
        allowed: tuple[str, ...],
        status: str,
        *,
        runnable: bool,
        next_run_at: int | None,
        forgive: bool = True,
    ) -> None:
        now = self._core.clock.now()
        with self._core.storage.write(durable=True) as connection:
            watched = lock_with_watchers(connection, [automation_id])
            locked = watched.rows.get(automation_id)
            row = _get(connection, automation_id)
            if locked is None or row.status not in allowed:
                what = "already" if row.status == status else f"and cannot become {status}"
                raise CommandRefused(f"{row.name!r} is {row.status} {what}")
            change = {"id": automation_id, "status": status, "reason": "", "updated_at": now}
            automations.update(connection, [change])
            schedules.set_runnable(
                connection, automation_id, runnable=runnable, next_run_at=next_run_at, due_at=locked.due_at
            )
            if forgive:
                columns = schedule.c
                forgiven = schedule.update().where(columns.automation_id == automation_id).values(failures=0)
                connection.execute(forgiven)
            events.append(connection, [_event(_owner(row), f"automation.{status}", {})], now)
            watched.wake_watchers(connection, [automation_id], now)


def parse_config(automation: Automation[Any, Any], config: Mapping[str, Any], name: str) -> BaseModel:
    """Return ``config`` as the type's model; raise UsageError naming the automation, the field and what is wrong."""
    try:
        model = automation.Config.model_validate(dict(config))
        first_needs(automation, model)
    except ValidationError as error:
        place, text = first_mistake(error, automation.Config)
        where = ".".join(["config", *(str(part) for part in place)])
        raise UsageError(f"automation {name!r}: {where}: {text}") from None
    except BadDecision as error:
        raise UsageError(f"automation {name!r}: config: {error}") from None
    return model


def _sources(connection: sa.Connection, account_ids: set[str]) -> dict[str, str]:
    found = {}
    for row in connection.execute(sa.select(accounts).where(accounts.c.id.in_(account_ids))):
        found[row.id] = source_key(row.market_data, row.market_data_settings)
    missing = account_ids - set(found)
    if missing:
        raise CommandRefused(f"there is no account {', '.join(sorted(missing))}")
    return found


def _wide_row(
    new: NewAutomation, owner: Owner, full_name: str, automation: Automation[Any, Any], config: BaseModel, now: int
) -> dict[str, Any]:
    return {
        "id": owner.automation_id,
        "owner": owner.owner,
        "account_id": owner.account_id,
        "shard": owner.shard,
        "name": new.name,
        "type": full_name,
        "type_version": automation.version,
        "status": "active",
        "config": config.model_dump_json(),
        "state": None,
        "state_version": automation.version,
        "needs": first_needs(automation, config),
        "limits": new.limits.model_dump(mode="json", exclude_none=True),
        "created_at": now,
        "updated_at": now,
    }


def _narrow_row(owner: Owner, source: str, now: int) -> dict[str, Any]:
    return {
        "automation_id": owner.automation_id,
        "owner": owner.owner,
        "account_id": owner.account_id,
        "shard": owner.shard,
        "source": source,
        "runnable": True,
        "next_run_at": now,
        "due_at": now,
    }


def _watchings(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**_watcher(Owner(row["id"], row["owner"], row["account_id"], row["shard"])), "name": name}
        for row in rows
        for name in load_needs(row["needs"]).automations
    ]


def _watcher(owner: Owner) -> dict[str, Any]:
    return {
        "automation_id": owner.automation_id,
        "owner": owner.owner,
        "account_id": owner.account_id,
        "shard": owner.shard,
    }


def _get(connection: sa.Connection, automation_id: str) -> AnyRow:
    row = automations.get(connection, automation_id)
    if row is None:
        raise CommandRefused(f"there is no automation {automation_id}")
    return row


def _owner(row: AnyRow) -> Owner:
    return Owner(row.id, row.owner, row.account_id, row.shard)


def _event(owner: Owner, kind: str, data: Mapping[str, Any]) -> Event:
    return Event(owner.owner, owner.account_id, owner.automation_id, kind, data)
