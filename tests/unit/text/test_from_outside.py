"""Text from elsewhere: one door, which takes marks away, and JSON that says each thing once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from octobot_node.run_files.exact_yaml import YamlProblem, read_yaml
from octobot_node.text.exact_json import DoubledKey, decode
from octobot_node.text.from_outside import HalfCharacter, decoded, read_text, refuse_halves, without_mark


def test_a_mark_at_the_beginning_is_no_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\xef\xbb\xbfa\r\nb")

    assert (decoded(b"\xef\xbb\xbfa"), without_mark("\ufeffa"), read_text(file)) == ("a", "a", "a\r\nb")
    assert decoded(b"a\xef\xbb\xbf") == "a\ufeff"
    # Of two texts that were put together.
    assert decoded(b"\xef\xbb\xbf\xef\xbb\xbfa") == "a"


def test_what_is_not_utf_8_is_refused() -> None:
    with pytest.raises(UnicodeDecodeError):
        decoded(b"\xff\xfea\0")


@pytest.mark.parametrize("text", ['\ufeff{"a": 0.10}', b'\xef\xbb\xbf{"a": 0.10}', '{"a": 0.10}'])
def test_json_is_read_with_or_without_a_mark(text: str | bytes) -> None:
    assert decode(text) == {"a": Decimal("0.10")}


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "c": 2, "a": 3}}]', '{"a": 1, "\\u0061": 2}', b'{"a":{},"a":[]}']
)
def test_a_key_that_is_there_twice_is_named(text: str | bytes) -> None:
    with pytest.raises(DoubledKey, match="'a' is there twice: give one value for it"):
        decode(text)


def test_a_key_may_be_in_several_objects() -> None:
    assert decode('[{"a": 1}, {"a": {"a": 2}}]') == [{"a": 1}, {"a": {"a": 2}}]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('"\\ud800"', "the text"),
        ('{"a": ["x", "\\uDFFF"]}', "a.1"),
        ('{"a": {"\\ud83d": 1}}', "a: a name in it"),
        ('{"a": "\ud800"}', "a"),
    ],
)
def test_half_of_a_surrogate_pair_is_no_text_wherever_it_is(text: str, where: str) -> None:
    with pytest.raises(HalfCharacter, match=f"^{where}:? has half of a surrogate pair, which is no character"):
        decode(text)


def test_a_whole_pair_and_what_only_looks_like_half_of_one_are_text() -> None:
    assert decode('{"a": "\\ud83d\\ude80", "b": "\\\\ud800"}') == {"a": "\U0001f680", "b": "\\ud800"}
    refuse_halves({"a": [1, None, "\U0001f680", ("b",)]})


@pytest.mark.parametrize("text", ["a: \ud800", "\udfff: 1", 'a: "\\ud800"', '"\\ud800": 1'])
def test_yaml_has_none_either(text: str) -> None:
    with pytest.raises(YamlProblem):
        read_yaml(text)
