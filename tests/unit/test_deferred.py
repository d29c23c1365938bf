"""What is registered by its place is imported when it is used."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from octobot_node.contracts.deferred import deferred, deferred_value


def test_a_deferred_function_is_called_with_what_it_is_given() -> None:
    assert deferred("fractions:Fraction")(3, denominator=6) == deferred_value("fractions:Fraction")()(1, 2)


def test_nothing_is_imported_before_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "used_late.py").write_text("value = object()")
    monkeypatch.syspath_prepend(str(tmp_path))
    value = deferred_value("used_late:value")
    assert "used_late" not in sys.modules
    assert value() is sys.modules["used_late"].value
    monkeypatch.delitem(sys.modules, "used_late")


@pytest.mark.parametrize("place", ["", "fractions", ":Fraction", "fractions:"])
def test_what_is_no_place_is_refused_at_once(place: str) -> None:
    with pytest.raises(ValueError, match=r"is not a place: write package\.module:name"):
        deferred(place)


def test_what_is_not_there_is_said_when_it_is_used() -> None:
    with pytest.raises(AttributeError, match="nothing_such"):
        deferred("fractions:nothing_such")()
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        deferred_value("no_such_module:x")()
