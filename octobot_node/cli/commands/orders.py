"""``octobot-node orders …``: its commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from octobot_node.cli.operation_groups import OperationGroup
from octobot_node.cli.options import DataDir, Json, Yes, group

__all__ = ["commands"]

_OrderArgument = Annotated[str, typer.Argument(metavar="ORDER", help="The order's id, as `orders list` shows it.")]


def commands() -> typer.Typer:
    """Return the group."""
    app = group(OperationGroup)
    app.command("adopt")(_adopt)
    app.command("declare-not-sent")(_declare_not_sent)
    return app


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
    from octobot_node.cli.output.show_orders import print_resolved
    from octobot_node.operations.trading.catalogue import ADOPT_ORDER

    client = NodeClient(context, data_dir, as_json=as_json)
    found = client.ask(ADOPT_ORDER, order=order, exchange_order_id=exchange_order_id)
    client.show(found, print_resolved)


def _declare_not_sent(
    context: typer.Context, order: _OrderArgument, yes: Yes = False, as_json: Json = False, data_dir: DataDir = None
) -> None:
    """Say that an order of unknown outcome never reached the exchange: its funds are free again. Asks first."""
    from octobot_node.cli.ask_node import NodeClient, confirm
    from octobot_node.cli.output.show_orders import print_resolved
    from octobot_node.operations.trading.catalogue import DECLARE_ORDER_NOT_SENT

    client = NodeClient(context, data_dir, as_json=as_json)
    confirm(f"Is {order} neither open nor executed at the exchange? If it is, its money would be spent twice.", yes=yes)
    client.show(client.ask(DECLARE_ORDER_NOT_SENT, order=order), print_resolved)
