"""The account's answers: asked for page after page, and read as orders and executions of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from octobot_node.clock import Clock
from octobot_node.contracts.exchanges import ExchangeOrder, ExchangeOrderStatus, ExchangeTrade
from octobot_node.errors import Unresolved
from octobot_plugins.ccxt.exchanges.record import Asked, Question, Raw
from octobot_plugins.ccxt.reading import order_of, trade_of
from octobot_plugins.ccxt.remote import Missing, Remote

__all__ = ["Answers", "Begun"]

#: No answer has more pages than this: one that goes on for ever is broken.
_PAGES = 200


@dataclass(slots=True)
class Begun:
    """The pages that were read of what happened since then (ms UTC), and where the next one begins."""

    since: int = 0
    rows: list[Raw] = field(default_factory=list)
    page: str = ""


class Answers:
    """Asks an account questions that its exchange's record has, and reads what comes."""

    def __init__(self, remote: Remote, clock: Clock, known: Mapping[str, str]) -> None:
        self._remote, self._record, self._clock = remote, remote.record, clock
        #: What the exchange wants to be told of the account in each question.
        self._known = known

    def now(self) -> int:
        """Return what time it is by the exchange's clock."""
        return self._clock.now() + self._remote.clock.ahead

    def about(self, **asked: Any) -> Asked:
        """Return what is asked, with what is known of the account."""
        return Asked(known=self._known, **asked)

    async def rows(self, question: Question, asked: Asked, begun: Begun | None = None) -> list[Raw]:
        """Return the rows of all pages of an answer; none where the exchange says that there is no such order.

        Where that is broken off ``begun`` has what was read, and is gone on from: else where much happened while little
        may be asked the last page would never be reached.
        """
        begun = Begun() if begun is None else begun
        last: Sequence[Raw] = ()
        for _ in range(_PAGES):
            asked = replace(asked, page=begun.page)
            try:
                body = await self._remote.ask(question.wire(asked))
            except Missing:
                return begun.rows
            rows = self.read(partial(question.rows, body))
            if rows and rows == last:
                # Whichever page is asked for, it tells the same: everything at once.
                return begun.rows
            last = rows
            begun.rows.extend(rows)
            begun.page = (question.cursor(body) or question.next_page(rows, asked)) if rows else ""
            if not begun.page:
                return begun.rows
        raise Unresolved(f"{self._record.title} tells more than {_PAGES} pages")

    def orders_in(self, exchange: Any, rows: Sequence[Raw]) -> list[ExchangeOrder]:
        """Return the orders that rows tell of, of markets that there are."""
        raw = [self.read(partial(exchange.parse_order, row, None)) for row in rows]
        return [self.order(each) for each in raw if each["symbol"] in exchange.markets]

    def order(self, order: Mapping[str, Any], *, otherwise: ExchangeOrderStatus | None = None) -> ExchangeOrder:
        """Return an order as the engine has it, of what ccxt read; for ``otherwise`` see ``order_of``."""
        reading = partial(order_of, self._record, order, self._remote.clock.ahead, otherwise=otherwise)
        found: ExchangeOrder = self.read(reading)
        return replace(found, id=self.outward(found.id, self._remote.market(found.symbol)))

    def trade(self, trade: Mapping[str, Any], market: Mapping[str, Any]) -> ExchangeTrade:
        """Return an execution as the engine has it, of what ccxt read."""
        found: ExchangeTrade = self.read(partial(trade_of, self._record, trade, market, self._remote.clock.ahead))
        return replace(found, order_id=self.outward(found.order_id, market))

    def outward(self, order_id: str, market: Mapping[str, Any]) -> str:
        """Return an order's id as the engine knows it: no other order of the account has it."""
        return f"{self._record.market(market)}-{order_id}" if self._record.ids_by_market else order_id

    def inward(self, order_id: str, market: Mapping[str, Any]) -> str:
        """Return an order's id as the exchange knows it."""
        return order_id.removeprefix(f"{self._record.market(market)}-") if self._record.ids_by_market else order_id

    def read(self, read: Callable[[], Any]) -> Any:
        """Return what was read; what makes no sense resolves nothing."""
        try:
            return read()
        except Exception as error:
            raise Unresolved(f"the answer of {self._record.title} makes no sense: {error!r}") from error
