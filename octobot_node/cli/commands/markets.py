"""``octobot-node markets …``: its commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from octobot_node.cli.options import AccountArgument, Cursor, DataDir, Json, Limit, group

__all__ = ["commands"]

_Symbol = Annotated[str, typer.Argument(metavar="SYMBOL", help="BASE/QUOTE, such as BTC/USD.")]


def commands() -> typer.Typer:
    """Return the group."""
    app = group()
    app.command("sources")(_sources)
    app.command("symbols")(_symbols)
    app.command("ticker")(_ticker)
    app.command("candles")(_candles)
    return app


def _sources(context: typer.Context, as_json: Json = False, data_dir: DataDir = None) -> None:
    """List where prices can come from, and which accounts use it."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_lists import print_sources
    from octobot_node.operations.trading.catalogue import LIST_MARKET_SOURCES

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(LIST_MARKET_SOURCES), print_sources)


def _symbols(
    context: typer.Context,
    account: AccountArgument,
    search: Annotated[str | None, typer.Option("--search", metavar="TEXT", help="Only those with this in it.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """List the symbols of an account's market, and what its exchange accepts."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_lists import print_symbols
    from octobot_node.operations.trading.catalogue import LIST_SYMBOLS

    client = NodeClient(context, data_dir, as_json=as_json)
    given = {"account": account, "search": search, "limit": limit, "cursor": cursor}
    client.show(client.ask(LIST_SYMBOLS, **given), print_symbols)


def _ticker(
    context: typer.Context, account: AccountArgument, symbol: _Symbol, as_json: Json = False, data_dir: DataDir = None
) -> None:
    """Show a symbol's prices now, as automations on the account see them."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_lists import print_ticker
    from octobot_node.operations.trading.catalogue import SHOW_TICKER

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(SHOW_TICKER, account=account, symbol=symbol), print_ticker)


def _candles(
    context: typer.Context,
    account: AccountArgument,
    symbol: _Symbol,
    timeframe: Annotated[str, typer.Option("--timeframe", metavar="LENGTH", help="1m, 4h, 1d, …")] = "1h",
    count: Annotated[int, typer.Option("--count", min=1, max=5_000, metavar="N", help="How many at most.")] = 24,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Show the newest closed candles of a symbol, as automations on the account see them."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_lists import print_candles
    from octobot_node.operations.trading.catalogue import LIST_CANDLES

    client = NodeClient(context, data_dir, as_json=as_json)
    given = {"account": account, "symbol": symbol, "timeframe": timeframe, "count": count}
    client.show(client.ask(LIST_CANDLES, **given), print_candles)
