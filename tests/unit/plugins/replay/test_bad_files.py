from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from octobot_node.clock import VirtualClock
from octobot_node.errors import InvalidMarketData
from octobot_plugins.replay.market_data import ReplayMarket
from octobot_plugins.replay.settings import ReplaySettings

HEADER = "timestamp,open,high,low,close,volume"
GOOD = ["0,10,12,9,11,1", "60000,11,12,10,11,1", "120000,11,12,10,12,1", "180000,12,12,10,12,1"]


def refusal(path: Path, **settings: Any) -> str:
    with pytest.raises(InvalidMarketData) as error:
        ReplayMarket(ReplaySettings(data={"BTC/USD": path}, **settings), VirtualClock(0))
    text = str(error.value)
    assert text.startswith(str(path))
    assert "\n" not in text
    return text.removeprefix(str(path))


def lines(*changed: tuple[int, str]) -> str:
    rows = [HEADER, *GOOD]
    for line, text in changed:
        rows[line - 1] = text
    return "\n".join(rows) + "\n"


PRICES = "find the candle's real prices, or remove the candle"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f": is empty: give it the header {HEADER} and a line for each candle"),
        (
            lines((1, "timestamp,open,high,low,close")),
            f", line 1: needs exactly one column 'volume': make the header {HEADER}",
        ),
        (
            lines((1, "time,open,high,low,close,volume")),
            f", line 1: needs exactly one column 'timestamp': make the header {HEADER}",
        ),
        (
            lines((1, "timestamp,open,open,high,low,close,volume")),
            f", line 1: needs exactly one column 'open': make the header {HEADER}",
        ),
        ("\n".join([HEADER, GOOD[0]]), ": has 1 candles: give at least two, whose distance is the timeframe"),
        (HEADER, ": has 0 candles: give at least two, whose distance is the timeframe"),
        (lines((3, "60000,11,12,10,11")), ", line 3: has 5 fields and the header 6: complete or remove the line"),
        (lines((3, "")), ", line 3: has 0 fields and the header 6: complete or remove the line"),
        (
            lines((4, "120000,11,x,10,12,1")),
            ", line 4, column high: 'x' is not a number: write it as 123.45",
        ),
        (lines((4, "120000,11,12,10,12,")), ", line 4, column volume: '' is not a number: write it as 123.45"),
        (
            lines((4, "120000,nan,12,10,12,1")),
            ", line 4, column open: 'nan' is not finite: remove the candle or find its real value",
        ),
        (
            lines((4, "120000,11,12,10,12,inf")),
            ", line 4, column volume: 'inf' is not finite: remove the candle or find its real value",
        ),
        (
            lines((4, "120000,11,1e999,10,12,1")),
            ", line 4, column high: '1e999' is not finite: remove the candle or find its real value",
        ),
        (
            lines((2, "0,10,12,-9,11,1")),
            ", line 2, column low: '-9' is not a price: write a price above 0",
        ),
        (lines((2, "0,10,12,0,11,1")), ", line 2, column low: '0' is not a price: write a price above 0"),
        (lines((2, "0,10,12,9,11,-1")), ", line 2, column volume: '-1' is negative: write a volume of 0 or more"),
        (lines((5, "180000,12,9,10,12,1")), f", line 5, column high: '9' is below the low 10: {PRICES}"),
        (
            lines((5, "180000,13,12,10,12,1")),
            f", line 5, column open: '13' is outside low to high, 10 to 12: {PRICES}",
        ),
        (
            lines((5, "180000,12,12,10,9.5,1")),
            f", line 5, column close: '9.5' is outside low to high, 10 to 12: {PRICES}",
        ),
        (
            lines((4, "60000,11,12,10,12,1")),
            ", line 4, column timestamp: 60000 is there twice: sort the file by timestamp and keep each once",
        ),
        (
            lines((4, "30000,11,12,10,12,1")),
            ", line 4, column timestamp: 30000 is before the line above: sort the file by timestamp and keep each once",
        ),
        (
            lines((5, "210000,12,12,10,12,1")),
            (
                ", line 5, column timestamp: 210000 is not on a multiple of the 60 s between candles: remove the"
                " candle, or give all candles one timeframe that starts on its own multiples"
            ),
        ),
        (
            "\n".join([HEADER, *(f"{30_000 + 60_000 * i},1,1,1,1,1" for i in range(3))]),
            (
                ", line 2, column timestamp: 30000 is not on a multiple of the 60 s between candles: remove the"
                " candle, or give all candles one timeframe that starts on its own multiples"
            ),
        ),
        (
            lines((3, "60000.5,11,12,10,11,1")),
            (
                ", line 3, column timestamp: '60000.5' is not a whole number of milliseconds: write the opening time in"
                " ms since 1970 UTC"
            ),
        ),
        (
            lines((3, f"{10**20},11,12,10,11,1")),
            (
                f", line 3, column timestamp: '{10**20}' is not a whole number of milliseconds: write the"
                " opening time in"
                " ms since 1970 UTC"
            ),
        ),
        (
            "\n".join([HEADER, *(f"{1_640_991_660 + 60 * i},1,1,1,1,1" for i in range(3))]),
            (
                ", line 3, column timestamp: the candles are 60 ms apart: write the timestamps in milliseconds, whole"
                " seconds apart"
            ),
        ),
    ],
)
def test_a_bad_file_is_refused_with_its_line_column_and_cure(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "candles.csv"
    path.write_text(text)
    assert refusal(path) == message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.csv") == ": there is no such file: check the path under `data`"


def test_a_folder_cannot_be_read_as_a_file(tmp_path: Path) -> None:
    message = ": cannot be read (Is a directory): check that it is a readable file"
    assert refusal(tmp_path) == message


def test_a_file_called_gz_that_is_none_says_so(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv.gz"
    path.write_text(lines())
    assert refusal(path).startswith(": is not a whole gzip file (Not a gzipped file")
    assert refusal(path).endswith("): compress it again, or name it .csv")


def test_a_gzip_file_cut_short_says_so(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv.gz"
    path.write_bytes(gzip.compress(lines().encode())[:-12])
    assert refusal(path).startswith(": is not a whole gzip file (Compressed file ended")


def test_a_compressed_file_called_csv_says_so(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_bytes(gzip.compress(lines().encode()))
    assert refusal(path) == ": is not UTF-8 text: name it .csv.gz if it is compressed, or save it as UTF-8"


def test_gaps_are_an_error_only_where_the_settings_say_so(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_text("\n".join([HEADER, GOOD[0], GOOD[1], GOOD[3]]))
    assert refusal(path, gaps="error") == (
        ", line 4, column timestamp: 1 candles are missing, the first at 1970-01-01 00:02:00+00:00: complete the file,"
        " or set gaps to count"
    )
    counted = ReplayMarket(ReplaySettings(data={"BTC/USD": path}), VirtualClock(0))
    assert counted.gaps("BTC/USD") == (1, 120_000)


def test_a_time_range_without_candles_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_text(lines())
    assert refusal(path, start="2022-01-01T00:00:00Z") == (
        ": no candle of BTC/USD is between start and end: the file goes from 1970-01-01 00:00:00+00:00 to"
        " 1970-01-01 00:04:00+00:00, choose a time within"
    )


def test_column_order_a_byte_order_mark_more_columns_and_blank_lines_at_the_end_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv.gz"
    rows = ["\ufeffvolume,close,low,high,open,timestamp,trades", "1,11,9,12,10,0,7", "1,12,10,12,11,60000,7", "", ""]
    path.write_bytes(gzip.compress("\r\n".join(rows).encode()))
    market = ReplayMarket(ReplaySettings(data={"BTC/USD": path}), VirtualClock(0))
    times, closes = market.closes("BTC/USD")
    assert (times.tolist(), list(map(str, closes))) == ([60_000, 120_000], ["11", "12"])


def test_weeks_may_begin_on_any_day(tmp_path: Path) -> None:
    monday, week = 1_640_563_200_000, 604_800_000
    path = tmp_path / "candles.csv"
    path.write_text("\n".join([HEADER, *(f"{monday + week * i},1,1,1,1,1" for i in range(3))]))
    market = ReplayMarket(ReplaySettings(data={"BTC/USD": path}), VirtualClock(0))
    assert (market.start, market.end) == (monday, monday + 3 * week)
