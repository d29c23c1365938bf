"""Commands made of operations: the documentation's example, and every kind of field."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Folder
from tests.integration.cli.test_operations import Octobot, as_json, created, error, octobot

__all__ = ["created", "octobot"]

pytestmark = pytest.mark.process

PAGE = Path(__file__).parents[3] / "docs" / "hooks" / "register_operations.md"
KINDS = '''
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from pydantic import AwareDatetime, Field, SecretStr

from octobot_node import hookimpl
from octobot_node.contracts.operation import Command, operation
from octobot_node.operations.models import Limit, PageRequest, Request, Response


class Paper(StrEnum):
    PLAIN = "plain"
    HEADED = "headed"


class Order(Request):
    """What to print, how."""

    word: str = Field(description="What to print.")
    ratio: float
    times: int = Field(default=1, ge=1, le=9, description="How often.")
    fee: Decimal | None = None
    loud: bool = False
    stamped: bool = True
    on: Paper = Paper.PLAIN
    colour: Literal["red", "blue"] | Literal["green"] | None = None
    at: AwareDatetime | None = None
    copies_to: list[str] = Field(default_factory=list, description="Who else.")
    extra: dict[str, Any] | None = Field(default=None, description="More.")


class Printed(Response):
    """What was printed."""

    text: str
    nested: dict[str, str]


@operation("kinds.print", command=Command("kinds print", group_help="Print."))
def printed(context, request: Order) -> Printed:
    """Print what was given."""
    return Printed(text=repr(request), nested={"a": "b"})


class Several(Request):
    """Words."""

    words: list[str]
    last: str | None = None


@operation("kinds.count", command=Command("kinds count"))
def count(context, request: Several) -> Printed:
    """Count words."""
    return Printed(text=" ".join(request.words) + str(request.last), nested={})


class One(Request):
    """One."""

    word: str
    again: str = "x"


DROP = Command("kinds drop", confirm="Drop {word}?", arguments=("word", "again"), later="it is dropped")


@operation("kinds.drop", command=DROP)
def drop(context, request: One) -> Printed:
    """Drop it."""
    return Printed(text=request.word + request.again, nested={})


@operation("kinds.status", command=Command("howmany", columns=("text",)))
def howmany(context, request: One) -> Printed:
    """Count."""
    return Printed(text="many [b]", nested={})


@hookimpl
def register_operations(register):
    for each in (printed, count, drop, howmany):
        register(each)
'''


@pytest.fixture
def plugin(created: Octobot, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Octobot]:
    """Return a function that writes a plugin into the data folder; commands are given in this process."""

    def write(name: str, text: str) -> Octobot:
        (folder.state / "plugins").mkdir()
        (folder.state / "plugins" / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(folder.state / "plugins")
        monkeypatch.delitem(sys.modules, name, raising=False)
        return created

    return write


@pytest.fixture
def kinds(plugin: Callable[[str, str], Octobot]) -> Octobot:
    return plugin("kinds", KINDS)


def test_the_page_s_example_sends_and_lists_and_is_audited(plugin: Callable[[str, str], Octobot]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    created = plugin("telex", code)

    sent = as_json(created, "telex", "send", "arrived", "--urgent")
    assert {**sent, "id": ""} == {"id": "", "text": "arrived", "urgent": True}
    code_, out, said = created("telex", "send", "again [b]")
    assert (code_, said) == (0, "")
    assert [line.split(maxsplit=1) for line in out.splitlines()][1:] == [["text", "again [b]"], ["urgent", "no"]]
    out = created("telex", "list", "--limit", "1")[1]
    assert [line.split() for line in out.splitlines()[::2]] == [
        ["id", "text", "urgent"],
        [sent["id"], "arrived", "yes"],
    ]
    assert out.splitlines()[3] == f"there are more: --cursor {sent['id']}"
    rest = as_json(created, "telex", "list", "--cursor", sent["id"])
    assert [telegram["text"] for telegram in rest["telegrams"]] == ["again [b]"]
    assert error(created, "telex", "send", "") == (2, "text: must have at least 1 character")
    assert error(created, "telex", "list", "--limit", "0")[0] == 2
    audited = as_json(created, "audit", "list", "--action", "telex.send")["entries"]
    assert [entry["outcome"] for entry in audited] == ["done", "done"]
    listed = {plugin["name"]: plugin for plugin in as_json(created, "plugins")["plugins"]}
    assert listed["telex"]["commands"] == ["telex"]


def test_every_kind_of_field_has_an_option(kinds: Octobot) -> None:
    def text(*arguments: str) -> str:
        found: str = as_json(kinds, "kinds", "print", "w", "0.5", *arguments)["text"]
        return found

    assert text() == (
        "Order(word='w', ratio=0.5, times=1, fee=None, loud=False, stamped=True, on=<Paper.PLAIN: 'plain'>,"
        " colour=None, at=None, copies_to=[], extra=None)"
    )
    given: tuple[str, ...] = (
        "--times",
        "3",
        "--fee",
        "0.10000000000000000001",
        "--loud",
        "--no-stamped",
        "--on",
        "headed",
    )
    given += ("--colour", "green", "--at", "2026-01-31T09:00:00Z", "--copies-to", "ada", "--copies-to", "bob")
    assert text(*given, "--extra", '{"a": [1, 0.1]}') == (
        "Order(word='w', ratio=0.5, times=3, fee=Decimal('0.10000000000000000001'), loud=True, stamped=False,"
        " on=<Paper.HEADED: 'headed'>, colour='green', at=datetime.datetime(2026, 1, 31, 9, 0,"
        " tzinfo=TzInfo(0)), copies_to=['ada', 'bob'], extra={'a': [1, Decimal('0.1')]})"
    )
    assert error(kinds, "kinds", "print", "w", "0.5", "--extra", "{")[1].startswith("extra is not valid JSON (")
    assert error(kinds, "kinds", "print", "w", "0.5", "--colour", "pink")[1].startswith("Invalid value for '--colour'")
    assert error(kinds, "kinds", "print", "w", "0.5", "--times", "10")[1].startswith("Invalid value for '--times'")


def test_help_has_what_the_models_say(kinds: Octobot) -> None:
    code, out, _ = kinds("kinds", "print", "--help")

    assert code == 0
    for text in (
        "Print what was given.",
        "What to print.",
        "How often.",
        "Who else. May be repeated.",
        "red|blue|green",
    ):
        assert text in out
    assert "Print." in kinds("kinds", "--help")[1]


def test_it_asks_first_and_says_what_no_node_does(kinds: Octobot, folder: Folder) -> None:
    assert error(kinds, "kinds", "drop", "a")[1].startswith("there is no terminal to ask on whether you are sure")
    code, out, said = kinds("kinds", "drop", "a", "b", "--yes", "--json")
    assert (code, json.loads(out)["text"]) == (0, "ab")
    assert said == f"no node runs on {folder.state}: it is dropped when one does (octobot-node start)\n"
    assert as_json(kinds, "kinds", "count", "a", "b", "--last", "c")["text"] == "a bc"
    assert kinds("howmany", "x")[1] == "text  many [b]\n"


def test_a_secret_is_no_argument_and_the_other_commands_stay(plugin: Callable[[str, str], Octobot]) -> None:
    octobot = plugin("kinds", KINDS.replace('again: str = "x"', "again: SecretStr"))

    code, out, said = octobot("kinds", "print", "w", "1")
    assert (code, out[:10]) == (0, "text  Orde")
    assert said == (
        "the plugin kinds adds no command 'kinds drop': a secret is not given on a command line, where others see it:"
        " write the command by hand\n"
    )
