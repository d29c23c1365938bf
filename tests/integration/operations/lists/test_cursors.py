"""A cursor that is none is refused by every list: it is not taken for the end, and not for the beginning."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from octobot_node import Decision, Wake
from octobot_node.engine.standings.sorts import SORTS
from octobot_node.errors import UsageError
from tests.integration.operations.conftest import Office


def idle(_tick: Any) -> Decision:
    return Decision(wake=Wake(every=timedelta(hours=1)))


@pytest.fixture
def with_a(office: Office) -> Office:
    office.bench.automation("a", idle)
    return office


def paged(office: Office) -> list[str]:
    """Return the operations whose request has a text for a cursor."""
    found = office.context().registry.operations
    return sorted(name for name, each in found.items() if _is_text(each.request.model_fields.get("cursor")))


def _is_text(field: Any) -> bool:
    return field is not None and field.annotation == str | None


def test_no_list_takes_a_wrong_cursor_for_its_end(with_a: Office) -> None:
    answered = []
    for name in paged(with_a):
        fields = with_a.context().registry.operations[name].request.model_fields
        required = [each for each, field in fields.items() if field.is_required()]
        if not set(required) <= set(GIVEN):
            continue
        try:
            with_a.do(name, **{each: GIVEN[each] for each in required}, **MORE.get(name, {}), cursor="?!")
        except UsageError as error:
            assert "cursor" in str(error), (name, str(error))  # noqa: PT017 - of each operation
        else:
            answered.append(name)
    assert answered == []
    assert len(paged(with_a)) > 12


GIVEN: dict[str, Any] = {"automation": "a", "account": "main", "command": "pause", "what": "ledger", "source": "fake"}
MORE: dict[str, Any] = {"automations.bulk": {"everything": True}}


def test_no_order_of_automations_does(with_a: Office) -> None:
    for sort in SORTS:
        for cursor in ("abc", "x y", "019b1f00-0000-7000-8000"):
            with pytest.raises(UsageError, match="the cursor is none that was given here"):
                with_a.do("automations.list", sort=sort, cursor=cursor)
