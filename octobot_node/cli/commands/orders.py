"""``octobot-node orders …``: its commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from octobot_node.cli.options import Cursor, DataDir, Json, Limit, Yes, group

__all__ = ["commands"]

_OrderArgument = Annotated[str, typer.Argument(metavar="ORDER", help="The order's id, as `orders list` shows it.")]


def commands() -> typer.Typer:
    """Return the group."""
    app = group()
    app.command("list")(_list)
    app.command("show")(_show)
    app.command("fills")(_fills)
    app.command("adopt")(_adopt)
    app.command("declare-not-sent")(_declare_not_sent)
    return app


def _list(
    context: typer.Context,
    automation: Annotated[
        str | None, typer.Option("--automation", metavar="AUTOMATION", help="Only this one's, by name or id.")
    ] = None,
    status: Annotated[
        str | None,
        typer.Option("--status", metavar="STATUS", help="Only those that are open, unknown, filled, …; or live."),
    ] = None,
    symbol: Annotated[str | None, typer.Option("--symbol", metavar="SYMBOL", help="Only those on this symbol.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """List orders, newest first."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show import print_orders
    from octobot_node.operations.trading.catalogue import LIST_ORDERS

    client = NodeClient(context, data_dir, as_json=as_json)
    page = client.ask(LIST_ORDERS, automation=automation, status=status, symbol=symbol, limit=limit, cursor=cursor)
    client.show(page, print_orders)


def _show(context: typer.Context, order: _OrderArgument, as_json: Json = False, data_dir: DataDir = None) -> None:
    """Show everything about an order, with its fills."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_lists import print_order
    from octobot_node.operations.trading.catalogue import SHOW_ORDER

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(SHOW_ORDER, order=order), print_order)


def _fills(
    context: typer.Context,
    automation: Annotated[
        str | None, typer.Option("--automation", metavar="AUTOMATION", help="Only this one's, by name or id.")
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", metavar="ACCOUNT", help="Only those on this account.")
    ] = None,
    symbol: Annotated[str | None, typer.Option("--symbol", metavar="SYMBOL", help="Only those on this symbol.")] = None,
    order: Annotated[str | None, typer.Option("--order", metavar="ORDER", help="Only those of this order.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """List fills, newest first."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_lists import print_fills
    from octobot_node.operations.trading.catalogue import LIST_FILLS

    given = {"automation": automation, "account": account, "symbol": symbol, "order": order}
    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(LIST_FILLS, **given, limit=limit, cursor=cursor), print_fills)


def _adopt(
    context: typer.Context,
    order: _OrderArgument,
    exchange_order_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[EXCHANGE_ORDER_ID]",
            help="The exchange's own id; without it, the exchange is asked for the order's client id.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Say which of the exchange's orders an order of unknown outcome became."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show import print_resolved
    from octobot_node.operations.trading.catalogue import ADOPT_ORDER

    client = NodeClient(context, data_dir, as_json=as_json)
    found = client.ask(ADOPT_ORDER, order=order, exchange_order_id=exchange_order_id)
    client.show(found, print_resolved)


def _declare_not_sent(
    context: typer.Context, order: _OrderArgument, yes: Yes = False, as_json: Json = False, data_dir: DataDir = None
) -> None:
    """Say that an order of unknown outcome never reached the exchange: its funds are free again. Asks first."""
    from octobot_node.cli.ask_node import NodeClient, confirm
    from octobot_node.cli.output.show import print_resolved
    from octobot_node.operations.trading.catalogue import DECLARE_ORDER_NOT_SENT

    client = NodeClient(context, data_dir, as_json=as_json)
    confirm(f"Is {order} neither open nor executed at the exchange? If it is, its money would be spent twice.", yes=yes)
    client.show(client.ask(DECLARE_ORDER_NOT_SENT, order=order), print_resolved)
