"""How an automation differs from its shadow, for a person."""

from __future__ import annotations

from decimal import Decimal
from typing import TextIO

from rich.console import Console

from octobot_node.cli.output import figure_text, tables
from octobot_node.cli.output.figure_text import UNKNOWN
from octobot_node.cli.output.markup import escape
from octobot_node.operations.automations.models.shadows import (
    ShadowChanged,
    ShadowMoney,
    ShadowPair,
    ShadowQuote,
    ShadowReport,
    ShadowSide,
)

__all__ = ["print_drift", "print_shadow_changed"]

#: What became of a pair, as a person reads it.
_OUTCOMES = {
    "both": "both filled",
    "missed": "missed: filled on paper alone",
    "live_only": "filled live alone",
    "waits": "one is filled, the other waits",
    "neither": "neither is filled",
    "unknown": "not known what became of the live one",
    "live_alone": "decided live alone",
    "paper_alone": "decided on paper alone",
}


def print_shadow_changed(found: ShadowChanged, out: TextIO) -> None:
    """Print what was done."""
    done = "has a shadow" if found.shadow else "has no shadow any more"
    tables.console(out).print(f"[bold]{escape(found.automation)}[/] {done}: {escape(found.note)}", soft_wrap=True)


def print_drift(found: ShadowReport, out: TextIO) -> None:
    """Print how an automation differs from its shadow."""
    shown = tables.console(out)
    if not found.shadow:
        cure = f"octobot-node automations shadow {found.automation}"
        shown.print(
            f"[bold]{escape(found.automation)}[/] has no shadow; it gets one by: {escape(cure)}", soft_wrap=True
        )
        return
    status = tables.status(found.status or "", found.reason)
    shown.print(f"[bold]{escape(found.automation)}[/], its shadow since {tables.when(found.began_at)}: {status}")
    if found.observing:
        shown.print("[yellow]its account only observes: no live order is sent[/]", soft_wrap=True)
    for quote in found.quotes:
        shown.print(tables.pairs(_sums(quote)))
    for money in found.money:
        shown.print(tables.pairs(_money(money)))
    _print_orders(found, shown)
    shown.print("[dim]above 0 is worse than paper, but for PnL; prices of " + tables.when(found.as_of) + "[/]")


def _sums(found: ShadowQuote) -> list[tuple[str, str]]:
    asset = found.asset
    unknown = f", of {found.fee_unknown} not known" if found.fee_unknown else ""
    rows = [
        ("slippage", f"{_worse(found.slippage, asset)} ({_bps(found.slippage_bps)}), of {found.both} filled on both"),
        ("missed fills", f"{found.missed}, for {escape(figure_text.amount(found.missed_cost, asset))} on paper"),
        ("filled live alone", str(found.live_only)),
        ("fees more", _worse(found.fee, asset) + unknown),
        ("filled later by", _later(found.later_ms)),
    ]
    others = {
        "one waits": found.waits,
        "outcome unknown": found.unknown,
        "decided live alone": found.live_alone,
        "decided on paper alone": found.paper_alone,
    }
    return rows + [(name, str(count)) for name, count in others.items() if count]


def _money(found: ShadowMoney) -> list[tuple[str, str]]:
    asset = found.asset
    live, paper = (escape(figure_text.amount(each, asset)) for each in (found.live_equity, found.paper_equity))
    return [
        ("equity", f"{live} live, {paper} on paper"),
        ("PnL, live less paper", figure_text.gain(found.pnl, asset)),
        ("of it realised", figure_text.gain(found.realised, asset)),
    ]


def _print_orders(found: ShadowReport, shown: Console) -> None:
    if not found.orders:
        shown.print("no orders since")
        return
    columns = ("decided", "order", "outcome", "live", "paper", "slippage", "later")
    made = tables.table(*columns, right=("slippage", "later"))
    for row in found.orders:
        made.add_row(
            tables.when(row.at),
            escape(f"{row.side} {row.symbol} {row.type}{f' ({row.tag})' if row.tag else ''}"),
            _OUTCOMES[row.outcome],
            _side(row.live),
            _side(row.paper),
            _slippage(row),
            _later(row.later_ms),
        )
    shown.print(made)
    if found.left_out:
        shown.print(f"[dim]{found.left_out:,} older ones are in the sums: --orders N shows more[/]")


def _side(found: ShadowSide | None) -> str:
    if found is None:
        return UNKNOWN
    if not found.filled:
        return escape(f"{found.status}{f': {found.reason}' if found.reason else ''}")
    return escape(f"{figure_text.amount(found.filled)} at {figure_text.amount(found.price)}")


def _slippage(row: ShadowPair) -> str:
    return UNKNOWN if row.slippage is None else f"{_worse(row.slippage)} ({_bps(row.slippage_bps)})"


def _worse(value: Decimal | None, asset: str = "") -> str:
    """Return a figure of which more is worse, as markup."""
    text = escape(figure_text.amount(value, asset))
    if not value:
        return text
    return f"[red]+{text}[/]" if value > 0 else f"[green]{text}[/]"


def _bps(value: Decimal | None) -> str:
    return UNKNOWN if value is None else f"{value:+f} bp" if value else "0 bp"


def _later(value: int | None) -> str:
    return UNKNOWN if value is None else f"{Decimal(value) / 1000:+f} s"
