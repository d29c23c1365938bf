"""Secrets for people: everything but what they are."""

from __future__ import annotations

from typing import TextIO

from octobot_node.cli.output import tables
from octobot_node.cli.output.markup import escape
from octobot_node.operations.secrets.models import KeyRotated, SecretPage, SecretRemoved, SecretRow, StartedAnew

__all__ = ["print_removed", "print_rotated", "print_secret", "print_secrets", "print_started_anew"]


def print_secrets(page: SecretPage, out: TextIO) -> None:
    """Print a page of secrets."""
    shown = tables.console(out)
    table = tables.table("name", "owner", "version", "changed", "by", "uses", "last used", "accounts")
    for row in page.secrets:
        last = "never" if row.last_used is None else tables.when(row.last_used)
        table.add_row(
            *(escape(row.name), escape(row.owner), str(row.version), tables.when(row.changed_at)),
            *(escape(row.changed_by), f"{row.uses:,}", last, escape(", ".join(row.accounts))),
        )
    shown.print(table if page.secrets else "no secrets: `octobot-node secrets set NAME` makes one")
    tables.more(shown, page.next_cursor)


def print_secret(row: SecretRow, out: TextIO) -> None:
    """Print that a secret is kept."""
    told = f'{row.name} is kept, sealed, as version {row.version}: point to it with {{"secret": "{row.name}"}}'
    shown = tables.console(out)
    shown.print(escape(told), soft_wrap=True)
    if row.version > 1 and row.accounts:
        shown.print(escape(f"opened anew with it: {', '.join(row.accounts)}"), soft_wrap=True)


def print_removed(row: SecretRemoved, out: TextIO) -> None:
    """Print that a secret is gone."""
    tables.console(out).print(escape(f"{row.name} is removed"), soft_wrap=True)


def print_rotated(done: KeyRotated, out: TextIO) -> None:
    """Print which key is in force."""
    shown = tables.console(out)
    told = f"everything is sealed under the key {done.master_key} in {done.kept}; {done.data_keys:,} keys moved to it"
    shown.print(escape(told), soft_wrap=True)
    if done.lost:
        shown.print(f"{done.lost:,} keys were under one that is lost, and stay closed")
    if done.left_to_do:
        shown.print(escape(done.left_to_do), soft_wrap=True)


def print_started_anew(done: StartedAnew, out: TextIO) -> None:
    """Print what is to be entered again."""
    shown = tables.console(out)
    told = (
        f"sealed under the key {done.master_key} in {done.kept} from now on; of {done.lost:,} owners secrets are lost"
    )
    shown.print(escape(told), soft_wrap=True)
    for name in done.accounts:
        shown.print(escape(f"enter again: octobot-node accounts rotate-keys {name.partition('/')[2]}"), soft_wrap=True)
