"""Operations made of functions, and what any of them returns as a person sees it."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import pytest

from octobot_node.cli.output.show_response import print_response
from octobot_node.contracts.operation import Operation, operation
from octobot_node.operations.models import EmptyRequest, Request, Response


class Row(Response):
    """One thing."""

    name: str
    status: Literal["ok", "failed"]
    amount: Decimal
    count: int
    on: bool
    at: datetime | None
    words: list[str]
    more: dict[str, int]


class Page(Response):
    """Things."""

    the_rows: list[Row]
    next_cursor: str | None


ROW = Row(
    name="[b]",
    status="ok",
    amount=Decimal("0.10"),
    count=1_000,
    on=True,
    at=datetime(2026, 1, 31, 9, tzinfo=UTC),
    words=["a", "b"],
    more={"x": 1},
)


def printed(response: Response, columns: tuple[str, ...] = ()) -> list[list[str]]:
    out = io.StringIO()
    print_response(response, out, columns)
    return [line.split(maxsplit=1) if columns == () else line.split() for line in out.getvalue().splitlines()]


def test_the_models_are_those_annotated_and_the_docstring_s_first_line_says_what_it_does() -> None:
    @operation("rows.show", writes=True, hidden=frozenset({"name"}))
    def show(context: Any, request: EmptyRequest) -> Row:
        """Show a row.

        And more of it.
        """
        return ROW

    assert show == Operation(
        *("rows.show", EmptyRequest, Row, show.function),
        writes=True,
        hidden=frozenset({"name"}),
        description="Show a row.",
    )
    assert show.load()(None, EmptyRequest()) is ROW


@pytest.mark.parametrize(
    "function",
    [
        lambda context, request: ROW,
        lambda: ROW,
    ],
)
def test_what_has_no_models_is_no_operation(function: Any) -> None:
    with pytest.raises(TypeError, match=r"is not an operation: write it as \(context, request: Model\) -> Model"):
        operation("rows.show")(function)


def test_a_function_that_is_named_is_imported_when_it_is_called() -> None:
    named: Operation[Request, Row] = Operation("rows.show", Request, Row, "tests.unit.nowhere:show")

    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        named.load()


def test_one_thing_is_labels_and_values() -> None:
    assert printed(ROW) == [
        ["name", "[b]"],
        ["status", "ok"],
        ["amount", "0.10"],
        ["count", "1,000"],
        ["on", "yes"],
        ["at", "2026-01-31 09:00:00 UTC"],
        ["words", "a, b"],
    ]
    assert printed(ROW, ("more", "name")) == [["more", '{"x":', "1}"], ["name", "[b]"]]


def test_a_page_is_a_table_and_says_how_to_go_on() -> None:
    page = Page(the_rows=[ROW, ROW.model_copy(update={"on": False, "name": "second"})], next_cursor="c7")

    assert printed(page, ("name", "on")) == [
        ["name", "on"],
        ["─" * 12],
        ["[b]", "yes"],
        ["second", "no"],
        ["there", "are", "more:", "--cursor", "c7"],
    ]
    assert printed(Page(the_rows=[], next_cursor=None)) == [["no", "the rows"]]
