"""Each automation's money: what was traded, what moved, what there is."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.store.tables.base import Id, metadata, owned, partial
from octobot_node.store.types import Millis, Money

__all__ = [
    "balances",
    "equity",
    "equity_samples",
    "fills",
    "marks",
    "positions",
    "postings",
    "price_samples",
    "results",
]

fills = sa.Table(
    "fills",
    metadata,
    sa.Column("id", Id, primary_key=True),
    *owned(),
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
    sa.Index("ix_fills_when", "at", "id"),
    sa.Index("ix_fills_when_of", "automation_id", "at", "id"),
    sa.Index("ix_fills_when_owned", "owner", "at", "id"),
    partial("ix_fills_news", "automation_id", where="news"),
)

postings = sa.Table(
    "postings",
    metadata,
    sa.Column("id", Id, primary_key=True),
    *owned(),
    sa.Column("automation_id", Id, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("asset", sa.String(16), nullable=False),
    sa.Column("amount", Money, nullable=False),
    sa.Column("fill_id", Id),
    sa.Column("at", Millis, nullable=False),
    sa.Index("ix_postings_of", "automation_id", "id"),
    sa.Index("ix_postings_when", "automation_id", "at", "id"),
)

balances = sa.Table(
    "balances",
    metadata,
    sa.Column("automation_id", Id, primary_key=True),
    sa.Column("asset", sa.String(16), primary_key=True),
    *owned(),
    sa.Column("free", Money, nullable=False),
    sa.Column("reserved", Money, nullable=False),
    #: Sums of what was ever given and paid of it: the budget; all fees; those for trades that it was no part of.
    sa.Column("budget", Money, nullable=False, server_default="0"),
    sa.Column("fees", Money, nullable=False, server_default="0"),
    sa.Column("fees_beside", Money, nullable=False, server_default="0"),
    sa.Index("ix_balances_account", "account_id", "asset"),
)

positions = sa.Table(
    "positions",
    metadata,
    sa.Column("automation_id", Id, primary_key=True),
    sa.Column("symbol", sa.String(32), primary_key=True),
    *owned(),
    sa.Column("amount", Money, nullable=False),
    sa.Column("cost", Money, nullable=False),
    sa.Column("realised", Money, nullable=False),
    #: Quote spent on buys and quote paid in fees, both in quote at the fills' own prices.
    sa.Column("invested", Money, nullable=False),
    sa.Column("fees", Money, nullable=False),
    #: What a budget given in base was worth in quote at the first tick.
    sa.Column("opening_cost", Money, nullable=False),
    sa.Column("fills", sa.BigInteger, nullable=False),
    #: Where the quote is itself bought in another symbol: what it cost there, of ``cost`` and of ``opening_cost``.
    sa.Column("carried", Money, nullable=False, server_default="0"),
    sa.Column("opening_carried", Money, nullable=False, server_default="0"),
    sa.Index("ix_positions_account", "account_id", "symbol"),
)

#: What an automation realised, and paid in fees, of an asset in a day (UTC, its first millisecond), as it was settled.
results = sa.Table(
    "results",
    metadata,
    sa.Column("automation_id", Id, primary_key=True),
    sa.Column("day", Millis, primary_key=True),
    sa.Column("asset", sa.String(16), primary_key=True),
    *owned(),
    sa.Column("realised", Money, nullable=False),
    sa.Column("fees", Money, nullable=False),
    sa.Column("fills", sa.BigInteger, nullable=False),
    sa.Index("ix_results_day", "day", "automation_id"),
)

#: What an automation was worth in an asset when a day began (UTC), or at the first look after that: the newest day's.
marks = sa.Table(
    "marks",
    metadata,
    sa.Column("automation_id", Id, primary_key=True),
    sa.Column("asset", sa.String(16), primary_key=True),
    *owned(),
    sa.Column("day", Millis, nullable=False),
    sa.Column("equity", Money, nullable=False),
    #: What it had been given until then: the day's result is not what it is given after.
    sa.Column("start", Money, nullable=False),
    sa.Column("at", Millis, nullable=False),
)

equity = sa.Table(
    "equity",
    metadata,
    sa.Column("automation_id", Id, primary_key=True),
    sa.Column("at", Millis, primary_key=True),
    *owned(),
    sa.Column("asset", sa.String(16), nullable=False),
    sa.Column("equity", Money, nullable=False),
    #: What it had been given until then: a step of it is a deposit, or a withdrawal.
    sa.Column("start", Money, nullable=False, server_default="0"),
    sa.Column("realised", Money, nullable=False),
    #: Its money in the asset, and what it held then: JSON [[symbol, payer or "", amount], …]. Prices say what that was
    #: worth at any time until the next point.
    sa.Column("money", Money, nullable=False, server_default="0"),
    sa.Column("held", sa.Text, nullable=False, server_default="[]"),
    sa.Index("ix_equity_at", "at"),
)

#: Last prices of what is held, every so often; the older, the fewer.
price_samples = sa.Table(
    "price_samples",
    metadata,
    sa.Column("source", sa.String(64), primary_key=True),
    sa.Column("symbol", sa.String(32), primary_key=True),
    sa.Column("at", Millis, primary_key=True),
    sa.Column("price", Money, nullable=False),
    sa.Index("ix_price_samples_at", "at"),
)

#: What an account's automations were worth together in an asset, every so often; the older, the fewer.
equity_samples = sa.Table(
    "equity_samples",
    metadata,
    sa.Column("account_id", Id, primary_key=True),
    sa.Column("asset", sa.String(16), primary_key=True),
    sa.Column("at", Millis, primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("equity", Money, nullable=False),
    #: What they began with, and had realised: the difference of two is a deposit, and what was realised in between.
    sa.Column("start", Money, nullable=False),
    sa.Column("realised", Money, nullable=False),
    #: How many held something without a price, which is not in it.
    sa.Column("unpriced", sa.BigInteger, nullable=False),
    sa.Index("ix_equity_samples_at", "at"),
)
