"""Candle sets: each content once, told with what is in it, and everybody's own."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from octobot_node.errors import CommandRefused, InvalidMarketData, TooMany, UnknownName, UsageError
from octobot_plugins.replay.candle_sets.models import CandleSetPage
from tests.integration.plugins.replay.conftest import Office, csv

pytestmark = pytest.mark.process
Do = Callable[..., Any]


def stored(office: Office) -> list[Path]:
    """Return the files of candle sets; nothing that came in may be left elsewhere."""
    folder = office.bench.settings.data_dir / "candles"
    assert not list((folder / "incoming").iterdir())
    return [path for path in folder.iterdir() if path.is_file() and path.name != "lock"]


def test_a_set_is_told_with_what_is_in_it(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "btc.csv"
    path.write_text(csv(without=30))
    made = office.do("candles.import", symbol="BTC/USD", path=str(path), name="two hours")

    (found,) = office.do("candles.list").candle_sets
    assert made.known is False
    assert found.model_dump() == {name: getattr(made, name) for name in type(found).model_fields}
    assert (found.name, found.symbol, found.timeframe, found.candles) == ("two hours", "BTC/USD", "1m", 119)
    assert (found.start, found.end) == (datetime(2022, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, 2, tzinfo=UTC))
    assert (found.missing, found.first_missing) == (1, datetime(2022, 1, 1, 0, 30, tzinfo=UTC))
    assert (found.source, found.file_name, found.size) == ("file", "btc.csv", path.stat().st_size)
    assert office.do("candles.show", candles="two hours") == found


@pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)
def test_the_same_content_is_stored_once_and_goes_with_its_last_owner(
    office: Office, as_owner: Do, candles: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "another name.csv.gz"
    copy.write_bytes(candles.read_bytes())
    first = as_owner("ada", "candles.import", symbol="BTC/USD", path=str(candles))
    again = as_owner("ada", "candles.import", symbol="BTC/USD", path=str(copy))
    other = as_owner("bob", "candles.import", symbol="BTC/USD", path=str(copy))

    assert (again.id, again.known, other.known) == (first.id, True, False)
    assert [path.name for path in stored(office)] == [first.digest]
    # Whether the last candle is whole is told by when the file was written.
    assert stored(office)[0].stat().st_mtime == candles.stat().st_mtime

    as_owner("ada", "candles.delete", candles=first.id)
    assert [path.name for path in stored(office)] == [first.digest]
    as_owner("bob", "candles.delete", candles=other.id)
    assert stored(office) == []


@pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)
def test_what_is_somebody_else_s_is_not_there(office: Office, as_owner: Do, candles: Path) -> None:
    made = as_owner("ada", "candles.import", symbol="BTC/USD", path=str(candles))
    for name in ("candles.show", "candles.delete"):
        with pytest.raises(UnknownName, match="there is no candle set"):
            as_owner("bob", name, candles=made.id)
    assert as_owner("bob", "candles.list") == CandleSetPage(candle_sets=[], next_cursor=None)
    # Admins see everybody's.
    assert [row.owner for row in office.do("candles.list").candle_sets] == ["ada"]


def test_a_set_that_a_replay_waits_for_is_not_deleted(office: Office, candles: Path) -> None:
    made = office.do("candles.import", symbol="BTC/USD", path=str(candles))
    config = {"symbol": "BTC/USD", "amount": "10", "every": "1h"}
    replay = office.do("replays.start", candles=[made.id], type="dca", budget={"USD": "100"}, config=config)

    assert office.do("candles.show", candles=made.id).used_by == 1
    with pytest.raises(CommandRefused, match=r"1 replay on the candle set 'btc\.csv\.gz' wait or run: cancel them"):
        office.do("candles.delete", candles=made.id)
    office.do("replays.cancel", replay=replay.id)
    assert office.do("candles.delete", candles=made.id).id == made.id
    assert stored(office) == []


@pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)
def test_what_is_no_file_of_candles_is_refused_in_a_sentence_and_not_kept(office: Office, tmp_path: Path) -> None:
    wrong = tmp_path / "btc.csv"
    lines = csv().splitlines()
    wrong.write_text("\n".join([*lines[:5], lines[5].replace(",", ",abc", 1), *lines[6:]]))
    with pytest.raises(InvalidMarketData, match=r"^btc\.csv, line 6, column open: 'abc"):
        office.do("candles.import", symbol="BTC/USD", path=str(wrong))
    with pytest.raises(UsageError, match="is not a file: name a file of candles"):
        office.do("candles.import", symbol="BTC/USD", path=str(tmp_path))
    with pytest.raises(UsageError, match=r"cannot be read \(No such file or directory\): check the path"):
        office.do("candles.import", symbol="BTC/USD", path=str(tmp_path / "none.csv"))
    with pytest.raises(UsageError, match="must be absolute"):
        office.do("candles.import", symbol="BTC/USD", path="btc.csv")
    assert stored(office) == []


@pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)
def test_a_small_file_that_unpacks_to_much_is_refused_and_harms_nobody(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOBOT_REPLAYS_MEMORY_MB", "256")
    bomb = tmp_path / "bomb.csv.gz"
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        for _ in range(300):
            file.write(b"1" * 1_000_000)
    with pytest.raises(InvalidMarketData, match="takes more than 256 MB of memory to be read"):
        office.do("candles.import", symbol="BTC/USD", path=str(bomb))
    assert stored(office) == []


@pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)
def test_an_owner_has_so_many_megabytes(
    office: Office, as_owner: Do, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOBOT_REPLAYS_CANDLES_MB_PER_USER", "1")
    large = tmp_path / "large.csv"
    large.write_text(csv())
    # A hole in the file takes no room on this disk, and counts.
    os.truncate(large, 1_100_000)
    with pytest.raises(TooMany, match=r"bob has 0\.0 MB of candles, and this one of 1\.1 MB is more than the 1 MB"):
        as_owner("bob", "candles.import", symbol="BTC/USD", path=str(large))
    assert stored(office) == []


@pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)
def test_a_file_that_is_gone_is_good_again_once_it_is_imported_again(office: Office, candles: Path) -> None:
    made = office.do("candles.import", symbol="BTC/USD", path=str(candles))
    stored(office)[0].unlink()
    again = office.do("candles.import", symbol="BTC/USD", path=str(candles))
    assert (again.id, again.known, [path.name for path in stored(office)]) == (made.id, True, [made.digest])
