"""What was traded and moved, markets, types and accounts, for a person."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from rich.markup import escape

from octobot_node.cli.output import figure_text
from octobot_node.cli.output.tables import amounts, console, more, pairs, status, table, when
from octobot_node.market import from_ms
from octobot_node.operations.automations.models.bulk import BulkResult
from octobot_node.operations.automations.models.signals import SignalPage
from octobot_node.operations.automations.models.types import TypeDetail, TypePage
from octobot_node.operations.node.models.audit import AuditPage
from octobot_node.operations.node.models.events import LogPage
from octobot_node.operations.trading.models.accounts import AccountDeleted, AccountDetail, ExchangePage
from octobot_node.operations.trading.models.markets import CandleSeries, SourcePage, SymbolPage, TickerNow
from octobot_node.operations.trading.models.money import (
    BalancePage,
    EquitySeries,
    FillPage,
    FillRow,
    OrderDetail,
    PostingPage,
)

__all__ = [
    "print_account",
    "print_account_deleted",
    "print_audit",
    "print_balances",
    "print_bulk",
    "print_candles",
    "print_equity",
    "print_exchanges",
    "print_fills",
    "print_log",
    "print_order",
    "print_postings",
    "print_signals",
    "print_sources",
    "print_symbols",
    "print_ticker",
    "print_type",
    "print_types",
]

#: A person who wants more refusals than these asks for --json.
_REFUSALS = 20


def print_bulk(found: BulkResult, out: TextIO) -> None:
    """Print what a command did to many automations."""
    shown = console(out)
    what = {"run_now": "run now", "stop_close": "stop and sell"}.get(found.command, found.command)
    shown.print(
        f"{what}: {len(found.done):,} {'would be done' if found.dry_run else 'done'}, {len(found.refused):,} not"
    )
    for refusal in found.refused[:_REFUSALS]:
        shown.print(f"  {escape(refusal.reason)}", soft_wrap=True)
    if len(found.refused) > _REFUSALS:
        shown.print(f"  and {len(found.refused) - _REFUSALS:,} more: --json has all of them")


# Money ---------------------------------------------------------------------------------------------------------------


def print_fills(page: FillPage, out: TextIO) -> None:
    """Print a page of fills."""
    shown = console(out)
    if not page.fills:
        shown.print("no fills")
        return
    shown.print(_fills(page.fills))
    more(shown, page.next_cursor)


def _fills(rows: Iterable[FillRow]) -> Any:
    figures = ("amount", "price", "cost", "fee", "realised")
    made = table("at", "automation", "side", *figures, "as", "order", right=figures)
    for row in rows:
        base, _, quote = row.symbol.partition("/")
        money = (
            figure_text.amount(row.amount, base),
            figure_text.amount(row.price, quote),
            figure_text.amount(row.cost, quote),
        )
        made.add_row(
            *(when(row.at), escape(row.automation), row.side, *(escape(each) for each in money)),
            *(
                escape(figure_text.amount(row.fee, row.fee_asset)),
                figure_text.gain(row.realised, quote),
                row.liquidity,
                row.order,
            ),
        )
    return made


def print_order(found: OrderDetail, out: TextIO) -> None:
    """Print everything about an order."""
    shown = console(out)
    base, _, quote = found.symbol.partition("/")
    facts = [
        ("status", status(found.status, found.reason)),
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
        ("created", when(found.created_at)),
        ("attempts", f"{found.attempts}" if found.attempts > 1 else ""),
        ("sent", when(found.sent_at)),
        ("changed", when(found.updated_at)),
    ]
    shown.print(pairs((label, value) for label, value in facts if value))
    if found.fills:
        shown.print(_fills(found.fills))


def print_audit(page: AuditPage, out: TextIO) -> None:
    """Print a page of who did what."""
    shown = console(out)
    made = table("at", "who", "from", "what", "of", "outcome")
    for row in page.entries:
        outcome = f"{row.outcome}: {row.data['error']}" if row.data.get("error") else row.outcome
        came = f"{row.via} {row.address}".strip()
        made.add_row(when(row.at), *(escape(each) for each in (row.actor, came, row.action, row.target, outcome)))
    shown.print(made if page.entries else "nothing was done yet")
    more(shown, None if page.next_cursor is None else str(page.next_cursor))


def print_log(page: LogPage, out: TextIO) -> None:
    """Print a page of an automation's log."""
    shown = console(out)
    for line in page.lines:
        shown.print(f"{when(line.at)}  {line.level:7}  {escape(line.message)}")
    if not page.lines:
        shown.print("nothing happened yet")
    more(shown, page.next_cursor)


def print_postings(page: PostingPage, out: TextIO) -> None:
    """Print a page of postings."""
    shown = console(out)
    made = table("at", "kind", "amount", "fill", right=("amount",))
    for row in page.postings:
        made.add_row(when(row.at), row.kind, figure_text.gain(row.amount, row.asset), row.fill or "")
    shown.print(made if page.postings else "no postings")
    more(shown, page.next_cursor)


def print_balances(page: BalancePage, out: TextIO) -> None:
    """Print a page of balances."""
    shown = console(out)
    made = table("automation", "account", "free", "reserved", right=("free", "reserved"))
    for row in page.balances:
        money = (figure_text.amount(row.free, row.asset), figure_text.amount(row.reserved, row.asset))
        made.add_row(escape(row.automation), escape(row.account), *(escape(each) for each in money))
    shown.print(made if page.balances else "no balances")
    more(shown, page.next_cursor)


def print_equity(found: EquitySeries, out: TextIO) -> None:
    """Print a series of equity."""
    shown = console(out)
    made = table("at", "equity", "realised", right=("equity", "realised"))
    for point in found.points:
        made.add_row(
            when(point.at), figure_text.amount(point.equity, point.asset), figure_text.gain(point.realised, point.asset)
        )
    shown.print(made if found.points else "no points: there was no fill")
    if found.thinned:
        shown.print(f"[dim]{len(found.points):,} of more points: --points N shows more[/]")


def print_signals(page: SignalPage, out: TextIO) -> None:
    """Print a page of an inbox."""
    shown = console(out)
    made = table("received", "channel", "status", "key", "from", "message")
    for row in page.signals:
        told = (when(row.received_at), escape(row.channel), row.status, escape(row.key), escape(row.source))
        made.add_row(*told, escape(json.dumps(row.payload)))
    shown.print(made if page.signals else "no signals")
    more(shown, page.next_cursor)


# Markets -------------------------------------------------------------------------------------------------------------


def print_sources(page: SourcePage, out: TextIO) -> None:
    """Print market data connectors."""
    made = table("market data", "plugin", "accounts", right=("accounts",))
    for row in page.sources:
        names = f"{row.used_by:,}{': ' if row.accounts else ''}{', '.join(row.accounts)}"
        made.add_row(escape(row.name), escape(row.plugin), escape(names))
    console(out).print(made)


def print_symbols(page: SymbolPage, out: TextIO) -> None:
    """Print a page of symbols."""
    shown = console(out)
    figures = ("price step", "amount step", "least amount", "least cost", "taker", "maker")
    made = table("symbol", *figures, right=figures)
    for row in page.symbols:
        steps = (row.price_step, row.amount_step, row.min_amount, row.min_notional)
        made.add_row(
            escape(row.symbol),
            *(f"{each:f}" for each in steps),
            *(map(figure_text.ratio, (row.taker_fee, row.maker_fee))),
        )
    shown.print(made if page.symbols else "no symbols")
    more(shown, page.next_cursor)
    if not page.complete:
        shown.print("[dim]the market may have more than it lists[/]")


def print_ticker(found: TickerNow, out: TextIO) -> None:
    """Print a symbol's prices."""
    quote = found.symbol.partition("/")[2]
    prices = [(name, escape(figure_text.amount(getattr(found, name), quote))) for name in ("last", "bid", "ask")]
    console(out).print(pairs([*prices, ("at", when(found.at)), ("as of", when(found.as_of))]))


def print_candles(found: CandleSeries, out: TextIO) -> None:
    """Print candles."""
    shown = console(out)
    figures = ("open", "high", "low", "close", "volume")
    made = table("from", *figures, right=figures)
    for at, *values in found.candles:
        made.add_row(when(from_ms(at)), *(f"{value:,.10g}" for value in values))
    shown.print(made)
    if found.stale:
        shown.print("[yellow]stale[/]: the newest candle had not arrived in time")


# Types and accounts --------------------------------------------------------------------------------------------------


def print_types(page: TypePage, out: TextIO) -> None:
    """Print automation types."""
    made = table("type", "version", "package", "what it does")
    for row in page.types:
        made.add_row(escape(row.type), f"{row.version}", escape(row.plugin_version), escape(row.summary))
    console(out).print(made)


def print_type(found: TypeDetail, out: TextIO) -> None:
    """Print a type and the fields of its config."""
    shown = console(out)
    shown.print(f"[bold]{escape(found.type)}[/] version {found.version}, {escape(found.plugin)}", soft_wrap=True)
    shown.print(escape(found.documentation), soft_wrap=True)
    made = table("field", "default", "what it is")
    for name, about in found.config.get("properties", {}).items():
        default = "" if name in found.required else json.dumps(found.defaults.get(name))
        made.add_row(escape(name), escape(default), escape(about.get("description", "")))
    shown.print(made)


def print_account(found: AccountDetail, out: TextIO) -> None:
    """Print everything about an account."""
    can = "" if found.capabilities is None else _capabilities(found.capabilities.model_dump())
    facts = [
        ("id", found.id),
        ("market data", escape(f"{found.market_data} {_settings(found.market_data_settings)}".rstrip())),
        ("trading", escape(f"{found.trading} {_settings(found.trading_settings)}".rstrip())),
        ("secrets", escape(", ".join(found.secrets))),
        ("limits", escape(", ".join(f"{name} {value}" for name, value in found.limits.items()))),
        ("sending", "on" if found.sending else "off"),
        ("automations", f"{found.automations:,}"),
        ("orders", f"{found.open_orders:,} open, {found.unknown_orders:,} unknown"),
        ("funds", escape(amounts(found.funds))),
        ("guarantees", escape(can)),
        ("problem", f"[bold red]{escape(found.problem)}[/]" if found.problem else ""),
    ]
    shown = console(out)
    shown.print(f"[bold]{escape(found.name)}[/]", soft_wrap=True)
    shown.print(pairs((label, value) for label, value in facts if value))


def print_account_deleted(found: AccountDeleted, out: TextIO) -> None:
    """Say that an account is deleted."""
    console(out).print(f"{escape(found.name)} is deleted", soft_wrap=True)


def print_exchanges(page: ExchangePage, out: TextIO) -> None:
    """Print trading connectors."""
    made = table("exchange", "plugin", "accounts", "what it guarantees", right=("accounts",))
    for row in page.exchanges:
        can = "" if row.capabilities is None else _capabilities(row.capabilities.model_dump())
        made.add_row(escape(row.name), escape(row.plugin), f"{row.accounts:,}", escape(can))
    console(out).print(made)


def _settings(found: Mapping[str, Any]) -> str:
    return json.dumps(found) if found else ""


def _capabilities(found: Mapping[str, Any]) -> str:
    return ", ".join(
        name.replace("_", " ") if value is True else f"{name.replace('_', ' ')} {value}"
        for name, value in found.items()
        if value is not False and value is not None
    )
