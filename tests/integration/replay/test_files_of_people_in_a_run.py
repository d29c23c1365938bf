"""What was found with people's files, symbols, prices and sizes, as `octobot-node run` meets it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from octobot_node.errors import InvalidMarketData, InvalidRunFile
from octobot_node.reports.models import AutomationReport, RunReport
from octobot_node.run_files.run_file import RunFile
from octobot_node.runs.options import RunOptions
from octobot_node.runs.runner import run
from tests.unit.plugins.replay.making import JANUARY, Made, binance, csv, made

D = Decimal
MINUTE = 60_000


class Said:
    """A run's view that keeps what it was told."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def progress(self, done: int, total: int, now: datetime) -> None: ...

    def table(self, rows: Sequence[Any], now: datetime) -> None: ...

    def message(self, text: str) -> None:
        self.messages.append(text)


def run_file(
    config: dict[str, Any],
    *,
    kind: str = "dca",
    market: Mapping[str, Any] | None = None,
    paper: Mapping[str, Any] | None = None,
    budget: Mapping[str, str] | None = None,
    signals: Path | None = None,
) -> RunFile:
    account = {
        "market_data": {"use": "replay", **(market or {})},
        "trading": {"use": "paper", **(paper or {})},
        "balances": budget or {"USDT": "1000"},
    }
    automation = {"name": "t", "type": kind, "account": "paper", "budget": budget or {"USDT": "1000"}, "config": config}
    if signals is not None:
        automation["signals"] = str(signals)
    return RunFile.model_validate({"accounts": {"paper": account}, "automations": [automation]})


def ran(file: RunFile, symbol: str, candles: Path) -> tuple[RunReport, AutomationReport, list[str]]:
    said = Said()
    report = run(file, RunOptions(data={symbol: candles}, data_dir=candles.parent / "state"), said)
    return report, report.automations[0], said.messages


def rows_of(folder: Path, query: str) -> list[Any]:
    (database,) = folder.glob("state/replays/*/octobot.db")
    with sqlite3.connect(database) as connection:
        return connection.execute(query).fetchall()


def flat(path: Path, prices: Sequence[str], volume: str = "10") -> Path:
    path.write_text(csv([Made(JANUARY + i * MINUTE, p, p, p, p, volume) for i, p in enumerate(prices)]))
    return path


def test_a_binance_dump_in_microseconds_is_replayed_as_downloaded_and_said(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT-1m-2025-01-01.csv"
    path.write_text("\n".join(binance(made(240))))
    report, told, messages = ran(run_file({"symbol": "BTC/USDT", "amount": 50, "every": "1h"}), "BTC/USDT", path)
    note = (
        "BTC/USDT: 240 candles of 1m from BTCUSDT-1m-2025-01-01.csv (Binance klines without a header; times in"
        " microseconds)"
    )
    assert (report.notes, messages, told.fills) == ([note], [note], 4)
    assert told.as_of.isoformat() == "2025-01-01T04:00:00+00:00"


def test_a_file_of_two_units_does_not_begin(tmp_path: Path) -> None:
    path = tmp_path / "dec-ms-jan-us.csv"
    path.write_text("\n".join([*binance(made(120, start=JANUARY - 120 * MINUTE), 1), *binance(made(120))]))
    with pytest.raises(
        InvalidMarketData, match=r"line 121.*milliseconds in 120 lines, the first 1 .*microseconds in 120"
    ):
        ran(run_file({"symbol": "BTC/USDT", "amount": 50, "every": "1h"}), "BTC/USDT", path)
    assert not (tmp_path / "state").exists()


# Prices of fractions of a cent ---------------------------------------------------------------------------------------

BABYDOGE = ["0.0000000014135"] * 4 + ["0.0000000014300"] * 4 + ["0.0000000015500"] * 3
TRADE = {"symbol": "BABYDOGE/USDT", "spend": 100, "take_profits": [{"percent": 1}], "stop_loss": {"percent": 5}}


def test_a_take_profit_of_a_very_cheap_coin_is_where_it_belongs(tmp_path: Path) -> None:
    candles = flat(tmp_path / "babydoge.csv", BABYDOGE)
    file = run_file(TRADE, kind="smart_trade", market={"amount_step": 1})
    _, told, _ = ran(file, "BABYDOGE/USDT", candles)
    assert rows_of(tmp_path, "SELECT price FROM intents WHERE side = 'sell' AND kind = 'order'") == [
        ("0.0000000014291",)
    ]
    assert round(told.realised_pnl, 4) == D("0.9015")
    figures = {name: D(told.figures[name]) for name in ("entry average", "exit average", "stop")}
    assert figures == {
        "entry average": D("1.4149149E-9"),
        "exit average": D("1.4276709E-9"),
        "stop": D("1.3441692E-9"),
    }


def test_a_dca_of_a_very_cheap_coin_sells_at_its_take_profit(tmp_path: Path) -> None:
    candles = flat(tmp_path / "babydoge.csv", BABYDOGE)
    orders = {"count": 2, "step": 2, "amount": 100}
    config = {"symbol": "BABYDOGE/USDT", "amount": 100, "every": "1d", "take_profit": 1, "safety_orders": orders}
    _, told, _ = ran(run_file(config, market={"amount_step": 1}), "BABYDOGE/USDT", candles)
    assert round(told.realised_pnl, 4) == D("0.9015")


def test_a_grid_on_a_very_cheap_coin_trades(tmp_path: Path) -> None:
    prices = ["0.0000000014135", "0.00000000155", "0.00000000125", "0.00000000155", "0.00000000125", "0.00000000155"]
    candles = flat(tmp_path / "c.csv", [price for price in prices for _ in range(3)])
    config = {"symbol": "BABYDOGE/USDT", "lower": "0.0000000012", "upper": "0.0000000016", "levels": 5, "spend": 50}
    _, told, _ = ran(run_file(config, kind="grid", market={"amount_step": 1}), "BABYDOGE/USDT", candles)
    assert "problem" not in told.figures
    assert int(told.figures["round trips"]) > 0


def test_a_pair_in_bitcoin_with_ten_decimals_trades(tmp_path: Path) -> None:
    candles = flat(tmp_path / "c.csv", ["0.00000000011"] * 4 + ["0.000000000124"] * 4)
    file = run_file({**TRADE, "symbol": "PEPE/BTC", "spend": "0.001"}, kind="smart_trade", budget={"BTC": "0.01"})
    _, told, _ = ran(file, "PEPE/BTC", candles)
    assert told.figures["phase"] == "closed: take-profit"


def test_a_coin_written_with_an_exponent_keeps_its_eight_decimals(tmp_path: Path) -> None:
    candles = flat(tmp_path / "shib.csv", ["7.21e-06"] * 4 + ["7.30e-06"] * 4)
    file = run_file({**TRADE, "symbol": "SHIB/USDT"}, kind="smart_trade", market={"amount_step": 1})
    _, told, _ = ran(file, "SHIB/USDT", candles)
    assert rows_of(tmp_path, "SELECT price FROM intents WHERE side = 'sell' AND kind = 'order'") == [("0.00000729",)]
    assert told.realised_pnl == D("0.907451952506456456")


# What a type finds in a config ---------------------------------------------------------------------------------------


def test_the_report_says_what_must_lose_also_when_it_is_told_again(tmp_path: Path) -> None:
    candles = flat(tmp_path / "c.csv", ["100"] * 4)
    file = run_file({"symbol": "BTC/USDT", "amount": 100, "every": "2m", "take_profit": "0.015"})
    for _ in range(2):
        _, told, _ = ran(file, "BTC/USDT", candles)
        (found,) = told.findings
        assert (found.field, found.severity) == ("take_profit", "warning")
        assert found.text.startswith("0.015 % above the average cost does not cover the fee of selling")


def test_the_report_says_what_a_budget_does_not_pay_for_though_the_grid_tells_it_itself(tmp_path: Path) -> None:
    candles = flat(tmp_path / "c.csv", ["75"] * 4)
    config = {"symbol": "SOL/USDT", "lower": 50, "upper": 100, "levels": 201, "spend": 100, "start": "buy"}
    _, told, _ = ran(run_file(config, kind="grid"), "SOL/USDT", candles)
    (found,) = told.findings
    assert found.text.startswith("all levels of the grid together need about ")
    assert len(rows_of(tmp_path, "SELECT id FROM notices")) == 1


def test_a_report_of_what_nothing_is_found_in_has_no_findings(tmp_path: Path) -> None:
    file = run_file({"symbol": "BTC/USDT", "amount": 100, "every": "2m", "take_profit": 3})
    _, told, _ = ran(file, "BTC/USDT", flat(tmp_path / "c.csv", ["100"] * 4))
    assert told.findings == []


# What an exchange would refuse ---------------------------------------------------------------------------------------


def test_a_buy_below_the_least_notional_is_refused_as_on_an_exchange(tmp_path: Path) -> None:
    config = {"symbol": "BTC/USDT", "amount": 4, "every": "2m"}
    _, told, _ = ran(run_file(config, market={"min_notional": 5}), "BTC/USDT", flat(tmp_path / "c.csv", ["93000"] * 6))
    assert (told.fills, told.problems[0].reason) == (0, "4 USDT is below the market's smallest order of 5")


def test_a_buy_below_the_least_amount_is_refused_as_on_an_exchange(tmp_path: Path) -> None:
    signals = tmp_path / "s.jsonl"
    signals.write_text('{"at": "2025-01-01T00:00:59Z", "payload": "buy 0.0001"}\n')
    file = run_file({"symbol": "BTC/USDT"}, kind="signal", market={"min_amount": "0.001"}, signals=signals)
    _, told, _ = ran(file, "BTC/USDT", flat(tmp_path / "c.csv", ["93000"] * 6))
    assert (told.fills, told.figures["signals refused"]) == (0, "1")


# Volume --------------------------------------------------------------------------------------------------------------


def market_buy(tmp_path: Path, volumes: Sequence[str], **paper: str) -> list[Any]:
    path = tmp_path / "c.csv"
    rows = [Made(JANUARY + i * MINUTE, f"1.{i}0", f"1.{i}0", f"1.{i}0", f"1.{i}0", v) for i, v in enumerate(volumes)]
    path.write_text(csv(rows))
    file = run_file(
        {"symbol": "X/USDT", "amount": 500_000, "every": "1d"},
        market={"taker_fee": 0, "maker_fee": 0},
        paper=paper,
        budget={"USDT": "1000000"},
    )
    ran(file, "X/USDT", path)
    return rows_of(tmp_path, "SELECT price FROM fills")


def test_an_order_fills_whatever_was_traded_unless_told_otherwise(tmp_path: Path) -> None:
    assert market_buy(tmp_path, ["0", "0", "2"]) == [("1.00",)]


def test_an_order_waits_for_a_candle_of_which_it_is_a_share(tmp_path: Path) -> None:
    volumes = ["0", "4000000", "0", "5000000", "0"]
    assert market_buy(tmp_path, volumes, volume_share="0.1") == [("1.30",)]


def test_nothing_fills_where_nothing_is_traded(tmp_path: Path) -> None:
    assert market_buy(tmp_path, ["0", "0", "2", "0"], volume_share="1") == []


# Symbols -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("symbol", ["1INCH/USDT", "1000SATS/USDT", "$PAC/USDT", "币安人生/USDT"])
def test_odd_symbols_of_spot_markets_run(tmp_path: Path, symbol: str) -> None:
    candles = flat(tmp_path / "c.csv", ["0.25"] * 5)
    _, told, _ = ran(run_file({"symbol": symbol, "amount": 50, "every": "1d"}), symbol, candles)
    assert told.fills == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("symbol", "message"),
    [
        ("BTC/USDT:USDT", "is a derivative, and derivatives are not supported: BTC/USDT is the spot pair"),
        ("BTC/USDT:USDT-260327", "is a derivative, and derivatives are not supported: BTC/USDT is the spot pair"),
        ("BTC/USDT-260327", "is a derivative, and derivatives are not supported: BTC/USDT is the spot pair"),
        ("BTC/USDT.P", "is a derivative, and derivatives are not supported: BTC/USDT is the spot pair"),
        ("BTCUSDT.P", "is a derivative, and derivatives are not supported: BTC/USDT is the spot pair"),
        ("BTC-USDT-SWAP", "is a derivative, and derivatives are not supported: BTC/USDT is the spot pair"),
        ("BTC-PERP", "is a derivative, and derivatives are not supported: write a spot pair, such as BTC/USD"),
        ("BTCUSDT", "is not a valid symbol: write BASE/QUOTE, such as BTC/USDT"),
        ("BTC-USDT", "is not a valid symbol: write BASE/QUOTE, such as BTC/USDT"),
        ("btc_usdt", "is not a valid symbol: write BASE/QUOTE, such as BTC/USDT"),
        ("BTC", "is not a valid symbol: write BASE/QUOTE, such as BTC/USD"),
        ("btc/usdt", "is in small letters: write BTC/USDT"),
    ],
)
@pytest.mark.parametrize("kind", ["dca", "grid", "smart_trade", "signal", "price_alert"])
def test_what_is_no_spot_market_is_refused_by_every_type_with_what_to_write(
    tmp_path: Path, kind: str, symbol: str, message: str
) -> None:
    with pytest.raises(InvalidRunFile) as refused:
        ran(run_file({"symbol": symbol}, kind=kind), "BTC/USDT", flat(tmp_path / "c.csv", ["1"] * 5))
    assert f"config.symbol: '{symbol}' {message}" in str(refused.value)


@pytest.mark.parametrize(
    "market", [{"use": "simulated", "prices": {"BTC/USDT:USDT": 1}}, {"data": {"BTC/USDT:USDT": "c.csv"}}]
)
def test_a_derivative_is_no_market_data(tmp_path: Path, market: dict[str, Any]) -> None:
    file = run_file({"symbol": "BTC/USDT", "amount": 1}, market=market)
    data = {} if "use" in market else {"BTC/USDT": flat(tmp_path / "c.csv", ["1"] * 5)}
    with pytest.raises(InvalidRunFile, match="'BTC/USDT:USDT' is a derivative"):
        run(file, RunOptions(data=data, data_dir=tmp_path / "state"), Said())


# OctoBot's own alerts ------------------------------------------------------------------------------------------------


def test_octobots_own_alerts_are_followed(tmp_path: Path) -> None:
    signals = tmp_path / "s.jsonl"
    signals.write_text(
        '{"at": "2025-01-01T00:00:59Z", "payload": "SYMBOL=SOLUSDT;SIGNAL=BUY;EXCHANGE=mexc;VOLUME=10%a"}\n'
        '{"at": "2025-01-01T00:02:59Z",'
        ' "payload": "EXCHANGE=KUCOIN;\\r\\nSYMBOL=SOLUSDT;\\r\\nSIGNAL=buy;\\r\\nVOLUME=1.115;\\r\\nPRICE=20\\r\\n"}\n'
        '{"at": "2025-01-01T00:03:59Z", "payload": "SIGNAL=SELL\\nVOLUME=1\\nORDER_TYPE=LIMIT\\nPRICE=10%"}\n'
        '{"at": "2025-01-01T00:04:59Z", "payload": "SIGNAL=SELL;VOLUME=50a%"}\n'
    )
    file = run_file({"symbol": "SOL/USDT"}, kind="signal", market={"taker_fee": 0, "maker_fee": 0}, signals=signals)
    _, told, _ = ran(file, "SOL/USDT", flat(tmp_path / "c.csv", ["20"] * 8))
    assert {name: value for name, value in told.figures.items() if name.startswith("signals")} == {
        "signals traded": "4",
        "signals ignored": "0",
        "signals refused": "0",
    }
    query = "SELECT side, type, price, amount, spend, status FROM intents WHERE kind = 'order' ORDER BY id"
    assert [tuple(None if x is None else str(x) for x in row) for row in rows_of(tmp_path, query)] == [
        ("buy", "market", None, None, "100.00000000", "filled"),
        ("buy", "market", None, "1.115", None, "filled"),
        ("sell", "limit", "22", "1", None, "open"),
        # Half of what is held and not in the limit order.
        ("sell", "market", None, "2.55750000", None, "filled"),
    ]
