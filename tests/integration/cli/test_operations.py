"""Every command on a data folder where no node runs."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from octobot_node.cli import main
from octobot_node.engine.data_folder import FolderLock
from octobot_node.run_files.exact_yaml import read_yaml
from tests.integration.cli.conftest import EXECUTABLE, LIVE, Folder

pytestmark = pytest.mark.process

Octobot = Callable[..., tuple[int, str, str]]
COMMANDING = '["tests.acceptance.cli.commanding:greeting", "tests.acceptance.cli.commanding:rude"]'


@pytest.fixture
def octobot(folder: Folder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Octobot:
    """Return a function that gives a command in this process and returns (exit code, stdout, stderr)."""
    monkeypatch.setenv("OCTOBOT_DISK_RESERVE_MB", "0")

    def give(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return give


@pytest.fixture
def created(folder: Folder, octobot: Octobot) -> Octobot:
    """Return the same, where `dca` and `second` have been created."""
    second = LIVE.partition("automations:\n")[2].replace("name: dca", "name: second").replace("5000", "100")
    folder.write("run.yaml", LIVE + second)
    code, _, said = octobot("automations", "create", "run.yaml")
    assert (code, said) == (0, f"no node runs on {folder.state}: they run when one does (octobot-node start)\n")
    return octobot


def as_json(octobot: Octobot, *arguments: str) -> Any:
    code, out, said = octobot(*arguments, "--json")
    assert code == 0, said
    return json.loads(out)


def error(octobot: Octobot, *arguments: str) -> tuple[int, str]:
    """Return the exit code and the one line of an error."""
    code, out, said = octobot(*arguments)
    assert out == ""
    (line,) = said.splitlines()
    return code, line.removeprefix("octobot-node: error: ")


def test_json_has_the_same_keys_for_ever(created: Octobot) -> None:
    row = {
        *("id", "owner", "name", "type", "account", "status", "reason", "next_run", "last_run", "ticks"),
        *("revision", "sending", "open_orders", "unknown_orders", "created_at", "account_id", "as_of", "asset"),
        *("budget", "equity", "paper", "pnl", "pnl_ratio", "realised", "start_equity", "status_since", "symbols"),
        *("tags", "today", "unrealised"),
    }
    page = as_json(created, "automations", "list")
    assert (set(page), set(page["automations"][0])) == ({"automations", "next_cursor", "total", "anchors"}, row)
    shown = as_json(created, "automations", "show", "dca")
    assert set(shown) == row | {
        *("config", "limits", "budget", "state", "state_version", "needs", "wake", "levels", "waiting_signals"),
        *("balances", "positions", "figures", "orders", "events", "report", "next_step", "included", "shadow"),
    }
    assert set(as_json(created, "automations", "plan", "dca")) == {
        *("automation", "id", "tick", "at", "scheduled", "missed", "outcome", "reason", "status", "orders", "notices"),
        *("requests", "next_run", "levels", "figures", "state", "needs_funds", "free_funds", "source", "market_at"),
        *("tickers", "candles", "lacking_funds", "requests_used", "log", "next_step", "type", "findings", "actions"),
        "request_budgets",
    }
    assert set(as_json(created, "automations", "pause", "dca")) == {"automation", "id", "status", "note"}
    assert set(as_json(created, "automations", "export")) == {"text", "left_out"}
    events = as_json(created, "automations", "events")
    assert (set(events), set(events["events"][0])) == (
        {"events", "last", "first", "newer", "gap"},
        {"id", "at", "automation", "automation_id", "account_id", "kind", "level", "message", "data"},
    )
    assert as_json(created, "orders", "list") == {"orders": [], "next_cursor": None}
    assert set(as_json(created, "signals", "send", "second", "1")) == {"automation", "id", "accepted"}
    assert set(as_json(created, "status")) == {
        *("version", "data_dir", "running", "process", "sending", "automations", "open_orders", "unknown_orders"),
        *("lag", "broken_plugins", "egress_down", "as_of", "nodes_elsewhere"),
    }
    accounts = as_json(created, "accounts")
    assert (set(accounts), set(accounts["accounts"][0])) == (
        {"accounts", "next_cursor"},
        {
            *(
                "revision",
                "id",
                "owner",
                "name",
                "market_data",
                "trading",
                "simulated",
                "egress",
                "sending",
                "limits",
                "automations",
                "open_orders",
            ),
            *("unknown_orders", "created_at", "last_contact", "contact_problem", "mode", "live_since", "lacks"),
        },
    )
    assert set(as_json(created, "plugins")["plugins"][0]) == {
        *("name", "version", "origin", "module", "status", "hooks", "registers", "commands", "error"),
        *("troubles", "services", "left_out"),
    }
    settings = as_json(created, "settings")
    assert set(settings) == {"file", "settings", "unknown"}
    assert set(settings["settings"][0]) == {"section", "name", "variable", "value", "origin", "description"}
    assert set(as_json(created, "doctor")) == {"status", "checks"}


def test_automations_are_created_listed_changed_and_ended(folder: Folder, created: Octobot) -> None:
    _, table, _ = created("automations", "list")
    assert [line.split()[:4] for line in table.splitlines()[2:]] == [
        ["dca", "octobot_tentacles.dca", "paper", "active"],
        ["second", "octobot_tentacles.dca", "paper", "active"],
    ]
    assert created("automations", "list", "--status", "paused")[1] == "no automations\n"
    first = as_json(created, "automations", "list", "--limit", "1")
    rest = as_json(
        created, "automations", "list", "--cursor", first["next_cursor"], "--type", "dca", "--account", "paper"
    )
    assert [row["name"] for row in rest["automations"]] == ["second"]

    said = created("automations", "edit", "dca", "--set", "amount=50.10", "--set", "safety_orders.count=2")
    assert said[0] == 2, "a ladder needs more than a count"
    assert created("automations", "edit", "dca", "--set", "amount=50.10", "--set", "max_spend=1000") == (
        0,
        "dca is active; it is evaluated when a node runs next\n",
        "",
    )
    assert as_json(created, "automations", "show", "dca")["config"]["amount"] == "50.10"
    folder.write("config.yaml", "{symbol: ETH/USD, amount: 7, every: 1h}")
    created("automations", "edit", "dca", "config.yaml")
    config = as_json(created, "automations", "show", "dca")["config"]
    assert (config["symbol"], config["amount"], config["max_spend"]) == ("ETH/USD", "7", None)
    created("automations", "edit", "dca", "run.yaml")
    assert as_json(created, "automations", "show", "dca")["config"]["symbol"] == "BTC/USD"

    assert created("automations", "pause", "dca") == (0, "dca is paused\n", "")
    assert created("automations", "resume", "dca")[1] == "dca is active; it is evaluated when a node runs next\n"
    assert created("automations", "run-now", "dca")[1] == "dca is active; it is evaluated when a node runs next\n"
    later = "no node runs on this data folder: it is carried out when one runs next"
    assert created("automations", "stop", "dca")[1] == f"dca is stopping; it ends in a moment; {later}\n"
    kinds = [event["kind"] for event in as_json(created, "automations", "events", "dca")["events"]]
    assert kinds == [
        *("automation.created", "automation.edited", "automation.edited", "automation.edited"),
        *("automation.paused", "automation.active", "automation.stopping"),
    ]
    _, lines, _ = created("automations", "events", "--kind", "automation.paused", "--after", "0")
    assert [line.split()[3:] for line in lines.splitlines()] == [["automation.paused", "dca:", "was", "paused"]]


def test_a_plan_shows_an_order_and_leaves_nothing(folder: Folder, created: Octobot) -> None:
    def rows() -> list[Any]:
        with sqlite3.connect(folder.state / "octobot.db") as connection:
            tables = ("automations", "schedule", "intents", "events", "postings", "balances", "notices", "equity")
            found = [connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables]
        connection.close()
        return found

    before = rows()
    _, said, _ = created("automations", "plan", "dca")
    assert rows() == before
    assert said.startswith("dca: tick 0 at ")
    assert "as due by its own plan. Nothing was written, sent or told." in said
    assert "market buy for 100.00 USD of BTC (scheduled)   planned   100.00 USD" in said
    # Of what does not exist, in a folder that is thrown away; nothing of it in ours.
    plans = as_json(created, "automations", "plan", "--file", "run.yaml", "--now")
    assert [(plan["automation"], plan["needs_funds"]) for plan in plans] == [
        ("dca", {"USD": "100"}),
        ("second", {"USD": "100"}),
    ]
    assert rows() == before


def test_an_export_is_a_run_file_that_is_taken_back(folder: Folder, created: Octobot) -> None:
    _, text, _ = created("automations", "export", "second")
    assert [spec["name"] for spec in read_yaml(text).value["automations"]] == ["second"]
    folder.write("exported.yaml", created("automations", "export")[1])
    elsewhere = ("--data-dir", str(folder.path / "elsewhere"))
    assert created("automations", "create", "exported.yaml", *elsewhere)[0] == 0
    ours, theirs = (as_json(created, "automations", "show", "dca", *where)["config"] for where in ((), elsewhere))
    assert ours == theirs


def test_a_signal_is_read_from_the_argument_or_from_stdin(created: Octobot, monkeypatch: pytest.MonkeyPatch) -> None:
    assert created("signals", "send", "dca", '{"side": "buy"}', "--channel", "tv", "--key", "1", "--expires", "5m")[
        1
    ] == ("dca has the signal\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("[1, 2]"))
    _, said, _ = created("signals", "send", "dca", "-", "--key", "1", "--channel", "tv")
    assert said == "dca had a signal of this key before: this one is not given to it\n"
    assert as_json(created, "signals", "send", "dca", "null")["accepted"] is True
    assert as_json(created, "automations", "show", "dca")["waiting_signals"] == 2


def test_commands_about_the_node_work_without_one(folder: Folder, created: Octobot) -> None:
    _, said, _ = created("status")
    lines = dict(line.split(maxsplit=1) for line in said.splitlines())
    assert (lines["node"].startswith("does not run, version"), lines["automations"]) == (True, "2 active")
    assert created("accounts")[1].splitlines()[2].split() == ["paper", "simulated", "paper", "2", "0", "0", "on"]
    assert "octobot_tentacles.dca" in created("plugins")[1]
    rows = {row["name"]: row for row in as_json(created, "settings")["settings"]}
    assert (rows["data_dir"]["value"], rows["data_dir"]["origin"]) == (str(folder.state), "OCTOBOT_DATA_DIR")
    given = as_json(created, "settings", "--data-dir", "elsewhere")["settings"]
    assert [row["origin"] for row in given if row["name"] == "data_dir"] == ["argument"]


MISTAKES: list[tuple[list[str], int, str]] = [
    (["automations", "show", "dac"], 2, "there is no automation 'dac': did you mean 'dca'?"),
    (["automations", "list", "--status", "idle"], 2, "status.0: must be 'active', 'waiting',"),
    (["automations", "list", "--account", "papr"], 2, "there is no account 'papr': did you mean 'paper'?"),
    (["automations", "list", "--limit", "0"], 2, "Invalid value for '--limit': must be greater than or equal to 1"),
    (["automations", "resume", "dca"], 1, "'dca' is active already"),
    (["automations", "rm", "dca"], 2, "there is no terminal to ask on whether you are sure: give --yes"),
    (["automations", "rm", "dca", "--yes"], 1, "'dca' is active: stop it and let its orders settle first"),
    (["automations", "stop", "dca", "--close"], 2, "there is no terminal to ask on whether you are sure"),
    (["automations", "edit", "dca"], 2, "an edit changes nothing: give a whole config"),
    (["automations", "edit", "dca", "--set", "amount"], 2, "--set 'amount' is not FIELD=VALUE: write --set"),
    (
        ["types", "plan", "dca", "--account", "paper", "--budget", "50"],
        2,
        "--budget '50' is not ASSET=AMOUNT: write --budget USD=50",
    ),
    (["automations", "edit", "dca", "--set", "a=1", "--set", "a=2"], 2, "--set names a twice"),
    (["automations", "edit", "dca", "--set", "amount=-1"], 2, "automation 'dca': config.amount: "),
    (["automations", "edit", "dca", "--set", "colour=red"], 2, "automation 'dca': config.colour: "),
    (["automations", "edit", "dca", "none.yaml"], 2, "none.yaml: cannot be read (No such file or directory)"),
    (["automations", "edit", "other", "run.yaml"], 2, "run.yaml: it is a run file and has no automation 'other'"),
    (["automations", "create", "run.yaml"], 2, "run.yaml, line 7: automations[0].name: an automation is called"),
    (["automations", "create"], 2, "Missing argument 'FILE'."),
    (["automations", "plan"], 2, "name either an automation or a run file with --file"),
    (["automations", "plan", "dca", "--file", "run.yaml"], 2, "name either an automation or a run file"),
    (["automations", "events", "--after", "-1"], 2, "Invalid value for '--after': must be greater than or equal to 0"),
    (["automations", "frobnicate"], 2, "No such command 'frobnicate'."),
    (["orders", "list", "--automation", "x"], 2, "there is no automation 'x': there are dca, second"),
    (["orders", "adopt", "x", "y"], 2, "there is no order 'x': `octobot-node orders list` shows their ids"),
    (["orders", "declare-not-sent", "x"], 2, "there is no terminal to ask on whether you are sure"),
    (["orders", "declare-not-sent", "x", "--yes"], 2, "there is no order 'x'"),
    (["signals", "send", "dca", "{buy}"], 2, "the message is not valid JSON (Expecting property name"),
    (["signals", "send", "dca", "NaN"], 2, "the message is not valid JSON (NaN is not a number)"),
    (["signals", "send", "dca", '{"side": "buy", "side": "sell"}'], 2, "the message is not valid JSON ('side' is"),
    (["signals", "send", "dca", "1", "--expires", "soon"], 2, "--expires 'soon' is not a valid duration"),
    (["signals", "send", "nobody", "1"], 2, "there is no automation 'nobody': there are dca, second"),
]


def test_a_mistake_is_one_sentence_and_an_exit_code(created: Octobot) -> None:
    for arguments, code, said in MISTAKES:
        found = error(created, *arguments)
        assert (found[0], found[1].startswith(said)) == (code, True), found


@pytest.mark.parametrize(("answer", "code", "left"), [("n", 130, ["dca", "second"]), ("y", 0, ["second"])])
def test_what_cannot_be_undone_is_asked_on_a_terminal(
    folder: Folder, created: Octobot, answer: str, code: int, left: list[str]
) -> None:
    with sqlite3.connect(folder.state / "octobot.db") as connection:
        connection.execute("UPDATE automations SET status = 'stopped' WHERE name = 'dca'")
    connection.close()
    ours, theirs = os.openpty()
    with os.fdopen(ours, "r+b", buffering=0) as keyboard, os.fdopen(theirs, "r+b", buffering=0) as terminal:
        command: list[str | Path] = [EXECUTABLE, "automations", "rm", "dca"]
        with subprocess.Popen(command, stdin=terminal, stdout=subprocess.PIPE, stderr=terminal, text=True) as process:
            keyboard.write(f"{answer}\n".encode())
            out, _ = process.communicate(timeout=60)
        said = keyboard.read(1_000).decode()
    assert (process.returncode, out) == (code, "dca is deleted\n" if code == 0 else "")
    assert "Remove dca with its whole history? [y/N]: " in said
    assert [row["name"] for row in as_json(created, "automations", "list")["automations"]] == left


def test_an_unused_folder_is_said_to_be_one_and_stays_so(folder: Folder, octobot: Octobot) -> None:
    said = (
        f"nothing is in {folder.state} yet: `octobot-node start` begins it, and so does"
        " `octobot-node automations create FILE`; or give another --data-dir"
    )
    create = ["accounts", "create", "x", "--market-data", "simulated", "--trading", "paper"]
    for arguments in (["automations", "list"], ["orders", "list"], ["status"], ["signals", "send", "a", "1"], create):
        code, line = error(octobot, *arguments)
        assert (code, line.startswith(said)) == (2, True), line
    folder.write("bad.yaml", LIVE.replace("type: dca", "type: dac"))
    assert octobot("plugins")[0] == octobot("settings")[0] == 0
    assert not folder.state.exists()
    assert error(octobot, "automations", "create", "bad.yaml")[0] == 2


def test_a_folder_held_by_somebody_who_takes_no_commands_is_said_to_be(
    folder: Folder, created: Octobot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("octobot_node.cli.ask_node._PATIENCE_S", 0.3)
    lock = FolderLock(folder.state)
    try:
        code, line = error(created, "automations", "list")
    finally:
        lock.release()
    assert code == 1
    assert line.startswith(f"the data folder {folder.state} is in use by process ")
    assert line.endswith(", which takes no commands: it is an older version, or it hangs; stop it first")


def test_doctor_fails_when_a_check_does_and_says_the_cure(octobot: Octobot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOBOT_EXTRA_PLUGINS", COMMANDING)

    def mine() -> dict[str, Any]:
        _, out, _ = octobot("doctor", "--json")
        (found,) = [check for check in json.loads(out)["checks"] if check["name"] == "greeting"]
        del found["seconds"]
        return dict(found)

    base = {
        "name": "greeting",
        "plugin": "tests.acceptance.cli.commanding:greeting",
        "detail": "500 at once",
        "cure": "smile",
    }
    assert mine() == {**base, "status": "ok"}
    monkeypatch.setenv("TEST_HEALTH", "failed")
    assert mine() == {**base, "status": "failed"}
    code, out, _ = octobot("doctor")
    assert code == 1
    assert any(line.split() == ["greeting", "failed", "500", "at", "once", "smile"] for line in out.splitlines())


def test_doctor_checks_what_it_can_where_the_database_cannot_be_opened(
    folder: Folder, octobot: Octobot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOBOT_EXTRA_PLUGINS", COMMANDING)
    folder.state.mkdir()
    (folder.state / "octobot.db").write_text("this is no database at all, " * 100)
    code, out, _ = octobot("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(out)["checks"]}
    assert code == 1
    assert checks["data folder"]["status"] == "failed"
    assert "cannot be used as a database" in checks["data folder"]["detail"]
    assert checks["greeting"]["status"] == "ok"


def test_plugins_add_commands_which_are_looked_for_last(octobot: Octobot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOBOT_EXTRA_PLUGINS", COMMANDING)
    assert octobot("greet", "you", "--loud") == (0, "hello YOU\n", "")
    assert octobot("wallet", "show") == (0, "empty\n", "")
    # Ours stays ours.
    assert error(octobot, "status")[1].startswith("nothing is in")
    code, _, said = octobot("wallet", "fail")
    assert (code, "unexpected ZeroDivisionError" in said) == (1, True)
    code, _, said = octobot("wink")
    assert code == 2
    greeting, taken = "tests.acceptance.cli.commanding:greeting", "which the node has already: rename it"
    assert said.splitlines() == [
        "the plugin tests.acceptance.cli.commanding:rude adds no command: RuntimeError: no manners",
        f"not all commands of the plugin {greeting} are there: it adds the command 'status', {taken}",
        "octobot-node: error: No such command 'wink'. (octobot-node --help lists what there is)",
    ]
    rows = {row["name"]: row for row in as_json(octobot, "plugins")["plugins"]}
    assert rows["tests.acceptance.cli.commanding:greeting"]["commands"] == ["greet", "wallet"]
    assert rows["tests.acceptance.cli.commanding:rude"]["error"] == "RuntimeError: no manners"
    _, table, _ = octobot("plugins")
    assert "greet, wallet" in table
    assert "tests.acceptance.cli.commanding:rude: RuntimeError: no manners" in table


def test_help_names_every_group_and_imports_nothing_heavy(folder: Folder) -> None:
    code = (
        "import sys; from octobot_node.cli import main;"
        "heavy = ['dbos', 'sqlalchemy', 'cryptography', 'rich', 'pydantic', 'structlog', 'asyncio', 'numpy', 'yaml'];"
        "print(main(['--help']), [name for name in heavy if name in sys.modules]);"
        # typer itself takes pydantic to read options that are numbers.
        "print([main([*group, '--help']) for group in (['automations'], ['orders'], ['signals', 'send'])],"
        " [name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder.path)
    assert "0 []" in done.stdout.splitlines()
    assert done.stdout.splitlines()[-1] == "[0, 0, 0] ['pydantic']"
    assert "Plugins may add commands: `octobot-node plugins` lists them." in done.stdout


def test_a_completion_script_is_made_for_every_shell(folder: Folder) -> None:
    environment = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    for shell, part in (
        ("bash", "complete -o default -F"),
        ("zsh", "#compdef octobot-node"),
        ("fish", "complete --command"),
    ):
        done = folder.run("--show-completion", shell, **environment)
        assert (done.returncode, part in done.stdout) == (0, True), done
    words = {"_OCTOBOT_NODE_COMPLETE": "complete_bash", "COMP_WORDS": "octobot-node automations p", "COMP_CWORD": "2"}
    assert folder.run(**words).stdout.split() == ["pause", "plan"]
    assert EXECUTABLE.exists()


def test_many_are_changed_at_once_after_a_question(created: Octobot) -> None:
    assert error(created, "automations", "pause", "--all") == (
        2,
        "there is no terminal to ask on whether you are sure: give --yes if you are",
    )
    assert error(created, "automations", "pause")[1].startswith("name one automation, or say which with --all")
    assert error(created, "automations", "pause", "dca", "--all")[0] == 2
    assert error(created, "automations", "pause", "dca", "--dry-run")[1].startswith("--dry-run is about many")
    would = as_json(created, "automations", "pause", "--type", "dca", "--dry-run")
    assert (len(would["done"]), would["refused"], would["dry_run"]) == (2, [], True)
    assert created("automations", "pause", "second")[0] == 0
    code, out, _ = created("automations", "pause", "--account", "paper", "--yes")
    assert (code, out) == (0, "pause: 1 done, 1 not\n  'second' is paused already\n")
    assert created("automations", "resume", "--status", "paused", "--yes")[1] == "resume: 2 done, 0 not\n"
    assert created("automations", "run-now", "--all", "--yes")[1] == "run now: 2 done, 0 not\n"
    assert created("automations", "stop", "--all", "--close", "--yes")[1] == "stop and sell: 2 done, 0 not\n"
    # Nothing fits: there is nothing to ask.
    assert created("automations", "rm", "--all")[1].startswith("delete: 0 would be done, 2 not\n")


def test_an_automation_is_cloned_and_what_it_did_is_looked_at(created: Octobot) -> None:
    code, out, said = created("automations", "clone", "second", "third", "--set", "amount=7", "--budget", "USD=50")
    assert (code, out.splitlines()[2].split()[:4]) == (0, ["third", "octobot_tentacles.dca", "paper", "active"])
    assert said.endswith(": it runs when one does (octobot-node start)\n")
    shown = as_json(created, "automations", "show", "third")
    assert (shown["config"]["amount"], shown["budget"]) == ("7", {"USD": "50"})
    assert created("orders", "fills") == (0, "no fills\n", "")
    assert as_json(created, "orders", "fills", "--automation", "third") == {"fills": [], "next_cursor": None}
    assert error(created, "orders", "show", "nobody")[1].startswith("there is no order 'nobody'")
    assert created("automations", "equity", "third")[1] == "no points: there was no fill\n"
    assert created("ledger", "list", "third")[1].splitlines()[2].split()[3:] == ["budget", "+50.00", "USD"]
    assert created("ledger", "balances", "--automation", "third")[1].splitlines()[2].split() == [
        *("third", "paper", "50.00", "USD", "0.00", "USD"),
    ]
    assert created("signals", "list", "third")[1] == "no signals\n"
    assert created("signals", "send", "third", '{"a": 1}', "--key", "k")[0] == 0
    assert created("signals", "list", "third")[1].splitlines()[2].split()[3:6] == ["default", "waiting", "k"]
    exported = as_json(created, "automations", "export", "third", "--format", "json")
    assert json.loads(exported["text"])["automations"][0]["budget"] == {"USD": "50"}
    assert created("automations", "events", "--before", "2")[1].count("\n") == 1
    assert error(created, "automations", "events", "--before", "2", "--follow")[0] == 2


def test_accounts_are_made_changed_and_deleted(created: Octobot) -> None:
    made = ("second", "--market-data", "simulated", "--set", "market_data.seed=7", "--set", "trading.fee=0.002")
    code, out, _ = created("accounts", "create", *made, "--balance", "USD=100", "--limit-set", "max_open_orders=3")
    assert (code, out.splitlines()[0]) == (0, "second")
    shown = as_json(created, "accounts", "show", "second")
    assert (shown["market_data_settings"], shown["limits"]) == ({"seed": 7}, {"max_open_orders": 3})
    assert shown["trading_settings"] == {"fee": "0.002", "balances": {"USD": "100"}}
    assert error(created, "accounts", "create", "x", "--market-data", "simulated", "--set", "fee=1") == (
        2,
        "--set fee: write it as market_data.FIELD or trading.FIELD",
    )
    money = as_json(created, "accounts", "money", "second", "--currency", "USD")
    assert (money["assets"][0]["most"], money["value"], money["problem"]) == ("100", "100.00000000", "")
    lines = created("accounts", "money", "second", "--currency", "USD")[1].splitlines()
    assert lines[2].split() == [
        "USD",
        "100.00",
        "USD",
        "0.00",
        "USD",
        "0.00",
        "USD",
        "100.00",
        "USD",
        "100",
        "100.00",
        "USD",
    ]
    code, out, _ = created("accounts", "check", "second")
    assert (code, out.count(" ok ")) == (0, 3)
    assert error(created, "accounts", "rotate-keys", "second") == (
        2,
        "there is no terminal to ask for the keys: give --file, or --file - for stdin",
    )
    assert created("accounts", "observe", "second")[1].splitlines() == [
        "Its automations go on deciding. Each order is written down as skipped, and none is sent.",
        "second observes",
    ]
    assert "observes" in created("accounts")[1]
    code, _, asked = created("accounts", "go-live", "second")
    assert (code, asked.splitlines()[0]) == (
        2,
        "Orders of 0 automations go to paper with play money, from their next decision on.",
    )
    live = created("accounts", "go-live", "second", "--max-first-day", "50", "--yes")
    assert (live[0], live[1].splitlines()[-1]) == (0, "second is live")
    assert as_json(created, "accounts", "edit", "second", "--name", "other", "--no-limits")["limits"] == {}
    assert error(created, "accounts", "delete", "paper", "--yes") == (
        1,
        "2 automations are on 'paper': delete them first",
    )
    assert created("accounts", "delete", "other", "--yes")[1] == "other is deleted\n"
    assert "paper" in created("exchanges")[1]


def test_markets_and_types_are_looked_at(created: Octobot) -> None:
    assert [line.split()[0] for line in created("markets", "sources")[1].splitlines()[2:]] == [
        "ccxt",
        "replay",
        "simulated",
    ]
    assert created("markets", "symbols", "paper", "--search", "btc")[1].splitlines()[2].startswith("BTC/USD")
    assert created("markets", "ticker", "paper", "BTC/USD")[1].startswith("last ")
    candles = as_json(created, "markets", "candles", "paper", "BTC/USD", "--timeframe", "4h", "--count", "3")
    assert [len(candle) for candle in candles["candles"]] == [6, 6, 6]
    assert created("markets", "candles", "paper", "BTC/USD", "--count", "3")[1].count("\n") == 5
    assert error(created, "markets", "ticker", "nobody", "BTC/USD")[1].startswith("there is no account 'nobody'")
    assert "octobot_tentacles.dca" in created("types", "list")[1]
    assert created("types", "show", "dca")[1].startswith("Regular buying: octobot_tentacles.dca version ")
    assert set(as_json(created, "types", "show", "dca")) >= {"config", "required", "defaults", "examples"}


#: As Python gives on what is typed, or read, that is no UTF-8.
NO_UTF8 = b"a\xff".decode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("given", "where"),
    [
        (("automations", "pause", NO_UTF8), "automation"),
        (("automations", "clone", "dca", NO_UTF8), "name"),
        (("automations", "edit", "dca", "--set", f"symbol={NO_UTF8}"), "--set symbol: the value cannot be read ("),
        (("signals", "send", "dca", json.dumps(NO_UTF8)), "the message is not valid JSON (the text"),
        (("signals", "send", "dca", f'"{NO_UTF8}"'), "the message is not valid JSON (the text"),
        (("signals", "send", "dca", "1", "--channel", NO_UTF8), "channel"),
        (("signals", "send", "dca", "1", "--key", NO_UTF8), "key"),
        (("users", "add", NO_UTF8, "--generate"), "user"),
    ],
)
def test_what_is_no_utf_8_is_refused_in_a_sentence(created: Octobot, given: tuple[str, ...], where: str) -> None:
    code, said = error(created, *given)
    assert (code, said.startswith(where)) == (2, True), said
    assert "has half of a surrogate pair, which is no character" in said


def test_an_operator_helps_who_is_locked_out_and_the_audit_is_gone_along(created: Octobot, folder: Folder) -> None:
    assert created("users", "add", "ada", "--generate")[0] == 0
    assert created("users", "second-factor", "show", "ada")[1] == "ada: no second factor\n"
    with sqlite3.connect(folder.state / "octobot.db") as file:
        row = ("ada", "plain:JBSWY3DPEHPK3PXP", 1_767_225_600_000, 1_767_225_600_000, 0)
        columns = '("user", secret, created_at, confirmed_at, last_step)'
        file.execute(f"INSERT INTO auth_second_factors {columns} VALUES (?, ?, ?, ?, ?)", row)
    file.close()

    codes = as_json(created, "users", "second-factor", "codes", "ada", "--yes")["codes"]
    shown = created("users", "second-factor", "show", "ada")[1]
    assert shown == "ada: a second factor since 2026-01-01 00:00 UTC, 10 recovery codes left\n"
    code, _ = error(created, "users", "second-factor", "reset", "ada")
    assert code == 2, "nobody is asked"
    assert created("users", "second-factor", "reset", "ada", "--yes")[:2] == (0, "ada: done\n")
    assert error(created, "users", "second-factor", "reset", "ada", "--yes")[0] == 1

    verified = as_json(created, "audit", "verify")
    assert (verified["holds"], verified["broken"], verified["more"]) == (True, None, False)
    with sqlite3.connect(folder.state / "octobot.db") as file:
        assert not [each for line in file.iterdump() for each in codes if each in line or each.replace("-", "") in line]
        file.execute("DROP TRIGGER audit_no_update")
        file.execute("UPDATE audit SET actor = 'nobody' WHERE id = 3")
    file.close()
    code, out, _ = created("audit", "verify")
    assert code == 1
    assert out.startswith("entry 3 is not as it was written: its hash is not that of what it says and of the entry")
    code, out, _ = created("audit", "verify", "--since", verified["anchor"])
    assert code == 0
    assert "0 entries hold" in out
