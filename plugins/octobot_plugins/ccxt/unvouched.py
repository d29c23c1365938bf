"""Orders on exchanges that nobody vouches for: ccxt's own requests, one each, of which only a success is certain."""

from __future__ import annotations

from dataclasses import replace

from octobot_node.contracts.exchanges import ExchangeOrder, OrderRequest
from octobot_node.errors import Unresolved
from octobot_plugins.ccxt.reading import order_of
from octobot_plugins.ccxt.remote import Remote

__all__ = ["cancel", "create"]


async def create(remote: Remote, request: OrderRequest) -> ExchangeOrder:
    """Send an order by ccxt's ``create_order``, once; whatever it says but that it was taken is unknown."""
    exchange = await remote.ready()
    amount, price = (None if each is None else format(each, "f") for each in (request.amount, request.price))
    params = {} if request.tif == "gtc" else {"timeInForce": request.tif.upper()}
    # No client id: where ccxt would put it is not known of every exchange, nor what the exchange would make of it.
    told = await remote.write_by_ccxt(
        exchange.create_order,
        request.symbol,
        request.type,
        request.side,
        amount,
        price,
        params,
        until=request.expires_at,
    )
    if not told.get("id"):
        raise Unresolved(f"{remote.record.title} took the order without telling its id")
    filled = {"side": request.side, "symbol": request.symbol, "status": "open", "filled": "0"}
    known = {name: value for name, value in told.items() if value is not None}
    order = order_of(remote.record, {**filled, **known})
    return replace(order, client_order_id=None, amount=request.amount, price=request.price, status="open")


async def cancel(remote: Remote, symbol: str, order_id: str) -> None:
    """Cancel by ccxt's ``cancel_order``; whether it did is for the order's own state to say."""
    exchange = await remote.ready()
    await remote.write_by_ccxt(exchange.cancel_order, order_id, symbol)
