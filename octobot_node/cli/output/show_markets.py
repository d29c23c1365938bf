"""Markets, for a person."""

from __future__ import annotations

from typing import TextIO

from octobot_node.cli.output import figure_text, tables
from octobot_node.cli.output.markup import escape
from octobot_node.market import from_ms
from octobot_node.operations.trading.models.markets import CandleSeries, SourcePage, SymbolPage, TickerNow

__all__ = ["print_candles", "print_sources", "print_symbols", "print_ticker"]


def print_sources(page: SourcePage, out: TextIO) -> None:
    """Print market data connectors."""
    made = tables.table("market data", "plugin", "accounts", right=("accounts",))
    for row in page.sources:
        names = f"{row.used_by:,}{': ' if row.accounts else ''}{', '.join(row.accounts)}"
        made.add_row(escape(row.name), escape(row.plugin), escape(names))
    tables.console(out).print(made)


def print_symbols(page: SymbolPage, out: TextIO) -> None:
    """Print a page of symbols."""
    shown = tables.console(out)
    figures = ("price step", "amount step", "least amount", "least cost", "taker", "maker")
    made = tables.table("symbol", *figures, right=figures)
    for row in page.symbols:
        steps = (row.price_step, row.amount_step, row.min_amount, row.min_notional)
        made.add_row(
            escape(row.symbol),
            *(f"{each:f}" for each in steps),
            *(map(figure_text.ratio, (row.taker_fee, row.maker_fee))),
        )
    shown.print(made if page.symbols else "no symbols")
    tables.more(shown, page.next_cursor)
    if not page.complete:
        shown.print("[dim]the market may have more than it lists[/]")


def print_ticker(found: TickerNow, out: TextIO) -> None:
    """Print a symbol's prices."""
    quote = found.symbol.partition("/")[2]
    prices = [(name, escape(figure_text.amount(getattr(found, name), quote))) for name in ("last", "bid", "ask")]
    tables.console(out).print(
        tables.pairs([*prices, ("at", tables.when(found.at)), ("as of", tables.when(found.as_of))])
    )


def print_candles(found: CandleSeries, out: TextIO) -> None:
    """Print candles."""
    shown = tables.console(out)
    figures = ("open", "high", "low", "close", "volume")
    made = tables.table("from", *figures, right=figures)
    for at, *values in found.candles:
        made.add_row(tables.when(from_ms(at)), *(f"{value:,.10g}" for value in values))
    if found.forming is not None:
        at, *values = found.forming
        made.add_row(f"{tables.when(from_ms(at))}, forming", *(f"{value:,.10g}" for value in values))
    shown.print(made)
    if found.stale:
        shown.print("[yellow]stale[/]: the newest candle had not arrived in time")
