"""What can be done with users, keys and sessions."""

from __future__ import annotations

from typing import Any

from octobot_node.contracts.operation import Operation
from octobot_plugins.auth.models import (
    CreateKey,
    CreateUser,
    EditUser,
    KeyCreated,
    KeyPage,
    ListKeys,
    ListUsers,
    OneKey,
    OneSession,
    OneUser,
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
    "REVOKE_KEY",
    "SET_PASSWORD",
    "SHOW_USER",
]

_USERS, _KEYS = "octobot_plugins.auth.users", "octobot_plugins.auth.keys"
_USER = f"{_USERS}:subject"

LIST_USERS = Operation("users.list", ListUsers, UserPage, f"{_USERS}:list_users")
SHOW_USER = Operation("users.show", OneUser, UserRow, f"{_USERS}:show")
CREATE_USER = Operation("users.create", CreateUser, UserCreated, f"{_USERS}:create", writes=True, subject=_USER)
EDIT_USER = Operation("users.edit", EditUser, UserRow, f"{_USERS}:edit", writes=True, subject=_USER)
DELETE_USER = Operation("users.delete", OneUser, Revoked, f"{_USERS}:delete", writes=True, subject=_USER)
SET_PASSWORD = Operation(
    "users.set_password", SetPassword, UserRow, f"{_USERS}:set_password", writes=True, subject=_USER
)
LIST_KEYS = Operation("keys.list", ListKeys, KeyPage, f"{_KEYS}:list_keys")
CREATE_KEY = Operation("keys.create", CreateKey, KeyCreated, f"{_KEYS}:create_key", writes=True, subject=_USER)
REVOKE_KEY = Operation("keys.revoke", OneKey, Revoked, f"{_KEYS}:revoke_key", writes=True, subject=_USER)
LIST_SESSIONS = Operation("sessions.list", ListKeys, SessionPage, f"{_KEYS}:list_sessions")
END_SESSION = Operation("sessions.end", OneSession, Revoked, f"{_KEYS}:end_session", writes=True, subject=_USER)

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
    LIST_SESSIONS,
    END_SESSION,
)
