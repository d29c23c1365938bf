"""Hold the nodes' books against the exchange's own."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from octobot_node.store.rows.order import IntentRow
from octobot_node.store.tables import automations, balances, events, fills, intents, postings, schedule
from octobot_node.testing.hostile_exchange.book import Book
from octobot_node.testing.hostile_exchange.journal import Journal
from octobot_node.testing.hostile_exchange.process import IntentOrder, IntentTrade
from octobot_node.testing.hostile_exchange.report import HostileReport, report_of
from octobot_node.testing.hostile_exchange.wire import order_from_json, order_to_json, trade_from_json, trade_to_json

__all__ = [
    "IS_TRADER",
    "Exchange",
    "StoppedExchange",
    "Verdict",
    "looked_at",
    "number_of",
    "verify",
    "verify_books",
]

GONE = ("refused", "skipped", "expired")
#: The traders among automations: a type is stored with its package's name before its own.
IS_TRADER = automations.c.type.endswith("crash_trader")


class Exchange(Protocol):
    """What the exchange's owner can tell; a running one can be asked, a stopped one read."""

    def report(self) -> HostileReport: ...
    def orders(self) -> list[IntentOrder]: ...
    def trades(self) -> list[IntentTrade]: ...


class StoppedExchange:
    """The journal of an exchange that was stopped: of a million orders, much faster read than asked for."""

    def __init__(self, folder: Path) -> None:
        journal = Journal(folder / "journal.jsonl")
        self._book = Book(journal)
        journal.close()

    def report(self) -> HostileReport:
        """Return the counts of all accounts."""
        return report_of(self._book)

    def orders(self) -> list[IntentOrder]:
        """Return every order ever accepted, oldest first."""
        return [
            IntentOrder(each.account, each.intent_id, order_from_json(order_to_json(each, named=True)))
            for each in self._book.orders.values()
        ]

    def trades(self) -> list[IntentTrade]:
        """Return every execution."""
        return [
            IntentTrade(each.order.account, each.order.intent_id, trade_from_json(trade_to_json(each, named=True)))
            for trades in self._book.trades.values()
            for each in trades
        ]


@dataclass
class Verdict:
    """What was found; every list must be empty, and ``duplicates`` and ``losses`` zero."""

    orders: int = 0
    trades: int = 0
    ticks: int = 0
    duplicates: int = 0
    losses: int = 0
    unknown: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.duplicates or self.losses or self.problems)


@contextmanager
def looked_at(database: Path | str) -> Iterator[sa.Connection]:
    """Open a node's books to look at: SQLite's file, or the URL of a database on PostgreSQL."""
    if isinstance(database, Path):
        engine = sa.create_engine(f"sqlite:///file:{database}?mode=ro&uri=true")
    else:
        engine = sa.create_engine(database.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def verify(database: Path | str, exchange: Exchange, *, all_known: bool) -> Verdict:
    """Compare a node's database; ``all_known`` says that the exchange's guarantees leave nothing unknown."""
    with looked_at(database) as connection:
        verdict = verify_books(connection, exchange, all_known=all_known)
        if connection.dialect.name == "sqlite":
            answer = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
            if answer != "ok":
                verdict.problems.append(f"integrity_check: {answer}")
    return verdict


def verify_books(
    connection: sa.Connection, exchange: Exchange, *, all_known: bool, order_each_tick: bool = True
) -> Verdict:
    """Compare any database; ``order_each_tick`` says that the traders order at every tick, not at planned ones only."""
    verdict = Verdict()
    found = connection.execute(sa.select(intents).where(intents.c.kind == "order")).all()
    rows = {row.id: row for row in found}
    unknown = {id_ for id_, row in rows.items() if row.status == "unknown"}
    verdict.unknown = len(unknown)
    if all_known and unknown:
        verdict.problems.append(f"{len(unknown)} unknown although the exchange can be asked")
    trades = exchange.trades()
    _orders(verdict, rows, exchange)
    _trades(verdict, connection, unknown, trades)
    _ledger(verdict, connection, rows, unknown, trades)
    _ticks(verdict, connection, rows, order_each_tick=order_each_tick)
    _nothing_stuck(verdict, connection)
    return verdict


def number_of(tag: str) -> tuple[int, int | None]:
    """Return the tick that a trader's tag names and, of a planned one, when it was due (ms UTC)."""
    number, _, due = tag[1:].partition("@")
    return int(number), int(due) if due else None


def _orders(verdict: Verdict, rows: Mapping[str, IntentRow], exchange: Exchange) -> None:
    report = exchange.report()
    verdict.orders, verdict.duplicates = report.orders, report.duplicates
    at_exchange = defaultdict(list)
    for order in exchange.orders():
        at_exchange[order.intent_id].append(order.order)
    for intent_id, orders in at_exchange.items():
        row = rows.get(intent_id)
        if len(orders) > 1 and verdict.duplicates:
            verdict.problems.append(
                f"{intent_id} was taken {len(orders)} times: {', '.join(each.id for each in orders)}"
            )
        effective = [order for order in orders if order.filled or order.status == "open"]
        if row is None:
            verdict.losses += 1
            verdict.problems.append(f"the node does not know intent {intent_id}")
        elif row.status in GONE and any(each.status == "open" or each.filled != row.filled for each in effective):
            # What expired at the exchange may have executed in part, as an order that met one of its own account.
            verdict.losses += 1
            verdict.problems.append(f"{intent_id} is {row.status}, but executed or rests")
        elif len(effective) == 1 and row.status in ("filled", "cancelled") and row.filled != effective[0].filled:
            verdict.losses += 1
            verdict.problems.append(f"{intent_id} is {row.status} of {row.filled}, not of {effective[0].filled}")
    for intent_id, row in rows.items():
        if row.exchange_order_id and intent_id not in at_exchange:
            verdict.losses += 1
            verdict.problems.append(f"{intent_id} is {row.status}, but the exchange never had it")
        if row.status in ("filled", "open") and not row.exchange_order_id:
            verdict.problems.append(f"{intent_id} is {row.status} without the exchange's id")


def _trades(verdict: Verdict, connection: sa.Connection, unknown: set[str], trades: list[IntentTrade]) -> None:
    theirs = {(trade.trade.symbol, trade.trade.id) for trade in trades if trade.intent_id not in unknown}
    settled = Counter((row.symbol, row.exchange_trade_id) for row in connection.execute(sa.select(fills)))
    verdict.trades = len(theirs)
    verdict.duplicates += sum(count - 1 for count in settled.values())
    missing, invented = theirs - set(settled), set(settled) - theirs
    verdict.losses += len(missing)
    if missing:
        lost = [
            f"{each.trade.id} of {each.intent_id}" for each in trades if (each.trade.symbol, each.trade.id) in missing
        ]
        verdict.problems.append(f"{len(missing)} executions were never settled: {', '.join(lost[:10])}")
    if invented:
        verdict.problems.append(f"{len(invented)} fills that the exchange does not have")


def _ledger(
    verdict: Verdict,
    connection: sa.Connection,
    rows: Mapping[str, IntentRow],
    unknown: set[str],
    trades: list[IntentTrade],
) -> None:
    """Compute every balance from budgets and the exchange's own trades, and compare to the last digit."""
    expected: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for given in connection.execute(sa.select(postings).where(postings.c.kind == "budget")):
        expected[given.automation_id, given.asset] += given.amount
    for each in trades:
        row, trade = rows.get(each.intent_id), each.trade
        if row is None or each.intent_id in unknown:
            continue
        base, quote = trade.symbol.split("/")
        sign = 1 if trade.side == "buy" else -1
        expected[row.automation_id, base] += sign * trade.amount
        expected[row.automation_id, quote] -= sign * trade.cost
        expected[row.automation_id, trade.fee_asset] -= trade.fee
    reserved: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows.values():
        if row.reserved_asset:
            reserved[row.automation_id, row.reserved_asset] += row.reserved
    wrong = 0
    for held in connection.execute(sa.select(balances)):
        key = (held.automation_id, held.asset)
        wrong += held.free + held.reserved != expected.pop(key, Decimal(0)) or held.reserved != reserved[key]
    wrong += sum(amount != 0 for amount in expected.values())
    if wrong:
        verdict.problems.append(f"{wrong} balances differ from the exchange's trades")


def _ticks(
    verdict: Verdict, connection: sa.Connection, rows: Mapping[str, IntentRow], *, order_each_tick: bool
) -> None:
    found = {
        row.automation_id: row.tick for row in connection.execute(sa.select(schedule.c.automation_id, schedule.c.tick))
    }
    verdict.ticks = sum(found.values())
    # Only traders tag their orders by their ticks, and count them in their state.
    traders = set(connection.scalars(sa.select(automations.c.id).where(IS_TRADER)))
    done = {id_: tick for id_, tick in found.items() if id_ in traders}
    planned: dict[str, list[int]] = defaultdict(list)
    for row in rows.values():
        if row.automation_id in traders:
            planned[row.automation_id].append(number_of(row.tag)[0])
    for automation_id, count in done.items():
        ticks = sorted(planned[automation_id])
        if order_each_tick and ticks != list(range(count)):
            verdict.problems.append(f"{automation_id}: {count} ticks, but its orders are not one for each")
        elif len(set(ticks)) != len(ticks) or (ticks and ticks[-1] >= count):
            verdict.problems.append(f"{automation_id}: a tick was repeated, or undone: its orders are not one for each")
    # The state counts ticks by itself, and fails at the first whose number is not the next.
    states = sa.select(automations.c.id, automations.c.state).where(IS_TRADER)
    for row in connection.execute(states):
        counted = 0 if row.state is None else json.loads(row.state)["next"]
        if counted != done[row.id]:
            verdict.problems.append(f"{row.id}: {done[row.id]} ticks, but its state has seen {counted}")
    failed = connection.scalar(sa.select(sa.func.count()).where(events.c.kind == "tick.failed"))
    if failed:
        verdict.problems.append(f"{failed} failed ticks: a tick was lost or repeated")


def _nothing_stuck(verdict: Verdict, connection: sa.Connection) -> None:
    questions = {
        "intents still planned or sent": intents.c.status.in_(("planned", "sent")),
        "market orders still open": (intents.c.status == "open") & (intents.c.type == "market"),
        "claims nobody works on": schedule.c.claim.is_not(None),
    }
    for what, condition in questions.items():
        count = connection.scalar(sa.select(sa.func.count()).where(condition))
        if count:
            verdict.problems.append(f"{count} {what}")
