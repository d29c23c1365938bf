"""Users and keys for a person to read."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import TextIO

from octobot_plugins.auth.models import (
    KeyCreated,
    KeyPage,
    KeyRow,
    KeysRenewed,
    Revoked,
    UserCreated,
    UserPage,
    UserRow,
)
from octobot_plugins.auth.second_factor.models import RecoveryCodes, SecondFactorRow

__all__ = [
    "key_created",
    "keys",
    "recovery_codes",
    "renewed",
    "revoked",
    "second_factor",
    "user",
    "user_created",
    "users",
]


def users(page: UserPage, out: TextIO) -> None:
    """Write a page of users."""
    for row in page.users:
        user(row, out)
    _more(page.next_cursor, out)


def user(row: UserRow, out: TextIO) -> None:
    """Write a user."""
    notes = [f"sees {row.owner}'s" if row.role != "admin" else "sees everybody's"]
    notes += ["disabled"] if row.disabled else []
    notes += ["second factor"] if row.second_factor else []
    notes += ["has the generated password"] if row.generated_password else []
    out.write(f"{row.name}: {row.role}, {', '.join(notes)}\n")


def user_created(row: UserCreated, out: TextIO) -> None:
    """Write a user that was created, with the password that is told this once."""
    user(row, out)
    if row.password is not None:
        out.write(f"password: {row.password}\n")


def keys(page: KeyPage, out: TextIO) -> None:
    """Write a page of keys."""
    for row in page.keys:
        _key(row, out)
    _more(page.next_cursor, out)


def _key(row: KeyRow, out: TextIO) -> None:
    ends = "revoked" if row.revoked_at else f"until {_day(row.expires_at)}" if row.expires_at else "does not end"
    used = f"used {_day(row.used_at)}" if row.used_at else "never used"
    out.write(f"{row.id}  {row.name}  {row.prefix}…  {ends}, {used}: {', '.join(row.scopes)}\n")


def key_created(row: KeyCreated, out: TextIO) -> None:
    """Write a key with its token."""
    _key(row, out)
    out.write(f"token, told this once: {row.token}\n")


def renewed(found: KeysRenewed, out: TextIO) -> None:
    """Write the keys that hold on."""
    for row in found.keys:
        _key(row, out)
    if not found.keys:
        out.write("none ends within that time\n")


def revoked(found: Revoked, out: TextIO) -> None:
    """Write what was ended."""
    out.write(f"{found.id}: done\n")


def second_factor(row: SecondFactorRow, out: TextIO) -> None:
    """Write whether a user must show a second factor."""
    if row.confirmed_at is None:
        out.write(f"{row.user}: no second factor\n")
        return
    left = row.recovery_codes_left
    out.write(f"{row.user}: a second factor since {_day(row.confirmed_at)}, {left} recovery codes left\n")


def recovery_codes(found: RecoveryCodes, out: TextIO) -> None:
    """Write recovery codes."""
    out.write("recovery codes, each good once, told this once:\n")
    out.writelines(f"  {code}\n" for code in found.codes)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _more(cursor: str | None, out: TextIO) -> None:
    if cursor is not None:
        out.write(f"more: --cursor {shlex.quote(cursor)}\n")
