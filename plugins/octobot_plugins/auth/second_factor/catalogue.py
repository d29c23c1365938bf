"""What can be done with second factors by whoever manages users; one's own are set up over HTTP."""

from __future__ import annotations

from typing import Any

from octobot_node.contracts.operation import Operation, Route
from octobot_plugins.auth.models import OneUser, Revoked
from octobot_plugins.auth.second_factor.models import RecoveryCodes, SecondFactorRow

__all__ = ["NEW_CODES", "OPERATIONS", "RESET_FACTOR", "SHOW_FACTOR"]

_HERE = "octobot_plugins.auth.second_factor.operations"
_USER = "octobot_plugins.auth.users:subject"

SHOW_FACTOR = Operation(
    "second_factor.show",
    OneUser,
    SecondFactorRow,
    f"{_HERE}:show_factor",
    description="Tell whether a user must show a second factor, and how many recovery codes are left.",
    route=Route(
        "GET",
        "/users/{user}/second-factor",
        "users:read",
        "A user's second factor",
        name="read_user_second_factor",
        tag="users",
    ),
)
NEW_CODES = Operation(
    "second_factor.new_codes",
    OneUser,
    RecoveryCodes,
    f"{_HERE}:new_codes",
    writes=True,
    subject=_USER,
    description="Make new recovery codes for a user; those of before are worth nothing any more.",
)
RESET_FACTOR = Operation(
    "second_factor.reset",
    OneUser,
    Revoked,
    f"{_HERE}:reset",
    writes=True,
    subject=_USER,
    description="Take away the second factor of a user who lost it; their sessions end.",
    route=Route(
        "DELETE",
        "/users/{user}/second-factor",
        "users:write",
        "Take a user's second factor away",
        name="reset_user_second_factor",
        tag="users",
        step_up=True,
    ),
)
OPERATIONS: tuple[Operation[Any, Any], ...] = (SHOW_FACTOR, NEW_CODES, RESET_FACTOR)
