"""Operations on users."""

from __future__ import annotations

import difflib
import re
from typing import Any

import sqlalchemy as sa

from octobot_node.api.scopes import all_scopes, scopes_of
from octobot_node.contracts.caller import Role
from octobot_node.contracts.operation import Subject
from octobot_node.errors import CommandRefused, Conflict, Forbidden, UnknownName, UsageError
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.cursors import no_cursor
from octobot_node.store.sql.name_conflicts import sees_names_taken_meanwhile
from octobot_node.store.tables import accounts, automations, secrets
from octobot_node.store.types import AnyRow
from octobot_plugins.auth import first_admin, statements
from octobot_plugins.auth.models import (
    USER_NAME_PATTERN,
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
from octobot_plugins.auth.settings import AuthSettings
from octobot_plugins.auth.sign_in.passwords import Passwords, generated
from octobot_plugins.auth.tables import users

__all__ = [
    "change_password",
    "create",
    "delete",
    "edit",
    "list_users",
    "passwords",
    "refuse_more_than_own",
    "set_password",
    "show",
    "subject",
    "user_row",
]

#: Whose the automations of this machine's commands are, and who acts where nobody is there.
_RESERVED = frozenset({"local", "node"})


def list_users(context: OperationContext, request: ListUsers) -> UserPage:
    """Return a page of users, by name."""
    if request.cursor is not None and not re.match(USER_NAME_PATTERN, request.cursor):
        raise no_cursor()
    with context.core.storage.read() as connection:
        found = statements.user_page(connection, request.cursor, request.limit + 1)
    rows = found[: request.limit]
    return UserPage(
        users=[user_row(row) for row in rows], next_cursor=rows[-1].name if len(found) > request.limit else None
    )


def show(context: OperationContext, request: OneUser) -> UserRow:
    """Return a user; raise UnknownName."""
    with context.core.storage.read() as connection:
        return user_row(_user(connection, request.user))


@sees_names_taken_meanwhile
def create(context: OperationContext, request: CreateUser) -> UserCreated:
    """Create a user; without a password one is generated and told this once."""
    if request.user in _RESERVED:
        raise UsageError(f"user: {request.user!r} is what the node calls itself: choose another name")
    refuse_more_than_own(context, request.role)
    now = context.core.clock.now()
    password = generated() if request.password is None else request.password.get_secret_value()
    values = {
        "name": request.user,
        "role": request.role,
        "owner": request.owner or request.user,
        "password": passwords(context).hash(password, request.user),
        "generated": False,
        "disabled": False,
        "revision": 1,
        "created_at": now,
        "password_at": now,
    }
    with context.core.storage.write(durable=True) as connection:
        if statements.user(connection, request.user) is not None:
            raise CommandRefused(f"there is a user {request.user!r} already: choose another name")
        if request.owner is None and statements.was_somebody(connection, request.user):
            raise CommandRefused(
                f"somebody was called {request.user!r} before, or owns things under that name, which a new user would"
                " see: choose another name, or say whose things they are to see (owner)"
            )
        _refuse_nobody(connection, request.user, request.owner)
        connection.execute(users.insert().values(values))
        row = _user(connection, request.user)
    told = None if request.password is not None else password
    return UserCreated(**dict(user_row(row)), password=told)


def edit(context: OperationContext, request: EditUser) -> UserRow:
    """Change a user's role or owner, disable or enable them; the last admin stays one."""
    given = {
        name: getattr(request, name) for name in ("role", "owner", "disabled") if getattr(request, name) is not None
    }
    if request.role is not None or request.owner is not None:
        refuse_more_than_own(context, request.role or show(context, OneUser(user=request.user)).role)
    with context.core.storage.write(durable=True) as connection:
        row = _user(connection, request.user, lock=True)
        _refuse_nobody(connection, request.user, request.owner)
        if request.revision not in (None, row.revision):
            raise Conflict(f"the user {request.user!r} was changed meanwhile: read it again", revision=row.revision)
        disabled = given.get("disabled", row.disabled)
        if given.get("role", row.role) != "admin" or disabled:
            _keep_an_admin(connection, row)
        values = {**given, "revision": row.revision + 1}
        connection.execute(users.update().where(users.c.name == request.user).values(values))
        if disabled:
            statements.end_sessions(connection, request.user)
        changed = _user(connection, request.user)
        _follow(context, connection, changed)
        return user_row(changed)


def _follow(context: OperationContext, connection: sa.Connection, row: AnyRow) -> None:
    """Let what plugins keep of a user be as the user is now: whose things they see, and whether they may come in."""
    values = {"owner": "" if row.role == "admin" else row.owner, "disabled": row.disabled}
    for table in (table for each in context.registry.tables for table in each.of_users):
        connection.execute(table.update().where(table.c.user == row.name).values(values))


def _refuse_nobody(connection: sa.Connection, user: str, owner: str | None) -> None:
    """Raise UsageError for an owner who is nobody: a misspelt one would be shown nothing, and say nothing."""
    if owner is None or owner in (user, "local") or statements.user(connection, owner) is not None:
        return
    if not statements.was_somebody(connection, owner):
        near = difflib.get_close_matches(owner, statements.user_names(connection), n=1)
        cure = f"did you mean {near[0]!r}?" if near else "create that user first, or name one that there is"
        reason = f"there is no user {owner!r}, and nothing of theirs: {cure}"
        raise UsageError(f"owner: {reason}", field="owner", reason=reason)


def delete(context: OperationContext, request: OneUser) -> Revoked:
    """Delete a user with their keys and sessions; one who owns anything is disabled instead."""
    with context.core.storage.write(durable=True) as connection:
        row = _user(connection, request.user, lock=True)
        _keep_an_admin(connection, row)
        others = [(table, what) for each in context.registry.tables for what, table in each.of_owners.items()]
        for table, what in ((automations, "automations"), (accounts, "accounts"), (secrets, "secrets"), *others):
            if connection.execute(sa.select(table.c.owner).where(table.c.owner == request.user).limit(1)).first():
                raise CommandRefused(f"{request.user!r} owns {what}: delete those first, or disable the user")
        for table in (table for each in context.registry.tables for table in each.of_users):
            connection.execute(table.delete().where(table.c.user == request.user))
        statements.forget_user(connection, request.user, context.core.clock.now())
    return Revoked(id=request.user)


def set_password(context: OperationContext, request: SetPassword) -> UserRow:
    """Set a user's password, end their sessions and revoke their keys: whoever knew the old one may have made some."""
    refuse_more_than_own(context, show(context, OneUser(user=request.user)).role)
    password = request.password.get_secret_value()
    return change_password(context, request.user, password, revoke_keys=not request.keep_keys)


def change_password(
    context: OperationContext, name: str, password: str, *, keep_session: str | None = None, revoke_keys: bool = False
) -> UserRow:
    """Set a user's password and end their sessions but the one to keep, and their keys where that is wanted."""
    hashed = passwords(context).hash(password, name)
    now = context.core.clock.now()
    with context.core.storage.write(durable=True) as connection:
        row = _user(connection, name, lock=True)
        values = {"password": hashed, "generated": False, "password_at": now, "revision": row.revision + 1}
        connection.execute(users.update().where(users.c.name == name).values(values))
        statements.end_sessions(connection, name, but=keep_session)
        if revoke_keys:
            statements.revoke_keys(connection, name, now)
        found = user_row(_user(connection, name))
    if row.generated:
        first_admin.forget_password_file(context.core.settings.data_dir)
    return found


def refuse_more_than_own(context: OperationContext, role: Role) -> None:
    """Raise Forbidden where a key would make itself a user, or become one, who may more than it does."""
    beyond = sorted(scope for scope in scopes_of(role, all_scopes(context.registry)) if not context.may(scope))
    if beyond:
        raise Forbidden(f"a {role} has {', '.join(beyond)}, which this key has not: use one that does, or log in")


def subject(context: OperationContext, request: Any) -> Subject:
    """Return the user that an operation is about, for the audit."""
    shown = show(context, OneUser(user=request.user))
    return Subject("", shown.name, shown.name, shown.model_dump(mode="json"))


def passwords(context: OperationContext) -> Passwords:
    """Return the rules for passwords that the settings give."""
    return Passwords(context.plugin_context.plugin_settings(AuthSettings).password_length)


def user_row(row: AnyRow) -> UserRow:
    """Return a user as it is told."""
    return UserRow(
        name=row.name,
        role=row.role,
        owner=row.owner,
        disabled=row.disabled,
        generated_password=row.generated,
        second_factor=row.second_factor_at is not None,
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
