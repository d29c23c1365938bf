"""``octobot-node signals …``: its commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from octobot_node.cli.operation_groups import OperationGroup
from octobot_node.cli.options import AutomationArgument, DataDir, Json, group

__all__ = ["commands"]


def commands() -> typer.Typer:
    """Return the group."""
    app = group(OperationGroup)
    app.command("send")(_send)
    return app


def _send(
    context: typer.Context,
    automation: AutomationArgument,
    payload: Annotated[str, typer.Argument(metavar="JSON", help="The message in JSON; - reads it from stdin.")],
    channel: Annotated[str, typer.Option("--channel", metavar="NAME", help="Which of its channels.")] = "default",
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="Sent again with the same key, it arrives once.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="DURATION", help="Worthless after this time: 30s, 5m, 1h30m.")
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Put a message into an automation's inbox and wake it."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.input_files import message, seconds
    from octobot_node.cli.output.show_automations import print_signal
    from octobot_node.operations.automations.catalogue import SEND_SIGNAL

    given = {"payload": message(payload), "channel": channel, "key": key, "expires_in": seconds(expires, "--expires")}
    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(SEND_SIGNAL, automation=automation, **given), print_signal)
    client.say_if_quiet("it is given to the automation")
