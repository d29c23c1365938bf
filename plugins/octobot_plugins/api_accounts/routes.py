"""Accounts over HTTP, and the exchanges and automation types that they and automations are made of."""

from __future__ import annotations

from octobot_node.api import ApiRouter
from octobot_node.contracts.operation import Route
from octobot_node.operations.automations.catalogue import LIST_TYPES, PLAN_TYPE, SHOW_TYPE
from octobot_node.operations.trading.catalogue import (
    CHECK_ACCOUNT,
    CREATE_ACCOUNT,
    DELETE_ACCOUNT,
    EDIT_ACCOUNT,
    GO_LIVE,
    LIST_ACCOUNTS,
    LIST_EXCHANGES,
    OBSERVE_ACCOUNT,
    PLAN_GO_LIVE,
    ROTATE_KEYS,
    SHOW_ACCOUNT,
    SHOW_ACCOUNT_MONEY,
)

__all__ = ["router"]

router = ApiRouter()
router.add_operation(LIST_ACCOUNTS, Route("GET", "/accounts", "accounts:read", "Accounts"))
router.add_operation(
    CREATE_ACCOUNT,
    Route(
        "POST",
        "/accounts",
        "accounts:write",
        "Create an account",
        name="create_account",
        status=201,
        location="/accounts/{id}",
    ),
)
router.add_operation(
    SHOW_ACCOUNT, Route("GET", "/accounts/{account}", "accounts:read", "An account", name="read_account")
)
router.add_operation(
    EDIT_ACCOUNT, Route("PATCH", "/accounts/{account}", "accounts:write", "Change an account", name="edit_account")
)
router.add_operation(
    DELETE_ACCOUNT, Route("DELETE", "/accounts/{account}", "accounts:write", "Delete an account", name="delete_account")
)
router.add_operation(
    SHOW_ACCOUNT_MONEY,
    Route("GET", "/accounts/{account}/money", "accounts:read", "An account's money", name="read_account_money"),
)
router.add_operation(
    CHECK_ACCOUNT,
    Route(
        "POST",
        "/accounts/{account}/check",
        "accounts:write",
        "Test an account's connection",
        name="check_account",
    ),
)
router.add_operation(
    OBSERVE_ACCOUNT,
    Route(
        "POST",
        "/accounts/{account}/observe",
        "accounts:write",
        "Have an account send no order",
        name="observe_account",
    ),
)
router.add_operation(
    PLAN_GO_LIVE,
    Route(
        "GET",
        "/accounts/{account}/go-live",
        "accounts:read",
        "What it would mean to send an account's orders",
        name="plan_account_live",
    ),
)
router.add_operation(
    GO_LIVE,
    Route(
        "POST",
        "/accounts/{account}/go-live",
        "accounts:write",
        "Have an account send its orders",
        name="take_account_live",
        step_up=True,
    ),
)
router.add_operation(
    ROTATE_KEYS,
    Route(
        "POST",
        "/accounts/{account}/rotate-keys",
        "accounts:write",
        "Give an account other keys",
        name="rotate_account_keys",
        step_up=True,
    ),
)
router.add_operation(LIST_EXCHANGES, Route("GET", "/exchanges", "accounts:read", "Exchanges", tag="accounts"))
router.add_operation(LIST_TYPES, Route("GET", "/types", "automations:read", "Automation types", tag="automations"))
router.add_operation(
    SHOW_TYPE,
    Route("GET", "/types/{type}", "automations:read", "An automation type", name="read_type", tag="automations"),
)
router.add_operation(
    PLAN_TYPE,
    Route(
        "POST",
        "/types/{type}/plan",
        "automations:read",
        "What an automation would do first",
        name="plan_type",
        tag="automations",
        problems=(503,),
    ),
)
