"""The first start makes an admin; a node that others can reach does not run on a password nobody chose."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import structlog

from octobot_node.api.server import is_loopback
from octobot_node.contracts.context import PluginContext
from octobot_node.errors import NodeError
from octobot_node.store.audit import audit_log
from octobot_node.store.audit.audit_log import Actor, Entry
from octobot_plugins.auth import statements
from octobot_plugins.auth.settings import AdminSettings, AuthSettings
from octobot_plugins.auth.sign_in.passwords import Passwords, generated
from octobot_plugins.auth.tables import users

__all__ = ["NAME", "forget_password_file", "password_file", "prepare"]

log = structlog.get_logger(__name__)
NAME = "admin"
_CURE = f"`octobot-node users edit {NAME} --role admin` makes them one"


def prepare(context: PluginContext) -> None:
    """Make the first admin where there is none; refuse to be reached with a password that nobody chose.

    Raises NodeError.
    """
    given = context.plugin_settings(AdminSettings).password
    password = None if given is None else given.get_secret_value()
    with context.storage.read() as connection:
        lacking = statements.admins(connection) == 0
        taken = statements.user(connection, NAME) is not None
    if lacking and taken:
        log.warning("no_admin", why=f"{NAME!r} is no admin, and nobody else is", cure=_CURE)
    elif lacking:
        _create(context, password)
    elif password is not None:
        _take_over(context, password)
    _refuse_exposure(context)


def password_file(data_dir: Path) -> Path:
    """Return where the generated password is kept."""
    return data_dir / "admin-password"


def forget_password_file(data_dir: Path) -> None:
    """Delete the file: what is in it is no password any more."""
    with suppress(FileNotFoundError):
        password_file(data_dir).unlink()


def _create(context: PluginContext, password: str | None) -> None:
    made, now = password or generated(), context.clock.now()
    values = {
        "name": NAME,
        "role": "admin",
        # What commands and run files of this machine create is nobody else's.
        "owner": "local",
        "password": _hashed(context, made),
        "generated": password is None,
        "disabled": False,
        "revision": 1,
        "created_at": now,
        "password_at": now,
    }
    if password is None:
        _write(context.settings.data_dir, made)
    with context.storage.write(durable=True) as connection:
        # Another node may have been first: its admin stays.
        context.storage.lock_migrations(connection)
        if statements.admins(connection):
            forget_password_file(context.settings.data_dir)
            return
        connection.execute(users.insert().values(values))
        audit_log.append(connection, Actor("node", "start"), Entry("users.create", target=NAME, target_id=NAME), now)
    if password is None:
        _tell(context.settings.data_dir, made)


def _take_over(context: PluginContext, password: str) -> None:
    """Let a password that is given now replace one that was generated; one that somebody chose stays."""
    with context.storage.read() as connection:
        row = statements.user(connection, NAME)
    if row is None or not row.generated:
        return
    hashed, now = _hashed(context, password), context.clock.now()
    with context.storage.write(durable=True) as connection:
        change = users.update().where(users.c.name == NAME, users.c.generated)
        connection.execute(
            change.values(password=hashed, generated=False, password_at=now, revision=users.c.revision + 1)
        )
        statements.end_sessions(connection, NAME)
        audit_log.append(
            connection, Actor("node", "start"), Entry("users.set_password", target=NAME, target_id=NAME), now
        )
    forget_password_file(context.settings.data_dir)


def _hashed(context: PluginContext, password: str) -> str:
    return Passwords(context.plugin_settings(AuthSettings).password_length).hash(password, NAME)


def _write(data_dir: Path, password: str) -> None:
    path = password_file(data_dir)
    forget_password_file(data_dir)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{password}\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise NodeError(
            f"{path} cannot be written ({error.strerror}): make room, or set OCTOBOT_ADMIN_PASSWORD_FILE"
        ) from None


def _tell(data_dir: Path, password: str) -> None:
    # On a terminal, once; never in a log, which is kept and sent elsewhere.
    if sys.stderr.isatty():
        sys.stderr.write(f"\nThe API's user is {NAME!r}, the password {password}\n\n")
        sys.stderr.flush()
    log.warning("admin_created", user=NAME, file=str(password_file(data_dir)), cure="change the password in it")


def _refuse_exposure(context: PluginContext) -> None:
    settings = context.settings
    if is_loopback(settings.api_host):
        return
    with context.storage.read() as connection:
        names = statements.generated_admins(connection)
    if not names:
        return
    exposed = (
        f"the API listens on {settings.api_host}, and {names[0]!r} still has the generated password: change it with"
        f" `octobot-node users password {names[0]}`, or set OCTOBOT_ADMIN_PASSWORD_FILE, or listen on 127.0.0.1"
    )
    if settings.production:
        raise NodeError(exposed)
    log.warning("generated_password_exposed", why=exposed)
