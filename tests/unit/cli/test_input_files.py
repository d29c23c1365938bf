"""What a command is given, as an operation takes it."""

from __future__ import annotations

import pytest

from octobot_node.cli.input_files import fields, moment
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
