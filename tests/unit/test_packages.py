"""Whose work the node is made of: every package with its licence, as it tells it."""

from __future__ import annotations

from importlib.metadata import Distribution, version
from types import SimpleNamespace
from typing import Any, cast

import pytest

from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.node.packages import licence_of, list_packages


def of(**told: Any) -> Distribution:
    return cast("Distribution", SimpleNamespace(metadata=SimpleNamespace(json=told)))


@pytest.mark.parametrize(
    ("told", "licence"),
    [
        ({"license_expression": "MIT", "license": "a text"}, "MIT"),
        ({"classifier": ["License :: OSI Approved :: BSD License", "Topic :: Other"]}, "BSD License"),
        ({"classifier": ["License :: OSI Approved"], "license": "Apache 2.0"}, "Apache 2.0"),
        ({"license": "Copyright somebody. " * 40}, ""),
        ({"license": "UNKNOWN"}, ""),
        ({}, ""),
    ],
)
def test_a_licence_is_what_the_package_says_it_is(told: dict[str, Any], licence: str) -> None:
    assert licence_of(of(**told)) == licence


def test_every_package_is_told_once_with_its_version() -> None:
    found = {each.name: each for each in list_packages(cast("Any", None), EmptyRequest()).packages}
    assert found["SQLAlchemy"].version == version("sqlalchemy")
    assert found["SQLAlchemy"].license
    # Nearly all of them say.
    assert sum(not each.license for each in found.values()) < len(found) / 10
