"""The connector: ``Trading`` and ``MarketData`` over the hostile exchange's HTTP."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from octobot_node.contracts.exchanges import ExchangeOrder, ExchangeTrade, OrderRequest
from octobot_node.errors import DataUnavailable, ExchangeError, OrderRefused, RequestExpired, Unresolved
from octobot_node.market import Candles, MarketRules, Ticker, from_ms
from octobot_node.testing.hostile_exchange.client import Answer, HostileClient, OpenSession
from octobot_node.testing.hostile_exchange.settings import HostileMarketSettings, HostileTradingSettings
from octobot_node.testing.hostile_exchange.wire import order_from_json, request_to_json, trade_from_json

__all__ = ["HostileMarketData", "HostileTrading"]

T = TypeVar("T")


class HostileTrading:
    """One account on the hostile exchange; see ``Trading`` for what each method promises."""

    def __init__(self, settings: HostileTradingSettings, account: str, open_session: OpenSession) -> None:
        self.capabilities = settings.capabilities()
        self._account = settings.account or account
        self._client = HostileClient(
            settings.url, open_session, timeout=settings.timeout, connections=settings.connections
        )

    async def create_order(self, request: OrderRequest) -> ExchangeOrder:
        """Send one order; if its client id is taken, it is there already: return the order that has it."""
        answer = await self._client.post("/create", request_to_json(self._account, request))
        order = answer.body.get("order") if answer.error == "duplicate" else _accepted(answer)
        return _parsed(lambda body: order_from_json({**body, "client": request.client_order_id}), order)

    async def cancel_order(self, symbol: str, order_id: str) -> None:
        """Cancel; raise OrderRefused only for an order the exchange never had."""
        _accepted(await self._client.post("/cancel", {"account": self._account, "symbol": symbol, "id": order_id}))

    async def find_order(self, symbol: str, client_order_id: str, since: int) -> ExchangeOrder | None:
        """Find by client id; raise Unresolved where the exchange has no such look-up."""
        found = await self._ask("/find", symbol=symbol, client=client_order_id, since=since)
        return None if found is None else _parsed(order_from_json, found)

    async def order(self, symbol: str, order_id: str) -> ExchangeOrder | None:
        """Return the order with the exchange's own id."""
        found = await self._ask("/order", symbol=symbol, id=order_id)
        return None if found is None else _parsed(order_from_json, found)

    async def open_orders(self) -> Sequence[ExchangeOrder]:
        """Return the open orders that the exchange shows."""
        return _parsed(lambda found: [order_from_json(each) for each in found], await self._ask("/open"))

    async def trades(self, since: int) -> Sequence[ExchangeTrade]:
        """Return the executions at or after ``since`` that the exchange shows."""
        return _parsed(lambda found: [trade_from_json(each) for each in found], await self._ask("/trades", since=since))

    async def balances(self) -> Mapping[str, Decimal]:
        """Return asset -> total; accounts start at nothing and may be negative."""
        found = await self._ask("/balances")
        return _parsed(lambda totals: {asset: Decimal(total) for asset, total in totals.items()}, found)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def _ask(self, path: str, **question: Any) -> Any:
        answer = await self._client.post(path, {"account": self._account, **question})
        if answer.error:
            # Not OrderRefused: a question that is refused says nothing about the order.
            raise Unresolved(f"{path} was refused: {answer.body.get('message', answer.error)}")
        return answer.body


class HostileMarketData:
    """The hostile exchange's prices: a ticker for every symbol, candles for none."""

    def __init__(self, settings: HostileMarketSettings, open_session: OpenSession) -> None:
        self._settings = settings
        self._client = HostileClient(settings.url, open_session, timeout=settings.timeout)

    async def tickers(self, symbols: Collection[str]) -> Mapping[str, Ticker]:
        """Return the price of each ``BASE/QUOTE`` as last, bid and ask alike."""
        try:
            answer = await self._client.post("/tickers", {"symbols": list(symbols)})
            found = _parsed(_tickers, _accepted(answer))
        except ExchangeError as error:
            raise DataUnavailable(f"no tickers: {error}") from error
        if symbols and not found:
            raise DataUnavailable(f"none of {', '.join(symbols)} is listed: write BASE/QUOTE")
        return found

    async def candles(self, symbol: str, timeframe: str, count: int) -> Candles:
        """Raise DataUnavailable: this exchange keeps no candles."""
        del count
        raise DataUnavailable(f"the hostile exchange has no {timeframe} candles of {symbol}: use tickers")

    async def rules(self, symbols: Collection[str]) -> Mapping[str, MarketRules]:
        """Return the rules of each ``BASE/QUOTE``, with the fees the settings tell."""
        return {symbol: self._rules(symbol) for symbol in symbols if "/" in symbol}

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    def _rules(self, symbol: str) -> MarketRules:
        base, _, quote = symbol.partition("/")
        fee = self._settings.fee
        return MarketRules(
            symbol=symbol,
            base=base,
            quote=quote,
            price_step=Decimal("0.01"),
            amount_step=Decimal("0.00000001"),
            taker_fee=fee,
            maker_fee=fee,
            fee_in=self._settings.fee_in,
        )


def _accepted(answer: Answer) -> Any:
    if not answer.error:
        return answer.body
    message = str(answer.body.get("message", answer.error))
    raise RequestExpired(message) if answer.error == "expired" else OrderRefused(message)


def _parsed(parse: Callable[[Any], T], body: Any) -> T:
    try:
        return parse(body)
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise Unresolved(f"the answer makes no sense: {error!r}") from error


def _tickers(body: Any) -> dict[str, Ticker]:
    at, prices = from_ms(body["at"]), {symbol: Decimal(last) for symbol, last in body["last"].items()}
    return {symbol: Ticker(symbol, last=last, bid=last, ask=last, at=at) for symbol, last in prices.items()}
