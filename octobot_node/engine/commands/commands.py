"""Commands of people and programs: immediate transactions that bump the revision, so that an evaluation under way is
dropped.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from octobot_node.automation import AutomationStatus
from octobot_node.engine.commands.account_commands import AccountCommands, NewAccount
from octobot_node.engine.commands.budget_commands import BudgetCommands
from octobot_node.engine.commands.shadow_commands import ShadowCommands
from octobot_node.engine.commands.status_commands import StatusCommands, expect, gone
from octobot_node.engine.deciding.dependents import lock_with_watchers
from octobot_node.engine.deciding.tick_batch import Rehearsal, TickBatch
from octobot_node.engine.evaluating.configs import InvalidConfig, ValidConfig, validate_config
from octobot_node.engine.evaluating.decision_checks import load_needs, next_step
from octobot_node.engine.evaluating.evaluation import needs_after_edit, next_step_after_edit
from octobot_node.engine.ledger.book import Book, Owner
from octobot_node.engine.ledger.budgets import balances_of, overdrafts
from octobot_node.engine.market.account import source_key
from octobot_node.engine.workers.durable import ORDERS, json_encode
from octobot_node.errors import CommandRefused, Overdrawn, UsageError
from octobot_node.ids import new_id
from octobot_node.limits import Limits
from octobot_node.shadow_ids import is_shadow, shadow_of, with_shadows
from octobot_node.store import automations, config_revisions, events, intents, schedules, signal_keys
from octobot_node.store.events import Event
from octobot_node.store.queries import lists
from octobot_node.store.rows.automation import AutomationRow, LockedScheduleRow
from octobot_node.store.rows.node import AccountRow
from octobot_node.store.sql.bulk_statements import insert_many
from octobot_node.store.sql.name_conflicts import sees_names_taken_meanwhile
from octobot_node.store.standings.standing_changes import note_changed
from octobot_node.store.statuses import SignalStatus
from octobot_node.store.tables import (
    accounts,
    inbox,
    schedule,
    watchings,
)
from octobot_node.store.tables import automations as automations_table

__all__ = ["Commands", "NewAccount", "NewAutomation", "changed_fields"]


@dataclass(frozen=True, slots=True)
class NewAutomation:
    """An automation to create; its config as written, or validated already: then ``type`` is not looked at again."""

    name: str
    type: str
    account_id: str
    budget: Mapping[str, Decimal]
    config: Mapping[str, Any] | ValidConfig
    limits: Limits = field(default_factory=Limits)
    owner: str = "local"
    tags: Sequence[str] = ()
    #: False: it is paused until somebody resumes it.
    start: bool = True
    #: Whether it has a shadow from the first.
    shadow: bool = False
    #: Who creates it.
    by: str = ""


@dataclass(frozen=True, slots=True)
class _Given:
    """What an automation is to be given, by its account's name."""

    account: str
    budget: Mapping[str, Decimal]


class Commands(StatusCommands, AccountCommands, BudgetCommands, ShadowCommands):
    """What can be done to accounts and automations; each either happens whole or raises and changes nothing."""

    def create(self, new: NewAutomation) -> str:
        """Create an automation, active and due now, or paused; return its id.

        Raises UnknownType, UsageError naming the config field, CommandRefused for a name that is taken.
        """
        return self.create_many([new])[0]

    @sees_names_taken_meanwhile
    def create_many(self, many: list[NewAutomation]) -> list[str]:
        """Create automations in one transaction: all or none."""
        if not many:
            return []
        configs = [self._checked(new) for new in many]
        with self._core.storage.write(durable=True) as connection:
            return self._add(connection, many, configs)

    def rehearse(self, new: NewAutomation) -> Rehearsal | None:
        """Do all of a new automation's first tick but its commit, as if it were created now; nothing is written.

        Raises as ``create`` does.
        """
        return next(iter(self.rehearse_many([new])), None)

    def rehearse_many(self, many: Sequence[NewAutomation]) -> list[Rehearsal]:
        """Do the same with several on accounts of one market, as if they were created together."""
        configs = [self._checked(new) for new in many]
        batch = TickBatch(self._core)
        return batch.rehearse_new(lambda connection: self._add(connection, many, configs), self._core.clock.now())

    def _add(
        self, connection: sa.Connection, many: Sequence[NewAutomation], configs: Sequence[ValidConfig]
    ) -> list[str]:
        core, now = self._core, self._core.clock.now()
        ids: list[str] = []
        for owner_name, count in Counter(new.owner for new in many).items():
            automations.refuse_too_many(connection, owner_name, count, core.settings.user_automations)
        rows = _lock_accounts(connection, {new.account_id for new in many}, core.registry.simulated_trading)
        _refuse_overdrafts(connection, many, rows, core.registry.simulated_trading)
        sources = {
            id_: source_key(row.market_data, row.market_data_settings, row.market_data_egress)
            for id_, row in rows.items()
        }
        book, happened, wide, narrow = Book(), [], [], []
        taken: set[tuple[str, str]] = set()
        for new, config in zip(many, configs, strict=True):
            key = (new.owner, new.name)
            if key in taken or automations.named(connection, *key) is not None:
                raise CommandRefused(f"an automation is called {new.name!r} already: choose another name")
            taken.add(key)
            owner = Owner(new_id(), new.owner, new.account_id)
            ids.append(owner.automation_id)
            wide.append(_wide_row(new, owner, config, now))
            narrow.append(_narrow_row(owner, sources[new.account_id], now if new.start else None))
            for asset, amount in new.budget.items():
                book.deposit(owner, asset, amount, now)
            happened.append(_event(owner, "automation.created", {"name": new.name, "type": config.type}))
            if not new.start:
                happened.append(_event(owner, "automation.paused", {}))
        insert_many(connection, automations_table, wide)
        note_changed(connection, ids)
        insert_many(connection, schedule, narrow)
        insert_many(connection, watchings, _watchings(wide))
        # Some may have waited for one of this name.
        lock_with_watchers(connection, (), ids).wake_watchers(connection, ids, now)
        book.write(connection)
        events.append(connection, happened, now)
        for new, id_ in zip(many, ids, strict=True):
            if new.shadow:
                self._add_shadow(connection, id_, new.by)
        return ids

    def _checked(self, new: NewAutomation) -> ValidConfig:
        config = self.validated(new.type, new.config, new.name)
        for asset, amount in new.budget.items():
            if not amount.is_finite() or amount <= 0:
                raise UsageError(f"automation {new.name!r}: the budget of {asset} must be positive, not {amount}")
        return config

    def validated(self, type_name: str, config: Mapping[str, Any] | ValidConfig, name: str) -> ValidConfig:
        """Return a valid config; raise UsageError naming the automation, the field and what is wrong."""
        if isinstance(config, ValidConfig):
            return config
        try:
            return validate_config(self._core.registry, type_name, config)
        except InvalidConfig as error:
            told = UsageError.of(error.mistakes)
            raise UsageError(f"automation {name!r}: {told}", mistakes=told.mistakes) from None

    def take_over_account(self, account_id: str) -> None:
        """Take over an account as it is now, here and on every other node; what was held for want of it goes on."""
        super().take_over_account(account_id)
        self.take_up_held(account_id)

    def take_up_held(self, account_id: str | None = None) -> list[str]:
        """Let those automations decide again that were held for want of their type or connectors, if those are there.

        Returns their ids. Called when a node starts, since that is when types come and go; and for one account when it
        was changed.
        """
        types = self._core.registry.automations
        columns = automations_table.c
        held = (
            sa.select(columns.id, columns.type, columns.state_version, columns.account_id)
            .join(accounts, accounts.c.id == columns.account_id)
            # Those of a restored account are held for another reason: restore_reconciliation.py lets them go.
            .where(columns.status == AutomationStatus.HELD, accounts.c.reconcile_since.is_(None))
        )
        if account_id is not None:
            held = held.where(columns.account_id.in_((account_id, shadow_of(account_id))))
        with self._core.storage.read() as connection:
            rows = connection.execute(held).all()
        typed = [row for row in rows if row.type in types and row.state_version <= types[row.type].version]
        closed = {each for each in {row.account_id for row in typed} if self._core.accounts.why_closed(each)}
        found = [row.id for row in typed if row.account_id not in closed]
        # Shadows last, since most go on with their originals.
        for automation_id in sorted(found, key=is_shadow):
            try:
                self.take_up(automation_id)
            except CommandRefused:
                if not is_shadow(automation_id):
                    raise
        return [automation_id for automation_id in found if not is_shadow(automation_id)]

    def hold_without_connector(self) -> list[str]:
        """Hold those automations whose account's connectors no plugin has; return their ids. Called when a node starts.

        Each would be held at its next tick, which may be far off, or when a price is reached that nobody can watch.
        """
        registry, columns = self._core.registry, automations_table.c
        missing = sa.or_(
            accounts.c.trading.not_in(registry.trading), accounts.c.market_data.not_in(registry.market_data)
        )
        deciding = [status for status in AutomationStatus if status.runs]
        wanted = (
            sa.select(columns.id, columns.account_id)
            .join(accounts, accounts.c.id == columns.account_id)
            .where(missing, columns.status.in_(deciding))
        )
        with self._core.storage.read() as connection:
            rows = connection.execute(wanted).all()
        found: list[str] = []
        for account_id in sorted({row.account_id for row in rows}):
            closed = self._core.accounts.why_closed(account_id)
            if closed is not None and closed.lasting:
                found += self.hold([row.id for row in rows if row.account_id == account_id], closed.reason)
        return found

    @sees_names_taken_meanwhile
    def edit(
        self,
        automation_id: str,
        config: Mapping[str, Any] | ValidConfig | None = None,
        *,
        name: str | None = None,
        limits: Limits | None = None,
        tags: Sequence[str] | None = None,
        revision: int | None = None,
        by: str = "",
    ) -> None:
        """Replace the config, the name, the limits, the tags, or several of them; None leaves one as it is.

        A new config is validated and evaluated at once: own orders are cancelled first unless the type declares
        ``live_edit``, and the next tick sees ``previous_config``. Raises Conflict where ``revision`` is another.
        """
        core, now = self._core, self._core.clock.now()
        with core.storage.write(durable=True) as connection:
            watchers = _watchers_by_name(connection, automation_id, name)
            locked = schedules.lock(connection, [*with_shadows([automation_id]), *watchers])
            row = expect(connection, automation_id, locked, revision)
            status = AutomationStatus(row.status)
            if status.ended or status.ending:
                raise CommandRefused(f"{row.name!r} is {row.status} and cannot be edited")
            told: dict[str, Any] = {}
            if name is not None and name != row.name:
                told["name"] = _rename(connection, row, name)
                schedules.wake(connection, watchers, now)
            if limits is not None:
                told["limits"] = _limit(connection, row, limits)
            if tags is not None:
                told["tags"] = _tag(connection, row, tags)
            if config is None:
                schedules.renew(connection, automation_id)
            else:
                told["config"] = self._configure(connection, row, config, locked[automation_id], by)
            automations.update(connection, [{"id": automation_id, "updated_at": now}])
            self._edit_shadow(connection, automation_id, config, limits, locked, by)
            events.append(connection, [_event(_owner(row), "automation.edited", told)], now)
        core.kick(ORDERS)

    def _edit_shadow(
        self,
        connection: sa.Connection,
        automation_id: str,
        config: Mapping[str, Any] | ValidConfig | None,
        limits: Limits | None,
        locked: Mapping[str, LockedScheduleRow],
        by: str,
    ) -> None:
        """Edit an automation's shadow as its original was: its name and tags are nobody's business."""
        shadow = automations.shadows_of(connection, [automation_id]).get(automation_id)
        if shadow is None or shadow.id not in locked:
            return
        status = AutomationStatus(shadow.status)
        if status.ended or status.ending:
            return
        if limits is not None:
            _limit(connection, shadow, limits)
        if config is not None:
            self._configure(connection, shadow, config, locked[shadow.id], by)

    def rehearse_edit(self, automation_id: str, config: ValidConfig) -> Rehearsal | None:
        """Do all of the tick that an edit to this config would bring, but its commit; nothing is written.

        Raises as ``edit`` does; returns None for an automation that is gone meanwhile.
        """

        def configure(connection: sa.Connection) -> None:
            locked = schedules.lock(connection, [automation_id])
            row = expect(connection, automation_id, locked, None)
            self._configure(connection, row, config, locked[automation_id], "")

        return TickBatch(self._core).rehearse(automation_id, self._core.clock.now(), configure)

    def _configure(
        self,
        connection: sa.Connection,
        row: AutomationRow,
        config: Mapping[str, Any] | ValidConfig,
        locked: LockedScheduleRow,
        by: str,
    ) -> list[str]:
        """Replace the config of a locked automation; return the fields that changed."""
        now = self._core.clock.now()
        valid = self.validated(row.type, config, row.name)
        automation, model = valid.automation, valid.model
        change = {
            "id": row.id,
            "config": model.model_dump_json(),
            # Edited twice between two ticks: the next one compares with what the last one saw.
            "previous_config": row.previous_config or row.config,
            "needs": needs_after_edit(automation, model, row.state, row.state_version),
            "next_step": next_step_after_edit(automation, model, row.state, row.state_version),
        }
        automations.update(connection, [change])
        automations.watch(connection, _dependent(_owner(row)), load_needs(change["needs"]).automations)
        if not automation.live_edit:
            self._own_orders.cancel_all(connection, row, now)
        run_at = now if locked.runnable else None
        schedules.set_runnable(connection, row.id, runnable=locked.runnable, next_run_at=run_at, due_at=locked.due_at)
        changed = changed_fields(json.loads(row.config), json.loads(change["config"]))
        if changed:
            first = {
                **_dependent(_owner(row)),
                "config": row.config,
                "made_at": row.created_at,
                "made_by": row.created_by,
            }
            config_revisions.add(connection, first, change["config"], now, by)
        return changed

    def signal(
        self,
        automation_id: str,
        payload: Any,
        *,
        channel: str = "default",
        source: str = "",
        key: str | None = None,
        same_within: int | None = None,
        expires_at: int | None = None,
    ) -> bool:
        """Put a signal into an automation's inbox and wake it; return False for a key that arrived before.

        With ``same_within`` (ms) a key is another signal's again once it was silent for so long: each time that it
        arrives, taken or not, begins that anew. After ``expires_at`` (ms UTC) a signal is no longer given to a tick.
        """
        now = self._core.clock.now()
        with self._core.storage.write(durable=True) as connection:
            schedules.lock(connection, with_shadows([automation_id]))
            row = _get(connection, automation_id)
            # Not before: another with this key may have been put while this one waited for the lock.
            dedup = signal_keys.new_key(
                connection, automation_id, channel, key or new_id(), same_within, self._core.clock.now()
            )
            if dedup is None:
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
                "status": SignalStatus.WAITING,
                "received_at": now,
                "expires_at": expires_at,
            }
            shadow = automations.shadows_of(connection, [automation_id]).get(automation_id)
            beside = {} if shadow is None else {"automation_id": shadow.id, "account_id": shadow.account_id}
            both = [values, *([{**values, **beside, "id": new_id()}] if beside else [])]
            connection.execute(inbox.insert(), both)
            schedules.wake(connection, [automation_id, *([shadow.id] if shadow else [])], now)
        return True

    def cancel(self, automation_id: str, intent_ids: list[str]) -> None:
        """Cancel live orders of an automation, as the engine itself does for orders that expire."""
        core, now = self._core, self._core.clock.now()
        with core.storage.write(durable=True) as connection:
            schedules.lock(connection, [automation_id])
            live = intents.lock(connection, intent_ids)
            self._own_orders.cancel(connection, live, now)
        core.kick(ORDERS)


def changed_fields(old: Mapping[str, Any], new: Mapping[str, Any], section: str = "") -> list[str]:
    """Return the dotted names of the fields in which two configs differ."""
    found: list[str] = []
    for name in dict.fromkeys([*new, *old]):
        before, after = old.get(name), new.get(name)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            found += changed_fields(before, after, f"{section}{name}.")
        elif before != after:
            found.append(f"{section}{name}")
    return found


def _watchers_by_name(connection: sa.Connection, automation_id: str, name: str | None) -> list[str]:
    """Return who is to see that an automation is called ``name`` from now on, to be locked with it in one id order."""
    row = automations.get(connection, automation_id)
    if row is None or name is None:
        return []
    return automations.watchers_of_names(connection, row.owner, [row.name, name])


def _rename(connection: sa.Connection, row: AutomationRow, name: str) -> dict[str, str]:
    if automations.named(connection, row.owner, name) is not None:
        raise CommandRefused(f"an automation is called {name!r} already: choose another name")
    automations.update(connection, [{"id": row.id, "name": name}])
    return {"before": row.name, "after": name}


def _limit(connection: sa.Connection, row: AutomationRow, limits: Limits) -> dict[str, Any]:
    stored = limits.model_dump(mode="json", exclude_none=True)
    automations.update(connection, [{"id": row.id, "limits": stored}])
    return {"before": row.limits, "after": stored}


def _tag(connection: sa.Connection, row: AutomationRow, tags: Sequence[str]) -> dict[str, Any]:
    automations.update(connection, [{"id": row.id, "tags": json.dumps(list(tags))}])
    return {"before": json.loads(row.tags), "after": list(tags)}


def _lock_accounts(
    connection: sa.Connection, account_ids: set[str], simulated: Collection[str]
) -> dict[str, AccountRow]:
    """Return accounts by id, locked: none is deleted while an automation comes to be on it, and of a simulated one's
    money only one creation at a time is given.
    """
    wanted = sa.select(accounts).where(accounts.c.id.in_(account_ids)).order_by(accounts.c.id)
    counted = accounts.c.trading.in_(simulated)
    one_by_one = wanted.where(counted).with_for_update(key_share=True)
    beside_others = wanted.where(sa.not_(counted)).with_for_update(read=True, key_share=True)
    found: dict[str, AccountRow] = {
        row.id: row for statement in (one_by_one, beside_others) for row in connection.execute(statement)
    }
    missing = account_ids - set(found)
    if missing:
        raise CommandRefused(f"there is no account {', '.join(sorted(missing))}")
    return found


def _refuse_overdrafts(
    connection: sa.Connection,
    many: Sequence[NewAutomation],
    rows: Mapping[str, AccountRow],
    simulated: Collection[str],
) -> None:
    """Raise Overdrawn where budgets are more than a simulated account holds; whoever asks has its lock."""
    for row in rows.values():
        # One that nothing was said of is the engine's own doing: accounts of people have their balances, be it none.
        if row.trading in simulated and "balances" in row.trading_settings:
            # Two owners' accounts may have one name.
            given = [_Given(row.name if new.account_id == row.id else "", new.budget) for new in many]
            besides = lists.budgets_on_account(connection, row.id)
            for (_, index, _, asset), text in overdrafts(given, row.name, balances_of(row.trading_settings), besides):
                message = f"automation {many[int(index)].name!r}: budget.{asset}: {text}"
                raise Overdrawn(message, index=int(index), asset=str(asset), reason=text)


def _wide_row(new: NewAutomation, owner: Owner, config: ValidConfig, now: int) -> dict[str, Any]:
    return {
        "id": owner.automation_id,
        "owner": owner.owner,
        "account_id": owner.account_id,
        "shard": owner.shard,
        "name": new.name,
        "type": config.type,
        "type_version": config.automation.version,
        "status": AutomationStatus.ACTIVE if new.start else AutomationStatus.PAUSED,
        "status_since": now,
        "tags": json.dumps(list(new.tags)),
        "config": config.model.model_dump_json(),
        "state": None,
        "state_version": config.automation.version,
        "needs": config.needs,
        "next_step": next_step(config.automation, config.model, None),
        "limits": new.limits.model_dump(mode="json", exclude_none=True),
        "created_at": now,
        "created_by": new.by,
        "updated_at": now,
    }


def _narrow_row(owner: Owner, source: str, run_at: int | None) -> dict[str, Any]:
    return {
        "automation_id": owner.automation_id,
        "owner": owner.owner,
        "account_id": owner.account_id,
        "shard": owner.shard,
        "source": source,
        "runnable": run_at is not None,
        "next_run_at": run_at,
        "due_at": run_at,
    }


def _watchings(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**_dependent(Owner(row["id"], row["owner"], row["account_id"], row["shard"])), "name": name}
        for row in rows
        for name in load_needs(row["needs"]).automations
    ]


def _dependent(owner: Owner) -> dict[str, Any]:
    return {
        "automation_id": owner.automation_id,
        "owner": owner.owner,
        "account_id": owner.account_id,
        "shard": owner.shard,
    }


def _get(connection: sa.Connection, automation_id: str) -> AutomationRow:
    row = automations.get(connection, automation_id)
    if row is None:
        raise gone(automation_id)
    return row


def _owner(row: AutomationRow) -> Owner:
    return Owner(row.id, row.owner, row.account_id, row.shard)


def _event(owner: Owner, kind: str, data: Mapping[str, Any]) -> Event:
    return Event(owner.owner, owner.account_id, owner.automation_id, kind, data)
