"""Watch accounts with live orders: settle fills, end orders, resolve what was sent into the dark."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING

import structlog

from octobot_node.clock import steady_ms
from octobot_node.contracts.exchanges import ExchangeOrder, ExchangeTrade
from octobot_node.engine.acting.order_look_ups import Answers, learn
from octobot_node.engine.acting.settlement import Observed, Settlement
from octobot_node.engine.acting.silent_accounts import UnreadExecutions
from octobot_node.engine.ledger.book import ZERO
from octobot_node.engine.market.account import Account
from octobot_node.orders import IntentStatus
from octobot_node.store import automations, intents
from octobot_node.store.rows.order import PolledIntentRow

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["AccountPoller"]

log = structlog.get_logger(__name__)
#: Executions are asked for again this far back, for those that became visible late.
_OVERLAP_MS = 2_000
#: How much later than ``send_by`` plus the exchange's lag the first question about a sent intent is asked.
_ASK_MARGIN_MS = 500
#: How far the exchange's clock may be behind ours, where times are compared.
_CLOCKS_MS = 1_000
#: Orders asked about in one pass: when thousands end together (the kill switch), what was learnt of the first is
#: applied before the pass runs out of time.
_ASKED_MAX = 500
#: An unknown order is asked about again after this, and after twice as long each time: one that nobody settles by hand
#: for days must not use up what may be asked.
_ASK_AGAIN_MS = 5_000
_ASK_AGAIN_MOST_MS = 300_000
#: Where an order may be missing for as long as this, it is also asked about once when its request has expired: most are
#: shown at once, and what is found needs no proof.
_LONG_LAG_MS = 5_000
#: Where it is not known whether the exchange has it.
_DARK = (IntentStatus.SENT, IntentStatus.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Watched:
    """What to ask an account about."""

    live: Sequence[PolledIntentRow]
    since: int
    cursor: int
    #: Whether it is written down that what was executed cannot be read.
    unread: bool

    def seen_after(self, lag: int) -> Watched:
        """Return the same for an exchange that shows things so late (ms)."""
        return replace(self, since=self.since - lag)


@dataclass(slots=True)
class _Learnt:
    """What a pass has learnt so far."""

    #: Intents whose outcome is not known, and that the exchange has to show by now.
    dark: Sequence[PolledIntentRow] = ()
    asked: Answers = field(default_factory=dict)
    ended: Answers = field(default_factory=dict)
    trades: Sequence[ExchangeTrade] = ()
    #: Whether what is open and what was executed was read.
    is_read: bool = False

    def observed(self, watched: Watched) -> Observed:
        """Return it as it is applied."""
        return Observed(self.trades, self.ended, self.asked, cursor=watched.cursor if self.is_read else None)


class AccountPoller:
    """Asks one account at a time; a pass is read, ask, apply."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._settlement = Settlement(core)
        self._unread = UnreadExecutions(core)
        #: Of unknown orders: when each is asked about next (steady ms), and how long after that again.
        self._next_ask: dict[str, tuple[int, int]] = {}
        #: Which sending of an intent was asked about before the exchange has to show it.
        self._asked_early: dict[str, int] = {}

    async def watch(self, account_id: str) -> bool | None:
        """Make one pass over an account; return whether anything changed, None when nothing is left to watch."""
        event_loop = self._core.event_loop
        watched = await event_loop.blocking(self._read, account_id)
        if watched is None:
            return None
        if await event_loop.blocking(self._core.accounts.why_closed, account_id) is not None:
            return await event_loop.blocking(self._settlement.admit_unknown, account_id, watched.live)
        account = self._core.accounts.get(account_id)
        watched = watched.seen_after(account.capabilities.visibility_lag_ms)
        learnt = _Learnt()
        failure = ""
        try:
            async with asyncio.timeout(self._core.settings.request_timeout * 3):
                await self._ask(account, watched, learnt)
        except Exception as error:  # noqa: BLE001 - whatever a connector raises, the next pass asks again
            failure = _told(error)
            log.warning("watch_failed", account=account.name, error=failure)
        await self._note(account_id, watched, "" if learnt.is_read else failure)
        # What came before it failed counts: where little may be asked, all at once would never be learnt.
        changed = await event_loop.blocking(self._settlement.apply, account, watched.live, learnt.observed(watched))
        if account.contact.is_news():
            await event_loop.blocking(self._core.accounts.note_contact, account.id)
        silent = learnt.dark if learnt.asked or learnt.is_read else watched.live
        unanswered = [row for row in silent if row.id not in learnt.asked]
        soon = steady_ms(self._core.clock) + _ASK_AGAIN_MS
        # Only answers are a reason to ask less: whoever was away may be back any moment.
        self._next_ask.update({row.id: (soon, _ASK_AGAIN_MS) for row in unanswered if row.id in self._next_ask})
        return await event_loop.blocking(self._settlement.admit_unknown, account.id, unanswered) or changed

    def _read(self, account_id: str) -> Watched | None:
        with self._core.storage.read() as connection:
            live = intents.live_of_account(connection, account_id)
            row = automations.account(connection, account_id)
        if not live or row is None:
            self._unread.read(account_id, row is not None and row.executions_unread != "")
            return None
        # Never past the sending of an unresolved intent: its executions may show up with times from then on.
        sent = [intent.sent_at for intent in live if intent.status == IntentStatus.SENT]
        since = min([row.trades_cursor, *sent]) - _OVERLAP_MS
        return Watched(live, since, row.trades_cursor, row.executions_unread != "")

    async def _note(self, account_id: str, watched: Watched, unread: str) -> None:
        if unread:
            await self._core.event_loop.blocking(self._unread.failed, account_id, unread, watched.unread)
        elif watched.unread:
            await self._core.event_loop.blocking(self._unread.read, account_id, watched.unread)
        else:
            self._unread.read(account_id, False)

    async def _ask(self, account: Account, watched: Watched, learnt: _Learnt) -> None:
        trading = account.trading
        orders = [row for row in watched.live if row.kind == "order"]
        by_id = account.capabilities.lookup.reach != "none"
        dark = list(islice((row for row in orders if self._to_ask(account, row)), _ASKED_MAX))
        early = list(islice((row for row in orders if self._to_ask_early(account, row)), _ASKED_MAX)) if by_id else []
        learnt.dark = dark
        # First of all, so that neither polling nor what it may still ask for holds up what money is waiting for; for a
        # part of the time, so that polling has its turn.
        if by_id and (dark or early):
            await self._ask_about(account, dark, early, learnt.asked)
        resting = {order.id: order for order in await trading.open_orders()}
        learnt.trades, learnt.is_read = await trading.trades(max(watched.since, 0)), True
        if dark and not by_id:
            learnt.asked |= await self._recognise(account, dark, _nameless(orders), resting, learnt.trades)
        else:
            learnt.asked |= self._shown(orders, resting, learnt.asked)
        gone = [row for row in orders if row.status == IntentStatus.OPEN and row.exchange_order_id not in resting]
        traded = _traded(learnt.trades)
        await learn(account, [row for row in gone if not _filled_by(row, traded)][:_ASKED_MAX], learnt.ended)

    async def _ask_about(
        self, account: Account, dark: Sequence[PolledIntentRow], early: Sequence[PolledIntentRow], asked: Answers
    ) -> None:
        answers: Answers = {}
        try:
            async with asyncio.timeout(self._core.settings.request_timeout):
                await learn(account, [*dark, *early], answers)
        except TimeoutError as error:
            log.warning("orders_not_asked", account=account.name, error=_told(error))
        # That one is not shown which was asked about early proves nothing yet.
        proven = {row.id for row in dark}
        asked.update({id_: order for id_, order in answers.items() if order is not None or id_ in proven})

    def _shown(
        self, orders: Sequence[PolledIntentRow], resting: Mapping[str, ExchangeOrder], asked: Mapping[str, object]
    ) -> dict[str, ExchangeOrder | None]:
        """Return those of unknown outcome that rest under our client id: no question finds them better."""
        now, ours = self._core.clock.now(), {order.client_order_id: order for order in resting.values()}
        return {
            row.id: ours[row.client_order_id]
            for row in _nameless(orders)
            # Before its request has expired whoever sent it may still be told by the answer.
            if asked.get(row.id) is None and row.client_order_id in ours and now >= row.send_by
        }

    async def _recognise(
        self,
        account: Account,
        dark: Sequence[PolledIntentRow],
        nameless: Sequence[PolledIntentRow],
        resting: Mapping[str, ExchangeOrder],
        trades: Sequence[ExchangeTrade],
    ) -> dict[str, ExchangeOrder | None]:
        """Find orders by what they are, where none is found by client id.

        It must be nobody's, made after the intent was sent, with its symbol, side, amount and price. Where two orders
        fit one intent, or two intents of unknown outcome one order, nothing is found: a guess could book one's trade
        to another.
        """
        ids = set(resting) | {trade.order_id for trade in trades}
        nobodys = ids - await self._core.event_loop.blocking(self._known, account.id, ids)
        symbols = {trade.order_id: trade.symbol for trade in trades}
        orders = [
            resting.get(order_id) or await account.trading.order(symbols[order_id], order_id) for order_id in nobodys
        ]
        found: dict[str, ExchangeOrder | None] = {}
        for row in dark:
            fitting = [order for order in orders if order is not None and _fits(row, order)]
            rivals = [other for other in nameless if len(fitting) == 1 and _fits(other, fitting[0])]
            found[row.id] = fitting[0] if [other.id for other in rivals] == [row.id] else None
        return found

    def _known(self, account_id: str, ids: set[str]) -> set[str]:
        with self._core.storage.read() as connection:
            return intents.known_to_exchange(connection, account_id, ids)

    def _to_ask(self, account: Account, row: PolledIntentRow) -> bool:
        # Before that "not found" proves nothing, whatever it is called meanwhile: it would be sent twice.
        shown_at = row.send_by + account.capabilities.visibility_lag_ms + _ASK_MARGIN_MS
        if row.status not in _DARK or self._core.clock.now() < shown_at:
            return False
        if row.status == IntentStatus.SENT:
            return True
        now = steady_ms(self._core.clock)
        due, pause = self._next_ask.get(row.id, (0, _ASK_AGAIN_MS))
        if now < due:
            return False
        self._next_ask[row.id] = now + pause, min(2 * pause, _ASK_AGAIN_MOST_MS)
        return True

    def _to_ask_early(self, account: Account, row: PolledIntentRow) -> bool:
        lag = account.capabilities.visibility_lag_ms
        if row.status not in _DARK or lag < _LONG_LAG_MS or self._asked_early.get(row.id) == row.attempt:
            return False
        due = row.send_by + _ASK_MARGIN_MS
        if not due <= self._core.clock.now() < due + lag:
            return False
        self._asked_early[row.id] = row.attempt
        return True


def _nameless(orders: Sequence[PolledIntentRow]) -> list[PolledIntentRow]:
    """Return those that may be at the exchange under an id that we do not know."""
    return [row for row in orders if row.exchange_order_id is None and row.status in _DARK]


def _fits(row: PolledIntentRow, order: ExchangeOrder) -> bool:
    amount_fits = row.amount is None or order.amount is None or order.amount == row.amount
    same = (row.symbol, row.side, row.price) == (order.symbol, order.side, order.price)
    return same and amount_fits and order.created_at >= row.sent_at - _CLOCKS_MS


def _traded(trades: Sequence[ExchangeTrade]) -> dict[str, Decimal]:
    """Return order id -> the amount executed."""
    found: dict[str, Decimal] = {}
    for trade in trades:
        found[trade.order_id] = found.get(trade.order_id, ZERO) + trade.amount
    return found


def _filled_by(row: PolledIntentRow, traded: Mapping[str, Decimal]) -> bool:
    """Whether these executions complete the order, so that its end needs no question of its own."""
    return row.amount is not None and bool(traded.get(row.exchange_order_id or "", ZERO) >= row.amount)


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__
