"""A stranger makes every mistake: each is one line that names file, field and cure, and leaves nothing behind."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from octobot_node.cli import main
from octobot_node.engine.data_folder import FolderLock
from tests.integration.cli.conftest import EXECUTABLE, LIVE, MISBEHAVING, REPLAY, Folder

pytestmark = pytest.mark.process

Refused = Callable[..., str]

# Run files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [LIVE, REPLAY], ids=["live", "replay"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("type: dca", "type: dac"),
            "line 8: automations[0].type: there is no automation type 'dac': did you mean 'dca'?",
        ),
        (("type: dca", "type: other.dca"), "line 8: automations[0].type: there is no automation type 'other.dca'"),
        (("use: paper", "use: papr"), "line 4: accounts.paper.trading.use: there is no connector 'papr': did you mean"),
        (("{use: paper}", "{use: paper, slippge: 0}"), "line 4: accounts.paper.trading.slippge: there is no field"),
        (("{use: paper}", "{use: paper, slippage: 3}"), "line 4: accounts.paper.trading.slippage: must be less than 1"),
        (
            ("{use: paper}", "{use: paper, fee: none}"),
            "line 4: accounts.paper.trading.fee: must be a number, not 'none'",
        ),
        (
            ("{use: paper}", "paper"),
            "line 4: accounts.paper.trading: must be a mapping ('name: value' lines), not 'paper'",
        ),
        (
            ("amount: 100", "amont: 100"),
            "line 11: automations[0].config.amont: there is no field 'amont': did you mean",
        ),
        (("amount: 100, ", ""), "line 11: automations[0].config.amount: is missing: add it"),
        (("amount: 100", "amount: -1"), "line 11: automations[0].config.amount: must be greater than 0, not -1"),
        (("amount: 100", "amount: .nan"), "line 11: automations[0].config.amount: must be a finite number, not NaN"),
        (("every: 1d", "every: 1s"), "line 11: automations[0].config.every: an interval of 0:00:01 is out of bounds"),
        (
            ("BTC/USD", "BTCUSD"),
            ("line 11: automations[0].config.symbol: 'BTCUSD' is not a valid symbol: write BASE/QUOTE"),
        ),
        (
            ("every: 1d", "take_profit: 1, safety_orders: {cuont: 1, amount: 1}"),
            "line 11: automations[0].config.safety_orders.cuont: there is no field 'cuont': did you mean 'count'?",
        ),
        (
            ("{USD: 5000}", "{USD: 50000}"),
            "line 10: automations[0].budget.USD: with it the budgets on account 'paper' are",
        ),
        (("{USD: 5000}", "{EUR: 5}"), "line 10: automations[0].budget.EUR: with it the budgets on account 'paper' are"),
        (
            ("    balances: {USD: 10000}\n", ""),
            (
                "line 9: automations[0].budget.USD: with it the budgets on account 'paper' are 5000 USD, but it has no"
                " USD: lower the budget, or write balances: {USD: 5000} under accounts.paper"
            ),
        ),
    ],
)
def test_a_mistake_in_the_run_file_is_named(
    text: str, change: tuple[str, str], message: str, folder: Folder, refused: Refused
) -> None:
    assert change[0] in text
    folder.write("run.yaml", text.replace(*change))
    data = ["--data", f"BTC/USD={folder.candles('ok.csv')}"] if text == REPLAY else []
    assert refused("run.yaml", *data).startswith(f"run.yaml, {message}")
    assert not folder.state.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("use: simulated", "use: simulatd"),
            "market_data.use: there is no connector 'simulatd': did you mean 'simulated'?",
        ),
        (("seed: 7", "sead: 7"), "market_data.sead: there is no field 'sead': did you mean 'seed'?"),
        (("seed: 7", "seed: x"), ("market_data.seed: must be a whole number, not 'x'")),
        (
            ("seed: 7", "prices: {BTCUSD: 1}"),
            "market_data.prices.BTCUSD: 'BTCUSD' is not a valid symbol: write BASE/QUOTE",
        ),
    ],
)
def test_a_mistake_about_prices_is_named(
    change: tuple[str, str], message: str, folder: Folder, refused: Refused
) -> None:
    folder.write("run.yaml", LIVE.replace(*change))
    assert refused("run.yaml").startswith(f"run.yaml, line 3: accounts.paper.{message}")
    assert not folder.state.exists()


def test_the_mistake_is_named_in_the_file_it_is_in(folder: Folder, refused: Refused) -> None:
    accounts, automations = LIVE.split("automations:")
    folder.write("accounts.yaml", accounts)
    folder.write("mine.yaml", f"automations:{automations}")
    folder.write(
        "yours.yaml", f"automations:{automations.replace('name: dca', 'name: other').replace('amount', 'amont')}"
    )
    line = refused("accounts.yaml", "mine.yaml", "yours.yaml")
    assert line.startswith("yours.yaml, line 6: automations[0].config.amont: there is no field 'amont'")


def test_a_type_whose_plugin_is_broken_says_so(
    folder: Folder, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOBOT_EXTRA_PLUGINS", '["no_such_plugin"]')
    folder.write("run.yaml", LIVE.replace("type: dca", "type: mine"))
    line = refused("run.yaml", "--quiet")
    assert "there is no automation type 'mine': there are dca, " in line
    assert " (the plugin no_such_plugin is left out: ModuleNotFoundError: No module named 'no_such_plugin')" in line


def test_past_and_live_markets_do_not_mix(folder: Folder, refused: Refused) -> None:
    live = "  live: {market_data: {use: simulated}, trading: {use: paper}}\n"
    folder.write("run.yaml", REPLAY.replace("automations:", f"{live}automations:"))
    assert refused("run.yaml", "--data", f"BTC/USD={folder.candles('ok.csv')}") == (
        "accounts on past candles (paper) and on live markets (live) cannot run together:"
        " put them into files of their own"
    )


# Candles ----------------------------------------------------------------------------------------------------------


def _without_some(lines: list[str]) -> list[str]:
    return lines[:20] + lines[23:]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda lines: ["when" + lines[0].removeprefix("timestamp"), *lines[1:]],
            ", line 1: has no column for time; its columns, separated by commas, are when, open, high, low, close, vol",
        ),
        (
            lambda lines: [line.rpartition(",")[0].rpartition(",")[0] for line in lines],
            ", line 1: has no column for close",
        ),
        (
            lambda lines: [*lines[:6], f"{lines[5].rpartition(',')[0]},9", *lines[6:]],
            ", line 7, column timestamp: 2022-01-01 04:00:00 UTC is there twice, with other figures on line 6",
        ),
        (
            lambda lines: [*lines[:5], lines[5].replace(",", ",nan,", 1).rpartition(",")[0], *lines[6:]],
            ", line 6, column open: 'nan",
        ),
        (lambda lines: [*lines[:5], lines[5] + ",1", *lines[6:]], ", line 6: has 7 fields and the header 6"),
        (lambda lines: lines[:1], ": has 0 candles: give at least two"),
        (_without_some, ", line 21, column timestamp: 3 candles are missing, the first at 2022-01-01 19:00:00"),
    ],
    ids=["renamed column", "missing column", "a time twice", "NaN", "one field more", "no candle", "gap"],
)
def test_malformed_candles_are_refused(
    change: Callable[[list[str]], list[str]], message: str, folder: Folder, refused: Refused
) -> None:
    folder.write("run.yaml", REPLAY)
    folder.candles("bad.csv", change=change)
    assert refused("run.yaml", "--data", "BTC/USD=bad.csv", "--gaps=error").startswith(f"bad.csv{message}")
    assert not folder.state.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "account 'paper' replays candles: say which with --data SYMBOL=PATH"),
        (("--data", "BTC/USD=none.csv"), ("none.csv: there is no such file")),
        (("--data", "BTC/USD=."), ".: cannot be read (Is a directory)"),
        (
            ("--data", "BTCUSD=ok.csv"),
            "--data BTCUSD=ok.csv: 'BTCUSD' is not a valid symbol: write BASE/QUOTE, such as BTC/USD",
        ),
        (
            ("--data", "ETH/USD=ok.csv"),
            "run.yaml, line 7: automations[0]: 'dca' needs BTC/USD, but the candles are of ETH/USD: add",
        ),
        (("--data", "BTC/USD=ok.csv", "--serve"), "--serve is about a live run; a replay is over before anybody could"),
        (("--data", "BTC/USD=ok.csv", "--for", "3s"), "--for ends a live run; a replay ends with its candles"),
    ],
)
def test_a_replay_that_would_do_nothing_is_refused(
    options: tuple[str, ...], message: str, folder: Folder, refused: Refused
) -> None:
    folder.candles("ok.csv")
    folder.write("run.yaml", REPLAY)
    assert refused("run.yaml", *options).startswith(message)
    assert not folder.state.exists()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--data=BTC/USD=ok.csv", "--data gives candles for replay, but no account has `market_data: {use: replay}`"),
        ("--fresh", "--fresh starts a replay over; to start a live run over, use another --data-dir"),
        ("--gaps=error", "--gaps is about the candles of a replay; this run is live: leave it out"),
    ],
)
def test_an_option_of_replays_is_refused_live(option: str, message: str, folder: Folder, refused: Refused) -> None:
    folder.write("run.yaml", LIVE)
    assert refused("run.yaml", option) == message
    assert not folder.state.exists()


def test_every_accounts_candles_are_looked_at_before_anything_is_made(folder: Folder, refused: Refused) -> None:
    folder.candles("ok.csv")
    accounts = "".join(
        f"  {name}: {{market_data: {{use: replay, data: {{BTC/USD: {file}}}}}, trading: {{use: paper}}}}\n"
        for name, file in (("good", "ok.csv"), ("bad", "none.csv"))
    )
    folder.write(
        "run.yaml",
        f"accounts:\n{accounts}automations:\n"
        "  - {name: a, type: dca, account: good, config: {symbol: BTC/USD, amount: 1}}\n"
        "  - {name: b, type: dca, account: bad, config: {symbol: BTC/USD, amount: 1}}\n",
    )
    assert refused("run.yaml").startswith("none.csv: there is no such file")
    assert not folder.state.exists()


def test_a_gap_is_counted_and_reported(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    folder.write("run.yaml", REPLAY)
    folder.candles("gap.csv", hours=48, change=_without_some)
    arguments = ["run", "run.yaml", "--data", "BTC/USD=gap.csv", "--quiet"]
    assert main([*arguments, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["candles"], report["gaps"]) == (
        45,
        [{"symbol": "BTC/USD", "missing": 3, "first": "2022-01-01T19:00:00Z"}],
    )
    assert main(arguments) == 0
    assert "BTC/USD: 3 candles missing, first at 2022-01-01 19:00:00 UTC" in capsys.readouterr().out


# Where state lives ------------------------------------------------------------------------------------------------


@pytest.fixture
def replayed(folder: Folder, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The arguments of a replay that is complete."""
    folder.write("run.yaml", REPLAY)
    arguments = ["run.yaml", "--data", f"BTC/USD={folder.candles('ok.csv', hours=30)}"]
    assert main(["run", *arguments, "--quiet"]) == 0
    return arguments


def _database(folder: Folder) -> Path:
    (path,) = folder.state.glob("replays/*/octobot.db")
    return path


@pytest.mark.parametrize("owner", ["octobot", "paper"])
def test_a_database_of_a_newer_version_is_refused_and_left_alone(
    owner: str, folder: Folder, replayed: list[str], refused: Refused
) -> None:
    path = _database(folder)
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE {owner}_schema SET version_num = '9999'")
        # As a newer release does whose tables this one does not know how to use.
        connection.execute("UPDATE schema_floors SET revision = '9998' WHERE owner = ?", [owner])
    connection.close()
    before = path.read_bytes()
    line = refused(*replayed, code=1)
    assert f"was written by a newer version ({owner} revision '9999'; newest known here: '" in line
    assert line.endswith("upgrade octobot-node, or use another data folder")
    assert path.read_bytes() == before


def test_a_database_of_before_the_first_release_is_refused_and_left_alone(
    folder: Folder, replayed: list[str], refused: Refused
) -> None:
    path = _database(folder)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE octobot_schema SET version_num = '0011'")
    connection.close()
    before = path.read_bytes()
    line = refused(*replayed, code=1)
    assert "was made by a development version before the first release (octobot revision '0011')" in line
    assert line.endswith("into another data folder or database, or start with an empty one")
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", [b"not a database at all" * 400, b"SQLite format 3\0" + b"\xff" * 8_000])
def test_what_is_no_database_is_refused_and_left_alone(damage: bytes, folder: Folder, refused: Refused) -> None:
    folder.write("run.yaml", LIVE)
    folder.state.mkdir()
    (folder.state / "octobot.db").write_bytes(damage)
    line = refused("run.yaml", code=1)
    assert line.startswith(f"{folder.state}/octobot.db cannot be used as a database (file is not a database): give")
    assert (folder.state / "octobot.db").read_bytes() == damage


def test_a_data_folder_that_is_a_file_is_refused(folder: Folder, refused: Refused) -> None:
    folder.write("run.yaml", LIVE)
    folder.write("file", "mine")
    assert refused("run.yaml", "--data-dir", "file", code=1) == (
        f"the data folder {folder.path / 'file'} cannot be used (File exists): give another --data-dir"
    )
    assert Path("file").read_text() == "mine"


@pytest.mark.parametrize("live", [True, False])
def test_a_data_folder_in_use_is_refused(live: bool, folder: Folder, replayed: list[str], refused: Refused) -> None:
    folder.write("live.yaml", LIVE)
    held = folder.state if live else _database(folder).parent
    lock = FolderLock(held)
    line = refused(*(["live.yaml"] if live else replayed), code=1)
    assert line.startswith(f"the data folder {held} is in use by process ")
    assert line.endswith(": stop that node, or give another --data-dir")
    lock.release()


@pytest.mark.parametrize("text", [LIVE, REPLAY], ids=["live", "replay"])
def test_a_disk_with_less_than_the_reserve_is_refused(
    text: str, folder: Folder, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOBOT_DISK_RESERVE_MB", "999999999")
    folder.write("run.yaml", text)
    data = ["--data", f"BTC/USD={folder.candles('ok.csv')}"] if text == REPLAY else []
    line = refused("run.yaml", *data, code=1)
    assert line.startswith("only ")
    assert line.endswith("free some, give another --data-dir, or lower OCTOBOT_DISK_RESERVE_MB")
    assert not folder.state.exists()


def test_a_disk_that_takes_no_more_stops_a_replay_which_then_goes_on(folder: Folder) -> None:
    folder.write("run.yaml", REPLAY)
    folder.candles("ok.csv", hours=120)
    command = f"{EXECUTABLE} run run.yaml --data BTC/USD=ok.csv --json --quiet"
    # Half a megabyte a file, and then every write fails, as on a full disk.
    stopped = _shell(folder, f"ulimit -f 512; exec {command}")
    assert (stopped.returncode, stopped.stdout) == (1, "")
    assert stopped.stderr.startswith("octobot-node: error: the database failed (")
    assert stopped.stderr.endswith("then give the same command again: it goes on where it was\n")
    assert stopped.stderr.count("\n") == 1
    resumed, whole = _shell(folder, command), _shell(folder, f"{command} --data-dir other")
    assert (resumed.returncode, resumed.stderr) == (0, "")
    assert _figures(resumed.stdout) == _figures(whole.stdout)
    assert _figures(whole.stdout)[0]["fills"] == 5


def _shell(folder: Folder, command: str) -> subprocess.CompletedProcess[str]:
    variables = {"OCTOBOT_DATA_DIR": str(folder.state), "OCTOBOT_DISK_RESERVE_MB": "0", "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder.path, env=variables, capture_output=True, text=True, check=False, timeout=60
    )


def _figures(report: str) -> list[dict[str, object]]:
    return [{name: value for name, value in row.items() if name != "id"} for row in json.loads(report)["automations"]]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("OCTOBOT_BATCH_SIZE", "abc", "OCTOBOT_BATCH_SIZE: must be a whole number, not 'abc'"),
        ("OCTOBOT_BATCH_SIZE", "0", "OCTOBOT_BATCH_SIZE: must be greater than or equal to 1, not '0'"),
        ("OCTOBOT_EVALUATE_TIMEOUT", "nan", "OCTOBOT_EVALUATE_TIMEOUT: must be greater than 0, not 'nan'"),
        ("OCTOBOT_EXTRA_PLUGINS", "{}", "OCTOBOT_EXTRA_PLUGINS: must be a list, not a mapping"),
        ("OCTOBOT_DATABASE_URL", "oracle://x", "no plugin opens the database URL 'oracle'"),
    ],
)
def test_a_nonsensical_setting_is_named(
    name: str, value: str, message: str, folder: Folder, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    folder.write("run.yaml", LIVE)
    assert refused("run.yaml", code=1 if name == "OCTOBOT_DATABASE_URL" else 2).startswith(message)


def test_a_home_in_the_data_folders_name_is_found(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("run.yaml", REPLAY)
    folder.candles("ok.csv", hours=30)
    monkeypatch.setenv("HOME", str(folder.path / "home"))
    # An environment file, unlike a shell, leaves it as it is.
    monkeypatch.setenv("OCTOBOT_DATA_DIR", "~/octobot")
    assert main(["run", "run.yaml", "--data", "BTC/USD=ok.csv", "--quiet"]) == 0
    assert len(list((folder.path / "home" / "octobot" / "replays").iterdir())) == 1
    assert not Path("~").exists()


def test_replays_have_databases_of_their_own(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOBOT_DATABASE_URL", f"sqlite:///{folder.path}/live.db")
    folder.write("run.yaml", REPLAY)
    folder.candles("ok.csv", hours=30)
    assert main(["run", "run.yaml", "--data", "BTC/USD=ok.csv", "--quiet"]) == 0
    assert not Path("live.db").exists()
    assert _database(folder).exists()


# A run file that changed ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder in which LIVE has run."""
    folder = Folder(tmp_path_factory.mktemp("traded"))
    done = folder.run("run", folder.write("run.yaml", LIVE), "--for", "500ms", "--quiet")
    assert done.returncode == 0, done.stderr
    yield folder.state
    shutil.rmtree(folder.path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([("seed: 7", "seed: 8")], "line 3: accounts.paper.market_data.seed: it is 7 in this data folder, not 8"),
        (
            [("{use: paper}", "{use: paper, slippage: 0.1}")],
            "line 4: accounts.paper.trading.slippage: it is 0 in this data folder, not 0.1",
        ),
        (
            [("10000", "20000")],
            "line 5: accounts.paper.balances: it is 10000 USD in this data folder, not 20000 USD",
        ),
        (
            [("type: dca", "type: misbehaving"), ("config: {", "config: {how: fine, ")],
            "line 8: automations[0].type: 'dca' is a octobot_tentacles.dca in this data folder, not a tests.",
        ),
        (
            [("5000", "6000")],
            "line 10: automations[0].budget: 'dca' was given 5000 USD in this data folder, not 6000 USD",
        ),
        (
            [("  paper:", "  other:"), ("account: paper", "account: other")],
            "line 9: automations[0].account: 'dca' is on account 'paper' in this data folder",
        ),
        (
            [("name: dca", "name: second"), ("5000", "6000")],
            "line 10: automations[0].budget.USD: with it the budgets on account 'paper' are 11000 USD, but it has",
        ),
    ],
)
def test_a_change_that_money_stands_against_is_refused(
    changes: list[tuple[str, str]],
    message: str,
    traded: Path,
    folder: Folder,
    refused: Refused,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OCTOBOT_EXTRA_PLUGINS", MISBEHAVING)
    shutil.copytree(traded, folder.state)
    text = LIVE
    for change in changes:
        assert change[0] in text
        text = text.replace(*change)
    line = refused(folder.write("run.yaml", text))
    assert line.startswith(f"run.yaml, {message}")
    assert ("lower the budget" if "the budgets on account" in message else "use another --data-dir") in line


# What is printed --------------------------------------------------------------------------------------------------


def test_a_complete_replay_says_so_and_can_be_run_anew(
    folder: Folder, replayed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    mark = _database(folder).with_name("mark")
    mark.touch()
    capsys.readouterr()
    assert main(["run", *replayed]) == 0
    said = capsys.readouterr()
    assert "this replay was complete: here is its report again; --fresh runs it anew" in said.err.splitlines()
    assert "finished" in said.out
    assert mark.exists()
    assert main(["run", *replayed, "--fresh"]) == 0
    assert "complete" not in capsys.readouterr().err
    assert not mark.exists()


def test_a_refused_order_is_reported_with_its_reason(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    folder.write("run.yaml", REPLAY.replace("    budget: {USD: 5000}\n", ""))
    folder.candles("ok.csv", hours=60)
    arguments = ["run", "run.yaml", "--data", "BTC/USD=ok.csv", "--quiet"]
    assert main([*arguments, "--json"]) == 0
    (automation,) = json.loads(capsys.readouterr().out)["automations"]
    (problem,) = automation["problems"]
    assert (problem["what"], problem["times"]) == ("order refused", 3)
    assert "USD" in problem["reason"]
    assert main(arguments) == 0
    assert f"order refused 3 times, last at 2022-01-03 00:00:00 UTC: {problem['reason']}" in capsys.readouterr().out


def test_a_reader_that_leaves_ends_a_run_without_a_traceback(folder: Folder, replayed: list[str]) -> None:
    done = _shell(folder, f"{EXECUTABLE} run {' '.join(replayed)} -q | true; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_without_a_stderr_the_report_is_what_it_always_is(folder: Folder, replayed: list[str]) -> None:
    done = _shell(folder, f"{EXECUTABLE} run {' '.join(replayed)} --json 2>&-")
    assert (done.returncode, json.loads(done.stdout)["finished"], done.stderr) == (0, True, "")
