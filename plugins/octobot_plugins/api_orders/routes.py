"""Orders over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AwareDatetime
from starlette.responses import StreamingResponse

from octobot_node.api import Api, ApiRouter, allow
from octobot_node.contracts.operation import Route
from octobot_node.operations.trading.catalogue import (
    ADOPT_ORDER,
    DECLARE_ORDER_NOT_SENT,
    EXPORT_TABLE,
    LIST_BALANCES,
    LIST_FILLS,
    LIST_ORDERS,
    SHOW_ORDER,
)
from octobot_node.operations.trading.exports import as_csv
from octobot_node.operations.trading.models.exports import ExportPage, ExportTable, What

__all__ = ["router"]

Reads = Annotated[Api, allow("orders:read")]
_CSV: dict[int | str, dict[str, Any]] = {
    200: {"description": "A CSV file, oldest first.", "content": {"text/csv": {"schema": {"type": "string"}}}},
    404: {},
}

router = ApiRouter(tags=["orders"])


@router.get("/exports/{what}", summary="A table as CSV", response_class=StreamingResponse, responses=_CSV)
def export_table(
    api: Reads,
    what: Annotated[What, Path(description="`tax` is the fills, in the columns that tax tools read.")],
    automation: Annotated[str | None, Query(min_length=1, max_length=128, description="Only this one's.")] = None,
    account: Annotated[str | None, Query(max_length=128, description="Only those on this account.")] = None,
    paper: Annotated[bool | None, Query(description="Only play money, or only real money.")] = None,
    since: Annotated[AwareDatetime | None, Query(description="From this moment on; with a time zone.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Before this moment; with a time zone.")] = None,
) -> StreamingResponse:
    """Give what was traded or moved in a period as a CSV file, oldest first; `tax` is made for tax tools."""
    given = {"automation": automation, "account": account, "paper": paper, "since": since, "until": until}
    request = ExportTable.model_validate({"what": what, **given})
    # Mistakes are answered as problems: the first page is read before anything is sent.
    first = api.perform(EXPORT_TABLE, request)
    name = {"Content-Disposition": f'attachment; filename="octobot-{what}.csv"'}
    return StreamingResponse(_lines(api, request, first), media_type="text/csv; charset=utf-8", headers=name)


def _lines(api: Api, request: ExportTable, page: ExportPage) -> Iterator[str]:
    yield as_csv([page.columns, *page.rows])
    while page.next_cursor is not None:
        page = api.perform(EXPORT_TABLE, request.model_copy(update={"cursor": page.next_cursor}))
        yield as_csv(page.rows)


router.add_operation(LIST_ORDERS, Route("GET", "/orders", "orders:read", "Orders"))
router.add_operation(SHOW_ORDER, Route("GET", "/orders/{order}", "orders:read", "An order", name="read_order"))
router.add_operation(LIST_FILLS, Route("GET", "/fills", "orders:read", "Fills"))
router.add_operation(LIST_BALANCES, Route("GET", "/balances", "orders:read", "Balances", name="list_balances"))
router.add_operation(
    ADOPT_ORDER,
    Route(
        "POST",
        "/orders/{order}/adopt",
        "orders:write",
        "Say what an unknown order became",
        name="adopt_order",
        problems=(502,),
        step_up=True,
    ),
)
router.add_operation(
    DECLARE_ORDER_NOT_SENT,
    Route(
        "POST",
        "/orders/{order}/declare-not-sent",
        "orders:write",
        "Say that an unknown order never arrived",
        name="declare_order_not_sent",
        step_up=True,
    ),
)
