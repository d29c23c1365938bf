"""What can be done with users, keys and sessions, by name."""

from __future__ import annotations

from pydantic import BaseModel

from octobot_node.contracts.operation import Operation
from octobot_plugins.auth import models

__all__ = ["OPERATIONS"]

_USERS, _KEYS = "octobot_plugins.auth.users", "octobot_plugins.auth.keys"
_SUBJECT = f"{_USERS}:subject"


def _look(name: str, module: str, function: str, takes: type[BaseModel], returns: type[BaseModel]) -> Operation:
    return Operation(module, function, takes, returns, name=name)


def _change(name: str, module: str, function: str, takes: type[BaseModel], returns: type[BaseModel]) -> Operation:
    return Operation(module, function, takes, returns, writes=True, subject=_SUBJECT, name=name)


OPERATIONS = (
    _look("users.list", _USERS, "list_users", models.ListUsers, models.UserPage),
    _look("users.show", _USERS, "show", models.OneUser, models.UserRow),
    _change("users.create", _USERS, "create", models.CreateUser, models.UserCreated),
    _change("users.edit", _USERS, "edit", models.EditUser, models.UserRow),
    _change("users.delete", _USERS, "delete", models.OneUser, models.Revoked),
    _change("users.set_password", _USERS, "set_password", models.SetPassword, models.UserRow),
    _look("keys.list", _KEYS, "list_keys", models.ListKeys, models.KeyPage),
    _change("keys.create", _KEYS, "create_key", models.CreateKey, models.KeyCreated),
    _change("keys.revoke", _KEYS, "revoke_key", models.OneKey, models.Revoked),
    _look("sessions.list", _KEYS, "list_sessions", models.ListKeys, models.SessionPage),
    _change("sessions.end", _KEYS, "end_session", models.OneSession, models.Revoked),
)
