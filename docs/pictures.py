"""Draw what each automation type does on real candles: ``python docs/pictures.py FOLDER_OF_CANDLES``.

Each picture is a replay of an example file: the price, every execution, the orders while they rested, and what the
automation was worth.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import sqlalchemy as sa
import structlog

from octobot_node.cli.output.run_display import QuietView
from octobot_node.reports.equity_curve import equity_curve
from octobot_node.run_files.run_file import load_run_files
from octobot_node.runs.options import RunOptions
from octobot_node.runs.runner import run
from octobot_node.store.tables import automations, fills, intents, notices

ROOT = Path(__file__).parents[1]
BITCOIN = ("BTC/USD", "BTC-USD-1m-2022-01.csv.gz")
ETHER = ("ETH/BTC", "ETH-BTC-5m-2018-01.csv.gz")
#: Points of a line: more would only make the file larger.
_POINTS = 1_500
_BUY, _SELL, _PRICE, _REST, _TOLD, _WORTH = "#1b9e77", "#d95f02", "#5a6472", "#b8c4d6", "#7570b3", "#3b6fb6"


@dataclass(frozen=True)
class Picture:
    """One example file and how to show it."""

    example: str
    market: tuple[str, str]
    title: str
    automation: int = 0
    worth: bool = True


PICTURES: Mapping[str, Picture] = {
    "dca": Picture("dca-replay", BITCOIN, "dca: a buy a day, safety orders, take-profit"),
    "grid": Picture("grid-replay", BITCOIN, "grid: buys a rung lower, sells a rung higher"),
    "rebalance": Picture("rebalance-replay", ETHER, "rebalance: back to the weights whenever they drift"),
    "smart_trade": Picture("smart-trade-replay", BITCOIN, "smart_trade: entry, take-profits, trailing stop"),
    "signal": Picture("signal-replay", BITCOIN, "signal: trades on what arrives"),
    "price_alert": Picture("price-alert-replay", ETHER, "price_alert: tells when a level is crossed", worth=False),
    "stop_loss_guard": Picture("stop-loss-guard-replay", BITCOIN, "stop_loss_guard: closes another's position"),
}


def main(folder: Path, names: list[str]) -> None:
    """Draw all pictures, or those that are named."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    mpl.use("svg")
    # The same picture is the same file.
    mpl.rcParams.update(
        {"svg.hashsalt": "octobot", "svg.fonttype": "none", "font.size": 9, "font.family": "sans-serif"}
    )
    for name in names or PICTURES:
        draw(PICTURES[name], folder, ROOT / "docs" / "images" / f"{name}.svg")


def draw(picture: Picture, folder: Path, path: Path) -> None:
    """Replay the example and draw it into ``path``."""
    symbol, file = picture.market
    with tempfile.TemporaryDirectory() as state:
        run_file = load_run_files([ROOT / "examples" / f"{picture.example}.yaml"])
        # An example whose run file names its candles in full needs none from us.
        options = RunOptions(data={symbol: folder / file}, data_dir=Path(state))
        run(run_file, options, QuietView())
        (database,) = Path(state).glob("replays/*/octobot.db")
        engine = sa.create_engine(f"sqlite:///{database}")
        with engine.connect() as connection:
            _plot(picture, _candles(folder / file), connection, path)
        engine.dispose()


def _candles(path: Path) -> Any:
    columns = np.loadtxt(path, delimiter=",", skiprows=1, usecols=(0, 4))
    return columns[:, 0], columns[:, 1]


def _plot(picture: Picture, candles: Any, connection: sa.Connection, path: Path) -> None:
    from matplotlib import pyplot as plt
    from matplotlib.dates import ConciseDateFormatter

    times, closes = candles
    rows = connection.execute(sa.select(automations).order_by(automations.c.id)).all()
    shown = rows[picture.automation]
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(9, 5), sharex=True, height_ratios=[3, 1], layout="constrained", facecolor="white"
    )
    some = _extremes(closes)
    top.plot(_dates(times[some]), closes[some], color=_PRICE, linewidth=0.8, label=picture.market[0], zorder=2)
    _resting(top, connection, picture.market[0], int(times[-1]))
    _executions(top, connection, picture.market[0])
    _told(top, connection, candles)
    if picture.worth:
        _worth(bottom, connection, shown, picture.market[0], candles)
    else:
        bottom.remove()
        top.xaxis.set_tick_params(labelbottom=True)
    top.set_title(picture.title, loc="left", fontsize=10)
    top.legend(loc="best", fontsize=8, frameon=False)
    for axis in (top, bottom):
        axis.grid(color="#e6e9ee", linewidth=0.5)
        axis.spines[["top", "right"]].set_visible(False)
    top.xaxis.set_major_formatter(ConciseDateFormatter(top.xaxis.get_major_locator()))
    figure.savefig(path, metadata={"Date": None, "Creator": None} if path.suffix == ".svg" else None)
    plt.close(figure)


def _extremes(values: Any) -> Any:
    """Return the indices of each stretch's lowest and highest value: what a thinned line must not lose."""
    length = max(1, 2 * len(values) // _POINTS)
    starts = range(0, len(values), length)
    found = {start + int(pick(values[start : start + length])) for start in starts for pick in (np.argmin, np.argmax)}
    return sorted(found)


def _dates(times: Any) -> list[datetime]:
    return [datetime.fromtimestamp(float(time) / 1000, UTC) for time in np.atleast_1d(times)]


def _resting(axis: Any, connection: sa.Connection, symbol: str, end: int) -> None:
    """Draw every limit order from its making to its end."""
    columns = intents.c
    statement = sa.select(columns.price, columns.created_at, columns.updated_at, columns.status).where(
        columns.kind == "order", columns.symbol == symbol, columns.price.is_not(None), columns.sent_at.is_not(None)
    )
    for price, start, changed, status in connection.execute(statement):
        until = end if status == "open" else changed
        axis.plot(_dates([start, until]), [float(price)] * 2, color=_REST, linewidth=0.6, zorder=1)


def _executions(axis: Any, connection: sa.Connection, symbol: str) -> None:
    columns = fills.c
    rows = connection.execute(sa.select(columns.at, columns.price, columns.side).where(columns.symbol == symbol)).all()
    for side, marker, color in (("buy", "^", _BUY), ("sell", "v", _SELL)):
        found = [(row.at, float(row.price)) for row in rows if row.side == side]
        if found:
            moments, prices = zip(*found, strict=True)
            label = f"{side} ({len(found)})"
            axis.scatter(_dates(moments), prices, s=18, marker=marker, color=color, label=label, zorder=3)


def _told(axis: Any, connection: sa.Connection, candles: Any) -> None:
    times, closes = candles
    moments = list(connection.scalars(sa.select(notices.c.created_at)))
    if moments:
        prices = np.interp(moments, times, closes)
        label = f"notice ({len(moments)})"
        look = {"facecolors": "none", "edgecolors": _TOLD, "linewidths": 1.2}
        axis.scatter(_dates(moments), prices, s=40, marker="D", label=label, zorder=4, **look)


def _worth(axis: Any, connection: sa.Connection, shown: Any, symbol: str, candles: Any) -> None:
    times, closes = candles
    length = int(times[1] - times[0])
    some = _extremes(closes)
    series = {
        int(time) + length: Decimal(repr(float(close))) for time, close in zip(times[some], closes[some], strict=True)
    }
    asset = symbol.partition("/")[2]
    curve = equity_curve(connection, shown.id, asset, {symbol: series})
    axis.plot(_dates(sorted(series)), [float(value) for value in curve], color=_WORTH, linewidth=0.9)
    axis.set_ylabel(f"equity, {asset}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("say where the candles are: make pictures DATA=FOLDER")
    main(Path(sys.argv[1]), sys.argv[2:])
