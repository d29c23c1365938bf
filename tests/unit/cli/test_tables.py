"""What is printed for people."""

from __future__ import annotations

import shlex
from io import StringIO
from types import SimpleNamespace
from typing import Any, cast

import pytest

from octobot_node.cli.output.show_automations import _levels
from octobot_node.cli.output.tables import console, more
from octobot_plugins.auth.shown import users

CURSORS = ["019b1f00-0000-7000-8000-000000000000 lot-10", "1 [bold] it's", f"1 {'long name ' * 40}.", "plain"]


@pytest.mark.parametrize("cursor", CURSORS)
def test_a_printed_cursor_can_be_pasted(cursor: str) -> None:
    for printed in (_more, _users):
        line = printed(cursor).splitlines()[-1]
        assert shlex.split(line.partition(": ")[2]) == ["--cursor", cursor]


def _more(cursor: str) -> str:
    out = StringIO()
    more(console(out), cursor)
    return out.getvalue()


def _users(cursor: str) -> str:
    out = StringIO()
    users(cast("Any", SimpleNamespace(users=[], next_cursor=cursor)), out)
    return out.getvalue()


def test_prices_that_wake_one_have_as_many_digits_as_people_read() -> None:
    levels = {"above": {"BTC/USD": "40123.45678901234567890123456789012345678901234"}, "below": {"ETH/USD": "2000"}}
    assert _levels(levels) == "BTC/USD above 40,123.45678901, ETH/USD below 2,000"
