"""What has happened to the trade since the last tick: fills, failures, edits."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from octobot_node import Fill, Notify
from octobot_tentacles.smart_trade.config import SmartTradeConfig
from octobot_tentacles.smart_trade.scene import SmartTick
from octobot_tentacles.smart_trade.state import ZERO, Trade

__all__ = ["follow"]

_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=10)


def follow(tick: SmartTick) -> tuple[Trade, list[Notify]]:
    """Return the trade as it stands now, and what its owner should be told."""
    trade = tick.state or Trade(symbol=tick.config.symbol, started_at=tick.now)
    for fill in tick.fills:
        if fill.symbol == trade.symbol:
            trade = _booked(trade, fill)
    trade, notices = _count_failures(tick, trade)
    trade, warnings = _edited(tick, trade)
    still_open = {order.id for order in tick.open_orders}
    trade = trade.model_copy(update={"cancelling": tuple(id_ for id_ in trade.cancelling if id_ in still_open)})
    return _anew(tick, trade), [*notices, *warnings]


def _booked(trade: Trade, fill: Fill) -> Trade:
    base, _, quote = fill.symbol.partition("/")
    in_base = fill.fee if fill.fee_asset == base else ZERO
    in_quote = fill.fee if fill.fee_asset == quote else ZERO
    if fill.side == "buy":
        bought = {
            "received": trade.received + fill.amount - in_base,
            "paid": trade.paid + fill.cost + in_quote,
            "opened_at": trade.opened_at or fill.at,
        }
        return trade.model_copy(update=bought)
    sold = {
        "sold": trade.sold + fill.amount + in_base,
        "proceeds": trade.proceeds + fill.cost - in_quote,
        "failures": 0,
        "retry_at": None,
    }
    return trade.model_copy(update=sold)


def _count_failures(tick: SmartTick, trade: Trade) -> tuple[Trade, list[Notify]]:
    """Make the next sell wait when one ended without selling and not because we cancelled it."""
    failed = [
        result
        for result in tick.results
        if result.side == "sell"
        and result.status.failed
        and result.order_id not in trade.cancelling
        # Once everything is sold at market, how a take-profit ended must not hold up the sale.
        and trade.exit in {None, result.tag}
    ]
    if not failed or any(fill.side == "sell" for fill in tick.fills):
        return trade, []
    pause = min(_FIRST_PAUSE * 2 ** min(trade.failures, 10), _LONGEST_PAUSE)
    failing = {"failures": trade.failures + 1, "retry_at": tick.now + pause}
    first = failed[0]
    text = f"the {first.tag} order was {first.status}: {first.reason or 'no reason given'}; it is tried again"
    return trade.model_copy(update=failing), [Notify(text, "warning")] if not trade.failures else []


def _edited(tick: SmartTick, trade: Trade) -> tuple[Trade, list[Notify]]:
    if tick.previous_config is None:
        return trade, []
    # Whatever the exchange refused, the new levels may be what it accepts.
    trade = trade.model_copy(update={"failures": 0, "retry_at": None})
    if not trade.entered or _purchase(tick.previous_config) == _purchase(tick.config):
        return trade, []
    if trade.received:
        text = f"the trade in {trade.symbol} has begun: its symbol, size and entry stay, the other changes take effect"
        return trade, [Notify(text, "warning")]
    return trade.model_copy(update={"enter_anew": True}), []


def _purchase(config: SmartTradeConfig) -> tuple[object, ...]:
    entry = config.entry.model_copy(update={"expires": None})
    return config.symbol, config.spend, config.amount, config.existing, entry


def _anew(tick: SmartTick, trade: Trade) -> Trade:
    if not trade.entered:
        return trade.model_copy(update={"symbol": tick.config.symbol})
    if not trade.enter_anew or tick.open_orders:
        return trade
    if trade.received != Decimal(0):
        return trade.model_copy(update={"enter_anew": False})
    return Trade(symbol=tick.config.symbol, started_at=tick.now)
