"""Requests that are deep, wide or long: refused before they are built."""

from __future__ import annotations

import time

import pytest

from octobot_node.errors import UsageError
from octobot_node.live.control_server import _request as read_line
from octobot_node.run_files.exact_yaml import YamlProblem, read_yaml
from octobot_node.text.exact_json import decode
from tests.integration.api.conftest import Service

_WIDE = b"[" + b"1e9," * 490_000 + b"1]"
_STRINGS = b'"' + b'\\"' * 900_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(_WIDE, "100,000 values", id="half a million numbers"),
        pytest.param(b"[" * 1_000_000, "100,000 values", id="a million levels"),
        pytest.param(b'{"a":' * 65 + b"1" + b"}" * 65, "64 levels", id="one level too many"),
        pytest.param(b"{" + b'"":1,' * 200_000 + b'"":1}', "100,000 values", id="the same name again and again"),
        pytest.param(b"[" * 65 + _STRINGS, "64 levels", id="a string that does not end"),
        pytest.param("[1]".encode("utf-16"), "utf-8", id="another encoding"),
    ],
)
def test_json_that_is_wide_or_deep_is_refused_before_it_is_built(text: bytes, said: str) -> None:
    began = time.process_time()

    with pytest.raises(ValueError, match=said):
        decode(text)
    with pytest.raises(UsageError):
        read_line(text)

    assert time.process_time() - began < 2


def test_what_is_inside_strings_does_not_count() -> None:
    text = "[{,:" * 50_000

    assert decode(b'{"text": "%s"}' % text.encode()) == {"text": text}
    assert decode("[" * 64 + "]" * 64) is not None


def test_wide_and_deep_yaml_is_refused() -> None:
    began = time.process_time()

    with pytest.raises(YamlProblem, match="too many for one file: split it"):
        read_yaml("[" * 48 + "1," * 970_000 + "1" + "]" * 48)

    assert time.process_time() - began < 5


def test_changes_of_a_field_a_million_levels_deep_are_refused(service: Service) -> None:
    automation = service.automation("ada")
    client = service.as_("ada", **{"if-match": '"1"'})
    began = time.process_time()

    answer = client.patch(f"/api/v1/automations/{automation}", json={"changes": {".".join("a" * 900_000): 1}})

    assert answer.status_code == 422
    assert time.process_time() - began < 2
