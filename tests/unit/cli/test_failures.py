"""Every failure becomes one line and an exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from octobot_node.cli import main
from octobot_node.cli.failures import exit_code_of
from octobot_node.errors import DataFolderInUse, InvalidRunFile, OctoBotError, PluginError
from octobot_node.settings import Settings


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (InvalidRunFile("a.yaml: is empty"), 2, "octobot-node: error: a.yaml: is empty\n"),
        (DataFolderInUse("held by\n  another"), 1, "octobot-node: error: held by another\n"),
        (PluginError("broken"), 1, "octobot-node: error: broken\n"),
        (OctoBotError("plain"), 1, "octobot-node: error: plain\n"),
        (KeyboardInterrupt(), 130, ""),
        (typer.Abort(), 130, ""),
        (SystemExit(3), 3, ""),
        (SystemExit(None), 0, ""),
        (SystemExit("text"), 1, ""),
    ],
)
def test_an_error_has_its_exit_code(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(error) == code
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", line)


@pytest.mark.parametrize("group", ["automations", "orders", "signals", "tentacles", "notify"])
def test_a_group_without_a_command_prints_its_help(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([group]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(f"Usage: octobot-node {group} [OPTIONS] COMMAND [ARGS]...\n\n")
    assert "\nCommands:\n" in captured.out
    assert captured.err == ""


def test_an_unexpected_error_leaves_its_traceback_in_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error = ZeroDivisionError("division by zero")
    assert exit_code_of(error, data_dir=tmp_path / "state") == 1
    log = tmp_path / "state" / "octobot-node.log"
    assert capsys.readouterr().err == (
        "octobot-node: error: unexpected ZeroDivisionError: division by zero;"
        f" the traceback is in {log}; please report it\n"
    )
    assert log.read_text().endswith("ZeroDivisionError: division by zero\n")
    assert log.parent.stat().st_mode & 0o777 == 0o700


def test_an_unexpected_error_without_a_log_says_how_to_see_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert exit_code_of(ValueError(), data_dir=tmp_path / "file") == 1
    assert capsys.readouterr().err == (
        "octobot-node: error: unexpected ValueError: no message;"
        " OCTOBOT_DEBUG=1 shows the traceback; please report it\n"
    )


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("OCTOBOT_BATCH_SIZE", "many", "OCTOBOT_BATCH_SIZE: must be a whole number, not 'many'"),
        ("OCTOBOT_CLAIM_TTL", "-1", "OCTOBOT_CLAIM_TTL: must be greater than 0, not '-1'"),
    ],
)
def test_a_bad_setting_is_named_by_its_variable(
    variable: str,
    value: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - pydantic's errors are ValueErrors of two kinds
        Settings()
    assert exit_code_of(caught.value) == 2
    line = capsys.readouterr().err
    assert line.startswith("octobot-node: error: ")
    assert message in line
    assert line.count("\n") == 1
