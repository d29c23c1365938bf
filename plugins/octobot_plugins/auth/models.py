"""What the operations on users, keys and sessions take and return."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, SecretStr

from octobot_node.contracts.caller import Role
from octobot_node.operations.models import PageRequest, Request, Response
from octobot_node.text.lines import Line
from octobot_node.text.patterns import told_as

__all__ = [
    "USER_NAME_PATTERN",
    "CreateKey",
    "CreateUser",
    "EditUser",
    "KeyCreated",
    "KeyPage",
    "KeyRow",
    "KeysRenewed",
    "ListKeys",
    "ListUsers",
    "OneKey",
    "OneSession",
    "OneUser",
    "Password",
    "RenewKeys",
    "Revoked",
    "SessionPage",
    "SessionRow",
    "SetPassword",
    "UserCreated",
    "UserPage",
    "UserRow",
]

USER_NAME_PATTERN = told_as(
    "a user's name: use small letters, digits, ., _ and -, and begin with a letter or digit, such as ada",
    "^[a-z0-9][a-z0-9._-]*$",
)
UserName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=USER_NAME_PATTERN,
        description="A user's name.",
        examples=["ada"],
    ),
]
Password = Annotated[
    SecretStr,
    Field(min_length=1, max_length=1_024, description="Argon2id keeps it.", examples=["correct horse battery"]),
]


class OneUser(Request):
    """One user."""

    user: UserName


class ListUsers(PageRequest):
    """A page of users, by name."""


class CreateUser(OneUser):
    """A user; without ``owner`` they see and create what is their own, without ``password`` one is generated."""

    role: Role = "trader"
    owner: Line | None = Field(
        default=None, min_length=1, max_length=64, description="Whose automations they see; by default their own."
    )
    password: Password | None = None


class EditUser(OneUser):
    """What changes of a user; disabling one ends their sessions and stops their keys."""

    role: Role | None = Field(default=None, examples=["viewer"])
    owner: Line | None = Field(default=None, min_length=1, max_length=64)
    disabled: bool | None = None
    revision: int | None = Field(default=None, description="The revision that was read; None for whatever there is.")


class SetPassword(OneUser):
    """A new password; every session of the user ends, and every API key is revoked."""

    password: Password
    keep_keys: bool = Field(default=False, description="Leave the user's API keys as they are.")


class UserRow(Response):
    """One user."""

    name: str
    role: Role
    owner: str
    disabled: bool
    generated_password: bool = Field(description="Whether the first, generated password was never changed.")
    second_factor: bool = Field(description="Whether codes of an authenticator are asked for.")
    revision: int
    created_at: datetime
    password_at: datetime = Field(description="When the password was set.")


class UserCreated(UserRow):
    """A user; ``password`` is the generated one, told this once."""

    password: str | None = None


class UserPage(Response):
    """Users, by name."""

    users: list[UserRow]
    next_cursor: str | None


class ListKeys(PageRequest):
    """Whose keys, or sessions."""

    user: UserName


class CreateKey(OneUser):
    """An API key with some of its user's scopes."""

    name: Line = Field(min_length=1, max_length=64, description="What it is for.", examples=["grafana"])
    scopes: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=64)
    expires_in: float | None = Field(
        default=None, gt=0, le=315_360_000, description="Seconds until it ends; None: it does not."
    )
    made_by: str | None = Field(default=None, max_length=36, description="The id of the key that makes it: both end.")


class OneKey(OneUser):
    """One API key."""

    key: str = Field(min_length=1, max_length=64, description="A key's id, or its name where no other has it.")


class RenewKeys(OneUser):
    """Those of a user's API keys that end soon, to hold on."""

    within: float = Field(
        default=1_209_600.0,
        gt=0,
        le=31_536_000,
        description="Seconds: those that end within them.",
        examples=[1_209_600],
    )
    hold_for: float = Field(
        default=7_776_000.0,
        gt=0,
        le=315_360_000,
        description="Seconds that each holds from now on.",
        examples=[7_776_000],
    )


class KeyRow(Response):
    """One API key; its token is not kept."""

    id: str
    user: str
    name: str
    prefix: str = Field(description="How its token begins.")
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None = Field(description="When it was last used, to the minute.")
    revoked_at: datetime | None


class KeysRenewed(Response):
    """The keys that hold on."""

    keys: list[KeyRow] = Field(description="Those that were renewed, soonest to end first.")


class KeyCreated(KeyRow):
    """A key with its token, told this once."""

    token: str


class KeyPage(Response):
    """Keys, oldest first."""

    keys: list[KeyRow]
    next_cursor: str | None


class OneSession(OneUser):
    """One session."""

    session: str = Field(min_length=1, max_length=36, description="A session's id.")


class SessionRow(Response):
    """One browser's session."""

    id: str
    user: str
    address: str
    agent: str = Field(description="What the browser calls itself.")
    this: bool = Field(default=False, description="Whether it is the session that asks.")
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class SessionPage(Response):
    """Sessions, oldest first."""

    sessions: list[SessionRow]
    next_cursor: str | None


class Revoked(Response):
    """What was ended or deleted."""

    id: str
