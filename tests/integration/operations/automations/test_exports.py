"""What was traded and moved as tables that other programs read."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, MarketOrder, Tick, Wake
from octobot_node.errors import UsageError
from octobot_node.operations.trading.exports import as_csv
from octobot_node.store.tables import balances, fills
from tests.integration.operations.conftest import Office

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def trading(tick: Tick[Any, Any]) -> Decision:
    if tick.number % 2:
        order = MarketOrder("BTC/USDT", "sell", amount=Decimal(1), tag="=out")
    else:
        order = MarketOrder("BTC/USDT", "buy", amount=Decimal(1), tag="in")
    return Decision(orders=[order], wake=Wake(every=HOUR, align=True))


def traded(office: Office, hours: int = 4, name: str = "a") -> None:
    office.bench.automation(name, trading)
    for _ in range(hours):
        office.bench.trading.will(office.bench.trading.fill_at_once)
        office.bench.settle()
        office.bench.advance(3_600_000)
    office.do("automations.pause", automation=name)


def exported(office: Office, what: str, **wanted: Any) -> list[dict[str, str]]:
    """Return a table's rows as a program reads them out of the CSV, page by page."""
    rows: list[list[str]] = []
    cursor = None
    while True:
        page = office.do("exports.page", what=what, cursor=cursor, limit=2, **wanted)
        rows += page.rows
        cursor = page.next_cursor
        if cursor is None:
            return list(csv.DictReader(io.StringIO(as_csv([page.columns, *rows]))))


def test_fills_of_a_period_are_a_table_oldest_first(office: Office) -> None:
    traded(office)
    found = exported(office, "fills", since=START + HOUR, until=START + 3 * HOUR)
    assert [row["time"] for row in found] == ["2026-01-01 01:00:00.000 UTC", "2026-01-01 02:00:00.000 UTC"]
    assert {
        name: found[0][name] for name in ("automation", "symbol", "side", "amount", "base", "cost", "quote", "tag")
    } == {
        "automation": "a",
        "symbol": "BTC/USDT",
        "side": "sell",
        "amount": "1",
        "base": "BTC",
        "cost": "100",
        "quote": "USDT",
        # No formula for a spreadsheet.
        "tag": "'=out",
    }
    with pytest.raises(UsageError, match="since is later than until"):
        exported(office, "fills", since=START + HOUR, until=START)


def test_the_table_for_tax_tools_tells_what_was_given_got_and_paid_in_fees(office: Office) -> None:
    traded(office)
    found = exported(office, "tax")
    assert list(found[0]) == [
        "Date",
        "Sent Amount",
        "Sent Currency",
        "Received Amount",
        "Received Currency",
        "Fee Amount",
        "Fee Currency",
        "Net Worth Amount",
        "Net Worth Currency",
        "Label",
        "Description",
        "TxHash",
    ]
    bought, sold = found[0], found[1]
    assert (bought["Date"], bought["Sent Amount"], bought["Sent Currency"]) == (
        "2026-01-01 00:00:00 UTC",
        "100",
        "USDT",
    )
    assert (bought["Received Amount"], bought["Received Currency"]) == ("1", "BTC")
    assert (sold["Sent Currency"], sold["Received Currency"], sold["Received Amount"]) == ("BTC", "USDT", "100")
    assert len({row["TxHash"] for row in found}) == 4
    assert bought["Description"] == "a on main: buy BTC/USDT"
    # All that was given and got, added up by a stranger, is what the ledger has.
    there = {"USDT": Decimal(1_000)}
    for row in found:
        there[row["Sent Currency"]] = there.get(row["Sent Currency"], Decimal(0)) - Decimal(row["Sent Amount"])
        there[row["Received Currency"]] = there.get(row["Received Currency"], Decimal(0)) + Decimal(
            row["Received Amount"]
        )
        if row["Fee Amount"]:
            there[row["Fee Currency"]] = there.get(row["Fee Currency"], Decimal(0)) - Decimal(row["Fee Amount"])
    assert there == {row.asset: row.free + row.reserved for row in office.bench.rows(balances)}
    # Play money is no matter of taxes.
    assert exported(office, "tax", paper=True) == exported(office, "fills", paper=True) == []


def test_ledger_and_orders_are_tables_too_whose_rows_are_all_there(office: Office) -> None:
    traded(office, 3)
    traded(office, 2, "b")
    moved = exported(office, "ledger")
    assert [(row["kind"], row["asset"], row["amount"]) for row in moved[:3]] == [
        ("budget", "USDT", "1000"),
        ("trade", "USDT", "-100"),
        ("trade", "BTC", "1"),
    ]
    assert {row["automation"] for row in moved} == {"a", "b"}
    assert {row["automation"] for row in exported(office, "ledger", automation="b")} == {"b"}
    ordered = exported(office, "orders")
    assert [row["status"] for row in ordered] == ["filled"] * 5
    assert {row["exchange order"] for row in ordered} == {row.exchange_order_id for row in office.bench.rows(fills)}
    later = exported(office, "orders", since=START + 3 * HOUR)
    assert [row["made"] for row in later] == ["2026-01-01 03:00:00.000 UTC", "2026-01-01 04:00:00.000 UTC"]
    assert exported(office, "orders", account="main") == ordered
