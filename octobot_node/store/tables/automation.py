"""Automations and their schedule; what they are told, tell and ask."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.store.sql import conditions
from octobot_node.store.tables.base import Id, metadata, owned, partial
from octobot_node.store.types import Millis

__all__ = [
    "automations",
    "changed_levels",
    "config_revisions",
    "events",
    "inbox",
    "notices",
    "requests",
    "schedule",
    "standing_changes",
    "watchings",
]

automations = sa.Table(
    "automations",
    metadata,
    sa.Column("id", Id, primary_key=True),
    *owned(),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("type", sa.String(128), nullable=False),
    sa.Column("type_version", sa.Integer, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    #: Since when it has this status.
    sa.Column("status_since", Millis, nullable=False, server_default="0"),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("config", sa.Text, nullable=False),
    sa.Column("previous_config", sa.Text),
    sa.Column("state", sa.Text),
    sa.Column("state_version", sa.Integer, nullable=False),
    sa.Column("needs", sa.Text, nullable=False, server_default="null"),
    #: JSON list of words that its owner finds it by, in order.
    sa.Column("tags", sa.Text, nullable=False, server_default="[]"),
    #: JSON {label: text}: the type's own figures for people.
    sa.Column("figures", sa.Text, nullable=False, server_default="{}"),
    #: What it does next, in its author's words; ``{when}`` is when it is due.
    sa.Column("next_step", sa.Text, nullable=False, server_default=""),
    sa.Column("wake", sa.Text, nullable=False, server_default="null"),
    sa.Column("limits", sa.JSON, nullable=False),
    sa.Column("sending", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("close_on_stop", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("created_at", Millis, nullable=False),
    #: Who gave the command, "" where a run file that runs did.
    sa.Column("created_by", sa.String(128), nullable=False, server_default=""),
    sa.Column("updated_at", Millis, nullable=False),
    sa.UniqueConstraint("owner", "name"),
    sa.Index("ix_automations_account", "account_id", "id"),
    sa.Index("ix_automations_owner", "owner", "id"),
    partial("ix_automations_unsettled", "status", where=conditions.ENDING),
    partial("ix_automations_silent", "id", where="NOT sending"),
    sa.Index("ix_automations_name", "name"),
    sa.Index("ix_automations_status", "status", "id"),
    sa.Index("ix_automations_type", "type", "id"),
)

schedule = sa.Table(
    "schedule",
    metadata,
    sa.Column("automation_id", Id, primary_key=True),
    *owned(),
    #: The market data source, so that a batch shares one snapshot.
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("runnable", sa.Boolean, nullable=False),
    #: When to evaluate next, for whatever reason; NULL: only a wake brings it back.
    sa.Column("next_run_at", Millis),
    #: When the last Wake planned the next run; a wake in between does not move it.
    sa.Column("due_at", Millis),
    #: Ticks done so far, which is the number of the next one.
    sa.Column("tick", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("ticked_at", Millis),
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("wakes", sa.BigInteger, nullable=False, server_default="0"),
    #: Failed ticks in a row, and whether to evaluate it apart from healthy ones.
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("suspect", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("claim", Id),
    sa.Column("claim_until", Millis),
    sa.Column("claim_tries", sa.Integer, nullable=False, server_default="0"),
    #: JSON {"above": {symbol: price}, "below": {…}}, NULL when no price wakes it.
    sa.Column("levels", sa.Text),
    partial("ix_schedule_due", "next_run_at", where="claim IS NULL AND next_run_at IS NOT NULL"),
    partial("ix_schedule_claim", "claim", where="claim IS NOT NULL"),
    partial("ix_schedule_levels", "source", where="levels IS NOT NULL"),
)

changed_levels = sa.Table(
    "changed_levels",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("automation_id", Id, nullable=False),
)

#: Automations and accounts, in the order in which something of them changed that lists and sums tell: whoever keeps
#: them in memory reads on from where it stopped. Old rows are deleted.
standing_changes = sa.Table(
    "standing_changes",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("subject", Id, nullable=False),
    #: As of ``events``.
    sa.Column("txid", sa.BigInteger, nullable=False, server_default="0"),
    sa.Index("ix_standing_changes_follow", "txid").ddl_if(dialect="postgresql"),
    sqlite_autoincrement=True,
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", Id, primary_key=True),
    *owned(),
    sa.Column("automation_id", Id, nullable=False),
    sa.Column("channel", sa.String(64), nullable=False),
    sa.Column("source", sa.String(128), nullable=False),
    sa.Column("dedup_key", sa.String(128), nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("status", sa.String(8), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("received_at", Millis, nullable=False),
    sa.Column("expires_at", Millis),
    sa.Column("consumed_tick", sa.BigInteger),
    #: What became of it, as the tick that consumed it said, or why ticks that were given it failed; the intents that
    #: follow from it are a JSON list of ids.
    sa.Column("outcome", sa.String(32), nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("orders", sa.Text, nullable=False, server_default="[]"),
    sa.UniqueConstraint("automation_id", "channel", "dedup_key"),
    sa.Index("ix_inbox_of", "automation_id", "id"),
    # After ix_inbox_of, as with ix_intents_live_of.
    partial("ix_inbox_waiting", "automation_id", "id", where=conditions.SIGNAL_WAITING),
)

events = sa.Table(
    "events",
    metadata,
    # AUTOINCREMENT: an id is never given twice, even after the newest rows are pruned.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    *owned(),
    sa.Column("automation_id", Id, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("at", Millis, nullable=False),
    #: On PostgreSQL the transaction that wrote it (its default there), since ids do not become visible in their order;
    #: 0 where one writes after another. Followers read by it: store/queries/event_cursor.py.
    sa.Column("txid", sa.BigInteger, nullable=False, server_default="0"),
    sa.Index("ix_events_of", "automation_id", "id"),
    sa.Index("ix_events_owner", "owner", "id"),
    sa.Index("ix_events_follow", "txid", "id").ddl_if(dialect="postgresql"),
    sqlite_autoincrement=True,
)

notices = sa.Table(
    "notices",
    metadata,
    sa.Column("id", Id, primary_key=True),
    *owned(),
    sa.Column("automation_id", Id, nullable=False),
    sa.Column("level", sa.String(16), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("status", sa.String(8), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("retry_at", Millis),
    sa.Column("created_at", Millis, nullable=False),
    #: JSON list of the notifiers that have it, so that one which fails does not make the others tell it twice.
    sa.Column("delivered", sa.Text, nullable=False, server_default="[]"),
    partial("ix_notices_waiting", "owner", "id", where=conditions.NOTICE_WAITING),
    #: What one automation told, for its log.
    sa.Index("ix_notices_of", "automation_id", "id"),
)

watchings = sa.Table(
    "watchings",
    metadata,
    sa.Column("automation_id", Id, primary_key=True),
    sa.Column("name", sa.String(128), primary_key=True),
    *owned(),
    sa.Index("ix_watchings_name", "owner", "name"),
)

requests = sa.Table(
    "requests",
    metadata,
    sa.Column("id", Id, primary_key=True),
    *owned(),
    #: Who asks; ``target`` is the name of the automation that it is about.
    sa.Column("automation_id", Id, nullable=False),
    sa.Column("target", sa.String(128), nullable=False),
    sa.Column("command", sa.String(16), nullable=False),
    sa.Column("status", sa.String(8), nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", Millis, nullable=False),
    partial("ix_requests_waiting", "owner", "id", where=conditions.REQUEST_WAITING),
)

config_revisions = sa.Table(
    "config_revisions",
    metadata,
    sa.Column("automation_id", Id, primary_key=True),
    #: Counted from 1, which is what it was created with.
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    *owned(),
    sa.Column("config", sa.Text, nullable=False),
    sa.Column("made_at", Millis, nullable=False),
    sa.Column("made_by", sa.String(128), nullable=False, server_default=""),
)
