"""Accounts over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from octobot_node.api import Api, ApiRouter, allow
from octobot_node.operations.models import AccountPage, Page

__all__ = ["router"]

Reads = Annotated[Api, allow("accounts:read")]

router = ApiRouter(tags=["accounts"])


@router.get("/accounts", summary="Accounts")
def list_accounts(wanted: Annotated[Page, Query()], api: Reads) -> AccountPage:
    """List accounts, oldest first."""
    return api.perform("accounts.list", AccountPage, wanted)
