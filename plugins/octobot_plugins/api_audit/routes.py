"""The audit over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Query
from starlette.responses import StreamingResponse

from octobot_node.api import Api, ApiRouter, allow
from octobot_node.contracts.operation import Route
from octobot_node.operations.node.catalogue import LIST_AUDIT, LIST_OWN_AUDIT, VERIFY_AUDIT
from octobot_node.operations.node.models.audit import AuditPage, ListAudit, ListOwnAudit

__all__ = ["router"]

Reads = Annotated[Api, allow("audit:read")]
_PAGE = 500

router = ApiRouter(prefix="/audit", tags=["audit"])
router.add_operation(LIST_AUDIT, Route("GET", "", "audit:read", "Who did what"))
router.add_operation(VERIFY_AUDIT, Route("GET", "/verify", "audit:read", "Whether the audit is what was written"))


@router.get("/own", summary="Who did what with one's own")
def list_own_audit(request: Annotated[ListAudit, Query()], api: Annotated[Api, allow("audit:own")]) -> AuditPage:
    """Tell who did what with what the caller owns, and with the caller as a user: log-ins, keys, password."""
    own = ListOwnAudit(owner=api.caller.owner, user=api.caller.name, **request.model_dump(exclude_none=True))
    return api.perform(LIST_OWN_AUDIT, own)


@router.get(
    "/export",
    summary="Export who did what",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}},
)
def export_audit(request: Annotated[ListAudit, Query()], api: Reads) -> StreamingResponse:
    """Give every entry that fits, newest first, as one JSON object a line; `limit` is ignored."""
    return StreamingResponse(_lines(api, request), media_type="application/x-ndjson")


def _lines(api: Api, request: ListAudit) -> Iterator[str]:
    page = request.model_copy(update={"limit": _PAGE})
    while True:
        found = api.perform(LIST_AUDIT, page)
        yield "".join(f"{entry.model_dump_json()}\n" for entry in found.entries)
        if found.next_cursor is None:
            return
        page = page.model_copy(update={"cursor": found.next_cursor})
