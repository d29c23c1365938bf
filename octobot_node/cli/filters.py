"""Options that narrow what the node's own commands list, or change. Nothing heavy is imported here."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["OfStatuses", "OfSymbol", "OfTag", "Paper", "Search"]

OfStatuses = Annotated[
    list[str] | None,
    typer.Option("--status", metavar="STATUS", help="Those that are active, waiting, paused, …; may be repeated."),
]
OfSymbol = Annotated[str | None, typer.Option("--symbol", metavar="SYMBOL", help="Those that trade this symbol.")]
OfTag = Annotated[
    list[str] | None, typer.Option("--tag", metavar="TAG", help="Those with this tag; repeated, with all of them.")
]
Search = Annotated[
    str, typer.Option("--search", metavar="WORDS", help="Those with these words in name, type, symbols or tags.")
]
Paper = Annotated[bool | None, typer.Option("--paper/--live", help="Those with play money, or with real money.")]
