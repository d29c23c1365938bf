"""Commands on accounts: create, edit, replace keys, send or only observe, delete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from octobot_node.engine.commands.status_commands import changed_meanwhile
from octobot_node.engine.market.account import source_key
from octobot_node.errors import CommandRefused
from octobot_node.ids import new_id
from octobot_node.limits import Limits
from octobot_node.sealing.connector_settings import half_place, sealed
from octobot_node.sealing.first_time import HALVES
from octobot_node.shadow_ids import shadow_of
from octobot_node.specs import AccountMode
from octobot_node.store import automations, events, kill_switches, schedules
from octobot_node.store.events import Event
from octobot_node.store.rows.node import AccountRow
from octobot_node.store.sql.name_conflicts import sees_names_taken_meanwhile
from octobot_node.store.standings.standing_changes import note_changed

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["AccountCommands", "NewAccount"]


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
    #: The routes that its orders and its prices leave by; "" is the node's default, of its prices its orders' route.
    egress: str = ""
    market_data_egress: str = ""
    #: "live", or "observe": what is decided is written down and nothing is sent.
    mode: AccountMode = "live"


class AccountCommands:
    """What can be done to accounts; each either happens whole or raises and changes nothing."""

    def __init__(self, core: Core) -> None:
        self._core = core

    @sees_names_taken_meanwhile
    def create_account(self, new: NewAccount) -> str:
        """Create an account and return its id; one of that name and owner is returned as it is."""
        core, now = self._core, self._core.clock.now()
        core.registry.market_data_factory(new.market_data)
        core.registry.trading_factory(new.trading)
        kept = self._kept(new)
        with core.storage.write(durable=True) as connection:
            existing = automations.account_id_named(connection, new.owner, new.name)
            if existing is not None:
                return existing
            automations.refuse_too_many_accounts(connection, new.owner, 1, core.settings.user_accounts)
            row = _account_row(connection, new, kept, now, core.accounts.routes.default())
            automations.add_account(connection, row)
        return str(row["id"])

    @sees_names_taken_meanwhile
    def add_account(self, new: NewAccount) -> str:
        """Create an account of a new name and return its id; raise CommandRefused for a name that is taken."""
        core, now, kept = self._core, self._core.clock.now(), self._kept(new)
        with core.storage.write(durable=True) as connection:
            if automations.account_id_named(connection, new.owner, new.name) is not None:
                raise CommandRefused(f"an account is called {new.name!r} already: choose another name")
            automations.refuse_too_many_accounts(connection, new.owner, 1, core.settings.user_accounts)
            row = _account_row(connection, new, kept, now, core.accounts.routes.default())
            automations.add_account(connection, row)
            names = ("name", "market_data", "trading", "egress", "market_data_egress", "mode")
            told = {name: row[name] for name in names}
            events.append(connection, [Event(new.owner, row["id"], "", "account.created", told)], now)
        return str(row["id"])

    @sees_names_taken_meanwhile
    def edit_account(
        self,
        account_id: str,
        *,
        name: str | None = None,
        limits: Limits | None = None,
        egress: str | None = None,
        market_data_egress: str | None = None,
        revision: int | None = None,
    ) -> None:
        """Rename an account, replace its limits, or have it leave by other routes; None leaves one as it is. Limits and
        routes hold for the next order and the next prices.

        Raises CommandRefused for a name that is taken, Conflict where ``revision`` is another.
        """
        core, now = self._core, self._core.clock.now()
        with core.storage.write(durable=True) as connection:
            row = _lock_account(connection, account_id, revision)
            given = {"egress": egress, "market_data_egress": market_data_egress}
            ways = {field: value for field, value in given.items() if value not in (None, getattr(row, field))}
            change, told = _account_change(connection, row, name, limits, ways)
            automations.update_account(connection, account_id, change | {"revision": row.revision + 1})
            if "limits" in change:
                # What is decided on paper is within the same limits.
                automations.update_account(connection, shadow_of(account_id), {"limits": change["limits"]})
            if "market_data_egress" in ways:
                source = source_key(row.market_data, row.market_data_settings, ways["market_data_egress"])
                _move(connection, account_id, source)
            note_changed(connection, [account_id])
            events.append(connection, [Event(row.owner, row.id, "", "account.edited", told)], now)
        self.take_over_account(account_id)

    def rotate_keys(
        self,
        account_id: str,
        secrets: Mapping[str, Any],
        of_market_data: Mapping[str, Any] | None = None,
        *,
        revision: int | None = None,
    ) -> None:
        """Replace some settings of an account's connectors; every node opens them anew. Raises Conflict.

        A request that is under way ends with the old ones.
        """
        core, now = self._core, self._core.clock.now()
        with core.storage.read() as connection:
            found = automations.account(connection, account_id)
        if found is None:
            raise CommandRefused(f"there is no account {account_id}")
        # Before the transaction: the owner's data key may have to be made. An account's owner and connector stay.
        kept = {
            half: sealed(
                core.sealing,
                found.owner,
                half_place(account_id, half),
                core.registry.settings_model(half, getattr(found, half)),
                given,
            )
            for half, given in (("trading", secrets), ("market_data", of_market_data or {}))
            if given
        }
        with core.storage.write(durable=True) as connection:
            row = _lock_account(connection, account_id, revision)
            change: dict[str, Any] = {
                f"{half}_settings": {**getattr(row, f"{half}_settings"), **values} for half, values in kept.items()
            }
            automations.update_account(connection, account_id, change | {"revision": row.revision + 1})
            if "market_data" in kept:
                # Its automations look at the source that is opened with the new ones, and so does whoever sums up.
                source = source_key(row.market_data, change["market_data_settings"], row.market_data_egress)
                _move(connection, account_id, source)
                note_changed(connection, [account_id])
            told = {
                "account": row.name,
                "fields": sorted(f"{half}.{name}" for half, values in kept.items() for name in values),
            }
            events.append(connection, [Event(row.owner, row.id, "", "account.keys_rotated", told)], now)
        self.take_over_account(account_id)

    def set_mode(
        self, account_id: str, mode: AccountMode, *, max_first_day: Decimal | None = None, revision: int | None = None
    ) -> bool:
        """Have an account's orders be sent from now on, or only be written down; return whether it was otherwise.

        ``max_first_day`` replaces that limit of the account. What was sent stays at the exchange and is followed, and
        can be cancelled. Raises Conflict where ``revision`` is another.
        """
        core, now = self._core, self._core.clock.now()
        with core.storage.write(durable=True) as connection:
            row = _lock_account(connection, account_id, revision)
            change: dict[str, Any] = {}
            if mode != row.mode:
                change = {"mode": mode}
                if mode == "live":
                    change |= {"live_since": now, "wakes": True}
            if max_first_day is not None:
                limits = Limits.model_validate({**row.limits, "max_first_day": max_first_day})
                change["limits"] = limits.model_dump(mode="json", exclude_none=True)
            if change:
                automations.update_account(connection, account_id, change | {"revision": row.revision + 1})
                beside = {name: value for name, value in change.items() if name in {"limits", "live_since"}}
                automations.update_account(connection, shadow_of(account_id), beside)
                told = {"account": row.name, "before": row.mode, "after": mode}
                events.append(connection, [Event(row.owner, row.id, "", "account.mode_changed", told)], now)
        if change:
            self.take_over_account(account_id)
            core.requested()
        return mode != row.mode

    def delete_account(self, account_id: str) -> None:
        """Remove an account; raise CommandRefused while automations are on it."""
        core, now = self._core, self._core.clock.now()
        with core.storage.write(durable=True) as connection:
            row = _lock_account(connection, account_id)
            count = automations.count_on_account(connection, account_id)
            if count:
                raise CommandRefused(f"{count:,} automations are on {row.name!r}: delete them first")
            if automations.count_on_account(connection, shadow_of(account_id)):
                raise CommandRefused(f"a shadow on {row.name!r} is still ending: try again in a moment")
            automations.delete_account(connection, account_id)
            events.append(connection, [Event(row.owner, row.id, "", "account.deleted", {"name": row.name})], now)
        core.event_loop.call(core.accounts.forget(account_id))

    def _kept(self, new: NewAccount) -> dict[str, Any]:
        """Return a new account's id, and its settings as they are kept; not inside a transaction."""
        core, account_id = self._core, new_id()
        kept: dict[str, Any] = {"id": account_id}
        for half in HALVES:
            model = core.registry.settings_model(half, getattr(new, half))
            place = half_place(account_id, half)
            kept[f"{half}_settings"] = sealed(core.sealing, new.owner, place, model, getattr(new, f"{half}_settings"))
        return kept

    def take_over_account(self, account_id: str) -> None:
        """Take over an account as it is now, here and on every other node."""
        core = self._core
        core.accounts.renew(account_id)
        core.event_loop.call(core.accounts.close_replaced())
        core.storage.announce(f"account {account_id}")


def _account_row(
    connection: sa.Connection, new: NewAccount, kept: Mapping[str, Any], now: int, default: str
) -> dict[str, Any]:
    # So that whoever stops everything of an owner does it before or after this.
    kill_switches.lock_installation(connection, shared=True)
    return {
        **kept,
        "owner": new.owner,
        "name": new.name,
        "market_data": new.market_data,
        "trading": new.trading,
        "limits": new.limits.model_dump(mode="json", exclude_none=True),
        "egress": new.egress or default,
        "market_data_egress": new.market_data_egress or new.egress or default,
        "mode": new.mode,
        "live_since": now if new.mode == "live" else 0,
        "trades_cursor": now,
        # Whoever stopped everything of theirs meant what they add meanwhile, too.
        "sending": not kill_switches.halts_new_accounts(connection, new.owner),
        "created_at": now,
    }


def _move(connection: sa.Connection, account_id: str, source: str) -> None:
    """Let an account's automations look at other market data, and their shadows with them."""
    for each in (account_id, shadow_of(account_id)):
        schedules.move(connection, each, source)


def _lock_account(connection: sa.Connection, account_id: str, revision: int | None = None) -> AccountRow:
    row = automations.lock_account(connection, account_id)
    if row is None:
        raise CommandRefused(f"there is no account {account_id}")
    if revision is not None and row.revision != revision:
        raise changed_meanwhile(row.name, row.revision, revision)
    return row


def _account_change(
    connection: sa.Connection, row: AccountRow, name: str | None, limits: Limits | None, ways: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is to be written to an account, and what its event says."""
    change: dict[str, Any] = dict(ways)
    if name is not None and name != row.name:
        if automations.account_id_named(connection, row.owner, name) is not None:
            raise CommandRefused(f"an account is called {name!r} already: choose another name")
        change["name"] = name
    if limits is not None:
        change["limits"] = limits.model_dump(mode="json", exclude_none=True)
    told = {field: {"before": getattr(row, field), "after": value} for field, value in change.items()}
    return change, {"account": row.name, **told}
