"""The whole path on real candles, held against a computation that uses none of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from octobot_node.report import AutomationReport
from octobot_node.run_file import RunFile
from octobot_node.run_view import RunOptions
from octobot_node.runner import run
from tests.reference.smart_trade import Candle, Outcome, Plan, Target, compute, read_candles, trailing_stop_fires
from tests.views import SilentView

F = Fraction
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY_OF_CANDLES = 1_440

Row = tuple[int, str, Fraction, Fraction, Fraction, str, str]


@dataclass(frozen=True)
class Rules:
    """One half of a trade, as a user writes it and as the reference takes it."""

    config: dict[str, Any]
    plan: dict[str, Any]


def targets(*levels: tuple[str, str]) -> Rules:
    """Take-profits by percent, with their shares."""
    return Rules(
        {"take_profits": [{"percent": percent, "share": share} for percent, share in levels]},
        {"take_profits": [Target(percent=F(percent), share=F(share)) for percent, share in levels]},
    )


def trailing(percent: str, activate_at: str | None = None) -> Rules:
    level = {} if activate_at is None else {"activate_at": {"percent": activate_at}}
    active = None if activate_at is None else Target(percent=F(activate_at))
    return Rules({"trailing": {"percent": percent, **level}}, {"trailing": F(percent), "activate_at": active})


def stop(percent: str) -> Rules:
    return Rules({"stop_loss": {"percent": percent}}, {"stop_percent": F(percent)})


def both(*parts: Rules) -> Rules:
    config: dict[str, Any] = {}
    plan: dict[str, Any] = {}
    for part in parts:
        config |= part.config
        plan |= part.plan
    return Rules(config, plan)


BREAK_EVEN_AFTER_1 = Rules({"break_even": {"after_take_profit": 1}}, {"break_even_after": 1})
BREAK_EVEN_AFTER_2 = Rules({"break_even": {"after_take_profit": 2}}, {"break_even_after": 2})
BREAK_EVEN_AT = Rules({"break_even": {"percent": "0.4"}}, {"break_even_percent": F("0.4")})
FIVE_HOURS = Rules({"time_limit": "5h"}, {"time_limit": 5 * HOUR})
RUNNER = Rules({"runner": "66.7"}, {})

EXITS = {
    "trailing": trailing("0.45"),
    "trailing-late": trailing("0.6", "0.8"),
    "trailing-wide-stop": both(trailing("1.7", "0.3"), stop("0.9")),
    "three-targets": both(targets(("0.35", "40"), ("0.7", "35"), ("1.6", "25")), stop("1.1")),
    "two-targets-even": both(targets(("0.4", "50"), ("1.3", "50")), stop("2"), BREAK_EVEN_AFTER_1),
    "two-of-three-even": both(
        targets(("0.2", "33.3"), ("0.5", "33.3"), ("1.9", "33.4")),
        stop("1.4"),
        BREAK_EVEN_AFTER_2,
        trailing("1.2", "0.9"),
    ),
    "even-at": both(stop("0.8"), BREAK_EVEN_AT, targets(("2.5", "100"))),
    "runner": both(targets(("0.5", "33.3")), RUNNER, trailing("0.7")),
    "five-hours": both(targets(("1", "60"), ("4", "40")), FIVE_HOURS),
}


def entries(first: Fraction) -> dict[str, Rules]:
    """Return every kind of entry, near a first price of ``first``."""

    def near(percent: str) -> Fraction:
        return round(first * (100 + F(percent)) / 100, 1)

    def level(kind: str, percent: str, **more: Any) -> Rules:
        return Rules({"entry": {kind: _text(near(percent)), **more}}, {kind: near(percent)})

    spend, amount = Rules({"spend": "1000"}, {"spend": F(1000)}), Rules({"amount": "0.0123456789"}, {})
    bought = both(amount, Rules({}, {"amount": F("0.0123456789")}))
    limit_above = Rules(
        {"entry": {"above": _text(near("0.3")), "limit": _text(near("0.15")), "expires": "6h"}},
        {"above": near("0.3"), "limit": near("0.15"), "expires": 6 * HOUR},
    )
    expiring = both(level("limit", "-0.6", expires="2h"), Rules({}, {"expires": 2 * HOUR}))
    return {
        "now": spend,
        "now-amount": bought,
        "limit": both(spend, level("limit", "-0.2")),
        "limit-at-once": both(bought, level("limit", "0.2")),
        "limit-expires": both(spend, expiring),
        "above": both(bought, level("above", "0.3")),
        "below": both(spend, level("below", "-0.35", expires="1d"), Rules({}, {"expires": 24 * HOUR})),
        "limit-above": both(spend, limit_above),
        "existing": Rules({"existing": {"amount": "0.05"}}, {"existing": F("0.05")}),
        "existing-bought-lower": Rules(
            {"existing": {"price": _text(near("-1"))}}, {"existing": F("0.1"), "existing_price": near("-1")}
        ),
    }


def sweep(first: Fraction) -> dict[str, Rules]:
    """Return every entry with every exit."""
    crossed = product(entries(first).items(), EXITS.items())
    return {f"{entry}/{exit_}": both(one, other) for (entry, one), (exit_, other) in crossed}


#: Where the market falls, stands, crashes and recovers; candles of the month.
WINDOWS = {"from-the-start": 0, "before-the-fall": 6_777, "the-crash": 29_300, "the-recovery": 34_567}


@pytest.mark.parametrize("first", WINDOWS.values(), ids=WINDOWS.keys())
def test_every_trade_of_a_sweep_equals_the_independent_computation(
    first: int, cut: Callable[[int, int], Path], tmp_path: Path
) -> None:
    path = cut(first, DAY_OF_CANDLES * 3 // 2)
    candles = read_candles(path)
    cases = sweep(candles[0].open)
    reports = _replay({name: case.config for name, case in cases.items()}, path, tmp_path)
    fills = _fills(tmp_path)
    outcomes = {name: compute(candles, Plan(**case.plan)) for name, case in cases.items()}

    assert {name: fills.get(name, []) for name in cases} == {name: _rows(each) for name, each in outcomes.items()}
    for name, expected in outcomes.items():
        assert _told(reports[name], cases[name]) == _expected(expected, cases[name]), name
    assert {report.failed_ticks for report in reports.values()} == {0}
    assert {status for report in reports.values() for status in report.orders_by_status} <= {
        "filled", "cancelled", "open", "planned",
    }  # fmt: skip


def test_the_sweep_reaches_every_kind_of_end(cut: Callable[[int, int], Path]) -> None:
    ends = set()
    for first in WINDOWS.values():
        candles = read_candles(cut(first, DAY_OF_CANDLES * 3 // 2))
        for case in sweep(candles[0].open).values():
            outcome = compute(candles, Plan(**case.plan))
            ends.add(outcome.exit or ("open" if outcome.completed_at is None else "by orders"))
            ends.add(f"{sum(fill.tag.startswith('take-profit') for fill in outcome.fills)} targets")
    assert ends == {
        *("stop-loss", "trailing-stop", "break-even", "time-limit", "open", "by orders"),
        *("0 targets", "1 targets", "2 targets", "3 targets"),
    }


def test_the_trailing_stop_fires_at_the_candle_that_a_scan_finds(
    candles: Path, cut: Callable[[int, int], Path], tmp_path: Path
) -> None:
    path = cut(0, 50_000)
    read = read_candles(path)
    percents = ("0.5", "1", "2.5", "4", "6.5", "10", "20")
    parameters = list(product(percents, (None, "0.5", "2"), ("spend", "existing")))
    configs = {f"{percent}/{start}/{size}": _trailing_only(percent, start, size) for percent, start, size in parameters}
    _replay(configs, path, tmp_path)
    sales = {name: [row for row in rows if row[1] == "sell"] for name, rows in _fills(tmp_path).items()}

    # Without take-profits nothing has to be cancelled: the sale is at the open of the candle after.
    opens = {candle.start: candle.open for candle in read}
    expected = {}
    for percent, start, size in parameters:
        at = trailing_stop_fires(read, read[0].start, F(percent), _active_from(read, start, size))
        name = f"{percent}/{start}/{size}"
        expected[name] = [] if at is None else [(at, opens[at])]
    assert {name: [(row[0], row[2]) for row in sales.get(name, [])] for name in configs} == expected
    fired = [name for name, rows in expected.items() if rows]
    assert len(fired) > 30
    assert len({rows[0][0] for rows in expected.values() if rows}) > 10


def _trailing_only(percent: str, start: str | None, size: str) -> dict[str, Any]:
    bought = {"existing": {}} if size == "existing" else {"spend": "1000"}
    return {**bought, **trailing(percent, start).config}


def _active_from(candles: list[Candle], start: str | None, size: str) -> Fraction:
    if start is None:
        return F(0)
    # The fee of buying, taken from the base, raises the average.
    average = candles[0].open if size == "existing" else candles[0].open / (1 - F(1, 1000))
    return average * (100 + F(start)) / 100


def _text(price: Fraction) -> str:
    return f"{float(price):.1f}"


def _run_file(configs: Mapping[str, dict[str, Any]]) -> RunFile:
    return RunFile.model_validate(
        {
            "accounts": {
                "paper": {
                    "market_data": {"use": "replay"},
                    "trading": {"use": "paper"},
                    "balances": {"USD": "10000000", "BTC": "1000"},
                }
            },
            "automations": [
                {
                    "name": name,
                    "type": "smart_trade",
                    "account": "paper",
                    "budget": {"BTC": "0.1"} if "existing" in config else {"USD": "1000"},
                    "config": {"symbol": "BTC/USD", **config},
                }
                for name, config in configs.items()
            ],
        }
    )


def _replay(configs: Mapping[str, dict[str, Any]], path: Path, folder: Path) -> dict[str, AutomationReport]:
    report = run(_run_file(configs), RunOptions(data={"BTC/USD": path}, data_dir=folder), SilentView())
    assert report.finished
    return {automation.name: automation for automation in report.automations}


def _fills(folder: Path) -> dict[str, list[Row]]:
    (database,) = folder.glob("replays/*/octobot.db")
    found: dict[str, list[Row]] = {}
    with sqlite3.connect(database) as connection:
        rows = connection.execute(
            "SELECT a.name, at, side, price, f.amount, fee, fee_asset, tag"
            " FROM fills f JOIN automations a ON a.id = f.automation_id"
        )
        for name, at, side, price, amount, fee, asset, tag in rows:
            found.setdefault(name, []).append((at, side, F(price), F(amount), F(fee), asset, tag))
    return {name: sorted(rows, key=_order) for name, rows in found.items()}


def _order(row: Row) -> tuple[int, str]:
    return row[0], row[6]


def _rows(outcome: Outcome) -> list[Row]:
    fills = outcome.fills
    rows = [(f.time, f.side, f.price, f.amount, f.fee, f.fee_asset, f.tag) for f in fills]
    return sorted(rows, key=_order)


def _told(report: AutomationReport, case: Rules) -> dict[str, Any]:
    figures = {
        name: Decimal(report.figures[name]) for name in ("entry average", "PnL", "peak") if name in report.figures
    }
    # The ledger values base that was there at the first price, whatever it cost.
    pnl = {} if "existing_price" in case.plan else {"ledger": round(report.realised_pnl, 7)}
    return {
        **{name: round(value, 7) for name, value in figures.items()},
        **pnl,
        "completed": report.status == "completed",
        "exit": report.figures["phase"].removeprefix("closed: ") if report.status == "completed" else None,
    }


def _expected(outcome: Outcome, case: Rules) -> dict[str, Any]:
    def money(value: Fraction) -> Decimal:
        return round(Decimal(value.numerator) / Decimal(value.denominator), 7)

    sold = any(fill.side == "sell" for fill in outcome.fills)
    expected: dict[str, Any] = {}
    if outcome.average is not None:
        expected["entry average"] = money(outcome.average)
    if sold:
        expected["PnL"] = money(outcome.realised)
    if outcome.peak is not None:
        expected["peak"] = money(outcome.peak)
    if "existing_price" not in case.plan:
        expected["ledger"] = money(outcome.realised)
    done = outcome.completed_at is not None
    end = outcome.exit or ("take-profit" if sold else _never_entered(case))
    return {**expected, "completed": done, "exit": end if done else None}


def _never_entered(case: Rules) -> str:
    ordered = "limit" in case.plan and "above" not in case.plan
    return f"not entered: the entry {'was cancelled' if ordered else 'expired'}"
