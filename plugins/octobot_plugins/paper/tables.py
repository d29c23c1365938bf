"""The paper book's tables: what an exchange would remember of an account."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.contracts.tables import PluginTables
from octobot_node.store import tables
from octobot_node.store.types import Millis, Money

__all__ = ["PAPER_TABLES", "balances", "books", "metadata", "orders", "trades"]

metadata = sa.MetaData(naming_convention=tables.metadata.naming_convention)

Id = sa.String(36)

#: One row an account, locked by whoever writes its book. ``orders`` and ``trades`` count them and number the next;
#: ``revision`` moves with every change, so that another process knows its view is old.
books = sa.Table(
    "paper_books",
    metadata,
    sa.Column("account_id", Id, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("orders", sa.BigInteger, nullable=False),
    sa.Column("trades", sa.BigInteger, nullable=False),
)

orders = sa.Table(
    "paper_orders",
    metadata,
    sa.Column("account_id", Id, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("client_order_id", sa.String(64), nullable=False),
    #: For people who compare the book with the engine; nothing depends on it.
    sa.Column("intent_id", sa.String(64), nullable=False),
    sa.Column("symbol", sa.String(32), nullable=False),
    sa.Column("side", sa.String(4), nullable=False),
    sa.Column("type", sa.String(8), nullable=False),
    sa.Column("amount", Money),
    sa.Column("spend", Money),
    sa.Column("price", Money),
    sa.Column("stop", Money),
    sa.Column("tif", sa.String(4), nullable=False),
    sa.Column("post_only", sa.Boolean, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("filled", Money, nullable=False),
    sa.Column("created_at", Millis, nullable=False),
    sa.Column("ended_at", Millis),
    sa.UniqueConstraint("account_id", "client_order_id"),
    sa.Index(
        "ix_paper_orders_open",
        "account_id",
        "number",
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    ),
)

trades = sa.Table(
    "paper_trades",
    metadata,
    sa.Column("account_id", Id, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("order_number", sa.BigInteger, nullable=False),
    sa.Column("client_order_id", sa.String(64), nullable=False),
    sa.Column("symbol", sa.String(32), nullable=False),
    sa.Column("side", sa.String(4), nullable=False),
    sa.Column("amount", Money, nullable=False),
    sa.Column("price", Money, nullable=False),
    sa.Column("cost", Money, nullable=False),
    sa.Column("fee", Money, nullable=False),
    sa.Column("fee_asset", sa.String(16), nullable=False),
    sa.Column("liquidity", sa.String(8), nullable=False),
    sa.Column("at", Millis, nullable=False),
    # Whole fills only: an order trades once or never.
    sa.UniqueConstraint("account_id", "order_number"),
    sa.Index("ix_paper_trades_at", "account_id", "at", "number"),
)

#: What an account's trades added and took, by asset: a running total, since exact text cannot be summed.
balances = sa.Table(
    "paper_balances",
    metadata,
    sa.Column("account_id", Id, primary_key=True),
    sa.Column("asset", sa.String(16), primary_key=True),
    sa.Column("change", Money, nullable=False),
)

PAPER_TABLES = PluginTables("paper", metadata, "octobot_plugins.paper.migrations")
