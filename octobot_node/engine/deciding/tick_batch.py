"""A tick batch: load, one market snapshot, evaluate each, commit in one guarded transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa

from octobot_node.automation import AutomationStatus, Needs, Signal, WatchedAutomation
from octobot_node.contracts.exchanges import Fees
from octobot_node.contracts.order_checks import OrderContext
from octobot_node.engine.deciding import author_view
from octobot_node.engine.deciding.commit import Changes, Commit, Evaluated
from octobot_node.engine.evaluating.decision_checks import load_needs
from octobot_node.engine.evaluating.evaluation import Outcome, TickInput
from octobot_node.engine.evaluating.evaluator import EvaluatorClosed
from octobot_node.engine.evaluating.schedule import load_wake, runs_between
from octobot_node.engine.ledger.book import Book, load_book
from octobot_node.engine.market.account import Closed
from octobot_node.engine.workers.durable import json_decode
from octobot_node.errors import DataUnavailable, UsageError
from octobot_node.ids import new_id
from octobot_node.market import Market, from_ms
from octobot_node.orders import CancelOrder, IntentStatus
from octobot_node.shadow_ids import is_shadow, original_of
from octobot_node.store import automations, intents, schedules
from octobot_node.store.rows.automation import BatchedAutomationRow, GivenSignalRow, OriginalRow, WatchedAutomationRow
from octobot_node.store.rows.ledger import FillRow, FreeBalanceRow, PositionRow
from octobot_node.store.rows.order import OpenIntentRow

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["Rehearsal", "TickBatch"]

#: A batch whose work broke down is taken again after this.
_BROKEN_MS = 5_000


#: What has decided its last: its shadow ends by itself.
_OVER = (AutomationStatus.COMPLETING, AutomationStatus.COMPLETED)

_R = TypeVar("_R", OpenIntentRow, FillRow)


@dataclass(frozen=True, slots=True)
class Loaded:
    """One claimed automation with its tick's input, and what its commit marks as told."""

    row: BatchedAutomationRow
    needs: Needs
    given: TickInput
    fills: tuple[str, ...]
    results: tuple[tuple[str, str], ...]
    live: int
    #: Of a shadow.
    original: OriginalRow | None = None

    @property
    def follows(self) -> bool:
        """Whether another one decides when this one ticks: a shadow goes its own way once its original is over."""
        return self.original is not None and self.original.status not in _OVER


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A tick that was evaluated and not committed: what it was given, and what its commit would write."""

    loaded: Loaded
    market: Market
    evaluated: Evaluated
    changes: Changes


class TickBatch:
    """Evaluates the automations that a batch claimed, and commits what they decided."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._commit = Commit(core)

    def run(self, workflow_id: str, batch: str) -> Mapping[str, int]:
        """Evaluate and commit; return counts. Running it again finds nothing left and does nothing."""
        began = time.perf_counter()
        loaded = self._load(batch)
        if not loaded:
            return {"ticks": 0}
        try:
            evaluated, market = self._evaluate(loaded, suspects=bool(loaded[0].row.suspect))
            evaluated = self._checked(evaluated, market)
            counts = self._commit.run(workflow_id, batch, evaluated, market)
        except EvaluatorClosed:
            self._let_go(batch, loaded)
            return {"ticks": 0}
        except Exception:
            # Whatever broke down, the database perhaps: these automations are taken again soon, not after the claim.
            with self._core.storage.write() as connection:
                schedules.shorten_claim(connection, batch, self._core.clock.now() + _BROKEN_MS)
            raise
        self._core.counters.batch(time.perf_counter() - began)
        return counts

    def _let_go(self, batch: str, loaded: Sequence[Loaded]) -> None:
        """Give back what was not evaluated because the node stops: it is due at once at the next start."""
        with self._core.storage.write() as connection:
            held = {row.automation_id for row in schedules.lock_claimed(connection, batch)}
            rows = [item.row for item in loaded if item.row.id in held]
            released = [{"id": row.id, "next_run_at": row.next_run_at, "suspect": row.suspect} for row in rows]
            schedules.release(connection, released)

    def rehearse(
        self, automation_id: str, now: int, change: Callable[[sa.Connection], None] | None = None
    ) -> Rehearsal | None:
        """Do all of an automation's tick but its commit, as if it were ``now`` (ms UTC); nothing is written.

        ``change`` is made to it before, and only meanwhile. Returns None for one that is gone.
        """
        batch = new_id()
        with self._core.storage.write() as connection:
            if change is not None:
                change(connection)
            # Claimed for as long as it is read, so that exactly what a batch would load is loaded; then taken back.
            schedules.claim(connection, batch, [automation_id], now)
            loaded = self._load_from(connection, batch, now)
            connection.rollback()
        return next(iter(self._rehearsed(loaded)), None) if loaded else None

    def rehearse_new(self, add: Callable[[sa.Connection], Sequence[str]], now: int) -> list[Rehearsal]:
        """Do the same with automations of one market that ``add`` creates, whose ids it returns: they are there only
        meanwhile.
        """
        batch = new_id()
        with self._core.storage.write() as connection:
            found = add(connection)
            schedules.claim(connection, batch, found, now)
            loaded = self._load_from(connection, batch, now)
            book = load_book(connection, found)
            connection.rollback()
        return self._rehearsed(loaded, book) if loaded else []

    def _rehearsed(self, loaded: Sequence[Loaded], book: Book | None = None) -> list[Rehearsal]:
        # In the patient process: whatever it does there holds up no batch.
        found, market = self._evaluate(loaded, suspects=True)
        evaluated = self._checked(found, market)
        return [
            Rehearsal(one, market, its, self._commit.rehearse(its, market, book))
            for one, its in zip(loaded, evaluated, strict=True)
        ]

    def _load(self, batch: str) -> list[Loaded]:
        with self._core.storage.read() as connection:
            return self._load_from(connection, batch, self._core.clock.now())

    def _load_from(self, connection: sa.Connection, batch: str, now: int) -> list[Loaded]:
        rows = automations.batch(connection, batch)
        if not rows:
            return []
        balances = automations.balances_of_batch(connection, batch)
        positions = automations.positions_of_batch(connection, batch)
        signals = automations.signals_of_batch(connection, batch, now)
        watched, held = automations.watched_by_batch(connection, batch)
        orders = _by_automation(intents.open_of_batch(connection, batch))
        fills = _by_automation(intents.news_of_batch(connection, batch))
        originals = automations.originals_of(connection, batch, [row.id for row in rows if is_shadow(row.id)])
        return [
            _load_one(
                row,
                now,
                balances.get(row.id, ()),
                positions.get(row.id, ()),
                signals.get(row.id, ()),
                orders.get(row.id, ()),
                fills.get(row.id, ()),
                [_watched(other, held.get(other.id, ())) for other in watched.get(row.id, ())],
                originals.get(row.id),
            )
            for row in rows
        ]

    def _snapshot(self, loaded: Sequence[Loaded]) -> tuple[Market, str]:
        """Return the snapshot that all share, and why it is empty if it is."""
        core = self._core
        if not loaded:
            return Market(as_of=from_ms(core.clock.now())), ""
        union = _union({id(item.needs): item.needs for item in loaded}.values())
        try:
            return core.hub.snapshot(loaded[0].row.source, union), ""
        except (DataUnavailable, UsageError) as error:
            return Market(as_of=from_ms(core.clock.now())), str(error)

    def _closed_accounts(self, account_ids: set[str]) -> dict[str, Closed]:
        """Open the accounts, before any transaction since a connector may write, too; return why some cannot be."""
        found = {account_id: self._core.accounts.why_closed(account_id) for account_id in sorted(account_ids)}
        return {account_id: closed for account_id, closed in found.items() if closed is not None}

    def _evaluate(self, loaded: Sequence[Loaded], *, suspects: bool) -> tuple[list[Evaluated], Market]:
        """Return what came of each, and the market that they were shown."""
        closed = self._closed_accounts({item.row.account_id for item in loaded})
        opened = [item for item in loaded if item.row.account_id not in closed]
        market, missing = self._snapshot(opened)
        found = {
            item.row.id: _unready(item, closed[item.row.account_id]) for item in loaded if item.row.account_id in closed
        }
        # Most of a batch want the same, and share the object that says what.
        wanted = {id(item.needs): item.needs for item in opened}
        lacks = {key: missing or lacking(needs, market) for key, needs in wanted.items()}
        reasons = {item.row.id: lacks[id(item.needs)] for item in opened}
        if missing:
            # Perhaps since nothing leaves an account's way, which became known only now.
            shut = self._closed_accounts({item.row.account_id for item in opened})
            ways = [item.row for item in opened if item.row.account_id in shut]
            reasons |= {row.id: shut[row.account_id].reason for row in ways}
        found |= {id_: Outcome(id_, problem="waiting", reason=reason) for id_, reason in reasons.items() if reason}
        given = self._with_fees([item for item in opened if not reasons[item.row.id]])
        outcomes = self._core.evaluator.evaluate(given, market, suspects=suspects)
        found |= {outcome.automation_id: outcome for outcome in outcomes}
        return [
            Evaluated(
                row=item.row,
                now=item.given.now,
                scheduled=item.given.scheduled_at is not None,
                missed=item.given.missed,
                outcome=found[item.row.id],
                fills=item.fills,
                results=item.results,
                signals=tuple(signal.id for signal in item.given.signals),
                live=item.live,
                follows=item.follows,
                original="" if item.original is None else item.original.name,
            )
            for item in loaded
        ], market

    def _with_fees(self, loaded: Sequence[Loaded]) -> list[TickInput]:
        fees: dict[tuple[str, int], tuple[tuple[str, Fees], ...]] = {}
        for item in loaded:
            key = item.row.account_id, id(item.needs)
            if key not in fees:
                found = self._core.accounts.get(item.row.account_id).fees(item.needs.symbols)
                fees[key] = tuple(sorted(found.items()))
        asked = [(item.given, fees[item.row.account_id, id(item.needs)]) for item in loaded]
        return [replace(given, fees=charged) if charged else given for given, charged in asked]

    def _checked(self, evaluated: list[Evaluated], market: Market) -> list[Evaluated]:
        """Let plugins veto orders. Before the transaction: a plugin that hangs must not hold the database."""
        checks = self._core.order_checks
        asked = [
            (number, place, order)
            for number, item in enumerate(evaluated if checks else ())
            for place, order in enumerate(item.outcome.decision.orders if item.outcome.decision is not None else ())
            if not isinstance(order, CancelOrder)
        ]
        if not asked:
            return evaluated
        contexts = {number: self._order_context(evaluated[number], market) for number, _, _ in asked}
        refusals = checks.refusals([(order, contexts[number]) for number, _, order in asked])
        vetoes: dict[int, dict[int, str]] = {}
        for (number, place, _), reason in zip(asked, refusals, strict=True):
            if reason:
                vetoes.setdefault(number, {})[place] = reason
        return [replace(item, vetoes=vetoes.get(number, {})) for number, item in enumerate(evaluated)]

    def _order_context(self, item: Evaluated, market: Market) -> OrderContext:
        row, account = item.row, self._core.accounts.get(item.row.account_id)
        # What is asked of an order is asked of its shadow's, in the same words.
        named = self._core.accounts.get(original_of(row.account_id)) if item.original else account
        return OrderContext(
            owner=row.owner,
            account=named.name,
            automation_id=original_of(row.id) if item.original else row.id,
            automation=item.original or row.name,
            type=row.type,
            now=from_ms(item.now),
            market=account.charging(market),
            node=self._core.context,
        )


def _unready(item: Loaded, closed: Closed) -> Outcome:
    """Return what becomes of one whose account is closed: a person has to see to it, or it is tried again soon."""
    return Outcome(item.row.id, problem="held" if closed.lasting else "waiting", reason=closed.reason)


def _union(needs: Iterable[Needs]) -> Needs:
    tickers: set[str] = set()
    candles: dict[tuple[str, str], int] = {}
    for one in needs:
        tickers.update(one.symbols)
        for key, count in one.candles.items():
            candles[key] = max(count, candles.get(key, 0))
    return Needs(tickers=tuple(sorted(tickers)), candles=candles)


def lacking(needs: Needs, market: Market) -> str:
    """Return what of ``needs`` the snapshot lacks, as a reason to wait, or ""."""
    for symbol in needs.symbols:
        if symbol not in market.tickers:
            return f"no price of {symbol}"
        if symbol not in market.all_rules:
            return f"{symbol} is not listed"
    for (symbol, timeframe), count in needs.candles.items():
        got = market.all_candles.get((symbol, timeframe))
        if got is None or len(got) < count:
            return f"warming up: {0 if got is None else len(got)} of {count} {timeframe} candles of {symbol}"
    return ""


def _load_one(
    row: BatchedAutomationRow,
    now: int,
    balances: Sequence[FreeBalanceRow],
    positions: Sequence[PositionRow],
    signals: Sequence[GivenSignalRow],
    orders: Sequence[OpenIntentRow],
    fills: Sequence[FillRow],
    watched: Sequence[WatchedAutomation],
    original: OriginalRow | None,
) -> Loaded:
    # A shadow is told what its original is: the time that was planned, and the number.
    told = original if original is not None and original.rides else row
    scheduled_at = told.due_at if told.due_at is not None and told.due_at <= now else None
    needs = load_needs(row.needs)
    live = [order for order in orders if order.kind == "order" and not IntentStatus(order.status).terminal]
    news = [order for order in orders if order.news and order.kind == "order"]
    given = TickInput(
        automation_id=row.id,
        type=row.type,
        config=row.config,
        previous_config=row.previous_config,
        state=row.state,
        state_version=row.state_version,
        number=told.tick,
        now=now,
        scheduled_at=scheduled_at,
        missed=0 if scheduled_at is None else runs_between(load_wake(told.wake), scheduled_at, now),
        needs=needs,
        positions=tuple(author_view.position(row) for row in positions),
        balances=tuple((b.asset, b.free) for b in balances),
        open_orders=tuple(author_view.open_order(order) for order in live),
        fills=tuple(author_view.fill(fill) for fill in fills),
        results=tuple(author_view.order_result(order) for order in news),
        signals=tuple(Signal(s.id, s.channel, json_decode(s.payload), from_ms(s.received_at)) for s in signals),
        watched=tuple(watched),
        # As many failures as ticks: none succeeded.
        new_config=row.tick == row.failures or row.previous_config is not None,
    )
    return Loaded(
        row=row,
        needs=needs,
        given=given,
        fills=tuple(fill.id for fill in fills),
        results=tuple((order.id, order.status) for order in news),
        live=len(live),
        original=original,
    )


def _watched(row: WatchedAutomationRow, held: Sequence[PositionRow]) -> WatchedAutomation:
    positions = {each.symbol: author_view.position(each) for each in held}
    return WatchedAutomation(row.name, row.type, AutomationStatus(row.status), positions)


def _by_automation(rows: Sequence[_R]) -> dict[str, list[_R]]:
    found: dict[str, list[_R]] = {}
    for row in rows:
        found.setdefault(row.automation_id, []).append(row)
    return found
