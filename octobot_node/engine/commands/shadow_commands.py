"""Give a live automation a shadow: a twin on paper that is all that it is, and from then on decides for itself.

A shadow is an automation like any other, with an account of its own beside its original's: the same market data, and
orders that the paper exchange fills. What tells it from others is its id (``ids.py``), which has its original's in it.
It is in no list, sum or count, tells and asks nobody, and whatever is done to its original is done to it, in the same
transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from octobot_node.automation import AutomationStatus
from octobot_node.engine.commands.forgetting import let_shadows_go
from octobot_node.engine.commands.status_commands import expect
from octobot_node.engine.ledger.book import ZERO, exact
from octobot_node.engine.workers.durable import ORDERS
from octobot_node.errors import CommandRefused
from octobot_node.ids import client_order_id, new_id
from octobot_node.orders import IntentStatus
from octobot_node.shadow_ids import shadow_of, with_shadows
from octobot_node.store import automations, events, intents, schedules
from octobot_node.store.events import Event
from octobot_node.store.rows.automation import AutomationRow
from octobot_node.store.rows.node import AccountRow
from octobot_node.store.rows.order import IntentRow
from octobot_node.store.sql.bulk_statements import insert_many
from octobot_node.store.sql.conditions import is_live, is_live_or_has_news, signal_waits
from octobot_node.store.tables import automations as automations_table
from octobot_node.store.tables import balances, fills, inbox, positions, postings, schedule, watchings
from octobot_node.store.tables import intents as intents_table

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["ShadowCommands"]

#: The trading connector of shadows' accounts.
_PAPER = "paper"
#: What a resting order's twin is not given: it was never sent, and nothing of it is filled.
_UNSENT = {
    "status": IntentStatus.PLANNED,
    "reason": "",
    "news": False,
    "lacking": False,
    "filled": ZERO,
    "cost": ZERO,
    "fee": ZERO,
    "fee_asset": None,
    "exchange_order_id": None,
    "carrier": None,
    "retry_at": None,
    "send_by": None,
    "sent_at": None,
    "epoch": None,
    "attempt": 0,
    "independent": True,
}


class ShadowCommands:
    """What can be done about shadows."""

    _core: Core

    def add_shadow(self, automation_id: str, *, revision: int | None = None, by: str = "") -> None:
        """Give an automation a shadow, which begins where it stands now: its state, money, positions and live orders.

        Raises CommandRefused for one that has a shadow, has ended or is ending, is on paper itself, or is about to be
        told something; Conflict where ``revision`` is another.
        """
        core = self._core
        with core.storage.write(durable=True) as connection:
            locked = schedules.lock(connection, [automation_id])
            expect(connection, automation_id, locked, revision)
            self._add_shadow(connection, automation_id, by)
        core.requested()
        core.kick(ORDERS)

    def remove_shadow(self, automation_id: str, *, revision: int | None = None, by: str = "") -> None:
        """Take an automation's shadow away: what rests of it on paper is cancelled, then all of it is deleted.

        Raises CommandRefused where there is none; Conflict.
        """
        core, now = self._core, self._core.clock.now()
        with core.storage.write(durable=True) as connection:
            locked = schedules.lock(connection, with_shadows([automation_id]))
            row = expect(connection, automation_id, locked, revision)
            shadow = automations.shadows_of(connection, [automation_id]).get(automation_id)
            if shadow is None:
                raise CommandRefused(f"{row.name!r} has no shadow")
            let_shadows_go(core, connection, [shadow], now)
            told = Event(row.owner, row.account_id, row.id, "automation.shadow_ended", {"by": by})
            events.append(connection, [told], now)
        core.requested()
        core.kick(ORDERS)

    # -- beginning

    def _add_shadow(self, connection: sa.Connection, automation_id: str, by: str) -> None:
        """Give a locked automation its shadow."""
        (row,) = automations.get_all(connection, [automation_id])
        account = automations.lock_account(connection, row.account_id)
        if account is None:
            raise CommandRefused(f"the account of {row.name!r} was deleted meanwhile")
        self._refuse(connection, row, account)
        self._begin(connection, row, account, by)

    def _refuse(self, connection: sa.Connection, row: AutomationRow, account: AccountRow) -> None:
        status = AutomationStatus(row.status)
        if status.over or status.ending:
            raise CommandRefused(f"{row.name!r} is {row.status}: a shadow goes along with one that runs")
        if account.trading in self._core.registry.simulated_trading:
            raise CommandRefused(
                f"{row.name!r} is on {account.name!r}, which fills orders by itself: a shadow shows how a real exchange"
                " differs from paper, so give it to one that trades on an exchange"
            )
        if _PAPER not in self._core.registry.trading:
            raise CommandRefused("shadows need the plugin paper, which is not loaded: see `octobot-node plugins`")
        known = automations.get(connection, shadow_of(row.id))
        if known is not None:
            cure = "switch it off first" if known.name == known.id else "the one before is still ending: try again soon"
            raise CommandRefused(f"{row.name!r} has a shadow already: {cure}")
        filled = sa.select(fills.c.id).where(fills.c.automation_id == row.id, sa.text("fills.news"))
        ended = sa.select(intents_table.c.id).where(
            intents_table.c.automation_id == row.id, is_live_or_has_news, sa.text("intents.news")
        )
        if any(connection.execute(news.limit(1)).first() for news in (filled, ended)):
            # Its shadow would never hear of that.
            raise CommandRefused(
                f"{row.name!r} is about to be told what became of an order: try again once it has ticked"
            )

    def _begin(self, connection: sa.Connection, row: AutomationRow, account: AccountRow, by: str) -> None:
        now, shadow = self._core.clock.now(), shadow_of(row.id)
        beside = self._account_beside(connection, account, now)
        mine = {"automation_id": shadow, "account_id": beside}
        resting = connection.execute(
            sa.select(intents_table).where(
                intents_table.c.automation_id == row.id, is_live, intents_table.c.kind == "order"
            )
        ).all()
        twins = [self._twin_of(order, mine, now) for order in resting if _is_left(order)]
        # What a type keeps of its orders names those of the shadow from now on.
        state = row.state
        for twin in twins if state is not None else ():
            state = str(state).replace(twin["group_id"], twin["id"])
        wide = {
            **_values(row),
            "id": shadow,
            "name": shadow,
            "account_id": beside,
            "state": state,
            "tags": "[]",
            "created_at": now,
            "created_by": by,
            "updated_at": now,
            "status_since": now,
            "sending": row.sending,
        }
        insert_many(connection, automations_table, [wide])
        self._copy_schedule(connection, row, mine)
        _copy(connection, watchings, row.id, mine)
        _copy(connection, positions, row.id, mine)
        _copy(connection, inbox, row.id, mine, signal_waits, ids=True)
        self._copy_money(connection, row, mine, twins, now)
        intents.insert(connection, twins)
        told = Event(row.owner, row.account_id, row.id, "automation.shadow_began", {"by": by})
        events.append(connection, [told], now)

    def _account_beside(self, connection: sa.Connection, account: AccountRow, now: int) -> str:
        """Return the paper account beside a locked account, which is made for its first shadow."""
        beside = shadow_of(account.id)
        if automations.account(connection, beside) is None:
            row = {
                "id": beside,
                "owner": account.owner,
                "name": beside,
                # Its prices are its original's: they are opened from that one's row.
                "market_data": account.market_data,
                "market_data_settings": {},
                "trading": _PAPER,
                "trading_settings": {},
                "limits": account.limits,
                "live_since": account.live_since,
                "trades_cursor": now,
                "sending": account.sending,
                "created_at": now,
            }
            automations.add_account(connection, row)
        return beside

    def _copy_schedule(self, connection: sa.Connection, row: AutomationRow, mine: Mapping[str, Any]) -> None:
        columns = schedule.c
        (found,) = connection.execute(sa.select(schedule).where(columns.automation_id == row.id)).all()
        # It ticks with its original, which claims it; by itself it is woken by what becomes of its own orders.
        alone = {"next_run_at": None, "due_at": None, "claim": None, "claim_until": None, "claim_tries": 0}
        insert_many(connection, schedule, [{**_values(found), **mine, **alone}])
        if found.levels is not None:
            schedules.note_levels(connection, [mine["automation_id"]])
            if not self._core.storage.shared:
                self._core.hub.set_levels(mine["automation_id"], found.source, found.levels)

    def _copy_money(
        self,
        connection: sa.Connection,
        row: AutomationRow,
        mine: Mapping[str, Any],
        twins: Sequence[Mapping[str, Any]],
        now: int,
    ) -> None:
        held: dict[str, Any] = {}
        with exact():
            for twin in twins:
                asset = twin["reserved_asset"]
                held[asset] = held.get(asset, ZERO) + twin["reserved"]
            rows = connection.execute(sa.select(balances).where(balances.c.automation_id == row.id)).all()
            money, moved = [], []
            for each in rows:
                reserved, whole = held.get(each.asset, ZERO), each.free + each.reserved
                money.append({**_values(each), **mine, "free": whole - reserved, "reserved": reserved})
                for kind, amount in (("budget", each.budget), ("carried", whole - each.budget)):
                    moved.append({
                        "id": new_id(), "owner": row.owner, "shard": row.shard, **mine,
                        "kind": kind, "asset": each.asset, "amount": amount, "fill_id": None, "at": now,
                    })  # fmt: skip
        insert_many(connection, balances, money)
        insert_many(connection, postings, [each for each in moved if each["amount"]])

    def _twin_of(self, order: IntentRow, mine: Mapping[str, Any], now: int) -> dict[str, Any]:
        """Return what rests of an order as one of its shadow's; its group is the order that it is the twin of."""
        installation, twin = self._core.installation, new_id()
        with exact():
            amount = None if order.amount is None else order.amount - order.filled
        made = {
            "id": twin,
            "client_order_id": client_order_id(installation.id, installation.generation, twin, 32),
            "group_id": order.id,
            "seq": 0,
            "amount": amount,
            "generation": installation.generation,
            "created_at": now,
            "updated_at": now,
            # It was decided at a price that is gone: what of it is filled at once is filled at the price of now.
            "snapshot_price": None,
        }
        return {**_values(order), **mine, **_UNSENT, **made}


def _is_left(order: IntentRow) -> bool:
    """Whether something of an order is still to be filled; one by what to spend is whole, or it is over."""
    return order.filled < order.amount if order.amount is not None else not order.filled


def _copy(
    connection: sa.Connection,
    table: sa.Table,
    automation_id: str,
    mine: Mapping[str, Any],
    *where: Any,
    ids: bool = False,
) -> None:
    """Copy an automation's rows of a table."""
    rows = connection.execute(sa.select(table).where(table.c.automation_id == automation_id, *where)).all()
    insert_many(connection, table, [{**_values(row), **mine, **({"id": new_id()} if ids else {})} for row in rows])


def _values(row: Any) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 - what SQLAlchemy calls the public mapping of a row
