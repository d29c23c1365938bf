"""Every table of the core. Times are integer milliseconds UTC; docs/engine.md says who locks what.

``owner``, ``account_id`` and ``shard`` are on every table from the first migration on: they cannot be added to
history later.
"""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.store import conditions
from octobot_node.store.types import Millis, Money

__all__ = [
    "accounts",
    "api_requests",
    "audit",
    "automations",
    "balances",
    "changed_levels",
    "cursors",
    "equity",
    "events",
    "fills",
    "inbox",
    "installation",
    "intents",
    "kill_switch_orders",
    "kill_switches",
    "leases",
    "metadata",
    "notices",
    "positions",
    "postings",
    "requests",
    "schedule",
    "schema_floors",
    "watchings",
]

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = sa.String(36)


def _partial(name: str, *columns: str, where: str) -> sa.Index:
    return sa.Index(name, *columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _owned() -> tuple[sa.Column[str], sa.Column[str], sa.Column[int]]:
    return (
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("shard", sa.SmallInteger, nullable=False, server_default="0"),
    )


#: One row. ``id`` and ``generation`` make client order ids; restoring a backup bumps the generation.
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
)

#: Who holds what right, by an epoch that only grows.
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
    sa.Column("egress", sa.String(128), nullable=False, server_default="direct"),
    sa.Column("sending", sa.Boolean, nullable=False, server_default=sa.true()),
    #: Executions up to here are settled; the account poller asks again with an overlap.
    sa.Column("trades_cursor", Millis, nullable=False, server_default="0"),
    #: Restored from a backup of this moment and not compared with its exchange yet; NULL: nothing to compare.
    sa.Column("reconcile_since", Millis),
    #: Counts the edits of name and limits.
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    sa.Column("created_at", Millis, nullable=False),
    sa.UniqueConstraint("owner", "name"),
)

#: The wide half of an automation; written only when something in it changed.
automations = sa.Table(
    "automations",
    metadata,
    sa.Column("id", Id, primary_key=True),
    *_owned(),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("type", sa.String(128), nullable=False),
    sa.Column("type_version", sa.Integer, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("config", sa.Text, nullable=False),
    sa.Column("previous_config", sa.Text),
    sa.Column("state", sa.Text),
    sa.Column("state_version", sa.Integer, nullable=False),
    sa.Column("needs", sa.Text, nullable=False, server_default="null"),
    #: JSON {label: text}: the type's own figures for people.
    sa.Column("figures", sa.Text, nullable=False, server_default="{}"),
    sa.Column("wake", sa.Text, nullable=False, server_default="null"),
    sa.Column("limits", sa.JSON, nullable=False),
    sa.Column("sending", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("close_on_stop", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("created_at", Millis, nullable=False),
    sa.Column("updated_at", Millis, nullable=False),
    sa.UniqueConstraint("owner", "name"),
    sa.Index("ix_automations_account", "account_id", "id"),
    sa.Index("ix_automations_owner", "owner", "id"),
    _partial("ix_automations_unsettled", "status", where=conditions.ENDING),
    _partial("ix_automations_silent", "id", where="NOT sending"),
    sa.Index("ix_automations_name", "name"),
    sa.Index("ix_automations_status", "status", "id"),
    sa.Index("ix_automations_type", "type", "id"),
)

#: The narrow half, written by every tick. On PostgreSQL with room for updates in place (fillfactor).
schedule = sa.Table(
    "schedule",
    metadata,
    sa.Column("automation_id", Id, primary_key=True),
    *_owned(),
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
    _partial("ix_schedule_due", "next_run_at", where="claim IS NULL AND next_run_at IS NOT NULL"),
    _partial("ix_schedule_claim", "claim", where="claim IS NOT NULL"),
    _partial("ix_schedule_levels", "source", where="levels IS NOT NULL"),
)

intents = sa.Table(
    "intents",
    metadata,
    sa.Column("id", Id, primary_key=True),
    *_owned(),
    sa.Column("automation_id", Id, nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("tick", sa.BigInteger, nullable=False),
    #: One decision's intents share a group and are carried out in ``seq`` order.
    sa.Column("group_id", Id, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("independent", sa.Boolean, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    #: A change the automation has not been told yet.
    sa.Column("news", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("symbol", sa.String(32), nullable=False),
    sa.Column("base", sa.String(16), nullable=False),
    sa.Column("quote", sa.String(16), nullable=False),
    sa.Column("side", sa.String(4), nullable=False),
    sa.Column("type", sa.String(8), nullable=False),
    sa.Column("amount", Money),
    sa.Column("spend", Money),
    sa.Column("price", Money),
    sa.Column("stop", Money),
    sa.Column("tif", sa.String(4), nullable=False, server_default="gtc"),
    sa.Column("post_only", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("expires_at", Millis),
    sa.Column("tag", sa.String(64), nullable=False, server_default=""),
    #: Of a cancel: the intent it cancels.
    sa.Column("parent", Id),
    sa.Column("reserved_asset", sa.String(16)),
    sa.Column("reserved", Money, nullable=False),
    #: The price of the snapshot the decision was made on, for the collar.
    sa.Column("snapshot_price", Money),
    sa.Column("filled", Money, nullable=False),
    sa.Column("cost", Money, nullable=False),
    sa.Column("fee", Money, nullable=False),
    sa.Column("fee_asset", sa.String(16)),
    sa.Column("client_order_id", sa.String(64), nullable=False),
    sa.Column("exchange_order_id", sa.String(128)),
    #: The send workflow that carries it; NULL: the sweeper finds one.
    sa.Column("carrier", Id),
    sa.Column("retry_at", Millis),
    sa.Column("send_by", Millis),
    sa.Column("sent_at", Millis),
    sa.Column("epoch", sa.BigInteger),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("reduce_only", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("position_side", sa.String(8), nullable=False, server_default="net"),
    sa.Column("created_at", Millis, nullable=False),
    sa.Column("updated_at", Millis, nullable=False),
    sa.UniqueConstraint("account_id", "client_order_id"),
    _partial("ix_intents_live", "account_id", "status", where=conditions.LIVE),
    _partial("ix_intents_carrier", "carrier", where=conditions.PLANNED),
    sa.Index("ix_intents_of", "automation_id", "id"),
    # After ix_intents_of and with the same columns: SQLite, without statistics, takes the later of two equal ones.
    _partial(
        "ix_intents_live_of",
        "automation_id",
        "id",
        where=conditions.LIVE_OR_NEWS,
    ),
    _partial("ix_intents_sent", "automation_id", "sent_at", where="kind = 'order' AND sent_at IS NOT NULL"),
    _partial("ix_intents_sent_by_account", "account_id", "sent_at", where="kind = 'order' AND sent_at IS NOT NULL"),
    sa.Index("ix_intents_exchange_order", "account_id", "exchange_order_id"),
    sa.Index("ix_intents_owner", "owner", "id"),
)

fills = sa.Table(
    "fills",
    metadata,
    sa.Column("id", Id, primary_key=True),
    *_owned(),
    sa.Column("automation_id", Id, nullable=False),
    sa.Column("intent_id", Id, nullable=False),
    sa.Column("news", sa.Boolean, nullable=False),
    sa.Column("symbol", sa.String(32), nullable=False),
    sa.Column("side", sa.String(4), nullable=False),
    sa.Column("amount", Money, nullable=False),
    sa.Column("price", Money, nullable=False),
    sa.Column("cost", Money, nullable=False),
    sa.Column("fee", Money, nullable=False),
    sa.Column("fee_asset", sa.String(16), nullable=False),
    sa.Column("liquidity", sa.String(8), nullable=False),
    sa.Column("realised", Money, nullable=False),
    sa.Column("exchange_trade_id", sa.String(128), nullable=False),
    sa.Column("exchange_order_id", sa.String(128), nullable=False),
    sa.Column("tag", sa.String(64), nullable=False),
    sa.Column("reduce_only", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("position_side", sa.String(8), nullable=False, server_default="net"),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("epoch", sa.BigInteger),
    sa.Column("at", Millis, nullable=False),
    sa.Column("settled_at", Millis, nullable=False),
    sa.UniqueConstraint("account_id", "symbol", "exchange_trade_id"),
    sa.Index("ix_fills_of", "automation_id", "id"),
    sa.Index("ix_fills_order", "intent_id"),
    sa.Index("ix_fills_account", "account_id", "id"),
    sa.Index("ix_fills_owned", "owner", "id"),
    _partial("ix_fills_news", "automation_id", where="news"),
)

#: What moved, for ever: budget in and out, trades, fees. Balances are their running totals.
postings = sa.Table(
    "postings",
    metadata,
    sa.Column("id", Id, primary_key=True),
    *_owned(),
    sa.Column("automation_id", Id, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("asset", sa.String(16), nullable=False),
    sa.Column("amount", Money, nullable=False),
    sa.Column("fill_id", Id),
    sa.Column("at", Millis, nullable=False),
    sa.Index("ix_postings_of", "automation_id", "id"),
)

balances = sa.Table(
    "balances",
    metadata,
    sa.Column("automation_id", Id, primary_key=True),
    sa.Column("asset", sa.String(16), primary_key=True),
    *_owned(),
    sa.Column("free", Money, nullable=False),
    sa.Column("reserved", Money, nullable=False),
    sa.Index("ix_balances_account", "account_id", "asset"),
)

positions = sa.Table(
    "positions",
    metadata,
    sa.Column("automation_id", Id, primary_key=True),
    sa.Column("symbol", sa.String(32), primary_key=True),
    *_owned(),
    sa.Column("amount", Money, nullable=False),
    sa.Column("cost", Money, nullable=False),
    sa.Column("realised", Money, nullable=False),
    #: Quote spent on buys and quote paid in fees, both in quote at the fills' own prices.
    sa.Column("invested", Money, nullable=False),
    sa.Column("fees", Money, nullable=False),
    #: What a budget given in base was worth in quote at the first tick.
    sa.Column("opening_cost", Money, nullable=False),
    sa.Column("fills", sa.BigInteger, nullable=False),
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", Id, primary_key=True),
    *_owned(),
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
    sa.UniqueConstraint("automation_id", "channel", "dedup_key"),
    sa.Index("ix_inbox_of", "automation_id", "id"),
    # After ix_inbox_of, as with ix_intents_live_of.
    _partial("ix_inbox_waiting", "automation_id", "id", where=conditions.SIGNAL_WAITING),
)

events = sa.Table(
    "events",
    metadata,
    # AUTOINCREMENT: an id is never given twice, even after the newest rows are pruned.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    *_owned(),
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

#: Automations whose price levels changed, for the node that watches prices; used where nodes share the database.
changed_levels = sa.Table(
    "changed_levels",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("automation_id", Id, nullable=False),
)

#: Notices on their way to the notifiers.
notices = sa.Table(
    "notices",
    metadata,
    sa.Column("id", Id, primary_key=True),
    *_owned(),
    sa.Column("automation_id", Id, nullable=False),
    sa.Column("level", sa.String(16), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("status", sa.String(8), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("retry_at", Millis),
    sa.Column("created_at", Millis, nullable=False),
    #: JSON list of the notifiers that have it, so that one which fails does not make the others tell it twice.
    sa.Column("delivered", sa.Text, nullable=False, server_default="[]"),
    _partial("ix_notices_waiting", "id", where=conditions.NOTICE_WAITING),
    #: What one automation told, for its log.
    sa.Index("ix_notices_of", "automation_id", "id"),
)

#: Which automations see which others, by name: a change of the latter wakes the former.
watchings = sa.Table(
    "watchings",
    metadata,
    sa.Column("automation_id", Id, primary_key=True),
    sa.Column("name", sa.String(128), primary_key=True),
    *_owned(),
    sa.Index("ix_watchings_name", "owner", "name"),
)

#: What automations decided about others (stop, pause), until it is done.
requests = sa.Table(
    "requests",
    metadata,
    sa.Column("id", Id, primary_key=True),
    *_owned(),
    #: Who asks; ``target`` is the name of the automation that it is about.
    sa.Column("automation_id", Id, nullable=False),
    sa.Column("target", sa.String(128), nullable=False),
    sa.Column("command", sa.String(16), nullable=False),
    sa.Column("status", sa.String(8), nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", Millis, nullable=False),
    _partial("ix_requests_waiting", "id", where=conditions.REQUEST_WAITING),
)

#: Kill switches, those in force and those that were: whose sending was stopped, by whom and why.
kill_switches = sa.Table(
    "kill_switches",
    metadata,
    sa.Column("id", Id, primary_key=True),
    #: Whose accounts and automations it stops; "" for everybody's.
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("scope", sa.String(16), nullable=False),
    #: The account or automation, with the name it had; "" where everything is stopped.
    sa.Column("target_id", Id, nullable=False),
    sa.Column("target", sa.String(128), nullable=False),
    #: The owner who may release it; "" where only who sees everything may.
    sa.Column("authority", sa.String(64), nullable=False),
    sa.Column("by", sa.String(128), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("thrown_at", Millis, nullable=False),
    sa.Column("settled_at", Millis),
    sa.Column("released_at", Millis),
    sa.Column("released_by", sa.String(128), nullable=False, server_default=""),
    #: Whether the node that leads has something to do about it: orders to cancel, or automations to wake.
    sa.Column("busy", sa.Boolean, nullable=False),
    _partial("ix_kill_switches_busy", "id", where="busy"),
    # Unique: one in force for each target, however many throw it at once.
    sa.Index(
        "ix_kill_switches_in_force",
        *("owner", "scope", "target_id"),
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    ),
)

#: The orders that were live when a kill switch was thrown: what its checklist answers for.
kill_switch_orders = sa.Table(
    "kill_switch_orders",
    metadata,
    sa.Column("switch_id", Id, primary_key=True),
    sa.Column("intent_id", Id, primary_key=True),
    *_owned(),
    sa.Column("automation_id", Id, nullable=False),
    #: As they were at that moment.
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("filled", Money, nullable=False),
    #: Whether it is still to be cancelled, and when that was asked for last.
    sa.Column("waiting", sa.Boolean, nullable=False),
    sa.Column("asked_at", Millis),
    _partial("ix_kill_switch_orders_waiting", "switch_id", "account_id", "intent_id", where="waiting"),
    sa.Index("ix_kill_switch_orders_of", "automation_id"),
)

#: How far each durable follower of the events has read.
cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("name", sa.String(128), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("txid", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("updated_at", Millis, nullable=False),
)

#: What an automation was worth: points at its fills (and, rolled up, hourly).
equity = sa.Table(
    "equity",
    metadata,
    sa.Column("automation_id", Id, primary_key=True),
    sa.Column("at", Millis, primary_key=True),
    *_owned(),
    sa.Column("asset", sa.String(16), nullable=False),
    sa.Column("equity", Money, nullable=False),
    sa.Column("realised", Money, nullable=False),
    sa.Index("ix_equity_at", "at"),
)

#: The oldest revision of each owner's tables that may still run on this database: releases run side by side.
schema_floors = sa.Table(
    "schema_floors",
    metadata,
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("revision", sa.String(32), nullable=False),
)

#: Who changed what, for ever: triggers refuse every update and delete. What may fail has two rows, one before (`begun`)
#: and one after, whose `begun_id` names the first: a first one that stayed alone is of a process that died.
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
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
    sa.Index("ix_audit_begun", "begun_id", unique=True),
    sa.Index("ix_audit_owner", "owner", "id"),
    sa.Index("ix_audit_target", "target_id", "id"),
    sqlite_autoincrement=True,
)

#: Answers to requests that had an Idempotency-Key, for a day.
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
