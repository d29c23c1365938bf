"""What operations on secrets take and return; no response has a secret in it."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, SecretStr

from octobot_node.operations.models import Request, Response
from octobot_node.text.patterns import told_as

__all__ = [
    "KeyRotated",
    "OneSecret",
    "SecretPage",
    "SecretRemoved",
    "SecretRow",
    "SetSecret",
    "StartedAnew",
]

_NAME = told_as(
    "the name of a secret: use letters, digits, `.`, `_` and `-`, 128 at most", "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
)
#: Characters: a private key in PEM is some thousand.
_VALUE_MAX = 16_384


class OneSecret(Request):
    """One secret."""

    name: str = Field(
        pattern=_NAME,
        max_length=128,
        description='Its name, which configs and settings point to with {"secret": NAME}.',
        examples=["kraken-key"],
    )


class SetSecret(OneSecret):
    """A secret and what it is."""

    value: SecretStr = Field(
        min_length=1, max_length=_VALUE_MAX, description="The secret itself.", examples=["aVerySecretKey"]
    )


class SecretRow(Response):
    """A secret without what it is."""

    owner: str
    name: str
    version: int = Field(description="Counts its values: 1 is the first.")
    created_at: datetime
    changed_at: datetime = Field(description="When it got the value that it has.")
    changed_by: str = Field(description="Who gave it that.")
    uses: int = Field(description="How often it was opened to be used, as far as was written down.")
    last_used: datetime | None = Field(description="When that was last, to the minute; null: never.")
    accounts: list[str] = Field(description="Accounts of its owner that point to it, by name.")


class SecretPage(Response):
    """Secrets, by owner and name."""

    secrets: list[SecretRow] = Field(description="The secrets, without what they are.")
    next_cursor: str | None


class SecretRemoved(Response):
    """A secret that was removed."""

    owner: str
    name: str


class KeyRotated(Response):
    """What came of another master key."""

    master_key: str = Field(description="The fingerprint of the key in force.")
    kept: str = Field(description="Where it is.")
    data_keys: int = Field(description="How many owners' keys are under it that were not before.")
    lost: int = Field(description="How many keys nobody can open any more, since the one that they were under is lost.")
    left_to_do: str = Field(description="What is left to do by hand, or empty.")


class StartedAnew(Response):
    """What came of going on without the key of before."""

    master_key: str = Field(description="The fingerprint of the key in force.")
    kept: str = Field(description="Where it is.")
    lost: int = Field(description="How many owners' secrets cannot be opened: they are to be entered again.")
    accounts: list[str] = Field(description="Accounts whose secrets those are, as OWNER/NAME.")
