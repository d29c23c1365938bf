"""Replays are never kinder than a running node would have been, which looks every second."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from octobot_node.reports.models import AutomationReport, RunReport
from octobot_node.run_files.run_file import RunFile
from octobot_node.runs.options import RunOptions
from octobot_node.runs.runner import run
from tests.support.views import SilentView

D = Decimal
MINUTE, DAY = 60_000, 86_400_000
#: 1 January 2025.
START = 1_735_689_600_000

Row = tuple[str, str, str, str] | None


def replay(folder: Path, step: int, rows: Sequence[Row], *automations: dict[str, Any], **market_data: Any) -> RunReport:
    """Replay candles (open, high, low, close; None is missing) with 1,000 USDT for each automation."""
    path = folder / "candles.csv"
    lines = [f"{START + i * step},{','.join(row)},10" for i, row in enumerate(rows) if row is not None]
    path.write_text("\n".join(["timestamp,open,high,low,close,volume", *lines]))
    account = {
        "market_data": {"use": "replay", **market_data},
        "trading": {"use": "paper"},
        "balances": {"USDT": 10_000},
    }
    run_file = RunFile.model_validate({"accounts": {"paper": account}, "automations": automations})
    report = run(run_file, RunOptions(data={"BTC/USDT": path}, data_dir=folder / "data"), SilentView())
    assert report.finished
    return report


def automation(type_: str, name: str = "it", **config: Any) -> dict[str, Any]:
    budget = {} if type_ == "stop_loss_guard" else {"budget": {"USDT": 1000}}
    return {
        "name": name,
        "type": type_,
        "account": "paper",
        "config": {"symbol": "BTC/USDT", **config},
        **budget,
    }


def trade(folder: Path, rows: Sequence[Row], **config: Any) -> AutomationReport:
    """Replay one trade of all the money, without fees, on daily candles."""
    (report,) = replay(
        folder, DAY, rows, automation("smart_trade", spend=1000, **config), taker_fee=0, maker_fee=0
    ).automations
    return report


FLAT = ("100", "100", "100", "100")
BRACKET = {"take_profits": [{"percent": 10}], "stop_loss": {"percent": 10}}


def test_of_a_stop_and_a_take_profit_in_one_candle_the_stop_comes_first(tmp_path: Path) -> None:
    report = trade(tmp_path, [FLAT, ("100", "112", "60", "61"), ("61", "62", "60", "61")], **BRACKET)
    assert (report.realised_pnl, report.figures["phase"]) == (D(-100), "closed: stop-loss")


def test_a_wick_through_the_stop_sells_as_it_would_have(tmp_path: Path) -> None:
    report = trade(tmp_path, [FLAT, ("100", "101", "70", "99"), ("99", "112", "98", "111")], **BRACKET)
    assert (report.realised_pnl, report.figures["phase"]) == (D(-100), "closed: stop-loss")


def test_a_candle_that_opens_below_the_stop_sells_at_its_open(tmp_path: Path) -> None:
    report = trade(tmp_path, [FLAT, ("80", "112", "70", "111"), ("111", "112", "98", "111")], **BRACKET)
    assert report.realised_pnl == D(-200)


def test_a_trailing_stop_follows_the_high_and_meets_the_close(tmp_path: Path) -> None:
    # The low comes first, at the old peak of 100 a stop of 90; then the high, 140, and a stop of 126 before the close.
    rows = [FLAT, ("100", "140", "95", "110"), ("110", "150", "110", "150")]
    report = trade(tmp_path, rows, trailing={"percent": 10})
    assert (report.realised_pnl, report.figures["peak"]) == (D(260), "140")


def test_a_break_even_that_the_high_reaches_holds_at_once(tmp_path: Path) -> None:
    rules = {"take_profits": [{"percent": 50}], "break_even": {"percent": 5}, "stop_loss": {"percent": 20}}
    report = trade(tmp_path, [FLAT, ("100", "106", "90", "92"), ("92", "160", "92", "150")], **rules)
    assert (report.realised_pnl, report.figures["phase"]) == (D(0), "closed: break-even")


def test_a_limit_entry_has_its_stop_in_the_candle_that_buys(tmp_path: Path) -> None:
    rows = [("110", "110", "110", "110"), ("110", "111", "80", "105"), ("105", "130", "105", "130")]
    report = trade(tmp_path, rows, entry={"limit": 100}, **BRACKET)
    assert (report.realised_pnl, report.figures["phase"]) == (D(-100), "closed: stop-loss")


def test_a_peak_before_the_entry_raises_no_trailing_stop(tmp_path: Path) -> None:
    # Bought at 100 on the way down from 110; the high of 150 may have been before that, the close of 108 was not.
    rows = [("110", "110", "110", "110"), ("110", "150", "95", "108"), ("108", "108", "50", "50")]
    report = trade(tmp_path, rows, entry={"limit": 100}, trailing={"percent": 10})
    assert (D(report.figures["peak"]) <= 108, report.realised_pnl < 0) == (True, True)


@pytest.mark.parametrize(("entry", "row", "price"), [("above", "160", "110"), ("below", "50", "90")])
def test_an_entry_at_a_level_buys_at_the_level(tmp_path: Path, entry: str, row: str, price: str) -> None:
    high, low = max(row, "100", key=D), min(row, "100", key=D)
    rules = {"entry": {entry: price}, "time_limit": "30d"}
    report = trade(tmp_path, [FLAT, ("100", high, low, row), (row, row, row, row)], **rules)
    assert D(report.figures["entry average"]) == D(price)


def test_a_grid_buys_on_the_way_to_its_stop_and_sells_at_it(tmp_path: Path) -> None:
    # Cells buy 1 each at 80 and 90, the price is 91; at 75 the grid has lost 20 in all: not what its close would bring.
    grid = automation("grid", lower=80, upper=100, levels=3, amount=1, stop_loss_price=75)
    rows = [("91", "91", "91", "91"), ("91", "99", "70", "98"), ("98", "98", "98", "98")]
    (report,) = replay(tmp_path, DAY, rows, grid, taker_fee=0, maker_fee=0).automations
    assert (report.realised_pnl, report.status) == (D(-20), "completed")


def test_a_guard_sells_at_its_stop_before_the_take_profit_of_the_same_candle(tmp_path: Path) -> None:
    dca = automation("dca", "dca", amount=1000, every="30d", take_profit=10)
    guard = automation("stop_loss_guard", "guard", automation="dca", loss=10)
    rows = [FLAT, ("100", "112", "60", "61"), ("61", "62", "60", "61")]
    report = replay(tmp_path, DAY, rows, dca, guard, taker_fee=0, maker_fee=0)
    assert {each.name: each.realised_pnl for each in report.automations} == {"dca": D(-100), "guard": D(0)}


def test_a_take_profit_replaced_after_a_safety_order_sells_at_its_own_price(tmp_path: Path) -> None:
    ladder = {"count": 3, "step": 2, "amount": 200, "volume_scale": 2, "step_scale": 1}
    dca = automation("dca", amount=100, every="1d", take_profit="1.5", safety_orders=ladder)
    dca["budget"] = {"USDT": 5000}
    rows = [
        ("1000", "1000", "1000", "1000"),
        ("1000", "1000", "1000", "1000"),
        ("1000", "1000", "975", "976"),
        ("976", "980", "955", "960"),
        ("960", "1010", "960", "1008"),
        ("1008", "1010", "1000", "1005"),
    ]
    (report,) = replay(tmp_path, MINUTE, rows, dca).automations
    # Paid 699.999991, held 0.72002754171; 986.77 is 1.5 % above the average.
    assert round(report.realised_pnl, 2) == D("9.79")


def test_scheduled_buys_do_not_pile_up_where_nothing_trades(tmp_path: Path) -> None:
    rows = [*[FLAT] * 90, *[None] * 600, *[FLAT] * 30]
    (report,) = replay(tmp_path, MINUTE, rows, automation("dca", amount=100, every="1h"), taker_fee=0).automations
    # At 0:00 and 1:00, one order of 2:00 that waits through the hole until 11:30, and that of 12:00, the last instant.
    assert (report.fills, report.invested) == (3, D(300))


def test_candles_coarser_than_a_minute_are_named_in_the_report(tmp_path: Path) -> None:
    coarse = replay(tmp_path, DAY, [FLAT] * 3, automation("dca", amount=100))
    assert [note.partition(",")[0] for note in coarse.notes] == ["BTC/USDT: its candles are 1"]
    (tmp_path / "fine").mkdir()
    assert replay(tmp_path / "fine", MINUTE, [FLAT] * 3, automation("dca", amount=100)).notes == []
