"""Accounts over HTTP, and the exchanges and automation types that they and automations are made of."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict

from octobot_node.api import Api, ApiRouter, allow
from octobot_node.api.etags import IfMatch, expected, tag
from octobot_node.api.params import AccountPath
from octobot_node.operations.automations.catalogue import LIST_TYPES, SHOW_TYPE
from octobot_node.operations.automations.models.types import OneType, TypeDetail, TypePage
from octobot_node.operations.models import EmptyRequest, PageRequest
from octobot_node.operations.trading.catalogue import (
    CREATE_ACCOUNT,
    DELETE_ACCOUNT,
    EDIT_ACCOUNT,
    LIST_ACCOUNTS,
    LIST_EXCHANGES,
    SHOW_ACCOUNT,
)
from octobot_node.operations.trading.models.accounts import (
    AccountDetail,
    AccountGone,
    AccountPage,
    CreateAccount,
    EditAccount,
    ExchangePage,
    OneAccount,
)
from octobot_node.specs import LimitsSpec, Name

__all__ = ["router"]

Reads = Annotated[Api, allow("accounts:read")]
Writes = Annotated[Api, allow("accounts:write")]
ReadsTypes = Annotated[Api, allow("automations:read")]

router = ApiRouter()


class AccountChanges(BaseModel):
    """What is to be other; what is left out stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name | None = None
    limits: LimitsSpec | None = None


@router.get("/accounts", tags=["accounts"], summary="Accounts")
def list_accounts(request: Annotated[PageRequest, Query()], api: Reads) -> AccountPage:
    """List accounts, oldest first."""
    return api.perform(LIST_ACCOUNTS, request)


@router.post("/accounts", tags=["accounts"], summary="Create an account", status_code=201)
def create_account(body: CreateAccount, response: Response, api: Writes) -> AccountDetail:
    """Create an account: market data, trading, and the money of a simulated one, as in a run file."""
    found = api.perform(CREATE_ACCOUNT, body)
    tag(response, found.revision)
    response.headers["Location"] = f"/api/v1/accounts/{found.id}"
    return found


@router.get("/accounts/{account}", tags=["accounts"], summary="An account")
def read_account(account: AccountPath, response: Response, api: Reads) -> AccountDetail:
    """Tell everything about an account but its secrets."""
    found = api.perform(SHOW_ACCOUNT, OneAccount(account=account))
    tag(response, found.revision)
    return found


@router.patch("/accounts/{account}", tags=["accounts"], summary="Change an account")
def edit_account(
    account: AccountPath, body: AccountChanges, response: Response, api: Writes, if_match: IfMatch = None
) -> AccountDetail:
    """Change an account's name or limits; what is left out stays."""
    request = EditAccount(account=account, name=body.name, limits=body.limits, revision=expected(if_match))
    found = api.perform(EDIT_ACCOUNT, request)
    tag(response, found.revision)
    return found


@router.delete("/accounts/{account}", tags=["accounts"], summary="Delete an account")
def delete_account(account: AccountPath, api: Writes) -> AccountGone:
    """Delete an account that no automation is on."""
    return api.perform(DELETE_ACCOUNT, OneAccount(account=account))


@router.get("/exchanges", tags=["accounts"], summary="Exchanges")
def list_exchanges(api: Reads) -> ExchangePage:
    """List trading connectors, and what each one's exchange really guarantees."""
    return api.perform(LIST_EXCHANGES, EmptyRequest())


@router.get("/types", tags=["automations"], summary="Automation types")
def list_types(api: ReadsTypes) -> TypePage:
    """List what an automation can be."""
    return api.perform(LIST_TYPES, EmptyRequest())


@router.get("/types/{type}", tags=["automations"], summary="An automation type")
def read_type(
    type: Annotated[str, Path(min_length=1, max_length=128, description="package.name, or name alone.")],  # noqa: A002 - as in the path
    api: ReadsTypes,
) -> TypeDetail:
    """Tell a type's documentation and the JSON schema, defaults and examples of its config."""
    return api.perform(SHOW_TYPE, OneType(type=type))
