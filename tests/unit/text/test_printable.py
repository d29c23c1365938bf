"""One rule for names and text: nothing that nobody sees comes in by name, and nothing acts where it is shown."""

from __future__ import annotations

import json
import logging
import re
import sys
import unicodedata
from io import StringIO
from types import SimpleNamespace

import pytest
import structlog
from pydantic import BaseModel, TypeAdapter, ValidationError

from octobot_node.cli.failures import _say
from octobot_node.cli.log_file import logging_to_stderr
from octobot_node.cli.output.tables import console, pairs, table
from octobot_node.operations.automations.creating.export import _heading, _to_json, _to_yaml
from octobot_node.run_files.exact_yaml import read_yaml
from octobot_node.specs import Name
from octobot_node.text.lines import Line, shown
from octobot_node.text.patterns import NAME_PATTERN
from octobot_node.text.printable import json_shown, printable

ODD = [
    chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in {"Cc", "Cf", "Zl", "Zp", "Cs"}
]
TELLING = ["\x1b]0;owned\x07", "\x9b2J", "\u202egnp.exe", "a\u200bb", "a\u2028injected: 1", "a\u0085b: 1", "a\nb: [1"]
NAME: TypeAdapter[str] = TypeAdapter(Name)
LINE: TypeAdapter[str] = TypeAdapter(Line)


def has_odd(text: str, kept: str = "\n\t") -> bool:
    return any(unicodedata.category(each) in {"Cc", "Cf", "Zl", "Zp", "Cs"} for each in text if each not in kept)


def test_every_character_of_unicode_that_nobody_sees_is_refused_in_names_and_written_out_elsewhere() -> None:
    assert len(ODD) > 2_000
    for each in ODD:
        for adapter in (NAME, LINE):
            with pytest.raises(ValidationError):
                adapter.validate_python(f"a{each}b")
        assert not has_odd(printable(f"a{each}b", lines=False), "")
        assert not has_odd(json_shown(json.dumps(f"a{each}b", ensure_ascii=False)))


def test_what_is_drawn_as_nothing_or_as_another_space_makes_no_other_name() -> None:
    blanks = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Zs"]
    # Letters, signs and marks: fillers of Hangul, a braille cell without a dot, what joins, what is no character.
    nothing = ["\u115f", "\u3164", "\uffa0", "\u2800", "\u034f", "\u17b4", "\u180b", "\ufffe", "\U000e0100"]
    assert " " in blanks
    for each in {*blanks, *nothing} - {" "}:
        for text in (f"a{each}b", f"a{each}", each):
            for adapter in (NAME, LINE):
                with pytest.raises(ValidationError):
                    adapter.validate_python(text)


@pytest.mark.parametrize("text", ["BTC für Großmutter", "买入", "بيتكوين", "🚀 moon", "a  b", "x"])
def test_what_people_write_is_a_name_in_any_script(text: str) -> None:
    assert NAME.validate_python(text) == LINE.validate_python(text) == printable(text) == text
    assert re.fullmatch(NAME_PATTERN, text)


@pytest.mark.parametrize("text", TELLING)
def test_what_is_printed_does_not_act_on_a_terminal(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = StringIO()
    made = table("name")
    from octobot_node.cli.output.markup import escape

    made.add_row(escape(text))
    console(out).print(made, pairs([("label", escape(text))]))
    _say(text, 2)

    assert not has_odd(out.getvalue())
    assert not has_odd(capsys.readouterr().err)


@pytest.mark.parametrize("text", TELLING)
def test_a_log_for_a_person_does_not_act_on_its_terminal(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to_stderr("console"):
        structlog.get_logger("x").warning("request", path=text)
        logging.getLogger("library").warning(text)

    logged = capsys.readouterr().err
    assert logged.count("\n") == 2
    assert not has_odd(logged)


class Inner(BaseModel):
    texts: list[str]


class Outer(BaseModel):
    name: str
    inner: Inner
    by_name: dict[str, int | str]


@pytest.mark.parametrize("text", TELLING)
def test_a_response_is_shown_with_every_text_in_it_printable(text: str) -> None:
    made = shown(Outer(name=text, inner=Inner(texts=[text]), by_name={text: text, "n": 1}))

    assert not has_odd(f"{made.name}{made.inner.texts}{made.by_name}")
    assert made.by_name["n"] == 1


@pytest.mark.parametrize("text", TELLING)
def test_an_export_is_read_back_as_it_was_and_has_no_key_that_a_name_injects(text: str) -> None:
    content = {"automations": [{"name": text, "config": {text: [text]}}]}
    context = SimpleNamespace(core=SimpleNamespace(clock=SimpleNamespace(now=lambda: 0)))

    written = f"{_heading(context, [f'accounts.{text}'], [text])}{_to_yaml(content)}"  # type: ignore[arg-type]

    assert read_yaml(written).value == content
    assert json.loads(_to_json(content)) == content
    assert not has_odd(written)
    assert not has_odd(_to_json(content))
