"""The installation, who leads it, its accounts, and what it remembers of readers, releases and requests."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.store.tables.base import Id, metadata, partial
from octobot_node.store.types import Millis

__all__ = [
    "accounts",
    "api_requests",
    "audit",
    "audit_chain",
    "cursors",
    "installation",
    "leases",
    "preferences",
    "pulses",
    "request_budgets",
    "schema_floors",
]

installation = sa.Table(
    "installation",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("generation", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", Millis, nullable=False),
    #: The kill switch of everything: no new send while it is off.
    sa.Column("sending", sa.Boolean, nullable=False, server_default=sa.true()),
    #: Where the virtual clock of a replay stands; NULL on a live database.
    sa.Column("virtual_now", Millis),
    #: The database (URL without password) that `db copy` moves this one to; no node starts on it then. "": none.
    sa.Column("moved_to", sa.Text, nullable=False, server_default=""),
    #: What told this database from others when nodes last worked on it, as JSON; "": nothing is known.
    sa.Column("identity", sa.Text, nullable=False, server_default=""),
    #: Whether there may be secrets in clear, of a release that did not seal them: 2, in tables; 1, in what was freed of
    #: the file; 0, nowhere.
    sa.Column("clear_secrets", sa.SmallInteger, nullable=False, server_default="2"),
    #: The lock of the tentacles that the master started with, as JSON, for whoever shares the database; "": none did.
    sa.Column("tentacles", sa.Text, nullable=False, server_default=""),
)

#: How far each node has counted; data folders remember it. A database that says less went back in time.
pulses = sa.Table(
    "pulses",
    metadata,
    sa.Column("node_id", sa.String(64), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("at", Millis, nullable=False),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("holder", sa.String(64), nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("taken_at", Millis, nullable=False),
    sa.Column("expires_at", Millis),
)

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("shard", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("market_data", sa.String(64), nullable=False),
    sa.Column("market_data_settings", sa.JSON, nullable=False),
    sa.Column("trading", sa.String(64), nullable=False),
    sa.Column("trading_settings", sa.JSON, nullable=False),
    sa.Column("limits", sa.JSON, nullable=False),
    #: The routes by which its orders, and its prices, leave this machine, by name.
    sa.Column("egress", sa.String(128), nullable=False, server_default="direct"),
    sa.Column("market_data_egress", sa.String(128), nullable=False, server_default="direct"),
    sa.Column("sending", sa.Boolean, nullable=False, server_default=sa.true()),
    #: "live", or "observe": what is decided is written down, and nothing is sent.
    sa.Column("mode", sa.String(16), nullable=False, server_default="live"),
    #: When its orders could leave first since it was made or since it observed; 0: before that was written down.
    sa.Column("live_since", Millis, nullable=False, server_default="0"),
    #: What its exchange has less of than its automations believe: asset -> {"needs", "has"}.
    sa.Column("lacks", sa.JSON, nullable=False, server_default="{}"),
    #: Why its exchange does not answer, and since when; "": it does, or nothing trades there.
    sa.Column("unanswered", sa.Text, nullable=False, server_default=""),
    sa.Column("unanswered_since", Millis),
    #: Why what was executed cannot be read, and since when; "": it can, or nothing rests there.
    sa.Column("executions_unread", sa.Text, nullable=False, server_default=""),
    sa.Column("executions_unread_since", Millis),
    #: Its orders may leave again: whoever was not told what became of theirs is to be woken.
    sa.Column("wakes", sa.Boolean, nullable=False, server_default=sa.false()),
    #: Executions up to here are settled; the account poller asks again with an overlap.
    sa.Column("trades_cursor", Millis, nullable=False, server_default="0"),
    #: Restored from a backup of this moment and not compared with its exchange yet; NULL: nothing to compare.
    sa.Column("reconcile_since", Millis),
    #: Counts the edits of name, limits, routes and keys.
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    sa.Column("created_at", Millis, nullable=False),
    #: When its exchange answered last, to the minute; NULL: never.
    sa.Column("contacted_at", Millis),
    sa.UniqueConstraint("owner", "name"),
    partial("ix_accounts_wakes", "id", where="wakes"),
)

#: What nodes took of what an exchange lets an address or a key ask in a window of time.
request_budgets = sa.Table(
    "request_budgets",
    metadata,
    #: SHA-256 of exchange, limit, and address or key.
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("window_at", Millis, nullable=False),
    sa.Column("taken", sa.BigInteger, nullable=False),
    #: The exchange said that it was too much: nobody asks until then. 0: it did not.
    sa.Column("closed_until", Millis, nullable=False, server_default="0"),
)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("name", sa.String(128), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("txid", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("updated_at", Millis, nullable=False),
)

#: What a user chose for themselves, as JSON.
preferences = sa.Table(
    "preferences",
    metadata,
    sa.Column("user", sa.String(128), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

schema_floors = sa.Table(
    "schema_floors",
    metadata,
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("revision", sa.String(32), nullable=False),
)

api_requests = sa.Table(
    "api_requests",
    metadata,
    #: SHA-256 of who asks and of the key.
    sa.Column("id", sa.String(64), primary_key=True),
    #: SHA-256 of method, path and body.
    sa.Column("fingerprint", sa.String(64), nullable=False),
    #: NULL while it is being carried out, or for ever where that process died.
    sa.Column("status", sa.Integer),
    sa.Column("headers", sa.Text, nullable=False, server_default="{}"),
    sa.Column("body", sa.LargeBinary),
    sa.Column("created_at", Millis, nullable=False),
    sa.Index("ix_api_requests_created", "created_at"),
)

audit = sa.Table(
    "audit",
    metadata,
    #: One after the other, without a gap: who appends counts, under the chain's lock.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("at", Millis, nullable=False),
    #: Whose automations it is about; "" for the node itself.
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("actor", sa.String(128), nullable=False),
    #: How the actor came: cli, session, key NAME, signal, a plugin's own way.
    sa.Column("via", sa.String(128), nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("request_id", sa.String(64), nullable=False),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("target", sa.String(256), nullable=False),
    sa.Column("target_id", sa.String(64), nullable=False),
    sa.Column("outcome", sa.String(8), nullable=False),
    #: JSON: arguments, before, after, error; secrets masked.
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("begun_id", sa.BigInteger),
    #: SHA-256 of all that, and of the hash before it.
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Index("ix_audit_begun", "begun_id", unique=True),
    sa.Index("ix_audit_owner", "owner", "id"),
    sa.Index("ix_audit_target", "target_id", "id"),
)

#: How far the audit is, in its only row; whoever appends locks it.
audit_chain = sa.Table(
    "audit_chain",
    metadata,
    sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("last_id", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("last_hash", sa.String(64), nullable=False, server_default=""),
    #: What is kept: so many entries, with so many characters of data.
    sa.Column("entries", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("bytes", sa.BigInteger, nullable=False, server_default="0"),
    #: The last entry that was pruned, its hash and its time: what is kept goes on from there.
    sa.Column("pruned_id", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("pruned_hash", sa.String(64), nullable=False, server_default=""),
    sa.Column("pruned_at", Millis),
)
