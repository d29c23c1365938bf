"""Tables of users, keys and sessions. Tokens are kept as their SHA-256, passwords as Argon2id."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.contracts.tables import PluginTables, SealedColumns
from octobot_node.store import tables
from octobot_node.store.types import Millis

__all__ = [
    "AUTH_TABLES",
    "addresses",
    "former_names",
    "keys",
    "metadata",
    "recovery_codes",
    "second_factors",
    "sessions",
    "throttles",
    "tickets",
    "users",
]

metadata = sa.MetaData(naming_convention=tables.metadata.naming_convention)

Id = sa.String(36)
Hash = sa.String(64)

users = sa.Table(
    "auth_users",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("role", sa.String(8), nullable=False),
    #: Whose automations they see and create for; admins see everybody's.
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("password", sa.String(256), nullable=False),
    #: The first admin's until it is changed: nobody but the file and the terminal has seen it.
    sa.Column("generated", sa.Boolean, nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("created_at", Millis, nullable=False),
    sa.Column("password_at", Millis, nullable=False),
)

keys = sa.Table(
    "auth_keys",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("user", sa.String(64), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("hash", Hash, nullable=False),
    #: How the token begins, so that a person tells keys apart.
    sa.Column("prefix", sa.String(16), nullable=False),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("created_at", Millis, nullable=False),
    sa.Column("expires_at", Millis),
    sa.Column("used_at", Millis),
    sa.Column("revoked_at", Millis),
    #: The key that made it: it ends with that one.
    sa.Column("made_by", Id),
    #: Its user's role when it was made: it never may more than that.
    sa.Column("role", sa.String(8)),
    sa.UniqueConstraint("hash"),
    sa.Index("ix_auth_keys_user", "user", "id"),
    sa.Index("ix_auth_keys_made_by", "made_by"),
)

#: Of users who were deleted: what they did is kept under their names, so nobody else is called so.
former_names = sa.Table(
    "auth_former_names",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("at", Millis, nullable=False),
)

#: From where each key was used: the first time is in the audit.
addresses = sa.Table(
    "auth_addresses",
    metadata,
    sa.Column("key_id", Id, primary_key=True),
    sa.Column("address", sa.String(64), primary_key=True),
    sa.Column("at", Millis, nullable=False),
)

sessions = sa.Table(
    "auth_sessions",
    metadata,
    sa.Column("hash", Hash, primary_key=True),
    sa.Column("id", Id, nullable=False),
    sa.Column("user", sa.String(64), nullable=False),
    sa.Column("csrf", sa.String(64), nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("agent", sa.String(200), nullable=False),
    sa.Column("created_at", Millis, nullable=False),
    sa.Column("seen_at", Millis, nullable=False),
    sa.Column("expires_at", Millis, nullable=False),
    #: When its user last showed that it is them: at the log-in, or again since.
    sa.Column("proved_at", Millis, nullable=False),
    sa.UniqueConstraint("id"),
    sa.Index("ix_auth_sessions_user", "user", "id"),
    sa.Index("ix_auth_sessions_expires", "expires_at"),
    info={"moves": False},
)

#: Who must show a code of their authenticator beside the password.
second_factors = sa.Table(
    "auth_second_factors",
    metadata,
    sa.Column("user", sa.String(64), primary_key=True),
    #: As ``Secrets.seal`` made it: codes are computed from it, so that a hash would not do.
    sa.Column("secret", sa.String(512), nullable=False),
    sa.Column("created_at", Millis, nullable=False),
    #: NULL until a code has shown that the authenticator has it; nothing is asked for before.
    sa.Column("confirmed_at", Millis),
    #: The time step (30 s) of the newest code that was taken: no code is taken twice.
    sa.Column("last_step", sa.BigInteger, nullable=False),
)

#: SHA-256 of 80 random bits each; each is good once.
recovery_codes = sa.Table(
    "auth_recovery_codes",
    metadata,
    sa.Column("user", sa.String(64), primary_key=True),
    sa.Column("hash", Hash, primary_key=True),
    sa.Column("used_at", Millis),
)

#: Of those whose password was right, and whose code is still to come.
tickets = sa.Table(
    "auth_tickets",
    metadata,
    sa.Column("hash", Hash, primary_key=True),
    sa.Column("user", sa.String(64), nullable=False),
    sa.Column("expires_at", Millis, nullable=False),
    sa.Index("ix_auth_tickets_expires", "expires_at"),
    info={"moves": False},
)

#: Failed log-ins, by account and by address.
throttles = sa.Table(
    "auth_throttles",
    metadata,
    sa.Column("name", sa.String(128), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("at", Millis, nullable=False),
    sa.Index("ix_auth_throttles_at", "at"),
    info={"moves": False},
)

AUTH_TABLES = PluginTables(
    "auth",
    metadata,
    "octobot_plugins.auth.migrations",
    sealed=(SealedColumns(second_factors, ("secret",), "second-factor", "user", "user"),),
)
