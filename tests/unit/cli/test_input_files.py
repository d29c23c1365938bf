"""What a command is given, as an operation takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from octobot_node.cli.input_files import add_secrets, connector_settings, fields, moment, one_secret
from octobot_node.errors import UsageError


def test_a_pair_that_is_none_is_told_as_its_option_takes_it() -> None:
    for option, said in (("--budget", "ASSET=AMOUNT: write --budget USD=50"), ("--set", "FIELD=VALUE: write --set a")):
        with pytest.raises(UsageError, match=f"^{option} '50' is not {said}"):
            fields(["50"], option)


def test_a_moment_is_a_date_or_has_a_time_zone_and_is_told_by_its_option() -> None:
    assert moment(None, "--from") is None
    assert moment("2022-01-10", "--from") == "2022-01-10T00:00:00+00:00"
    assert moment("2022-01-10T12:00:00Z", "--from") == "2022-01-10T12:00:00+00:00"
    for text, said in (
        ("yesterday", "is no moment: write 2022-01-10, or 2022-01-10T12:00:00Z"),
        ("2022-01-10T12:00", "has no time zone: write --from 2022-01-10T12:00:00Z for UTC"),
    ):
        with pytest.raises(UsageError, match=f"^--from '{text}' {said}$"):
            moment(text, "--from")


def test_a_secret_is_not_taken_from_a_command_line_where_others_see_it() -> None:
    for path in ("trading.api_key", "trading.secret", "market_data.token"):
        with pytest.raises(UsageError, match="is seen by everybody") as refused:
            connector_settings([f"{path}=s3cr3t"], market_data="m", trading="t")
        assert "s3cr3t" not in str(refused.value)
    pointed = connector_settings(["trading.key={secret: mine}"], market_data="m", trading="t")
    assert pointed["trading"] == {"use": "t", "key": {"secret": "mine"}}


def test_secrets_of_a_new_account_are_read_from_a_file(tmp_path: Path) -> None:
    file, halves = tmp_path / "secrets.yaml", {"market_data": {"use": "m"}, "trading": {"use": "t"}}
    file.write_text("trading.key: s3cr3t\nmarket_data.token: t0ken\n")
    add_secrets(halves, file)
    assert halves == {"market_data": {"use": "m", "token": "t0ken"}, "trading": {"use": "t", "key": "s3cr3t"}}
    file.write_text("key: s3cr3t\n")
    with pytest.raises(UsageError, match="--secrets: write each as") as refused:
        add_secrets(halves, file)
    assert "s3cr3t" not in str(refused.value)


def test_one_secret_is_a_file_without_its_last_line_break(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    for written, read in (("s3cr3t\n", "s3cr3t"), ("two\nlines\r\n", "two\nlines"), (" spaced ", " spaced ")):
        file.write_bytes(written.encode())
        assert one_secret(file, "mine") == read
