"""Accounts and the exchanges they may be on, for a person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TextIO

from octobot_node.cli.output import figure_text, tables
from octobot_node.cli.output.markup import escape
from octobot_node.operations.trading.models.account_checks import AccountChecked, StrangerOrder
from octobot_node.operations.trading.models.account_modes import ModeChange
from octobot_node.operations.trading.models.account_money import AccountMoney
from octobot_node.operations.trading.models.accounts import (
    AccountCreated,
    AccountDeleted,
    AccountDetail,
    AccountPage,
    AccountRow,
    CapabilitiesRow,
    ExchangePage,
)
from octobot_node.text.event_sentences import number

__all__ = [
    "print_account",
    "print_account_check",
    "print_account_deleted",
    "print_account_money",
    "print_accounts",
    "print_created_account",
    "print_exchanges",
    "print_mode_change",
]


def print_accounts(page: AccountPage, out: TextIO) -> None:
    """Print a page of accounts."""
    console = tables.console(out)
    if not page.accounts:
        console.print("no accounts")
        return
    table = tables.table(
        *("account", "market data", "trading", "automations", "open", "unknown", "sending", "limits"),
        right=("automations", "open", "unknown"),
    )
    for row in page.accounts:
        limits = ", ".join(f"{name} {value}" for name, value in row.limits.items())
        names = (escape(row.name), escape(row.market_data), escape(row.trading))
        counts = (f"{row.automations:,}", f"{row.open_orders:,}", f"{row.unknown_orders:,}")
        table.add_row(*names, *counts, _sending(row), escape(limits))
    console.print(table)
    tables.more(console, page.next_cursor)


def print_created_account(found: AccountCreated, out: TextIO) -> None:
    """Print an account that was created, and what could not be asked."""
    print_account(found, out)
    if found.unchecked:
        tables.console(out).print(f"not checked: {escape(found.unchecked)}", soft_wrap=True)


def print_account(found: AccountDetail, out: TextIO) -> None:
    """Print everything about an account."""
    can = "" if found.capabilities is None else _capabilities(found.capabilities.model_dump())
    facts = [
        ("id", found.id),
        ("market data", escape(f"{found.market_data} {_settings(found.market_data_settings)}".rstrip())),
        ("trading", escape(f"{found.trading} {_settings(found.trading_settings)}".rstrip())),
        ("secrets", escape(", ".join(found.secrets))),
        ("limits", escape(", ".join(f"{name} {value}" for name, value in found.limits.items()))),
        ("egress", escape(_egress(found))),
        ("sending", _sending(found)),
        ("automations", f"{found.automations:,}"),
        ("orders", f"{found.open_orders:,} open, {found.unknown_orders:,} unknown"),
        ("missing", f"[bold red]{escape(_missing(found))}[/]" if found.lacks else ""),
        ("funds", escape(tables.amounts(found.funds))),
        ("guarantees", escape(can)),
        ("last contact", "never" if found.last_contact is None else tables.when(found.last_contact)),
        ("since then", f"[bold red]{escape(found.contact_problem)}[/]" if found.contact_problem else ""),
        ("problem", f"[bold red]{escape(found.problem)}[/]" if found.problem else ""),
        ("waits", f"[bold red]{escape(found.egress_problem)}[/]" if found.egress_problem else ""),
    ]
    shown = tables.console(out)
    shown.print(f"[bold]{escape(found.name)}[/]", soft_wrap=True)
    shown.print(tables.pairs((label, value) for label, value in facts if value))


def _sending(row: AccountRow) -> str:
    if row.mode == "observe":
        return "observes"
    return "on" if row.sending else "off"


def _missing(found: AccountDetail) -> str:
    lacks = (f"{each.has:f} {asset} of {each.needs:f}" for asset, each in sorted(found.lacks.items()))
    return f"at its exchange there is {', '.join(lacks)}: orders that spend it are not sent"


def _egress(found: AccountDetail) -> str:
    if found.market_data_egress == found.egress:
        return found.egress
    return f"{found.egress}, prices {found.market_data_egress}"


def print_account_money(found: AccountMoney, out: TextIO) -> None:
    """Print an account's money: at its exchange, with its automations, left over."""
    console = tables.console(out)
    worth = "" if found.currency is None else f"worth {found.currency}"
    numbers = ("exchange", "free", "reserved", "unallocated", "budget at most", *([worth] if worth else []))
    table = tables.table("asset", *numbers, right=numbers)
    for row in found.assets:
        figures = [
            figure_text.amount(each, row.asset) for each in (row.exchange, row.free, row.reserved, row.unallocated)
        ]
        # Every digit: rounded up, it would be refused.
        figures += [figure_text.UNKNOWN if row.most is None else number(row.most)]
        figures += [figure_text.amount(row.value, found.currency or "")] if worth else []
        table.add_row(*(escape(each) for each in (row.asset, *figures)))
    if found.assets:
        console.print(table)
    else:
        console.print("no money")
    if found.problem:
        console.print(f"[bold red]its exchange was not reached: {escape(found.problem)}[/]", soft_wrap=True)


def print_account_check(found: AccountChecked, out: TextIO) -> None:
    """Print what came of asking an account's exchange."""
    console = tables.console(out)
    for step in found.steps:
        mark = "ok" if step.ok else "[bold red]failed[/]"
        cure = f": {escape(step.cure)}" if step.cure else ""
        line = f"{step.what.replace('_', ' '):<12} {mark:<6} {escape(step.detail)}{cure} ({step.seconds:.2f} s)"
        console.print(line, soft_wrap=True)
    if found.strangers:
        console.print("Orders that nobody decided here rest there, too; they are left alone, and so is their money:")
    for order in found.strangers:
        console.print(f"  {escape(_stranger(order))}", soft_wrap=True)


def _stranger(order: StrangerOrder) -> str:
    base, _, quote = order.symbol.partition("/")
    price = "at the market" if order.price is None else f"at {number(order.price)} {quote}"
    amount = "some" if order.amount is None else number(order.amount)
    return f"{order.side} {amount} {base} {price}, {order.id}, since {tables.when(order.created_at)}"


def print_mode_change(found: ModeChange, out: TextIO) -> None:
    """Print what becomes of an account that goes live or observes."""
    console = tables.console(out)
    for line in found.will:
        console.print(escape(line), soft_wrap=True)
    for line in found.warnings:
        console.print(f"[bold]{escape(line)}[/]", soft_wrap=True)
    if found.changed:
        said = "is live" if found.mode == "live" else "observes"
        console.print(f"{escape(found.account)} {said}", soft_wrap=True)


def print_account_deleted(found: AccountDeleted, out: TextIO) -> None:
    """Say that an account is deleted."""
    tables.console(out).print(f"{escape(found.name)} is deleted", soft_wrap=True)


def print_exchanges(page: ExchangePage, out: TextIO) -> None:
    """Print where orders can go, and what becomes there of one whose answer is lost."""
    made = tables.table("exchange", "use", "accounts", "an order whose answer is lost", "it has", right=("accounts",))
    for row in page.exchanges:
        for offer in row.offers:
            settings = ", ".join(f"{name}: {value}" for name, value in offer.settings.items())
            can = offer.capabilities
            made.add_row(escape(offer.title), escape(f"{row.name}, {settings}"), "", _lost(can), _has(can))
        known = row.capabilities
        of_it = ("as its settings say", "") if known is None else (_lost(known), _has(known))
        name = f"any other of {row.name}" if row.offers else row.name
        made.add_row(escape(name), escape(row.name), f"{row.accounts:,}", *of_it)
    tables.console(out).print(made)


def _lost(can: CapabilitiesRow) -> str:
    return "exact: found, or sent again on proof" if can.exact else "at most once, then a person"


def _has(can: CapabilitiesRow) -> str:
    has = {
        "stops": can.native_stops,
        "at market": can.market_orders,
        "post-only": can.post_only,
        "fill-or-kill": can.fill_or_kill,
        "market buys in quote": can.market_spend,
    }
    return ", ".join(name for name, there in has.items() if there)


def _settings(found: Mapping[str, Any]) -> str:
    return json.dumps(found) if found else ""


def _capabilities(found: Mapping[str, Any]) -> str:
    return ", ".join(
        name.replace("_", " ") if value is True else f"{name.replace('_', ' ')} {value}"
        for name, value in found.items()
        if value is not False and value is not None
    )
