"""What can be done with secrets."""

from __future__ import annotations

from typing import Any

from octobot_node.contracts.operation import Operation
from octobot_node.operations.models import EmptyRequest, PageRequest
from octobot_node.operations.secrets.models import (
    KeyRotated,
    OneSecret,
    SecretPage,
    SecretRemoved,
    SecretRow,
    SetSecret,
    StartedAnew,
)

__all__ = [
    "LIST_SECRETS",
    "OPERATIONS",
    "REMOVE_SECRET",
    "ROTATE_MASTER_KEY",
    "ROTATE_SECRET",
    "SET_SECRET",
    "START_ANEW",
]

_HERE = "octobot_node.operations.secrets"

# Their names are a protocol between versions: never change one, add another.
LIST_SECRETS = Operation(
    "secrets.list",
    PageRequest,
    SecretPage,
    f"{_HERE}.by_name:list_secrets",
    description="List secrets by name, who points to them and when they were used; not what they are.",
)
SET_SECRET = Operation(
    "secrets.set",
    SetSecret,
    SecretRow,
    f"{_HERE}.by_name:add",
    writes=True,
    hidden=frozenset({"value"}),
    description="Keep a new secret, sealed, for configs and settings to point to.",
)
ROTATE_SECRET = Operation(
    "secrets.rotate",
    SetSecret,
    SecretRow,
    f"{_HERE}.by_name:rotate",
    writes=True,
    subject=f"{_HERE}.by_name:subject",
    hidden=frozenset({"value"}),
    description="Give a secret another value; accounts that point to it are opened anew with it.",
)
REMOVE_SECRET = Operation(
    "secrets.remove",
    OneSecret,
    SecretRemoved,
    f"{_HERE}.by_name:remove",
    writes=True,
    subject=f"{_HERE}.by_name:subject",
    description="Remove a secret that no account points to.",
)
ROTATE_MASTER_KEY = Operation(
    "secrets.rotate_key",
    EmptyRequest,
    KeyRotated,
    f"{_HERE}.keys:rotate_key",
    writes=True,
    description="Seal under another master key; killed in the middle, it goes on when it is given again.",
)
START_ANEW = Operation(
    "secrets.start_anew",
    EmptyRequest,
    StartedAnew,
    f"{_HERE}.keys:start_anew",
    writes=True,
    description="Go on without the master key of before, which is lost: what it sealed is to be entered again.",
)

OPERATIONS: tuple[Operation[Any, Any], ...] = (
    LIST_SECRETS,
    SET_SECRET,
    ROTATE_SECRET,
    REMOVE_SECRET,
    ROTATE_MASTER_KEY,
    START_ANEW,
)
