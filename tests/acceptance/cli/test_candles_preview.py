from __future__ import annotations

import json
import zipfile

from tests.integration.cli.conftest import Folder
from tests.unit.plugins.replay.making import binance, csv, made


def test_a_preview_says_how_files_are_understood_and_makes_no_data_folder(folder: Folder) -> None:
    with zipfile.ZipFile(folder.path / "BTCUSDT-1m-2025-01.zip", "w") as archive:
        archive.writestr("BTCUSDT-1m-2025-01.csv", "\n".join(binance([*made(20)[:5], *made(20)[8:]])))
    done = folder.run("candles", "preview", "BTCUSDT-1m-2025-01.zip")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == EXPECTED
    assert sorted(path.name for path in folder.path.iterdir()) == ["BTCUSDT-1m-2025-01.zip"]


def test_a_preview_in_json_has_every_fact_and_a_refused_file_its_reason(folder: Folder) -> None:
    folder.write("bad.csv", csv(made(3)).replace("timestamp", "when"))
    rows = [f"{line},7" for line in csv(made(3)).splitlines()[1:]]
    header = "Time,open,high,low,close,Volume USDT,Volume BTC"
    folder.write("good.csv", "\n".join([header, *rows]))
    done = folder.run("candles", "preview", "BTC/USDT=good.csv", "bad.csv", "--json")
    good, bad = json.loads(done.stdout)
    assert done.returncode == 2
    assert {name: good[name] for name in ("file", "format", "time_unit", "timeframe", "candles", "missing")} == {
        "file": "good.csv",
        "format": "CSV",
        "time_unit": "milliseconds",
        "timeframe": "1m",
        "candles": 3,
        "missing": 0,
    }
    assert good["columns"]["volume"] == "Volume BTC"
    assert (good["first"][0]["time"], good["first"][0]["volume"]) == ("2025-01-01T00:00:00Z", "7")
    assert bad["error"].startswith(
        "bad.csv, line 1: has no column for time; its columns, separated by commas, are when, "
    )


def test_options_of_a_preview_are_those_of_the_run_file(folder: Folder) -> None:
    folder.write(
        "a.csv",
        "date,open,high,low,close,volume\n2025-07-01 02:00,1,1,1,1,1\n2025-07-01 03:00,1,1,1,1,1",
    )
    done = folder.run("candles", "preview", "a.csv", "--zone", "Europe/Paris", "--json")
    assert (done.returncode, json.loads(done.stdout)[0]["from"]) == (0, "2025-07-01T00:00:00Z")
    done = folder.run("candles", "preview", "a.csv", "--zone", "Europe/Pari")
    assert done.returncode == 2
    assert done.stderr.startswith("octobot-node: error: --zone 'Europe/Pari' is not a valid IANA time zone")
    done = folder.run("candles", "preview", "a.csv", "--off-grid", "snap")
    assert (done.returncode, done.stderr) == (2, "octobot-node: error: --off-grid 'snap' is neither error nor drop\n")


EXPECTED = """\
BTCUSDT-1m-2025-01.zip
  read as       Binance klines without a header
  packed in     zip (BTCUSDT-1m-2025-01.csv)
  separated by  commas
  text          utf-8
  columns       time: column 1, open: column 2, high: column 3, low: column 4, close: column 5, volume: column 6
  times         microseconds
  timeframe     1m
  candles       17, from 2025-01-01 00:00:00 to 2025-01-01 00:20:00 UTC
  missing       3, the first at 2025-01-01 00:05:00
  price step    0.01
  time                     open      high       low     close   volume
  2025-01-01 00:00:00  93500.00  93533.25  93495.75  93527.75  2.82062
  2025-01-01 00:01:00  93527.75  93569.94  93523.50  93564.44  6.98783
  2025-01-01 00:02:00  93564.44  93577.24  93560.19  93571.74  1.49528
  …                           …         …         …         …        …
  2025-01-01 00:17:00  93693.58  93699.08  93653.64  93657.89  0.19509
  2025-01-01 00:18:00  93657.89  93663.39  93613.59  93617.84   8.5947
  2025-01-01 00:19:00  93617.84  93656.72  93613.59  93651.22  2.34089
"""
