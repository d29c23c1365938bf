"""Every kind of file that people have, with how it is to be understood."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

from octobot_plugins.replay.files.reading import CandleFile, HowToRead, read_candles
from tests.unit.plugins.replay.making import Made, binance, csv, made, stamp

FILES = Path(__file__).parent / "files"
ROWS = made()
NAMES = ("open", "high", "low", "close")


def read(path: Path, symbol: str = "BTC/USDT", **how: str) -> CandleFile:
    return read_candles(symbol, path, HowToRead(**how))  # type: ignore[arg-type]


def content(file: CandleFile) -> list[tuple[object, ...]]:
    series = file.series
    volumes = map(Decimal, map(repr, series.floats["volume"].tolist()))
    rows = [[series.exact(name, index) for name in NAMES] for index in range(len(series))]
    return [(int(time), *prices, volume) for time, prices, volume in zip(series.time, rows, volumes, strict=True)]


def expected(rows: Sequence[Made]) -> list[tuple[int, *tuple[Decimal, ...]]]:
    return [(row.time, *map(Decimal, row[1:])) for row in rows]


def columns(rows: Sequence[Made], header: str, line: Callable[[Made], Sequence[object]], sep: str = ",") -> bytes:
    return ("\n".join([header, *(sep.join(map(str, line(row))) for row in rows)]) + "\n").encode()


def zipped(name: str, data: bytes, *more: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, bytes_ in ((name, data), *more):
            archive.writestr(each, bytes_)
    return packed.getvalue()


DUMP = ("\n".join(binance(ROWS)) + "\n").encode()
KLINES = b"Open time,open,high,low,close,volume,close_time,quote_volume,count,buy_volume,buy_quote,ignore\n"
#: id -> (name, bytes, format, unit, what is said)
KINDS: dict[str, tuple[str, bytes, str, str, list[str]]] = {
    "ours": ("a.csv", csv(ROWS).encode(), "CSV", "milliseconds", []),
    "binance dump in us": ("a.csv", DUMP, "Binance klines without a header", "microseconds", []),
    "binance dump in ms": (
        "a.csv",
        "\n".join(binance(ROWS, 1)).encode(),
        "Binance klines without a header",
        "milliseconds",
        [],
    ),
    "binance dump with a header": ("a.csv", KLINES + DUMP, "CSV", "microseconds", []),
    "binance dump in ns": (
        "a.csv",
        KLINES + "\n".join(binance(ROWS, 1_000_000)).encode(),
        "CSV",
        "nanoseconds",
        [],
    ),
    "our header over a dump": (
        "a.csv",
        b"timestamp,open,high,low,close,volume\n" + DUMP,
        "Binance klines without a header",
        "microseconds",
        ["the header names 6 of 12 columns"],
    ),
    "zip": (
        "BTCUSDT-1m-2025-01.zip",
        zipped("BTCUSDT-1m-2025-01.csv", DUMP, ("__MACOSX/._x", b"")),
        "Binance klines without a header",
        "microseconds",
        [],
    ),
    "zip called gz": ("a.csv.gz", zipped("a.csv", DUMP), "Binance klines without a header", "microseconds", []),
    "gz": ("a.csv.gz", gzip.compress(DUMP), "Binance klines without a header", "microseconds", []),
    "gz called csv": ("a.csv", gzip.compress(csv(ROWS).encode()), "CSV", "milliseconds", []),
    "lines of json": (
        "a.jsonl",
        "\n".join(
            json.dumps({"t": int(r[0]), "o": r[1], "h": r[2], "l": r[3], "c": r[4], "v": r[5]}) for r in ROWS
        ).encode(),
        "JSON objects",
        "milliseconds",
        [],
    ),
    "json in a zip": (
        "a.zip",
        zipped("a.json", json.dumps([[int(r[0]), *r[1:]] for r in ROWS]).encode()),
        "JSON rows of 6 columns without a header",
        "milliseconds",
        ["it has no header: its columns are read as time, open, high, low, close, volume"],
    ),
    "seconds": (
        "a.csv",
        columns(ROWS, "time,open,high,low,close,Volume", lambda r: (r.time // 1000, *r[1:])),
        "CSV",
        "seconds",
        [],
    ),
    "capitals and spaces": (
        "a.csv",
        columns(
            ROWS,
            " Timestamp , Open , High , Low , Close , Volume ",
            lambda r: (f" {r.time}", *(f" {x} " for x in r[1:])),
        ),
        "CSV",
        "milliseconds",
        [],
    ),
    "any order of columns": (
        "a.csv",
        columns(
            ROWS,
            "low,high,Open Time,trades,close,vol,open",
            lambda r: (r.low, r.high, r.time, 7, r.close, r.volume, r.open),
        ),
        "CSV",
        "milliseconds",
        [],
    ),
    "semicolons": ("a.csv", csv(ROWS, "timestamp;open;high;low;close;volume", ";").encode(), "CSV", "milliseconds", []),
    "tabs": ("a.tsv", csv(ROWS, "timestamp\topen\thigh\tlow\tclose\tvolume", "\t").encode(), "CSV", "milliseconds", []),
    "a word to excel": (
        "a.csv",
        b"sep=;\n" + csv(ROWS, "timestamp;open;high;low;close;volume", ";").encode(),
        "CSV",
        "milliseconds",
        [],
    ),
    "decimal commas": (
        "a.csv",
        csv(ROWS, "timestamp;open;high;low;close;volume", ";").replace(".", ",").encode(),
        "CSV",
        "milliseconds",
        ["numbers have decimal commas"],
    ),
    "thousands in quotes": (
        "a.csv",
        columns(
            ROWS,
            "timestamp,open,high,low,close,volume",
            lambda r: (r.time, *(f'"{Decimal(x):,}"' for x in r[1:5]), r.volume),
        ),
        "CSV",
        "milliseconds",
        [],
    ),
    "german thousands": (
        "a.csv",
        columns(
            ROWS,
            "timestamp;open;high;low;close;volume",
            lambda r: (
                r.time,
                *(f"{Decimal(x):,}".replace(",", "'").replace(".", ",").replace("'", ".") for x in r[1:5]),
                r.volume.replace(".", ","),
            ),
            ";",
        ),
        "CSV",
        "milliseconds",
        ["numbers have decimal commas"],
    ),
    "floats": (
        "a.csv",
        columns(ROWS, ",timestamp,open,high,low,close,volume", lambda r: (0, f"{r.time}.0", *r[1:])),
        "CSV",
        "milliseconds",
        [],
    ),
    "pandas' index": (
        "a.csv",
        columns(ROWS, ",open,high,low,close,volume", lambda r: (f"{stamp(r)}+00:00", *r[1:])),
        "CSV",
        "dates",
        [],
    ),
    "numpy's exponents": (
        "a.csv",
        columns(ROWS, "timestamp,open,high,low,close,volume", lambda r: (f"{r.time:.18e}", *r[1:])),
        "CSV",
        "milliseconds",
        [],
    ),
    "utf-16": ("a.csv", csv(ROWS).encode("utf-16"), "CSV", "milliseconds", []),
    "utf-16 without a mark": ("a.csv", csv(ROWS).encode("utf-16-le"), "CSV", "milliseconds", []),
    "a byte order mark and windows' lines": (
        "a.csv",
        csv(ROWS).replace("\n", "\r\n").encode("utf-8-sig"),
        "CSV",
        "milliseconds",
        [],
    ),
    "old mac's lines": ("a.csv", csv(ROWS).replace("\n", "\r").encode(), "CSV", "milliseconds", []),
    "blank lines, none at the end": (
        "a.csv",
        csv(ROWS).replace("\n", "\n\n", 9).rstrip("\n").encode() + b"\n,,,,,\n\n ",
        "CSV",
        "milliseconds",
        [],
    ),
    "names of another alphabet in other columns": (
        "a.csv",
        columns(ROWS, "timestamp,open,high,low,close,volume,größe", lambda r: (*r, "é")).replace("é".encode(), b"\xe9"),
        "CSV",
        "milliseconds",
        [],
    ),
    "a header again inside": (
        "a.csv",
        (csv(ROWS[:20]) + csv(ROWS[20:])).encode(),
        "CSV",
        "milliseconds",
        ["the header is repeated 1 times inside"],
    ),
    "newest first": (
        "a.csv",
        csv(ROWS[::-1]).encode(),
        "CSV",
        "milliseconds",
        ["the newest candle comes first: sorted by time"],
    ),
    "two files put together in the wrong order": (
        "a.csv",
        csv([*ROWS[24:], *ROWS[:24]]).encode(),
        "CSV",
        "milliseconds",
        ["one line is earlier than the one before: sorted by time"],
    ),
    "two files that overlap": (
        "a.csv",
        csv([*ROWS[:24], *ROWS[22:]]).encode(),
        "CSV",
        "milliseconds",
        [
            "one line is earlier than the one before: sorted by time",
            "2 candles are there twice, with the same figures: kept once",
        ],
    ),
    "cryptodatadownload": (
        "Binance_BTCUSDT_minute.csv",
        columns(
            ROWS[::-1],
            "https://www.CryptoDataDownload.com\nUnix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume"
            " USDT,tradecount",
            lambda r: (r.time, stamp(r), "BTC/USDT", *r[1:], "363464.34", 55),
        ),
        "CSV",
        "milliseconds",
        ["times are read from 'Unix', not from 'Date'", "the newest candle comes first: sorted by time"],
    ),
    "cryptodatadownload, quote first": (
        "a.csv",
        columns(
            ROWS,
            "unix,date,symbol,open,high,low,close,Volume USDT,Volume BTC",
            lambda r: (r.time // 1000, stamp(r), "BTC/USDT", *r[1:5], "363464.34", r.volume),
        ),
        "CSV",
        "seconds",
        ["times are read from 'unix', not from 'date'"],
    ),
    "kraken ohlcvt": (
        "XBTUSD_1.csv",
        columns(ROWS, "", lambda r: (r.time // 1000, *r[1:], 12)),
        "Kraken OHLCVT, or others of seven columns without a header",
        "seconds",
        ["it has no header: its columns are read as time, open, high, low, close, volume"],
    ),
    "kraken ohlc of eight": (
        "a.csv",
        columns(ROWS, "", lambda r: (r.time // 1000, *r[1:5], r.close, r.volume, 12)),
        "Kraken OHLC, eight columns without a header",
        "seconds",
        ["it has no header: its columns are read as time, open, high, low, close, average, volume"],
    ),
    "tradingview with its zone": (
        "BINANCE_BTCUSDT, 1.csv",
        columns(
            ROWS,
            "time,open,high,low,close,Volume,EMA,Plot,Plot",
            lambda r: (f"{stamp(r, '%Y-%m-%dT%H:%M:%S', 1)}+01:00", *r[1:], "NaN", 1, 2),
        ),
        "CSV",
        "dates",
        [],
    ),
    "tradingview in unix time": (
        "a.csv",
        columns(ROWS, "time,open,high,low,close,Volume,RSI", lambda r: (r.time // 1000, *r[1:], 50)),
        "CSV",
        "seconds",
        [],
    ),
    "iso, utc": (
        "a.csv",
        columns(
            ROWS, "Datetime,Open,High,Low,Close,Adj Close,Volume", lambda r: (f"{stamp(r)}+00:00", *r[1:5], 1, r.volume)
        ),
        "CSV",
        "dates",
        [],
    ),
    "iso with z": (
        "a.csv",
        columns(ROWS, "date,open,high,low,close,volume", lambda r: (stamp(r, "%Y-%m-%dT%H:%M:%S.000Z"), *r[1:])),
        "CSV",
        "dates",
        [],
    ),
    "iso without a zone": (
        "a.csv",
        columns(ROWS, "date,open,high,low,close,volume", lambda r: (stamp(r), *r[1:])),
        "CSV",
        "dates",
        ["the dates name no zone: UTC is assumed"],
    ),
    "metatrader": (
        "a.csv",
        columns(
            ROWS,
            "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>",
            lambda r: (stamp(r, "%Y.%m.%d"), stamp(r, "%H:%M:%S"), *r[1:5], 3, r.volume, 1),
            "\t",
        ),
        "CSV",
        "dates",
        ["the dates name no zone: UTC is assumed"],
    ),
    "metatrader without a header": (
        "a.csv",
        columns(ROWS, "", lambda r: (stamp(r, "%Y.%m.%d"), stamp(r, "%H:%M"), *r[1:])),
        "CSV of 6 columns without a header",
        "dates",
        [
            "it has no header: its columns are read as time, open, high, low, close, volume",
            "the dates name no zone: UTC is assumed",
        ],
    ),
    "histdata": (
        "a.csv",
        columns(ROWS, "", lambda r: (stamp(r, "%Y%m%d %H%M%S"), *r[1:]), ";"),
        "CSV of 6 columns without a header",
        "dates",
        [
            "it has no header: its columns are read as time, open, high, low, close, volume",
            "the dates name no zone: UTC is assumed",
        ],
    ),
    "digits of a date": (
        "a.csv",
        columns(ROWS, "date,open,high,low,close,volume", lambda r: (stamp(r, "%Y%m%d%H%M"), *r[1:])),
        "CSV",
        "dates",
        ["the dates name no zone: UTC is assumed"],
    ),
    "dukascopy": (
        "a.csv",
        columns(ROWS, "Gmt time,Open,High,Low,Close,Volume", lambda r: (stamp(r, "%d.%m.%Y %H:%M:%S.000"), *r[1:])),
        "CSV",
        "dates",
        ["the dates name no zone: UTC is assumed", "dates are read with the day first"],
    ),
    "coinapi": (
        "a.csv",
        columns(
            ROWS,
            "time_period_start;time_period_end;time_open;time_close;price_open;price_high;price_low;price_close;volume_traded;trades_count",
            lambda r: (
                stamp(r, "%Y-%m-%dT%H:%M:%S.0000000Z"),
                "2025-01-01T00:01:00.0000000Z",
                stamp(r, "%Y-%m-%dT%H:%M:%S.1230000Z"),
                "x",
                *r[1:],
                4,
            ),
            ";",
        ),
        "CSV",
        "dates",
        ["times are read from 'time_period_start', not from 'time_open'"],
    ),
    "freqtrade json": (
        "BTC_USDT-1m.json",
        json.dumps([[r.time, *map(float, r[1:])] for r in ROWS]).encode(),
        "JSON rows of 6 columns without a header",
        "milliseconds",
        ["it has no header: its columns are read as time, open, high, low, close, volume"],
    ),
    "freqtrade json.gz": (
        "BTC_USDT-1m.json.gz",
        gzip.compress(json.dumps([[r.time, *map(float, r[1:])] for r in ROWS]).encode()),
        "JSON rows of 6 columns without a header",
        "milliseconds",
        ["it has no header: its columns are read as time, open, high, low, close, volume"],
    ),
    "binance's api": (
        "klines.json",
        json.dumps([[*line.split(",")] for line in binance(ROWS, 1)], indent=1).encode(),
        "Binance klines without a header",
        "milliseconds",
        [],
    ),
    "json objects": (
        "a.json",
        json.dumps([dict(zip(("t", "o", "h", "l", "c", "v"), row, strict=True)) for row in ROWS]).encode(),
        "JSON objects",
        "milliseconds",
        [],
    ),
    "feather of freqtrade": ("a.feather", (FILES / "BTC_USDT-1m.feather").read_bytes(), "feather", "milliseconds", []),
    "feather, zstd, microseconds": (
        "a.feather",
        (FILES / "zstd-us.feather").read_bytes(),
        "feather",
        "microseconds",
        [],
    ),
    "feather without a zone": (
        "a.feather",
        (FILES / "no-zone.feather").read_bytes(),
        "feather",
        "dates",
        ["the dates name no zone: UTC is assumed"],
    ),
}
