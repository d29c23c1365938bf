"""`octobot-node run`: what the runner is given, and what is printed of what it returns."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import structlog
from rich.console import Console

from octobot_node.cli.actions import run
from octobot_node.cli.output.report import print_report
from octobot_node.cli.output.run_display import PlainView, QuietView, TerminalView, live_table, open_view
from octobot_node.reports.models import AutomationReport, GapReport, RunReport, report_json
from octobot_node.reports.run_view import RunView
from octobot_node.run_files.run_file import RunFile
from octobot_node.runs.options import RunOptions

START = datetime(2022, 1, 1, tzinfo=UTC)
RUN_FILE = """\
accounts: {paper: {market_data: {use: replay}, trading: {use: paper}}}
automations: [{name: dca, type: dca, account: paper}]
"""


def automation(name: str = "dca", **changes: object) -> AutomationReport:
    values: dict[str, object] = {
        "name": name,
        "id": "0189",
        "type": "octobot_tentacles.dca",
        "status": "completed",
        "reason": "",
        "next_run": None,
        "ticks": 31,
        "failed_ticks": 1,
        "orders": 12,
        "orders_by_status": {"filled": 10, "refused": 2, "open": 0},
        "fills": 10,
        "fees": {"BTC": Decimal("0.00001230")},
        "invested": Decimal("1E+3"),
        "asset": "USD",
        "start_equity": Decimal(5000),
        "final_equity": Decimal("5012.3400"),
        "realised_pnl": Decimal("20.5"),
        "unrealised_pnl": Decimal("-8.16"),
        "max_drawdown": Decimal("100.1"),
        "max_drawdown_ratio": Decimal("0.02002"),
        "balances": {"USD": Decimal(4000), "BTC": Decimal("1E-8")},
        "as_of": START + timedelta(days=31),
    }
    return AutomationReport.model_validate(values | changes)


def report(*automations: AutomationReport) -> RunReport:
    return RunReport(
        version="0.1.0",
        clock="virtual",
        started_at=START,
        ended_at=START + timedelta(seconds=3),
        finished=True,
        candles=44_640,
        gaps=[GapReport(symbol="BTC/USD", missing=3, first=START)],
        automations=list(automations),
    )


def row(name: str = "dca", *, unknown: int = 0, **changes: object) -> AutomationReport:
    values: dict[str, object] = {
        "type": "dca",
        "status": "active",
        "next_run": START + timedelta(seconds=65),
        "ticks": 1_234,
        "orders_by_status": {"open": 2, "unknown": unknown},
        "fills": 3,
        "final_equity": Decimal("1000.5"),
        "realised_pnl": Decimal("-1.50"),
        "unrealised_pnl": Decimal(0),
    }
    return automation(name, **(values | changes))


def shown(renderable: object, width: int = 140) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(renderable)
    return out.getvalue()


def test_the_runner_gets_the_run_file_and_the_options(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(RUN_FILE)
    options = run.read_options(
        ["BTC/USD=a=b.csv", "ETH/BTC=c.csv"], duration="1m30s", data_dir=tmp_path / "state", gaps="error", fresh=True
    )
    assert options == RunOptions(
        data={"BTC/USD": Path("a=b.csv"), "ETH/BTC": Path("c.csv")},
        duration=90.0,
        data_dir=tmp_path / "state",
        gaps="error",
        fresh=True,
    )
    seen: list[object] = []

    def runner(run_file: RunFile, options: RunOptions, view: RunView) -> RunReport:
        seen.append((run_file.automations[0].name, options))
        view.message("said to a person")
        structlog.get_logger().info("done", orders=2)
        return report(automation())

    out = io.StringIO()
    run.run([path], options, as_json=True, quiet=False, runner=runner, out=out)
    assert seen == [("dca", options)]
    assert json.loads(out.getvalue())["automations"][0]["name"] == "dca"
    logged = json.loads((tmp_path / "state" / "octobot-node.log").read_text())
    assert (logged["event"], logged["level"], logged["orders"]) == ("done", "info", 2)


def test_the_json_report_has_every_digit_and_no_exponent() -> None:
    found = json.loads(report_json(report(automation())))
    assert RunReport.model_validate_json(report_json(report(automation()))) == report(automation())
    assert found["started_at"] == "2022-01-01T00:00:00Z"
    (only,) = found["automations"]
    assert (only["invested"], only["balances"]) == ("1000", {"USD": "4000", "BTC": "0.00000001"})
    assert only["final_equity"] == "5012.3400"


def test_the_report_for_a_person_has_every_figure() -> None:
    out = io.StringIO()
    print_report(report(automation()), out)
    lines = [" ".join(line.split()) for line in out.getvalue().splitlines() if line.strip()]
    assert lines[0] == "dca (octobot_tentacles.dca)"
    assert lines[1] == "status completed"
    assert lines[3:] == [
        "ticks 31, 1 failed",
        "orders 12 (10 filled, 2 refused)",
        "fills 10",
        "fees 0.0000123 BTC",
        "invested 1,000.00 USD",
        "start equity 5,000.00 USD",
        "final equity 5,012.34 USD",
        "realised PnL +20.50 USD",
        "unrealised PnL -8.16 USD",
        "PnL method average cost, net of fees",
        "max drawdown 100.10 USD (2.00 %)",
        "balances 0.00000001 BTC, 4,000.00 USD",
        "as of 2022-02-01 00:00:00 UTC",
        "replayed 44,640 candles in 3.0 s; finished",
        "BTC/USD: 3 candles missing, first at 2022-01-01 00:00:00 UTC",
    ]


def test_a_live_report_says_when_and_for_how_long_it_ran() -> None:
    out = io.StringIO()
    live: dict[str, Any] = {"clock": "real", "candles": None, "gaps": [], "finished": False}
    print_report(report(automation()).model_copy(update=live), out)
    assert out.getvalue().splitlines()[-1] == (
        "ran from 2022-01-01 00:00:00 UTC for 0:00:03; not finished: the same command goes on"
    )


def test_what_is_not_known_is_a_dash() -> None:
    out = io.StringIO()
    print_report(report(automation(final_equity=None, unrealised_pnl=None, max_drawdown=None, fees={})), out)
    lines = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    assert {"final equity —", "unrealised PnL —", "max drawdown —", "fees none"} <= set(lines)


def test_a_name_is_never_read_as_markup() -> None:
    out = io.StringIO()
    print_report(report(automation("[red]x[/red]", reason="[bold]why")), out)
    assert "[red]x[/red] (octobot_tentacles.dca)" in out.getvalue()
    assert "completed: [bold]why" in out.getvalue()


def test_many_automations_get_a_line_each() -> None:
    out = io.StringIO()
    print_report(report(*(automation(f"dca-{n}") for n in range(20))), out)
    assert sum("dca-" in line for line in out.getvalue().splitlines()) == 20


FOUND = [{"field": "take_profit", "severity": "warning", "text": "0.015 % does not cover [the] fee"}]


@pytest.mark.parametrize(
    ("count", "line"),
    [
        (1, "warning: take_profit: 0.015 % does not cover [the] fee"),
        (9, "dca-8: warning: take_profit: 0.015 % does not cover [the] fee"),
    ],
    ids=["a table each", "a line each"],
)
def test_what_a_type_found_in_a_config_is_in_the_report_for_a_person(count: int, line: str) -> None:
    out = io.StringIO()
    print_report(report(*(automation(f"dca-{n}", findings=FOUND) for n in range(count))), out)
    assert line in out.getvalue().splitlines()


def test_the_live_table_shows_what_needs_a_person_first() -> None:
    rows = [
        row("fine"),
        row("waits", status="waiting", reason="no price"),
        row("broken", status="failed"),
        row("lost", unknown=2),
    ]
    lines = shown(live_table(rows, START, timedelta(seconds=3_725), at_most=3)).splitlines()
    header = "OctoBot Node 2022-01-01 00:00:00 UTC up 1:02:05 2 active 1 failed 1 waiting 2 orders unknown"
    assert " ".join(lines[0].split()) == header
    assert [line.split()[0] for line in lines[2:5]] == ["lost", "broken", "waits"]
    assert " ".join(lines[2].split()) == "lost dca active in 0:01:05 1,234 2 2 3 1,000.50 USD -1.50 USD"
    assert "waiting no price" in lines[4]
    assert lines[5] == "and 1 more"


def test_the_live_table_says_what_is_not_known() -> None:
    table = shown(
        live_table([row(next_run=None, final_equity=None, unrealised_pnl=None)], START, timedelta(), at_most=9)
    )
    assert " ".join(table.splitlines()[2].split()) == "dca dca active — 1,234 2 0 3 — —"
    assert "now" in shown(live_table([row(next_run=START)], START, timedelta(), at_most=9))


def test_the_terminal_shows_a_bar_for_a_replay_and_a_table_for_a_live_run() -> None:
    cases: list[tuple[Callable[[TerminalView], None], str]] = [
        (lambda view: view.progress(50, 100, START), "50%"),
        (lambda view: view.table([row()], START), "1,000.50 USD"),
    ]
    for show, text in cases:
        out = io.StringIO()
        view = TerminalView(Console(file=out, force_terminal=True, width=140, height=30, color_system=None))
        show(view)
        view.message("said")
        view.close()
        assert text in out.getvalue()
        assert "said" in out.getvalue()
        # The cursor is given back.
        assert out.getvalue().rfind("\x1b[?25h") > out.getvalue().rfind("\x1b[?25l")


def test_without_a_terminal_only_news_is_written() -> None:
    out = io.StringIO()
    with open_view(out) as view:
        assert isinstance(view, PlainView)
        for done in range(0, 1_001, 10):
            view.progress(done, 1_000, START)
        for rows in ([row()], [row(ticks=9)], [row(status="waiting", reason="no price")], [row(unknown=1)]):
            view.table(rows, START)
    lines = out.getvalue().splitlines()
    assert lines[:2] == [
        "10 % of 1000 candles, at 2022-01-01 00:00:00 UTC",
        "20 % of 1000 candles, at 2022-01-01 00:00:00 UTC",
    ]
    assert lines[10:] == [
        "2022-01-01 00:00:00 UTC dca is active",
        "2022-01-01 00:00:00 UTC dca is waiting: no price",
        "2022-01-01 00:00:00 UTC dca is active; 1 orders unknown",
    ]


def test_quiet_writes_nothing() -> None:
    out = io.StringIO()
    with open_view(out, quiet=True) as view:
        assert isinstance(view, QuietView)
        view.progress(1, 1, START)
        view.table([row()], START)
        view.message("nothing")
    assert out.getvalue() == ""


@pytest.mark.parametrize("data", ["BTC/USD", "=x", "BTC/USD="])
def test_data_is_a_symbol_and_a_path(data: str) -> None:
    with pytest.raises(Exception, match="is not SYMBOL=PATH"):
        run.read_options([data], duration=None, data_dir=None, gaps="count", fresh=False)
