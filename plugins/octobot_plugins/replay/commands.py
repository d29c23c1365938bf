"""``octobot-node candles preview`` and ``import``: how a file of candles is understood, and keeping it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from octobot_node.cli.options import DataDir, Json
from octobot_node.errors import InvalidMarketData, UsageError
from octobot_node.fields.kinds import check_zone
from octobot_node.text.symbols import check_symbol
from octobot_plugins.replay.files.reading import CandleFile, HowToRead, TimeUnit, read_candles

__all__ = ["commands"]

_ROWS = 3


def commands() -> typer.Typer:
    """Return the commands under ``candles``."""
    found = typer.Typer(help="Look at files of candles, and keep them.", rich_markup_mode=None, no_args_is_help=True)
    found.command("preview")(_preview)
    found.command("import")(_import)
    # Of a group with a callback, `preview` stays a word of its own.
    found.callback()(lambda: None)
    return found


TimeUnitOption = Annotated[
    TimeUnit, typer.Option("--time-unit", help="The unit of numbers that are times, as in the run file.")
]
ZoneOption = Annotated[str, typer.Option("--zone", metavar="ZONE", help="The zone of dates that name none.")]
OffGridOption = Annotated[str, typer.Option("--off-grid", metavar="error|drop", help="What candles off their grid do.")]


def _import(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="SYMBOL=FILE", help="A candle file, with what it is of.")],
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="What to call it, instead of FILE.")
    ] = None,
    time_unit: TimeUnitOption = "auto",
    zone: ZoneOption = "UTC",
    off_grid: OffGridOption = "error",
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Keep a file of candles in the data folder, to replay on it; the file itself is not needed any more then."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_plugins.replay.candle_sets.catalogue import IMPORT_CANDLES
    from octobot_plugins.replay.candle_sets.shown import print_imported

    symbol, equals, path = file.partition("=")
    if not (symbol and equals and path):
        raise UsageError(f"{file!r} is not SYMBOL=FILE: write BTC/USD=candles.csv.gz")
    dropping = "drop" if off_grid == "drop" else _no_other(off_grid)
    given = {"symbol": symbol, "path": str(Path(path).absolute()), "name": name}
    client = NodeClient(context, data_dir, as_json=as_json)
    found = client.ask(IMPORT_CANDLES, **given, time_unit=time_unit, zone=_zone(zone), off_grid=dropping)
    client.show(found, print_imported)


def _preview(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="Candle files, or SYMBOL=FILE as for `run --data`.")
    ],
    time_unit: TimeUnitOption = "auto",
    zone: ZoneOption = "UTC",
    off_grid: OffGridOption = "error",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list, and nothing else.")] = False,
) -> None:
    """Say how each FILE is understood: format, columns, times, gaps, the first and last. Exit code 2: one was not."""
    how = HowToRead(time_unit, _zone(zone), "drop" if off_grid == "drop" else _no_other(off_grid))
    found = [_told(text, how) for text in files]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        typer.echo("\n\n".join(_in_words(each) for each in found))
    if any("error" in each for each in found):
        raise typer.Exit(2)


def _zone(text: str) -> str:
    try:
        return check_zone(text)
    except ValueError as error:
        raise UsageError(f"--zone {error}") from None


def _no_other(text: str) -> Any:
    if text != "error":
        raise UsageError(f"--off-grid {text!r} is neither error nor drop")
    return text


def _told(text: str, how: HowToRead) -> dict[str, Any]:
    symbol, equals, name = text.partition("=")
    if not equals or "/" not in symbol or Path(text).exists():
        symbol, name = "", text
    elif symbol:
        try:
            check_symbol(symbol)
        except ValueError as error:
            raise UsageError(f"{text}: {error}") from None
    try:
        return {"file": name, **_facts(read_candles(symbol, Path(name), how))}
    except InvalidMarketData as error:
        return {"file": name, "error": str(error)}


def _facts(file: CandleFile) -> dict[str, Any]:
    from octobot_node.market import from_ms
    from octobot_plugins.replay.files.grid import length_text
    from octobot_plugins.replay.market_data import wrong_gap

    series, understood = file.series, file.understood
    missing, first = series.missing
    gap = wrong_gap(file, series)
    return {
        "format": understood.format,
        "container": understood.container,
        "separator": understood.separator,
        "encoding": understood.encoding,
        "columns": dict(understood.columns),
        "symbol": understood.symbol,
        "time_unit": understood.unit,
        "zone": understood.zone,
        "timeframe": length_text(series.step),
        "candles": len(series),
        "from": _stamp(from_ms(series.opens_at(0))),
        "to": _stamp(from_ms(series.closes_at(-1))),
        "missing": missing,
        "first_missing": None if first is None else _stamp(from_ms(first)),
        "price_step": f"{series.price_step:f}",
        "notes": [*understood.said, *([f"a replay refuses it: {gap}"] if gap else [])],
        "first": [_row(file, index) for index in range(min(_ROWS, len(series)))],
        "last": [_row(file, index) for index in range(max(len(series) - _ROWS, 0), len(series))],
    }


def _stamp(moment: Any) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _row(file: CandleFile, index: int) -> dict[str, str]:
    from octobot_node.market import from_ms

    series = file.series
    prices = {name: f"{series.exact(name, index):f}" for name in ("open", "high", "low", "close")}
    return {
        "time": _stamp(from_ms(series.opens_at(index))),
        **prices,
        "volume": f"{series.floats['volume'][index]:.15g}",
    }


def _in_words(told: Mapping[str, Any]) -> str:
    if "error" in told:
        return f"refused: {told['error']}"
    gaps = f"{told['missing']:,}, the first at {_moment(told['first_missing'])}" if told["missing"] else "none"
    rows = {
        "read as": told["format"],
        "packed in": told["container"],
        "separated by": told["separator"],
        "text": told["encoding"],
        "columns": ", ".join(f"{role}: {name}" for role, name in told["columns"].items()),
        "symbol": told["symbol"],
        "times": told["time_unit"] + (f", {told['zone']}" if told["zone"] else ""),
        "timeframe": told["timeframe"],
        "candles": f"{told['candles']:,}, from {_moment(told['from'])} to {_moment(told['to'])} UTC",
        "missing": gaps,
        "price step": told["price_step"],
    }
    lines = [told["file"], *(f"  {label:<13} {value}" for label, value in rows.items() if value)]
    lines += [f"  {'note' if not index else '':<13} {note}" for index, note in enumerate(told["notes"])]
    first, last = told["first"], [row for row in told["last"] if row not in told["first"]]
    return "\n".join(lines + _table([*first, *([None] if told["candles"] > 2 * _ROWS else []), *last]))


def _moment(stamp: str) -> str:
    return stamp.replace("T", " ").removesuffix("Z")


def _table(rows: list[dict[str, str] | None]) -> list[str]:
    names = ("time", "open", "high", "low", "close", "volume")
    cells = [
        names,
        *(("…",) * 6 if row is None else (_moment(row["time"]), *(row[n] for n in names[1:])) for row in rows),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        padded = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        lines.append(f"  {'  '.join(padded)}".rstrip())
    return lines
