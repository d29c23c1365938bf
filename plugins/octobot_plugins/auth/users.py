"""Operations on users."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from octobot_node.contracts.operation import Subject
from octobot_node.errors import CommandRefused, Conflict, UnknownName
from octobot_node.market import from_ms
from octobot_node.operations.context import Desk
from octobot_node.store.name_conflicts import sees_names_taken_meanwhile
from octobot_node.store.tables import accounts, automations
from octobot_node.store.types import AnyRow
from octobot_plugins.auth import first_admin, statements
from octobot_plugins.auth.models import (
    CreateUser,
    EditUser,
    ListUsers,
    OneUser,
    Revoked,
    SetPassword,
    UserCreated,
    UserPage,
    UserRow,
)
from octobot_plugins.auth.passwords import Passwords, generated
from octobot_plugins.auth.settings import AuthSettings
from octobot_plugins.auth.tables import users

__all__ = ["create", "delete", "edit", "list_users", "set_password", "show", "subject", "user_row"]


def list_users(desk: Desk, wanted: ListUsers) -> UserPage:
    """Return a page of users, by name."""
    with desk.core.storage.read() as connection:
        found = statements.user_page(connection, wanted.cursor, wanted.limit + 1)
    rows = found[: wanted.limit]
    return UserPage(
        users=[user_row(row) for row in rows], next_cursor=rows[-1].name if len(found) > wanted.limit else None
    )


def show(desk: Desk, wanted: OneUser) -> UserRow:
    """Return a user; raise UnknownName."""
    with desk.core.storage.read() as connection:
        return user_row(_user(connection, wanted.user))


@sees_names_taken_meanwhile
def create(desk: Desk, wanted: CreateUser) -> UserCreated:
    """Create a user; without a password one is generated and told this once."""
    now = desk.core.clock.now()
    password = generated() if wanted.password is None else wanted.password.get_secret_value()
    values = {
        "name": wanted.user,
        "role": wanted.role,
        "owner": wanted.owner or wanted.user,
        "password": passwords(desk).hash(password, wanted.user),
        "generated": False,
        "disabled": False,
        "revision": 1,
        "created_at": now,
        "password_at": now,
    }
    with desk.core.storage.write(durable=True) as connection:
        if statements.user(connection, wanted.user) is not None:
            raise CommandRefused(f"there is a user {wanted.user!r} already: choose another name")
        connection.execute(users.insert().values(values))
        row = _user(connection, wanted.user)
    told = None if wanted.password is not None else password
    return UserCreated(**dict(user_row(row)), password=told)


def edit(desk: Desk, wanted: EditUser) -> UserRow:
    """Change a user's role or owner, disable or enable them; the last admin stays one."""
    given = {name: getattr(wanted, name) for name in ("role", "owner", "disabled") if getattr(wanted, name) is not None}
    with desk.core.storage.write(durable=True) as connection:
        row = _user(connection, wanted.user, lock=True)
        if wanted.revision not in (None, row.revision):
            raise Conflict(f"the user {wanted.user!r} was changed meanwhile: read it again")
        disabled = given.get("disabled", row.disabled)
        if given.get("role", row.role) != "admin" or disabled:
            _keep_an_admin(connection, row)
        values = {**given, "revision": row.revision + 1}
        connection.execute(users.update().where(users.c.name == wanted.user).values(values))
        if disabled:
            statements.end_sessions(connection, wanted.user)
        return user_row(_user(connection, wanted.user))


def delete(desk: Desk, wanted: OneUser) -> Revoked:
    """Delete a user with their keys and sessions; one who owns automations or accounts is disabled instead."""
    with desk.core.storage.write(durable=True) as connection:
        row = _user(connection, wanted.user, lock=True)
        _keep_an_admin(connection, row)
        for table, what in ((automations, "automations"), (accounts, "accounts")):
            if connection.execute(sa.select(table.c.id).where(table.c.owner == wanted.user).limit(1)).first():
                raise CommandRefused(f"{wanted.user!r} owns {what}: delete those first, or disable the user")
        statements.forget_user(connection, wanted.user)
    return Revoked(id=wanted.user)


def set_password(desk: Desk, wanted: SetPassword) -> UserRow:
    """Set a user's password and end their sessions."""
    return change_password(desk, wanted.user, wanted.password.get_secret_value())


def change_password(desk: Desk, name: str, password: str, *, keep_session: str | None = None) -> UserRow:
    """Set a user's password and end their sessions but the one to keep."""
    hashed = passwords(desk).hash(password, name)
    now = desk.core.clock.now()
    with desk.core.storage.write(durable=True) as connection:
        row = _user(connection, name, lock=True)
        values = {"password": hashed, "generated": False, "password_at": now, "revision": row.revision + 1}
        connection.execute(users.update().where(users.c.name == name).values(values))
        statements.end_sessions(connection, name, but=keep_session)
        found = user_row(_user(connection, name))
    if row.generated:
        first_admin.forget_password_file(desk.core.settings.data_dir)
    return found


def subject(desk: Desk, wanted: Any) -> Subject:
    """Return the user that an operation is about, for the audit."""
    shown = show(desk, OneUser(user=wanted.user))
    return Subject("", shown.name, shown.name, shown.model_dump(mode="json"))


def passwords(desk: Desk) -> Passwords:
    """Return the rules for passwords that the settings give."""
    return Passwords(desk.context.plugin_settings(AuthSettings).password_length)


def user_row(row: AnyRow) -> UserRow:
    """Return a user as it is told."""
    return UserRow(
        name=row.name,
        role=row.role,
        owner=row.owner,
        disabled=row.disabled,
        generated_password=row.generated,
        revision=row.revision,
        created_at=from_ms(row.created_at),
        password_at=from_ms(row.password_at),
    )


def _user(connection: sa.Connection, name: str, *, lock: bool = False) -> AnyRow:
    row = statements.user(connection, name, lock=lock)
    if row is None:
        raise UnknownName(f"there is no user {name!r}: `octobot-node users list` shows who there is")
    return row


def _keep_an_admin(connection: sa.Connection, row: AnyRow) -> None:
    admins = statements.active_admins(connection)
    if list(admins) == [row.name]:
        raise CommandRefused(f"{row.name!r} is the only admin: make somebody else one first")
