"""What can be done with users, keys and sessions; with routes and commands where nothing is added by hand."""

from __future__ import annotations

from typing import Any

from octobot_node.contracts.operation import Command, Operation, Route
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.overview.models.attention import Causes
from octobot_plugins.auth.models import (
    CreateKey,
    CreateUser,
    EditUser,
    KeyCreated,
    KeyPage,
    KeysRenewed,
    ListKeys,
    ListUsers,
    OneKey,
    OneSession,
    OneUser,
    RenewKeys,
    Revoked,
    SessionPage,
    SetPassword,
    UserCreated,
    UserPage,
    UserRow,
)

__all__ = [
    "CREATE_KEY",
    "CREATE_USER",
    "DELETE_USER",
    "EDIT_USER",
    "END_SESSION",
    "LIST_KEYS",
    "LIST_SESSIONS",
    "LIST_USERS",
    "OPERATIONS",
    "RENEW_KEYS",
    "REVOKE_KEY",
    "SET_PASSWORD",
    "SHOW_USER",
]

_USERS, _KEYS = "octobot_plugins.auth.users", "octobot_plugins.auth.keys"
_USER = f"{_USERS}:subject"
_SHOWN = "octobot_plugins.auth.shown"

LIST_USERS = Operation(
    "users.list",
    ListUsers,
    UserPage,
    f"{_USERS}:list_users",
    description="List users by name.",
    route=Route("GET", "/users", "users:read", "Users"),
    command=Command("users list", show=f"{_SHOWN}:users", group_help="Who may use the API."),
)
SHOW_USER = Operation(
    "users.show",
    OneUser,
    UserRow,
    f"{_USERS}:show",
    description="Tell a user.",
    route=Route("GET", "/users/{user}", "users:read", "A user", name="read_user"),
)
CREATE_USER = Operation("users.create", CreateUser, UserCreated, f"{_USERS}:create", writes=True, subject=_USER)
EDIT_USER = Operation(
    "users.edit",
    EditUser,
    UserRow,
    f"{_USERS}:edit",
    writes=True,
    subject=_USER,
    description="Change a user's role or owner, disable or enable them.",
    route=Route("PATCH", "/users/{user}", "users:write", "Change a user", name="edit_user", step_up=True),
)
DELETE_USER = Operation(
    "users.delete",
    OneUser,
    Revoked,
    f"{_USERS}:delete",
    writes=True,
    subject=_USER,
    description="Delete a user who owns nothing, with their keys and sessions.",
    route=Route("DELETE", "/users/{user}", "users:write", "Delete a user", name="delete_user", step_up=True),
    command=Command(
        "users remove", show=f"{_SHOWN}:revoked", confirm="delete the user {user}, their keys and sessions?"
    ),
)
SET_PASSWORD = Operation(
    "users.set_password",
    SetPassword,
    UserRow,
    f"{_USERS}:set_password",
    writes=True,
    subject=_USER,
    description="Set a user's password; all their sessions end, and their API keys are revoked.",
    route=Route(
        "PUT",
        "/users/{user}/password",
        "users:write",
        "Set a user's password",
        name="set_user_password",
        step_up=True,
    ),
)
LIST_KEYS = Operation(
    "keys.list",
    ListKeys,
    KeyPage,
    f"{_KEYS}:list_keys",
    description="List a user's API keys, oldest first.",
    route=Route("GET", "/users/{user}/keys", "users:read", "A user's API keys", name="list_user_keys", tag="users"),
    command=Command("keys list", show=f"{_SHOWN}:keys"),
)
CREATE_KEY = Operation("keys.create", CreateKey, KeyCreated, f"{_KEYS}:create_key", writes=True, subject=_USER)
REVOKE_KEY = Operation(
    "keys.revoke",
    OneKey,
    Revoked,
    f"{_KEYS}:revoke_key",
    writes=True,
    subject=_USER,
    description="Revoke an API key of a user's.",
    route=Route(
        "DELETE",
        "/users/{user}/keys/{key}",
        "users:write",
        "Revoke a user's API key",
        name="revoke_user_key",
        tag="users",
    ),
    command=Command("keys revoke", help="Revoke an API key: from now on it lets nobody in.", show=f"{_SHOWN}:revoked"),
)
RENEW_KEYS = Operation(
    "keys.renew",
    RenewKeys,
    KeysRenewed,
    f"{_KEYS}:renew_keys",
    writes=True,
    subject=_USER,
    description="Let those of a user's API keys hold on that end soon.",
    command=Command(
        "keys renew", help="Let those of a user's API keys hold on that end soon.", show=f"{_SHOWN}:renewed"
    ),
)
EXPIRING_KEYS = Operation(
    "attention.keys",
    EmptyRequest,
    Causes,
    f"{_KEYS}:expiring_keys",
    description="Tell of the caller's API keys that end soon, or have ended.",
)
LIST_SESSIONS = Operation(
    "sessions.list",
    ListKeys,
    SessionPage,
    f"{_KEYS}:list_sessions",
    description="List a user's sessions, oldest first.",
    route=Route(
        "GET", "/users/{user}/sessions", "users:read", "A user's sessions", name="list_user_sessions", tag="users"
    ),
)
END_SESSION = Operation(
    "sessions.end",
    OneSession,
    Revoked,
    f"{_KEYS}:end_session",
    writes=True,
    subject=_USER,
    description="End a session of a user's.",
    route=Route(
        "DELETE",
        "/users/{user}/sessions/{session}",
        "users:write",
        "End a user's session",
        name="end_user_session",
        tag="users",
    ),
)

OPERATIONS: tuple[Operation[Any, Any], ...] = (
    LIST_USERS,
    SHOW_USER,
    CREATE_USER,
    EDIT_USER,
    DELETE_USER,
    SET_PASSWORD,
    LIST_KEYS,
    CREATE_KEY,
    REVOKE_KEY,
    RENEW_KEYS,
    EXPIRING_KEYS,
    LIST_SESSIONS,
    END_SESSION,
)
