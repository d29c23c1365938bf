"""Rows of the store as operations tell them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import cast

from octobot_node.engine.market.contacts import Contact
from octobot_node.engine.standings.standing import Standing
from octobot_node.market import from_ms
from octobot_node.operations.automations.models.automations import AutomationRow
from octobot_node.operations.automations.worths import Worth
from octobot_node.operations.node.models.events import EventRow
from octobot_node.operations.trading.models.accounts import AccountRow, LackRow
from octobot_node.operations.trading.models.money import FillRow
from octobot_node.operations.trading.models.orders import OrderRow
from octobot_node.plugin_system.registry import Registry
from octobot_node.specs import AccountMode
from octobot_node.store.rows import node as node_rows
from octobot_node.store.rows.automation import ListedRow
from octobot_node.store.rows.ledger import ListedFillRow
from octobot_node.store.rows.node import ListedEventRow
from octobot_node.store.rows.order import ListedIntentRow
from octobot_node.text.event_sentences import sentence

__all__ = [
    "account_row",
    "automation_row",
    "average_price",
    "event_row",
    "fill_row",
    "moment",
    "order_row",
    "price_levels",
]

#: Digits of an average, far more than a price has.
_LEGIBLE = Context(prec=16, rounding=ROUND_HALF_EVEN)


def moment(milliseconds: int | None) -> datetime | None:
    """Return ms UTC as an aware time."""
    return None if milliseconds is None else from_ms(milliseconds)


def price_levels(kept: str | None) -> dict[str, dict[str, str]] | None:
    """Return the prices that wake an automation, above and below, by symbol; how a replay meets them is not told."""
    if kept is None:
        return None
    found: Mapping[str, object] = json.loads(kept)
    return {side: prices for side, prices in found.items() if isinstance(prices, dict)}


def automation_row(
    registry: Registry, row: ListedRow, standing: Standing, worth: Worth, live: Mapping[str, tuple[int, int]]
) -> AutomationRow:
    """Return an automation as it stands; ``live`` maps id to its (open, unknown) orders."""
    open_orders, unknown = live.get(row.id, (0, 0))
    trading = registry.trading.get(row.trading)
    return AutomationRow(
        id=row.id,
        owner=row.owner,
        name=row.name,
        type=row.type,
        account=row.account,
        account_id=row.account_id,
        paper=None if trading is None else trading.simulated,
        tags=list(standing.tags),
        symbols=list(standing.symbols),
        status=row.status,
        status_since=moment(row.status_since or None),
        reason=row.reason,
        next_run=moment(row.next_run_at) if row.runnable else None,
        last_run=moment(row.ticked_at),
        ticks=row.tick,
        revision=row.revision,
        sending=row.sending,
        open_orders=open_orders,
        unknown_orders=unknown,
        created_at=from_ms(row.created_at),
        budget=dict(standing.budget),
        asset=standing.main.asset,
        start_equity=standing.main.start,
        realised=standing.main.realised,
        **worth._asdict(),
    )


def account_row(
    registry: Registry,
    row: node_rows.AccountRow,
    contact: Contact | None,
    automations: int,
    open_orders: int,
    unknown: int,
) -> AccountRow:
    """Return an account with how many automations and orders are on it; ``contact`` is what this node knows of it."""
    trading = registry.trading.get(row.trading)
    answered, failed = (0, 0) if contact is None else (contact.answered_at, contact.failed_at)
    return AccountRow(
        id=row.id,
        owner=row.owner,
        name=row.name,
        market_data=row.market_data,
        trading=row.trading,
        simulated=None if trading is None else trading.simulated,
        egress=row.egress,
        sending=row.sending,
        mode=cast("AccountMode", row.mode),
        live_since=moment(row.live_since or None),
        lacks={asset: LackRow(**each) for asset, each in row.lacks.items()},
        limits=row.limits,
        revision=row.revision,
        automations=automations,
        open_orders=open_orders,
        unknown_orders=unknown,
        last_contact=moment(max(row.contacted_at or 0, answered) or None),
        contact_problem=contact.error if contact is not None and failed > answered else "",
        created_at=from_ms(row.created_at),
    )


def average_price(cost: Decimal, amount: Decimal) -> Decimal | None:
    """Return what one was bought or sold at on average, to as many digits as anybody reads; None of nothing.

    The money that it is made of stays exact: nothing is computed from it.
    """
    return _LEGIBLE.divide(cost, amount).normalize(_LEGIBLE) if amount else None


def order_row(row: ListedIntentRow) -> OrderRow:
    """Return an intent with the names of its automation and account."""
    names = ("id", "automation", "automation_id", "account", "symbol", "side", "type", "status", "reason")
    figures = ("amount", "spend", "price", "stop", "filled", "fee", "fee_asset", "reserved", "reserved_asset")
    others = ("tag", "tick", "client_order_id", "exchange_order_id")
    return OrderRow(
        **{name: getattr(row, name) for name in (*names, *figures, *others)},
        average=average_price(row.cost, row.filled),
        created_at=from_ms(row.created_at),
        updated_at=from_ms(row.updated_at),
    )


def fill_row(row: ListedFillRow) -> FillRow:
    """Return a fill with the names of its automation and account."""
    names = ("id", "automation", "automation_id", "account", "symbol", "side", "fee_asset", "liquidity", "tag")
    figures = ("amount", "price", "cost", "fee", "realised", "exchange_trade_id", "exchange_order_id")
    return FillRow(
        **{name: getattr(row, name) for name in (*names, *figures)},
        order=row.intent_id,
        at=from_ms(row.at),
        settled_at=from_ms(row.settled_at),
    )


def event_row(row: ListedEventRow) -> EventRow:
    """Return an event with its automation's name."""
    data = json.loads(row.data)
    said = sentence(row.kind, data)
    return EventRow(
        level=said.level,
        message=said.text,
        id=row.id,
        at=from_ms(row.at),
        automation=row.automation,
        automation_id=row.automation_id,
        account_id=row.account_id,
        kind=row.kind,
        data=data,
    )
