"""The whole path on real candles, held against a computation that uses none of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from octobot_node.reports.models import AutomationReport
from octobot_node.run_files.run_file import RunFile
from octobot_node.runs.options import RunOptions
from octobot_node.runs.runner import run
from tests.reference.smart_trade import Candle, Outcome, Plan, Target, compute, read_candles, trailing_stop_fires
from tests.support import sweeps
from tests.support.views import SilentView

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
        "below": both(spend, level("below", "-0.35", expires="20h"), Rules({}, {"expires": 20 * HOUR})),
        "limit-above": both(spend, limit_above),
        "existing": Rules({"existing": {"amount": "0.05"}}, {"existing": F("0.05")}),
        "existing-bought-lower": Rules(
            {"existing": {"price": _text(near("-1"))}}, {"existing": F("0.1"), "existing_price": near("-1")}
        ),
    }


def sweep(first: Fraction, third: int) -> dict[str, Rules]:
    """Return one third (0, 1 or 2) of every entry with every exit."""
    crossed = list(product(entries(first).items(), EXITS.items()))
    return {f"{entry}/{exit_}": both(one, other) for (entry, one), (exit_, other) in crossed[third::3]}


#: Where the market falls, stands, crashes and recovers: the first candle's number, and the third that is tried there.
WINDOWS = {
    "from-the-start": (0, 0),
    "before-the-fall": (6_777, 1),
    "the-crash": (29_300, 2),
    "the-recovery": (34_567, 0),
}


@pytest.mark.slow
@pytest.mark.parametrize(("first", "third"), sweeps.all_but_long(WINDOWS, ["from-the-start", "the-crash"]))
def test_every_trade_of_a_sweep_equals_the_independent_computation(
    first: int, third: int, cut: Callable[[int, int], Path], tmp_path: Path
) -> None:
    path = cut(first, DAY_OF_CANDLES)
    candles = read_candles(path)
    cases = sweep(candles[0].open, third)
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
    for first, third in WINDOWS.values():
        candles = read_candles(cut(first, DAY_OF_CANDLES))
        for case in sweep(candles[0].open, third).values():
            outcome = compute(candles, Plan(**case.plan))
            ends.add(outcome.exit or ("open" if outcome.completed_at is None else "by orders"))
            ends.add(f"{sum(fill.tag.startswith('take-profit') for fill in outcome.fills)} targets")
    assert ends == {
        *("stop-loss", "trailing-stop", "break-even", "time-limit", "open", "by orders"),
        *("0 targets", "1 targets", "2 targets", "3 targets"),
    }


@pytest.mark.long
def test_a_trailing_stop_fires_at_the_candle_that_a_scan_of_the_month_finds(
    cut: Callable[[int, int], Path], tmp_path: Path
) -> None:
    fired = _check_scan(cut(0, 50_000), ("4", "10", "35"), (None, "2"), tmp_path)
    # The price never fell by 35 % from its highest, so that one is open to the end.
    assert (len(fired), len(set(fired))) == (4, 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "first", sweeps.third({str(first): first for first in (1_111, 8_000, 15_432, 21_987, 30_001, 40_404)})
)
def test_a_trailing_stop_fires_at_the_candle_that_a_scan_finds_whenever_it_starts(
    first: int, cut: Callable[[int, int], Path], tmp_path: Path
) -> None:
    path = cut(first, DAY_OF_CANDLES)
    fired = _check_scan(path, ("0.15", "0.3", "0.6", "1.2"), (None, "0.1", "0.4"), tmp_path)
    assert len(set(fired)) > 2


def _check_scan(path: Path, percents: Sequence[str], activations: Sequence[str | None], folder: Path) -> list[int]:
    """Compare the sale of every trailing stop with what a scan finds; return when they fired."""
    candles = read_candles(path)
    parameters = list(product(percents, activations))
    configs = {
        f"{percent}/{start}": {"spend": 1000, **trailing(percent, start).config} for percent, start in parameters
    }
    _replay(configs, path, folder)
    sales = {name: [row for row in rows if row[1] == "sell"] for name, rows in _fills(folder).items()}

    fired = {
        f"{percent}/{start}": trailing_stop_fires(candles, F(percent), _active_from(candles, start), F("0.01"))
        for percent, start in parameters
    }
    # Without take-profits nothing has to be cancelled first: the sale is at once.
    assert {name: [(row[0], row[2]) for row in sales.get(name, [])] for name in configs} == {
        name: [] if sale is None else [sale] for name, sale in fired.items()
    }
    return [sale[0] for sale in fired.values() if sale is not None]


def _active_from(candles: Sequence[Candle], start: str | None) -> Fraction:
    # The fee of buying, taken from the base, raises the average.
    average = candles[0].open / (1 - F(1, 1000))
    return F(0) if start is None else average * (100 + F(start)) / 100


def _text(price: Fraction) -> str:
    return f"{float(price):.1f}"


def _run_file(configs: Mapping[str, dict[str, Any]]) -> RunFile:
    return RunFile.model_validate(
        {
            "accounts": {
                "paper": {
                    "market_data": {"use": "replay", "price_step": "0.01"},
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
    with closing(sqlite3.connect(database)) as connection:
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
        **{name: round(value, 8) for name, value in figures.items()},
        **pnl,
        "completed": report.status == "completed",
        "exit": report.figures["phase"].removeprefix("closed: ") if report.status == "completed" else None,
    }


def _expected(outcome: Outcome, case: Rules) -> dict[str, Any]:
    def money(value: Fraction, digits: int = 8) -> Decimal:
        return round(Decimal(value.numerator) / Decimal(value.denominator), digits)

    sold = any(fill.side == "sell" for fill in outcome.fills)
    expected: dict[str, Any] = {}
    if outcome.average is not None:
        expected["entry average"] = money(outcome.average)
    if sold:
        expected["PnL"] = money(outcome.realised)
    if outcome.peak is not None:
        expected["peak"] = money(outcome.peak)
    if "existing_price" not in case.plan:
        expected["ledger"] = money(outcome.realised, 7)
    done = outcome.completed_at is not None
    end = outcome.exit or ("take-profit" if sold else _never_entered(case))
    return {**expected, "completed": done, "exit": end if done else None}


def _never_entered(case: Rules) -> str:
    ordered = "limit" in case.plan and "above" not in case.plan
    return f"not entered: the entry {'was cancelled' if ordered else 'expired'}"
