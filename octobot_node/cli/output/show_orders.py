"""Orders and fills, for a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TextIO

from rich.table import Table

from octobot_node.cli.output import figure_text, tables
from octobot_node.cli.output.markup import escape
from octobot_node.operations.automations.models.plans import PlannedOrder
from octobot_node.operations.trading.models.money import (
    FillPage,
    FillRow,
    OrderDetail,
)
from octobot_node.operations.trading.models.orders import OrderPage, OrderResolved, OrderRow

__all__ = ["orders_table", "print_fills", "print_order", "print_orders", "print_resolved", "what_is_ordered"]


def print_orders(page: OrderPage, out: TextIO) -> None:
    """Print a page of orders."""
    console = tables.console(out)
    if not page.orders:
        console.print("no orders")
        return
    console.print(orders_table(page.orders))
    tables.more(console, page.next_cursor)


def print_resolved(resolved: OrderResolved, out: TextIO) -> None:
    """Print how an order stands now."""
    tables.console(out).print(orders_table([resolved.order]))


def orders_table(rows: Iterable[OrderRow]) -> Table:
    """Return orders as a table."""
    table = tables.table(
        "order", "automation", "what", "status", "filled", "average", "since", right=("filled", "average")
    )
    for row in rows:
        base, _, quote = row.symbol.partition("/")
        table.add_row(
            row.id,
            escape(row.automation),
            escape(what_is_ordered(row)),
            tables.status(row.status, row.reason),
            escape(figure_text.amount(row.filled, base)),
            escape(figure_text.amount(row.average, quote)),
            tables.when(row.created_at),
        )
    return table


def what_is_ordered(row: OrderRow | PlannedOrder) -> str:
    """Return an order in words: its side, how much, and at what price."""
    base, _, quote = row.symbol.partition("/")
    much = (
        f"for {figure_text.amount(row.spend, quote)}" if row.spend is not None else figure_text.amount(row.amount, base)
    )
    at = "".join(
        f" {word} {figure_text.amount(price, quote)}"
        for word, price in (("at", row.price), ("stop", row.stop))
        if price
    )
    tag = f" ({row.tag})" if row.tag else ""
    return f"{row.type} {row.side} {much}{at}{'' if row.amount is not None else f' of {base}'}{tag}"


def print_order(found: OrderDetail, out: TextIO) -> None:
    """Print everything about an order."""
    shown = tables.console(out)
    base, _, quote = found.symbol.partition("/")
    facts = [
        ("status", tables.status(found.status, found.reason)),
        ("automation", escape(f"{found.automation} on {found.account}, tick {found.tick}")),
        ("what", escape(f"{found.type} {found.side} {found.symbol} {found.tif}{' post-only' * found.post_only}")),
        ("amount", figure_text.amount(found.amount, base) if found.amount is not None else ""),
        ("spend", figure_text.amount(found.spend, quote) if found.spend is not None else ""),
        ("price", figure_text.amount(found.price, quote) if found.price is not None else ""),
        ("stop", figure_text.amount(found.stop, quote) if found.stop is not None else ""),
        ("filled", f"{figure_text.amount(found.filled, base)}, average {figure_text.amount(found.average, quote)}"),
        ("reserved", figure_text.amount(found.reserved, found.reserved_asset or "") if found.reserved else ""),
        ("tag", escape(found.tag)),
        ("client id", found.client_order_id),
        ("exchange's id", escape(found.exchange_order_id or figure_text.UNKNOWN)),
        ("created", tables.when(found.created_at)),
        ("attempts", f"{found.attempts}" if found.attempts > 1 else ""),
        ("sent", tables.when(found.sent_at)),
        ("changed", tables.when(found.updated_at)),
    ]
    shown.print(tables.pairs((label, value) for label, value in facts if value))
    if found.fills:
        shown.print(_fills(found.fills))


def print_fills(page: FillPage, out: TextIO) -> None:
    """Print a page of fills."""
    shown = tables.console(out)
    if not page.fills:
        shown.print("no fills")
        return
    shown.print(_fills(page.fills))
    tables.more(shown, page.next_cursor)


def _fills(rows: Iterable[FillRow]) -> Any:
    figures = ("amount", "price", "cost", "fee", "realised")
    made = tables.table("at", "automation", "side", *figures, "as", "order", right=figures)
    for row in rows:
        base, _, quote = row.symbol.partition("/")
        money = (
            figure_text.amount(row.amount, base),
            figure_text.amount(row.price, quote),
            figure_text.amount(row.cost, quote),
        )
        made.add_row(
            *(tables.when(row.at), escape(row.automation), row.side, *(escape(each) for each in money)),
            *(
                escape(figure_text.amount(row.fee, row.fee_asset)),
                figure_text.gain(row.realised, quote),
                row.liquidity,
                row.order,
            ),
        )
    return made
