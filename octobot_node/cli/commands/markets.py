"""``octobot-node markets …``: its commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from octobot_node.cli.operation_groups import OperationGroup
from octobot_node.cli.options import AccountArgument, DataDir, Json, Since, Until, group

__all__ = ["commands"]

_Symbol = Annotated[str, typer.Argument(metavar="SYMBOL", help="BASE/QUOTE, such as BTC/USD.")]


def commands() -> typer.Typer:
    """Return the group."""
    app = group(OperationGroup)
    app.command("candles")(_candles)
    return app


def _candles(
    context: typer.Context,
    account: AccountArgument,
    symbol: _Symbol,
    timeframe: Annotated[str, typer.Option("--timeframe", metavar="LENGTH", help="1m, 4h, 1d, …")] = "1h",
    count: Annotated[int, typer.Option("--count", min=1, max=5_000, metavar="N", help="How many at most.")] = 24,
    since: Since = None,
    until: Until = None,
    forming: Annotated[bool, typer.Option("--forming", help="Also the candle that is not closed yet.")] = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Show the newest closed candles of a symbol, or those of a period, as automations on the account see them."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_markets import print_candles
    from octobot_node.operations.trading.catalogue import LIST_CANDLES

    client = NodeClient(context, data_dir, as_json=as_json)
    given = {"account": account, "symbol": symbol, "timeframe": timeframe, "count": count}
    given |= {"since": since, "until": until, "forming": forming or None}
    client.show(client.ask(LIST_CANDLES, **given), print_candles)
