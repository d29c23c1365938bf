"""Apply what an exchange said about an account's orders: one transaction, each execution settled once."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from octobot_node.contracts.exchanges import Capabilities, ExchangeOrder, ExchangeTrade
from octobot_node.engine.deciding.dependents import Watched, lock_with_watchers
from octobot_node.engine.ledger.book import Book, Owner, load_book
from octobot_node.engine.ledger.equity_points import asset_of, leave_points
from octobot_node.engine.ledger.fill_application import FillingIntent, settle_one
from octobot_node.engine.ledger.intent_closing import close_with, owner_of
from octobot_node.engine.market.account import Account
from octobot_node.orders import IntentStatus
from octobot_node.store import events, intents, schedules
from octobot_node.store.events import Event
from octobot_node.store.rows.order import IntentRow, PolledIntentRow
from octobot_node.store.sql.bulk_statements import insert_many
from octobot_node.store.tables import accounts, fills
from octobot_node.store.tables import intents as intents_table
from octobot_node.store.types import Millis

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["CLOCKS_APART_MS", "Observed", "Settlement"]

#: Executions settled by this process, remembered so that the overlap of every pass costs no query.
_SEEN_MAX = 50_000
#: An order that rested and that its exchange no longer knows is unknown after this.
_LOST_MS = 30_000
#: How far clocks may have been apart when an order, or an execution of it, was given its time: the exchange's or this
#: machine's may have been set right since. Further off Binance's window and Kraken's deadline, a minute at most, let no
#: request in.
CLOCKS_APART_MS = 60_000


@dataclass(frozen=True, slots=True)
class Observed:
    """What the exchange said, in the order it was asked: open orders before trades, so that none falls between."""

    trades: Sequence[ExchangeTrade]
    #: intent id -> the order, of intents that are no longer among the open orders.
    ended: dict[str, ExchangeOrder | None]
    #: intent id -> the order found by asking for its client id, None where nothing was found.
    asked: dict[str, ExchangeOrder | None]
    #: Where the account's cursor stood when the executions were read; None: they were not read from there.
    cursor: int | None = None
    #: The person who says that ``asked`` are these orders; "" where the exchange said so.
    by: str = ""


class Settlement:
    """Moves intents and ledgers by what was observed."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._seen: OrderedDict[tuple[str, str, str], None] = OrderedDict()

    def apply(self, account: Account, live: Sequence[PolledIntentRow | IntentRow], observed: Observed) -> bool:
        """Settle, end and resolve in one transaction; return whether anything changed."""
        fresh = [trade for trade in observed.trades if _key(account, trade) not in self._seen]
        core, now = self._core, self._core.clock.now()
        overdue = any(row.kind == "cancel" and _is_lost(row, now) for row in live)
        if not (fresh or observed.ended or observed.asked or overdue):
            return False
        core.checkpoint("before-settle")
        with core.storage.write() as connection:
            found, watched = self._lock(connection, account.id, _concerned(live, fresh, observed, now), fresh)
            # Under the locks of those that they are about: another node may have settled them a moment ago.
            known = _settled_before(connection, account, fresh)
            trades = [trade for trade in fresh if (trade.symbol, trade.id) not in known]
            book = load_book(connection, {intent.row.automation_id for intent in found})
            happened: list[Event] = []
            asked_at = {row.id: row.attempt for row in live}
            resolved = self._resolve(account, found, observed, happened, now, asked_at)
            settled = self._settle(connection, account, book, found, trades, happened)
            resolved += self._end(found, observed, now)
            self._write(connection, book, found, happened, now)
            filled = (intent.row.automation_id for intent in found if intent.filled != intent.row.filled)
            watched.wake_watchers(connection, filled, now)
            _move_cursor(connection, account, trades, resolved, observed.cursor)
        core.checkpoint("after-settle")
        # A trade that is nobody's may yet turn out to be ours: it is not remembered.
        self._remember(account, known | {(trade.symbol, trade.id) for trade in settled})
        core.counters.settle(len(settled), _became(found))
        return any(intent.changed for intent in found) or bool(settled)

    def admit_unknown(self, account_id: str, live: Sequence[PolledIntentRow]) -> bool:
        """Say "unknown" of what was sent too long ago while the exchange cannot be asked; lost cancels go again."""
        now = self._core.clock.now()
        limit = now - int(self._core.settings.unknown_after * 1000)
        late = [row for row in live if row.kind == "order" and row.status == IntentStatus.SENT and row.sent_at < limit]
        # No answer is needed to repeat one, and an exchange that is slow to tell everything may well take it.
        late += [row for row in live if row.kind == "cancel" and _is_lost(row, now)]
        if not late:
            return False
        with self._core.storage.write() as connection:
            found, _ = self._lock(connection, account_id, late, [])
            for intent in found:
                if intent.row.kind == "cancel":
                    _repeat_cancel(intent, now)
                elif intent.status == IntentStatus.SENT:
                    intent.become(IntentStatus.UNKNOWN, "the exchange cannot be asked", news=True)
            self._write(connection, Book(), found, [], now)
        self._core.counters.settle(0, _became(found))
        return True

    def _lock(
        self,
        connection: sa.Connection,
        account_id: str,
        live: Sequence[PolledIntentRow | IntentRow],
        trades: Sequence[ExchangeTrade],
    ) -> tuple[list[FillingIntent], Watched]:
        """Lock the automations with their watchers, then the intents, that these trades and live orders are about."""
        columns = intents_table.c
        ids = {row.id for row in live}
        others = {trade.order_id for trade in trades} - {row.exchange_order_id for row in live}
        if others:
            # A trade of an order that we think ended, or that we do not know to be ours yet.
            late = sa.select(columns.id).where(columns.account_id == account_id, columns.exchange_order_id.in_(others))
            ids |= set(connection.scalars(late))
        if not ids:
            return [], Watched({}, {})
        owners = connection.scalars(_OWNERS, {"ids": list(ids)})
        # Only fills are told to watchers.
        watched = lock_with_watchers(connection, owners, None if trades else ())
        return [FillingIntent.of(row) for row in intents.lock(connection, ids)], watched

    # -- what was sent into the dark

    def _resolve(
        self,
        account: Account,
        found: Iterable[FillingIntent],
        observed: Observed,
        happened: list[Event],
        now: int,
        asked_at: Mapping[str, int],
    ) -> list[int]:
        """Settle the fate of sent and unknown intents that were asked about; return when adopted orders were made."""
        adopted: list[int] = []
        for intent in found:
            if intent.row.kind == "cancel":
                _repeat_cancel(intent, now)
            elif intent.row.id in observed.asked and intent.status in (IntentStatus.SENT, IntentStatus.UNKNOWN):
                order = observed.asked[intent.row.id]
                if order is not None:
                    adopted.append(min(order.created_at, intent.row.sent_at or order.created_at))
                    intent.order_id = order.id
                    intent.become(IntentStatus.OPEN)
                    if observed.by:
                        happened.append(_adopted_event(intent.row, order.id, observed.by))
                elif intent.order_id is None and intent.row.attempt == asked_at[intent.row.id]:
                    # Of this very sending: whoever froze between asking and here may find that it was sent once more.
                    self._not_found(account.capabilities, intent, now)
        return adopted

    def _not_found(self, capabilities: Capabilities, intent: FillingIntent, now: int) -> None:
        row = intent.row
        assert row.sent_at is not None
        proven = capabilities.request_expiry and _conclusive(capabilities, row.sent_at, now)
        if capabilities.dedupe == "forever" or proven:
            # Provably not executed, or harmless to repeat: through the fence again, with the same client order id.
            intent.become(IntentStatus.PLANNED, "sent before, not executed")
            return
        if intent.status == IntentStatus.UNKNOWN:
            return
        if now >= row.sent_at + int(self._core.settings.unknown_after * 1000):
            intent.become(IntentStatus.UNKNOWN, "the exchange does not say whether it exists", news=True)

    # -- executions

    def _settle(
        self,
        connection: sa.Connection,
        account: Account,
        book: Book,
        found: Sequence[FillingIntent],
        trades: Sequence[ExchangeTrade],
        happened: list[Event],
    ) -> list[ExchangeTrade]:
        by_order = {intent.order_id: intent for intent in found if intent.order_id is not None}
        by_client = {intent.row.client_order_id: intent for intent in found if intent.row.kind == "order"}
        now, rows, settled = self._core.clock.now(), [], []
        for trade in trades:
            intent = by_order.get(trade.order_id) or by_client.get(trade.client_order_id or "")
            if intent is None:
                continue  # not ours: the account may be traded by others, whom we never touch
            rows.append(settle_one(account.id, book, intent, trade, now))
            happened.append(_fill_event(intent.row, trade))
            settled.append(trade)
        if rows:
            insert_many(connection, fills, rows)
        return settled

    # -- ends

    def _end(self, found: Iterable[FillingIntent], observed: Observed, now: int) -> list[int]:
        """End orders that are final, once every execution that the exchange counts is settled; return from when on
        executions are to be read again, for those that lack some.
        """
        orders = {**observed.ended, **observed.asked}
        lacking: list[int] = []
        for intent in found:
            if intent.row.id not in orders or intent.status != IntentStatus.OPEN:
                continue
            order = orders[intent.row.id]
            if order is None:
                if intent.row.id in observed.ended and now - intent.row.updated_at > _LOST_MS:
                    intent.become(IntentStatus.UNKNOWN, "the exchange no longer knows it", news=True)
            elif order.status != "open" and intent.filled == order.filled:
                intent.become(IntentStatus(order.status), order.reason, news=True)
            elif order.status != "open" and now - intent.row.updated_at > _LOST_MS:
                # Its missing executions may still come; until then whoever looks sees why it does not end.
                reason = f"the exchange counts {order.filled} filled, its executions add up to {intent.filled}"
                intent.changed, intent.reason = True, reason
                # Those that are there already may have times before the cursor: a clock that was wrong, the exchange's
                # or this machine's, and was set right meanwhile.
                lacking.append(intent.row.created_at - CLOCKS_APART_MS)
        return lacking

    def _write(
        self, connection: sa.Connection, book: Book, found: Sequence[FillingIntent], happened: list[Event], now: int
    ) -> None:
        changes = []
        for intent in found:
            if not intent.changed:
                continue
            change = _change(intent, now)
            if intent.status.terminal and intent.row.kind == "order":
                change |= close_with(book, intent.row, intent.status, intent.reason, intent.reserved, now)
                change["news"] = intent.news
            if intent.status != intent.row.status and intent.row.kind == "order":
                happened.append(_status_event(intent))
            changes.append(change)
        intents.update(connection, changes)
        book.write(connection)
        leave_points(connection, book, _filled(book, found), now)
        events.append(connection, happened, now)
        schedules.wake(connection, {intent.row.automation_id for intent in found if intent.wakes}, now)

    def _remember(self, account: Account, trades: set[tuple[str, str]]) -> None:
        for symbol, trade_id in trades:
            self._seen[account.id, symbol, trade_id] = None
        while len(self._seen) > _SEEN_MAX:
            self._seen.popitem(last=False)


def _became(found: Iterable[FillingIntent]) -> Counter[str]:
    """Return how many orders ended how, or became unknown."""
    changed = (intent.status for intent in found if intent.row.kind == "order" and intent.status != intent.row.status)
    return Counter(status.value for status in changed if status.terminal or status == IntentStatus.UNKNOWN)


def _key(account: Account, trade: ExchangeTrade) -> tuple[str, str, str]:
    return (account.id, trade.symbol, trade.id)


def _conclusive(capabilities: Capabilities, sent_at: int, now: int) -> bool:
    """Whether "not found" proves that the order does not exist."""
    lookup = capabilities.lookup
    if lookup.reach == "all":
        return True
    # Closed orders are kept for a time; within it, nothing found is nothing there.
    return lookup.reach == "recent" and now - sent_at < lookup.recent_ms


def _concerned(
    live: Sequence[PolledIntentRow | IntentRow], trades: Sequence[ExchangeTrade], observed: Observed, now: int
) -> list[PolledIntentRow | IntentRow]:
    """Return the live intents that what was observed is about: the others need neither a lock nor a look."""
    orders = {trade.order_id for trade in trades}
    clients = {trade.client_order_id for trade in trades}
    return [
        row
        for row in live
        if row.exchange_order_id in orders
        or row.client_order_id in clients
        or row.id in observed.ended
        or row.id in observed.asked
        or (row.kind == "cancel" and _is_lost(row, now))
    ]


def _is_lost(row: PolledIntentRow | IntentRow, now: int) -> bool:
    return row.status == IntentStatus.SENT and row.send_by is not None and now > row.send_by


def _repeat_cancel(intent: FillingIntent, now: int) -> None:
    if _is_lost(intent.row, now):
        intent.become(IntentStatus.PLANNED)


_OWNERS = (
    sa.select(intents_table.c.automation_id)
    .where(intents_table.c.id.in_(sa.bindparam("ids", expanding=True)))
    .distinct()
)
_SETTLED_BEFORE = sa.select(fills.c.symbol, fills.c.exchange_trade_id).where(
    fills.c.account_id == sa.bindparam("account"),
    fills.c.symbol.in_(sa.bindparam("symbols", expanding=True)),
    fills.c.exchange_trade_id.in_(sa.bindparam("trades", expanding=True)),
)


def _settled_before(
    connection: sa.Connection, account: Account, trades: Sequence[ExchangeTrade]
) -> set[tuple[str, str]]:
    """Return (symbol, trade id) of those that are in the ledger already."""
    settled: set[tuple[str, str]] = set()
    symbols = list({trade.symbol for trade in trades})
    for start in range(0, len(trades), 500):
        ids = [trade.id for trade in trades[start : start + 500]]
        given = {"account": account.id, "symbols": symbols, "trades": ids}
        settled |= {(row.symbol, row.exchange_trade_id) for row in connection.execute(_SETTLED_BEFORE, given)}
    return settled


_MOMENT: sa.BindParameter[int] = sa.bindparam("moment")
_OF_ACCOUNT = accounts.c.id == sa.bindparam("account")
#: Only from where it was read: another node, or this one before it froze, may have moved it back meanwhile.
_MOVE_ON = (
    accounts.update()
    .where(
        _OF_ACCOUNT, accounts.c.trades_cursor < _MOMENT, accounts.c.trades_cursor == sa.bindparam("read", type_=Millis)
    )
    .values(trades_cursor=_MOMENT)
)
_MOVE_BACK = accounts.update().where(_OF_ACCOUNT, accounts.c.trades_cursor > _MOMENT).values(trades_cursor=_MOMENT)


def _move_cursor(
    connection: sa.Connection,
    account: Account,
    seen: Sequence[ExchangeTrade],
    adopted: Sequence[int],
    read: int | None,
) -> None:
    """Move on to the newest execution seen, or back to the making of an adopted order, whose executions may lie
    before.
    """
    given: dict[str, Any] = {"account": account.id}
    if adopted:
        move, moment = _MOVE_BACK, min(adopted)
    elif seen and read is not None:
        newest = max(trade.at for trade in seen)
        # Not past the sending of what has no id yet: its executions cannot be told from a stranger's before it has one.
        move, moment = _MOVE_ON, min(newest, intents.nameless_since(connection, account.id) or newest)
        given["read"] = read
    else:
        return
    connection.execute(move, {**given, "moment": moment})


def _change(intent: FillingIntent, now: int) -> dict[str, Any]:
    planned = intent.status == IntentStatus.PLANNED
    return {
        "id": intent.row.id,
        "status": intent.status,
        "reason": intent.reason,
        "news": intent.news,
        "filled": intent.filled,
        "cost": intent.cost,
        "fee": intent.fee,
        "fee_asset": intent.fee_asset,
        "reserved": intent.reserved,
        "exchange_order_id": intent.order_id,
        "carrier": None if planned else intent.row.carrier,
        "retry_at": None,
        "updated_at": now,
    }


def _filled(book: Book, found: Sequence[FillingIntent]) -> list[tuple[Owner, str]]:
    """Return whose orders were filled, with the asset that one of them is counted in."""
    filled = {owner_of(intent.row): intent.row.symbol for intent in found if intent.filled != intent.row.filled}
    return [(owner, asset_of(book, owner, symbol)) for owner, symbol in filled.items()]


def _fill_event(row: IntentRow, trade: ExchangeTrade) -> Event:
    data = {
        "order": row.id,
        "symbol": trade.symbol,
        "side": trade.side,
        "amount": trade.amount,
        "price": trade.price,
        "fee": trade.fee,
        "fee_asset": trade.fee_asset,
        "tag": row.tag,
    }
    return Event(row.owner, row.account_id, row.automation_id, "order.fill", data)


def _adopted_event(row: IntentRow, order_id: str, by: str) -> Event:
    data = {"id": row.id, "exchange_order_id": order_id, "by": by}
    return Event(row.owner, row.account_id, row.automation_id, "order.adopted", data)


def _status_event(intent: FillingIntent) -> Event:
    row = intent.row
    data = {"id": row.id, "symbol": row.symbol, "side": row.side, "filled": intent.filled, "reason": intent.reason}
    kind = f"order.{intent.status.value}"
    return Event(row.owner, row.account_id, row.automation_id, kind, data)
