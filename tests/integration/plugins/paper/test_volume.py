"""`volume_share`: on past candles an order fills only where enough was traded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from octobot_node.clock import VirtualClock
from octobot_plugins.replay.market_data import ReplayMarket
from octobot_plugins.replay.settings import ReplaySettings
from octobot_plugins.sqlite.storage import SqliteStorage
from tests.integration.plugins.paper.conftest import Bench

MINUTE = 60_000
#: open, high, low, close, volume of each minute.
ROWS = [
    ("100", "101", "99", "100", "5"),
    ("102", "103", "94", "99", "0"),
    ("99", "100", "93", "97", "9"),
    ("97", "106", "92", "105", "40"),
    ("90", "111", "89", "105", "50"),
]


@pytest.fixture
def thin(tmp_path: Path, storage: SqliteStorage) -> Callable[..., Bench]:
    def open_bench(rows: Sequence[Sequence[str]] = ROWS) -> Bench:
        path = tmp_path / "candles.csv"
        lines = [f"{i * MINUTE},{','.join(row)}" for i, row in enumerate(rows)]
        path.write_text("\n".join(["timestamp,open,high,low,close,volume", *lines]))
        clock = VirtualClock(0)
        settings = ReplaySettings(data={"BTC/USD": path}, time_unit="ms")
        return Bench(clock, storage, ReplayMarket(settings, clock))

    return open_bench


@pytest.mark.parametrize(
    ("share", "order", "fill"),
    [
        # Where enough is traded at once nothing changes.
        ("0.2", ("buy", "market", "1", {}), ("100", 0)),
        # 4 is 10 % of 40, the first volume that is enough; at the open of its candle.
        ("0.1", ("buy", "market", "4", {}), ("97", 3 * MINUTE)),
        ("0.1", ("sell", "market", "5", {}), ("90", 4 * MINUTE)),
        ("0.1", ("buy", "market", "5.00000001", {}), None),
        # 388 is 10 % of 40 x 97, 389 is more.
        ("0.1", ("buy", "market", None, {"spend": "388"}), ("97", 3 * MINUTE)),
        ("0.1", ("buy", "market", None, {"spend": "389"}), ("90", 4 * MINUTE)),
        # The candles that trade through 95 before are too thin: the order fills at its price in the fourth.
        ("0.1", ("buy", "limit", "4", {"price": "95"}), ("95", 4 * MINUTE)),
        ("0.1", ("sell", "limit", "5", {"price": "110"}), ("110", 5 * MINUTE)),
        ("0.1", ("sell", "limit", "6", {"price": "110"}), None),
        # A stop that is reached in thin candles is sold in the first thick one, at its open where that is below.
        ("0.1", ("sell", "stop", "5", {"stop": "95"}), ("90", 4 * MINUTE)),
        ("1", ("sell", "stop", "9", {"stop": "95"}), ("95", 3 * MINUTE)),
    ],
)
def test_an_order_fills_where_it_is_a_share_of_what_was_traded(
    thin: Callable[..., Bench], run: Any, share: str, order: Any, fill: tuple[str, int] | None
) -> None:
    bench = thin()
    paper = bench.trading(volume_share=share)
    side, kind, amount, given = order
    bench.place(side, kind, amount, on=paper, **given)
    bench.at(600 * MINUTE)
    trades = [(str(trade.price), trade.at) for trade in run(paper.trades(0))]
    assert trades == ([] if fill is None else [fill])


@pytest.mark.parametrize("tif", ["ioc", "fok"])
def test_an_order_that_must_fill_at_once_ends_where_too_little_is_traded(
    thin: Callable[..., Bench], run: Any, tif: str
) -> None:
    bench = thin()
    paper = bench.trading(volume_share="0.1")
    order = bench.place("buy", "limit", "4", price="100", tif=tif, on=paper)
    assert (order.status, order.reason) == ("expired", "too little was traded for it to be filled at once")
    bench.at(600 * MINUTE)
    assert run(paper.trades(0)) == []


def test_without_a_share_volume_is_ignored(thin: Callable[..., Bench], run: Any) -> None:
    bench = thin([(*row[:4], "0") for row in ROWS])
    paper = bench.trading()
    bench.place("buy", "market", "1000000", on=paper)
    assert [str(trade.price) for trade in run(paper.trades(0))] == ["100"]
