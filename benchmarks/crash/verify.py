"""Hold the node's books against the exchange's own."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from octobot_node.testing.hostile.process import HostileExchange

GONE = ("refused", "skipped", "expired")


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


def verify(database: Path, exchange: HostileExchange, *, all_known: bool) -> Verdict:
    """Compare; ``all_known`` says that the exchange's guarantees leave nothing to be unknown."""
    verdict = Verdict()
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    _integrity(connection, verdict)
    intents = {row["id"]: row for row in connection.execute("SELECT * FROM intents WHERE kind = 'order'")}
    unknown = {id_ for id_, row in intents.items() if row["status"] == "unknown"}
    verdict.unknown = len(unknown)
    if all_known and unknown:
        verdict.problems.append(f"{len(unknown)} unknown although the exchange can be asked")
    _orders(verdict, intents, exchange)
    _trades(verdict, connection, intents, unknown, exchange)
    _ledger(verdict, connection, intents, unknown, exchange)
    _ticks(verdict, connection)
    _nothing_stuck(verdict, connection)
    connection.close()
    return verdict


def _integrity(connection: sqlite3.Connection, verdict: Verdict) -> None:
    answer = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if answer != "ok":
        verdict.problems.append(f"integrity_check: {answer}")


def _orders(verdict: Verdict, intents: dict[str, sqlite3.Row], exchange: HostileExchange) -> None:
    report = exchange.report()
    verdict.orders, verdict.duplicates = report.orders, report.duplicates
    at_exchange = defaultdict(list)
    for order in exchange.orders():
        at_exchange[order.intent_id].append(order.order)
    for intent_id, orders in at_exchange.items():
        row = intents.get(intent_id)
        effective = [order for order in orders if order.filled or order.status == "open"]
        if row is None:
            verdict.losses += 1
            verdict.problems.append(f"the node does not know intent {intent_id}")
        elif effective and row["status"] in GONE:
            verdict.losses += 1
            verdict.problems.append(f"{intent_id} is {row['status']}, but executed or rests")
    for intent_id, row in intents.items():
        if row["exchange_order_id"] and intent_id not in at_exchange:
            verdict.losses += 1
            verdict.problems.append(f"{intent_id} is {row['status']}, but the exchange never had it")
        if row["status"] in ("filled", "open") and not row["exchange_order_id"]:
            verdict.problems.append(f"{intent_id} is {row['status']} without the exchange's id")


def _trades(
    verdict: Verdict,
    connection: sqlite3.Connection,
    intents: dict[str, sqlite3.Row],
    unknown: set[str],
    exchange: HostileExchange,
) -> None:
    del intents
    theirs = {(trade.trade.symbol, trade.trade.id) for trade in exchange.trades() if trade.intent_id not in unknown}
    settled = Counter((row[0], row[1]) for row in connection.execute("SELECT symbol, exchange_trade_id FROM fills"))
    verdict.trades = len(theirs)
    verdict.duplicates += sum(count - 1 for count in settled.values())
    missing, invented = theirs - set(settled), set(settled) - theirs
    verdict.losses += len(missing)
    if missing:
        verdict.problems.append(f"{len(missing)} executions were never settled, such as {min(missing)}")
    if invented:
        verdict.problems.append(f"{len(invented)} fills that the exchange does not have")


def _ledger(
    verdict: Verdict,
    connection: sqlite3.Connection,
    intents: dict[str, sqlite3.Row],
    unknown: set[str],
    exchange: HostileExchange,
) -> None:
    """Compute every balance from budgets and the exchange's own trades, and compare to the last digit."""
    expected: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in connection.execute("SELECT automation_id, asset, amount FROM postings WHERE kind = 'budget'"):
        expected[row[0], row[1]] += Decimal(row[2])
    for each in exchange.trades():
        row, trade = intents.get(each.intent_id), each.trade
        if row is None or each.intent_id in unknown:
            continue
        base, quote = trade.symbol.split("/")
        sign = 1 if trade.side == "buy" else -1
        expected[row["automation_id"], base] += sign * trade.amount
        expected[row["automation_id"], quote] -= sign * trade.cost
        expected[row["automation_id"], trade.fee_asset] -= trade.fee
    reserved: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in intents.values():
        if row["reserved_asset"]:
            reserved[row["automation_id"], row["reserved_asset"]] += Decimal(row["reserved"])
    wrong = 0
    for row in connection.execute("SELECT automation_id, asset, free, reserved FROM balances"):
        key = (row[0], row[1])
        wrong += Decimal(row[2]) + Decimal(row[3]) != expected.pop(key, Decimal(0)) or Decimal(row[3]) != reserved[key]
    wrong += sum(amount != 0 for amount in expected.values())
    if wrong:
        verdict.problems.append(f"{wrong} balances differ from the exchange's trades")


def _ticks(verdict: Verdict, connection: sqlite3.Connection) -> None:
    done = dict(connection.execute("SELECT automation_id, tick FROM schedule").fetchall())
    verdict.ticks = sum(done.values())
    planned: dict[str, list[int]] = defaultdict(list)
    for automation_id, tag in connection.execute("SELECT automation_id, tag FROM intents WHERE kind = 'order'"):
        planned[automation_id].append(int(tag[1:]))
    for automation_id, count in done.items():
        if sorted(planned[automation_id]) != list(range(count)):
            verdict.problems.append(f"{automation_id}: {count} ticks, but its orders are not one for each")
    failed = connection.execute("SELECT count(*) FROM events WHERE kind = 'tick.failed'").fetchone()[0]
    if failed:
        verdict.problems.append(f"{failed} failed ticks: a tick was lost or repeated")


def _nothing_stuck(verdict: Verdict, connection: sqlite3.Connection) -> None:
    questions = {
        "intents still planned or sent": "SELECT count(*) FROM intents WHERE status IN ('planned', 'sent')",
        "market orders still open": "SELECT count(*) FROM intents WHERE status = 'open' AND type = 'market'",
        "claims nobody works on": "SELECT count(*) FROM schedule WHERE claim IS NOT NULL",
    }
    for what, question in questions.items():
        count = connection.execute(question).fetchone()[0]
        if count:
            verdict.problems.append(f"{count} {what}")
