"""What is printed for people."""

from __future__ import annotations

import shlex
from io import StringIO
from types import SimpleNamespace
from typing import Any, cast

import pytest

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
