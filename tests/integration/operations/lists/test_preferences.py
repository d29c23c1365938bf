"""What users choose for themselves."""

from __future__ import annotations

from typing import Any

import pytest

from octobot_node.errors import UsageError
from octobot_node.operations.node.models.preferences import VIEWS_MAX
from octobot_node.operations.perform import perform_named
from tests.integration.operations.conftest import Office

NOBODY_CHOSE: dict[str, Any] = {
    "user": "alice",
    "currency": "USD",
    "theme": "system",
    "zone": None,
    "hide_amounts": False,
    "book": None,
    "views": {},
}


def test_what_is_chosen_is_kept_and_what_is_left_out_stays(office: Office) -> None:
    assert office.do("preferences.show").model_dump() == NOBODY_CHOSE
    views = {"my grids": {"page": "automations", "type": ["grid"], "least": 1.5, "deep": {"a": [1, None, True]}}}
    office.do("preferences.change", theme="dark", zone="Europe/Paris", hide_amounts=True, book="paper", views=views)
    office.do("preferences.change", currency=None)
    chosen = {"currency": None, "theme": "dark", "zone": "Europe/Paris", "hide_amounts": True, "book": "paper"}
    found = office.do("preferences.show").model_dump(mode="json")
    assert {name: found[name] for name in chosen} == chosen
    assert found["views"]["my grids"]["deep"] == {"a": [1, None, True]}
    # Somebody else chose nothing.
    bobs: Any = perform_named(office.context(by="bob"), "preferences.show", {})
    assert bobs.model_dump() == NOBODY_CHOSE | {"user": "bob"}
    office.do("preferences.change", theme=None, zone=None, hide_amounts=None, book=None, views=None, currency="USD")
    assert office.do("preferences.show").model_dump() == NOBODY_CHOSE


def test_the_audit_does_not_keep_what_somebody_looks_at(office: Office) -> None:
    office.do("preferences.change", views={"secret plans": {"page": "x"}})
    (entry, *_) = office.do("audit.list").entries
    assert (entry.target, entry.data["arguments"]["views"], entry.data["after"]["views"]) == (
        *("alice", "**********"),
        ["secret plans"],
    )
    assert "page" not in entry.model_dump_json()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"zone": "Mars/Olympus"}, "zone: is no time zone: write one as Europe/Paris or UTC"),
        ({"theme": "pink"}, "theme: "),
        ({"views": {"a": "x" * VIEWS_MAX}}, "views: are more than 32,768 characters of JSON: delete some views"),
        ({"views": {str(number): 1 for number in range(201)}}, "views: "),
        ({"views": []}, "views: "),
        ({"colour": "red"}, "colour: there is no field 'colour'"),
    ],
)
def test_what_cannot_be_chosen_is_refused_and_changes_nothing(office: Office, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        office.do("preferences.change", **given)
    assert office.do("preferences.show").model_dump() == NOBODY_CHOSE
