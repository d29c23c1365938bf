"""``octobot-node replays start``: what is made of more than fields; the other commands are made of the operations."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from octobot_node.cli.options import DataDir, Json, group
from octobot_node.errors import CommandRefused, UsageError

if TYPE_CHECKING:
    from octobot_node.cli.ask_node import NodeClient

__all__ = ["replays"]

_EVERY_S = 0.3


def replays() -> typer.Typer:
    """Return the commands about replays."""
    found = group()
    found.info.help = "Replay automations on past candles, in the background."
    found.command("start")(_start)
    # With a callback a single command keeps its name.
    found.callback()(lambda: None)
    return found


def _start(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A run file; or say what to replay with --type.")
    ] = None,
    candles: Annotated[
        list[str] | None,
        typer.Option("--candles", metavar="SET", help="A candle set, by id or name; may be repeated."),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar="SYMBOL=FILE", help="A candle file, which is imported first; may be repeated."),
    ] = None,
    type_name: Annotated[str | None, typer.Option("--type", metavar="TYPE", help="An automation type.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="A field of its config.")
    ] = None,
    budget: Annotated[
        list[str] | None, typer.Option("--budget", metavar="ASSET=AMOUNT", help="The money it may use.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What to call it.")] = None,
    notes: Annotated[str, typer.Option("--notes", metavar="TEXT", help="What to remember of it.")] = "",
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="Only candles from then on: 2022-01-01, or 2022-01-01T12:00:00Z."),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Only candles up to then.")] = None,
    taker_fee: Annotated[str | None, typer.Option("--taker-fee", metavar="RATIO", help="0.001 is 0.1 %.")] = None,
    maker_fee: Annotated[str | None, typer.Option("--maker-fee", metavar="RATIO", help="0.001 is 0.1 %.")] = None,
    slippage: Annotated[
        str | None, typer.Option("--slippage", metavar="RATIO", help="How much worse market and stop orders fill.")
    ] = None,
    volume_share: Annotated[
        str | None, typer.Option("--volume-share", metavar="RATIO", help="Part of a candle's volume an order may be.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for its end, and print its report.")] = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Start a replay of a run file, or of a type with its config; a running node carries it out in the background."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.input_files import config_fields, fields, moment, run_file_texts
    from octobot_plugins.replay.jobs.catalogue import START_REPLAY
    from octobot_plugins.replay.jobs.shown import print_replay

    if (file is None) == (type_name is None):
        raise UsageError("say what to replay: a run file, or --type with --set and --budget")
    client = NodeClient(context, data_dir, as_json=as_json)
    given: dict[str, Any] = {
        "candles": [*(candles or []), *(_imported(client, each) for each in data or [])],
        "name": name,
        "notes": notes or None,
        "type": type_name,
        "config": config_fields(settings or []) or None,
        "budget": fields(budget or [], "--budget") or None,
        "run_file": None if file is None else run_file_texts([file])[0]["text"],
        "start": moment(start, "--from"),
        "end": moment(end, "--to"),
        "taker_fee": taker_fee,
        "maker_fee": maker_fee,
        "slippage": slippage,
        "volume_share": volume_share,
    }
    if not given["candles"]:
        raise UsageError("on which candles? Give --candles SET (`octobot-node candles list`) or --data SYMBOL=FILE")
    found = client.ask(START_REPLAY, **given)
    if wait:
        _wait(client, found.id)
        return
    client.show(found, print_replay)
    client.say_if_quiet("the replay runs")


def _imported(client: NodeClient, pair: str) -> str:
    from octobot_plugins.replay.candle_sets.catalogue import IMPORT_CANDLES

    symbol, equals, path = pair.partition("=")
    if not (symbol and equals and path):
        raise UsageError(f"--data {pair!r} is not SYMBOL=FILE: write --data BTC/USD=candles.csv.gz")
    return client.ask(IMPORT_CANDLES, symbol=symbol, path=str(Path(path).absolute())).id


def _wait(client: NodeClient, replay: str) -> None:
    """Show how far a replay is until it is over, then its report; Ctrl-C leaves it running."""
    from octobot_node.cli.output.run_display import open_view
    from octobot_node.market import from_ms
    from octobot_plugins.replay.jobs.catalogue import REPORT, SHOW_PROGRESS
    from octobot_plugins.replay.jobs.shown import print_replay_report

    with open_view(sys.stderr, quiet=client.as_json) as view:
        view.message(f"replay {replay}: Ctrl-C leaves it running")
        while True:
            found = client.ask(SHOW_PROGRESS, replay=replay)
            view.progress(found.done, found.total, found.virtual_now or from_ms(0))
            if found.status.over:
                break
            if not client.live:
                raise CommandRefused(
                    f"no node runs on {client.folder}: the replay {replay} is carried out when one does"
                    " (octobot-node start)"
                )
            time.sleep(_EVERY_S)
    if found.status != "finished":
        raise CommandRefused(f"the replay {replay} {found.status}: {found.reason or 'no reason is given'}")
    client.show(client.ask(REPORT, replay=replay), print_replay_report)
