from __future__ import annotations

import gzip
import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from octobot_node.clock import VirtualClock
from octobot_node.errors import InvalidMarketData
from octobot_plugins.replay.market_data import ReplayMarket
from octobot_plugins.replay.settings import ReplaySettings

HEADER = "timestamp,open,high,low,close,volume"
#: 2025-01-01 00:00 UTC, and the minutes after it.
T0, T1, T2, T3 = (1_735_689_600_000 + minute * 60_000 for minute in range(4))
GOOD = [f"{T0},10,12,9,11,1", f"{T1},11,12,10,11,1", f"{T2},11,12,10,12,1", f"{T3},12,12,10,12,1"]


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
TIMES = "write the opening time in s, ms, µs or ns since 1970 UTC, or as 2025-01-31 13:00:00"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f": is empty: give it the header {HEADER} and a line for each candle"),
        ("\n \n", f": has no line with anything in it: give it the header {HEADER}"),
        (
            lines((1, "timestamp,open,high,low,volume")),
            (
                ", line 1: has no column for close; its columns, separated by commas, are timestamp, open, high, low,"
                f" volume: make the header {HEADER}"
            ),
        ),
        (
            lines((1, "opened,open,high,low,close,volume")),
            (
                ", line 1: has no column for time; its columns, separated by commas, are opened, open, high, low,"
                " close,"
                f" volume: make the header {HEADER}"
            ),
        ),
        (
            lines((1, "close_time,open,high,low,close,volume")),
            (
                ", line 1: has no column for time ('close_time' is when a candle closes, and its opening is needed);"
                " its"
                " columns, separated by commas, are close_time, open, high, low, close, volume: make the header"
                f" {HEADER}"
            ),
        ),
        (
            lines((1, "timestamp,open,Open,high,low,close,volume")),
            (
                ", line 1: has 2 columns called 'open'; its columns, separated by commas, are timestamp, open, Open,"
                f" high, low, close, volume: make the header {HEADER}"
            ),
        ),
        (
            "x;y;z;u\n1;2;3;4\n",
            (
                ", line 1: has no column for time, open, high, low, close; its columns, separated by semicolons, are x,"
                f" y, z, u: make the header {HEADER}"
            ),
        ),
        ("\n".join([HEADER, GOOD[0]]), ": has 1 candles: give at least two, whose distance is the timeframe"),
        (HEADER, ": has 0 candles: give at least two, whose distance is the timeframe"),
        (
            lines((3, f"{T1},11,12,10,11")),
            ", line 3: has 5 fields and the header 6, separated by commas: complete or remove the line",
        ),
        (
            lines((3, f"{T1},11,12,10,11,1,9"), (4, f"{T1},11,12")),
            (
                ", line 3: has 7 fields and the header 6, separated by commas (so it is in 2 lines, this is the first):"
                " give every line as many fields as the header has, or name them all in the header"
            ),
        ),
        (lines((4, f"{T2},11,x,10,12,1")), ", line 4, column high: 'x' is not a number: write it as 123.45"),
        (
            lines((4, f"{T2},11,x,10,12,1"), (5, f"{T3},12,y,10,12,1")),
            ", line 4, column high: 'x' is not a number (so it is in 2 lines, this is the first): write it as 123.45",
        ),
        (lines((4, f"{T2},11,12,10,12,")), ", line 4, column volume: '' is not a number: write it as 123.45"),
        (lines((4, f"{T2},1_1,12,10,12,1")), ", line 4, column open: '1_1' is not a number: write it as 123.45"),
        (
            lines((4, f"{T2},11,12,10,12,{'1' * 50}")),
            f", line 4, column volume: '{'1' * 50}' is too long for a time or a number: remove the line",
        ),
        (
            lines((4, f"{T2},nan,12,10,12,1")),
            ", line 4, column open: 'nan' is not finite: remove the candle or find its real value",
        ),
        (
            lines((4, f"{T2},11,12,10,12,inf")),
            ", line 4, column volume: 'inf' is not finite: remove the candle or find its real value",
        ),
        (
            lines((4, f"{T2},11,1e999,10,12,1")),
            ", line 4, column high: '1e999' is not finite: remove the candle or find its real value",
        ),
        (
            lines((2, f"{T0},10,12,-9,11,1")),
            ", line 2, column low: '-9' is not a price: write a price above 0, or remove the candle",
        ),
        (
            lines((3, f"{T1},0,0,0,0,0"), (4, f"{T2},0,0,0,0,0")),
            (
                ", line 3, column open: '0' is not a price (so it is in 2 lines, this is the first): write a price"
                " above"
                " 0, or remove the candle"
            ),
        ),
        (lines((2, f"{T0},10,12,9,11,-1")), ", line 2, column volume: '-1' is negative: write a volume of 0 or more"),
        (lines((5, f"{T3},12,9,10,12,1")), f", line 5, column high: '9' is below the low 10: {PRICES}"),
        (
            lines((5, f"{T3},13,12,10,12,1")),
            f", line 5, column open: '13' is outside low to high, 10 to 12: {PRICES}",
        ),
        (
            lines((5, f"{T3},12,12,10,9.5,1")),
            f", line 5, column close: '9.5' is outside low to high, 10 to 12: {PRICES}",
        ),
        (
            lines((4, f"{T1},11,12,10,12,1")),
            (
                ", line 4, column timestamp: 2025-01-01 00:01:00 UTC is there twice, with other figures on line 3: keep"
                " each time once"
            ),
        ),
        (
            lines((5, f"{T3 + 30_000},12,12,10,12,1")),
            (
                ", line 5, column timestamp: 2025-01-01 00:03:30 UTC is not on a multiple of the 1m between candles:"
                " remove them, or set off_grid to drop, which leaves them out and counts them as missing"
            ),
        ),
        (
            "\n".join([HEADER, *(f"{T0 + 30_000 + 60_000 * i},1,1,1,1,1" for i in range(3))]),
            (
                ", line 2, column timestamp: 2025-01-01 00:00:30 UTC is not on a multiple of the 1m between candles:"
                " all"
                " 3 open 30s after one: give candles that open on multiples of 1m since midnight UTC, or finer ones"
            ),
        ),
        (
            "\n".join([HEADER, *(f"{T0 + 60_000 * i + (14_789 if 6 <= i < 10 else 0)},1,1,1,1,1" for i in range(20))]),
            (
                ", line 8, column timestamp: 2025-01-01 00:06:14.789 UTC is not on a multiple of the 1m between"
                " candles,"
                " and so are 4 of 20 lines, of which this is the first: remove them, or set off_grid to drop, which"
                " leaves them out and counts them as missing"
            ),
        ),
        (
            lines((3, f"{T1}.5,11,12,10,11,1")),
            (
                ", line 3, column timestamp: 2025-01-01 00:01:00 UTC is not on a multiple of the 1m between candles:"
                " remove them, or set off_grid to drop, which leaves them out and counts them as missing"
            ),
        ),
        (
            lines((3, f"{10**20},11,12,10,11,1")),
            (f", line 3, column timestamp: '{10**20}' is no time of 2000 to 2100, whether in s, ms, µs or ns: {TIMES}"),
        ),
        (
            lines((3, "soon,11,12,10,11,1")),
            f", line 3, column timestamp: 'soon' is not a time: {TIMES}",
        ),
        (
            "\n".join([HEADER, *(f"{60_000 * i},1,1,1,1,1" for i in range(3))]),
            (
                ", line 2, column timestamp: '0' is no time of 2000 to 2100, whether in s, ms, µs or ns (so it is in 3"
                f" lines, this is the first): {TIMES}"
            ),
        ),
        (
            "\n".join([HEADER, *(f"{45658 + i}.5,1,1,1,1,1" for i in range(3))]),
            (
                ", line 2, column timestamp: '45658.5' is a spreadsheet's day number (so it is in 3 lines, this is the"
                " first): give the column the format yyyy-mm-dd hh:mm:ss before saving it as CSV"
            ),
        ),
        (
            "\n".join([HEADER, *("1.73569E+12,1,1,1,1,1" for _ in range(3))]),
            (
                ", line 2, column timestamp: '1.73569E+12' has lost digits to a spreadsheet (so it is in 3 lines,"
                " this is"
                " the first): export the candles again, or give the column a number format without exponent before"
                " saving it"
            ),
        ),
        (
            lines((4, f"{T2 * 1000},11,12,10,12,1"), (5, f"{T3 * 1000},12,12,10,12,1")),
            (
                ", line 4, column timestamp: times of several units are mixed: milliseconds in 2 lines, the first 2"
                f" ({T0}, 2025-01-01 00:00 UTC) and microseconds in 2 lines, the first 4 ({T2 * 1000}, 2025-01-01 00:02"
                " UTC): give all of them one unit, or each part a file of its own"
            ),
        ),
        (
            lines((2, f"{T0 // 1000},10,12,9,11,1")),
            (
                ", line 3, column timestamp: times of several units are mixed: seconds in 1 lines, the first 2"
                f" ({T0 // 1000}, 2025-01-01 00:00 UTC) and milliseconds in 3 lines, the first 3 ({T1}, 2025-01-01"
                f" 00:01"
                " UTC): give all of them one unit, or each part a file of its own"
            ),
        ),
        (
            f"{HEADER}\n2025-01-01 00:00,1,1,1,1,1\n2025-01-01T00:01Z,1,1,1,1,1",
            (
                ", line 2, column timestamp: '2025-01-01 00:00' has no zone and others have one: write the zone with"
                " every time, or with none"
            ),
        ),
        (
            f"{HEADER}\n01/02/2025,1,1,1,1,1\n02/02/2025,1,1,1,1,1",
            (
                ", line 2, column timestamp: '01/02/2025' may be day/month or month/day, and no date of the file"
                " decides"
                " it: write dates as 2025-01-31"
            ),
        ),
        (
            f"{HEADER}\n13/02/2025,1,1,1,1,1\n02/14/2025,1,1,1,1,1",
            f", column timestamp: some dates begin with the day and some with the month: {TIMES}",
        ),
        (
            f"{HEADER}\n2025-02-29,1,1,1,1,1\n2025-03-01,1,1,1,1,1",
            f", line 2, column timestamp: '2025-02-29' is not a date: {TIMES}",
        ),
        (
            f"{HEADER}\n3025-02-01,1,1,1,1,1\n3025-02-02,1,1,1,1,1",
            (
                ", line 2, column timestamp: '3025-02-01' is no time of 2000 to 2100 (so it is in 2 lines, this is the"
                f" first): {TIMES}"
            ),
        ),
        (
            "timestamp;open;high;low;close;volume\n" + "\n".join(f"{t};1,234;1,234;1,234;1,234;1" for t in (T0, T1)),
            (
                ", line 2, column open: '1,234' may have a decimal comma or thousands, and no number of the file"
                " decides"
                " it: write numbers as 123.45"
            ),
        ),
        (
            f'{HEADER}\n{T0},"1,5","1,5","1,5","1,5",1\n{T1},"1,234.5","1,234.5","1,234.5","1,234.5",1',
            (
                ", line 2, column open: '1,5' has a decimal comma, and '1,234.5' on line 3 a decimal point: write"
                " numbers"
                " as 123.45"
            ),
        ),
        (
            "timestamp;open;high;low;close;volume\n" + f"{T0};1,5;1,5;1,5;1,5;1\n{T1};1.5;1.5;1.5;1.5;1",
            ", line 3, column open: '1.5' is not a number: write it as 123.45",
        ),
        (
            "\n".join(f"{t},11,11.5,12,10,7" for t in (T0, T1, T2)),
            (
                ", line 1: has no header, and its columns are in the order of Bitfinex and KuCoin (open, close, high,"
                " low): write the header time,open,close,high,low,volume above them"
            ),
        ),
        (
            "\n".join(f"{t // 1000},10,12,11,11.5,7" for t in (T2, T1, T0)),
            (
                ", line 1: has no header, and its columns are in the order of Coinbase (low, high, open, close): write"
                " the header time,low,high,open,close,volume above them"
            ),
        ),
        (
            f"timestamp,symbol,open,high,low,close\n{T0},BTCUSD,1,1,1,1\n{T1},ETHUSD,1,1,1,1\n",
            ", column symbol: has candles of several symbols: BTCUSD, ETHUSD: give each symbol a file of its own",
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


def test_a_gzip_file_cut_short_says_so(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv.gz"
    path.write_bytes(gzip.compress(lines().encode())[:-12])
    assert refusal(path).startswith(": is not a whole gzip file (Compressed file ended")
    assert refusal(path).endswith("): download or compress it again")


def packed(**members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (packed(), ": is a zip with no file, not with one: unpack it, and name the file of candles"),
        (
            packed(a=lines(), b=lines()),
            ": is a zip with 2 files (a, b), not with one: unpack it, and name the file of candles",
        ),
        (packed(**{"[Content_Types].xml": "", "xl/workbook.xml": ""}), ": is an Excel workbook: save it as CSV"),
        (packed(a=lines())[:-9], ": is not a whole zip file (File is not a zip file): download or compress it again"),
        (gzip.compress(packed(a=lines())), ": is packed twice: unpack it"),
        (b"\x28\xb5\x2f\xfdxx", ": is compressed with zstd: unpack it"),
        (b"BZh91AY", ": is compressed with bzip2: unpack it"),
        (b"PAR1xx", ": is a Parquet file: save it as CSV or feather"),
        (
            b"\x89HDF\r\n",
            ": is an HDF5 file: save it as CSV or feather (freqtrade convert-data does)",
        ),
        (b"<!DOCTYPE html><html>", ": is a web page, not a file of candles: download it again"),
        (b"\x00\x01\x02", ": is neither text, JSON nor feather: save it as CSV"),
        (
            b'{"error": [], "result": {}}',
            (
                ": is a JSON object (error, result), not a list of candles: make it a list of [time, open, high, low,"
                " close, volume]"
            ),
        ),
        (b"[" * 100_000, ": is nested too deeply to be candles: download it again"),
        (b'{"a":' * 100_000, ": is a JSON object (nothing), not a list of candles"),
        (b"[]", ": is an empty JSON list: make it a list of candles"),
        (
            b"[1, 2]",
            (
                ", item 1: is a JSON list of str, not of candles: make it a list of [time, open, high, low, close,"
                " volume]"
            ),
        ),
        (f"[[{GOOD[0]}],[{GOOD[1]}]".encode(), ": is not whole JSON: download it again, or save the candles as CSV"),
        (
            f'[[{GOOD[0]}],[{GOOD[1]}],["soon",1,1,1,1,1]]'.encode(),
            f", item 3, column timestamp: 'soon' is not a time: {TIMES}",
        ),
        (
            f"[[{GOOD[0]}],[{T1},1,2]]".encode(),
            ", item 2: has 3 fields and the first line 6: complete or remove the line",
        ),
        (
            b'[{"t": 1, "price": 2}]',
            f": has no column for open, high, low, close; it has t, price: call its columns {HEADER}",
        ),
        (
            b"ARROW1\x00\x00xx",
            ": is no whole feather file (",
        ),
    ],
)
def test_what_is_no_file_of_candles_is_called_by_its_name(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "candles.csv"
    path.write_bytes(data)
    assert refusal(path).startswith(message)


def test_a_feather_file_without_the_package_that_reads_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nanoarrow", None)
    path = tmp_path / "candles.feather"
    path.write_bytes((Path(__file__).parent / "files" / "BTC_USDT-1m.feather").read_bytes())
    assert refusal(path) == (
        ": is a feather file, and the package that reads them is not installed: pip install nanoarrow, or save the"
        " candles as CSV"
    )


def test_a_gap_longer_than_the_file_is_a_wrong_time(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    later = T2 + 365 * 86_400_000
    path.write_text(lines((4, f"{later},11,12,10,12,1"), (5, f"{later + 60_000},12,12,10,12,1")))
    assert refusal(path) == (
        ", line 4, column timestamp: 525,600 candles of 1m are missing between 2025-01-01 00:01 UTC on line 3 and"
        " 2026-01-01 00:02 UTC, and the file has 4 in all: correct the times, or choose a part of it with start and end"
    )
    part = ReplaySettings(data={"BTC/USD": path}, end="2025-06-01T00:00:00Z")
    assert ReplayMarket(part, VirtualClock(0)).count("BTC/USD") == 2


def test_a_clock_that_is_put_back_makes_an_hour_doubtful(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    times = ("2025-10-26 01:00", "2025-10-26 02:00", "2025-10-26 03:00")
    path.write_text("\n".join([HEADER, *(f"{each},1,1,1,1,1" for each in times)]))
    assert refusal(path, zone="Europe/Paris") == (
        ", line 3, column timestamp: '2025-10-26 02:00' comes twice, or never, on the clocks of Europe/Paris: write the"
        " times in UTC, or each with its offset"
    )


def test_a_price_step_above_a_hundredth_of_the_price_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_text(lines())
    assert refusal(path, price_step="0.5") == (
        ": price_step 0.5 is 0.0556 of BTC/USD's lowest price 9, and 0.01 is the most: every limit order would be"
        " rounded"
        " away from where it belongs; set 0.01, or leave it out"
    )


def test_gaps_are_an_error_only_where_the_settings_say_so(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_text("\n".join([HEADER, GOOD[0], GOOD[1], GOOD[3]]))
    assert refusal(path, gaps="error") == (
        ", line 4, column timestamp: 1 candles are missing, the first at 2025-01-01 00:02:00+00:00: complete the file,"
        " or set gaps to count"
    )
    counted = ReplayMarket(ReplaySettings(data={"BTC/USD": path}), VirtualClock(0))
    assert counted.gaps("BTC/USD") == (1, T2)


def test_a_time_range_without_candles_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_text(lines())
    assert refusal(path, start="2030-01-01T00:00:00Z") == (
        ": no candle of BTC/USD is between start and end: the file goes from 2025-01-01 00:00:00+00:00 to"
        " 2025-01-01 00:04:00+00:00, choose a time within"
    )


def test_column_order_a_byte_order_mark_more_columns_and_blank_lines_at_the_end_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv.gz"
    rows = [
        "\ufeffvolume,close,low,high,open,timestamp,trades",
        f"1,11,9,12,10,{T0},7",
        f"1,12,10,12,11,{T1},7",
        "",
        "",
    ]
    path.write_bytes(gzip.compress("\r\n".join(rows).encode()))
    market = ReplayMarket(ReplaySettings(data={"BTC/USD": path}), VirtualClock(0))
    times, closes = market.closes("BTC/USD")
    assert (times.tolist(), list(map(str, closes))) == ([T1, T2], ["11", "12"])


def test_weeks_may_begin_on_any_day(tmp_path: Path) -> None:
    monday, week = 1_640_563_200_000, 604_800_000
    path = tmp_path / "candles.csv"
    path.write_text("\n".join([HEADER, *(f"{monday + week * i},1,1,1,1,1" for i in range(3))]))
    market = ReplayMarket(ReplaySettings(data={"BTC/USD": path}), VirtualClock(0))
    assert (market.start, market.end) == (monday, monday + 3 * week)
