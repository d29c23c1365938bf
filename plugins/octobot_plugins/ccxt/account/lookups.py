"""What became of an order: by its client id or by the exchange's own, one or many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from octobot_node.contracts.exchanges import ExchangeOrder, LookUp
from octobot_node.errors import ExchangeError, Unresolved
from octobot_plugins.ccxt.account.answers import Answers
from octobot_plugins.ccxt.account.attention import Attention
from octobot_plugins.ccxt.exchanges.record import Question
from octobot_plugins.ccxt.remote import Missing, Remote, urgently

__all__ = ["OrderLookUps"]

#: Open orders that are so many may be told in pages, and one that ends meanwhile moves another out of the next page:
#: whichever is not among them is asked about by itself before it counts as never made.
_SHIFTING = 50


class OrderLookUps:
    """See ``Trading`` and ``LooksUpMany`` for what each method promises."""

    def __init__(self, remote: Remote, answers: Answers, attention: Attention) -> None:
        self._remote, self._record, self._answers, self._attention = remote, remote.record, answers, attention

    async def by_client_id(self, symbol: str, client_order_id: str, since: int) -> ExchangeOrder | None:
        """Find one; raise Unresolved where the exchange has no such look-up."""
        if not self._record.find:
            raise Unresolved(f"{self._record.title} finds no order by client id")
        name = self._record.client_id(client_order_id)
        begin = since + self._remote.clock.ahead if since else 0
        # Money is held until its outcome is known: it goes before what is only polled.
        with urgently():
            found = await self._first(self._record.find, symbol, client_id=name, since=begin)
        return None if found is None or found.client_order_id not in (None, client_order_id) else found

    async def many(self, asked: Sequence[LookUp]) -> Mapping[LookUp, ExchangeOrder | None]:
        """Return what became of many orders, in few requests."""
        exchange = await self._remote.ready()
        named = [each for each in asked if each.order_id is not None]
        nameless = [each for each in asked if each.order_id is None]
        return {**await self._of_ids(exchange, named), **await self._of_client_ids(exchange, nameless)}

    async def _of_client_ids(self, exchange: Any, asked: Sequence[LookUp]) -> dict[LookUp, ExchangeOrder | None]:
        if len(asked) == 1:
            # Cheaper than all that there was since then.
            [one] = asked
            return {one: await self.by_client_id(one.symbol, one.client_order_id, one.since)}
        found: dict[LookUp, ExchangeOrder | None] = dict.fromkeys(asked)
        wanted = {each.client_order_id: each for each in asked}
        begin = min((each.since for each in asked), default=0)
        about = self._answers.about(since=begin + self._remote.clock.ahead if begin else 0, now=self._answers.now())
        shifting = False
        for question in self._record.find_many if asked else ():
            with urgently():
                rows = await self._answers.rows(question, about)
            shifting |= question is self._record.find_many[0] and len(rows) >= _SHIFTING
            for order in self._answers.orders_in(exchange, rows):
                each = wanted.get(order.client_order_id or "")
                # A client id may be an old order's, too: the first that is told is the newest.
                if each is not None and order.symbol == each.symbol and found[each] is None:
                    found[each] = order
            if all(found.values()):
                break
        return self._learnt(await self._confirmed(found) if shifting else found)

    async def _confirmed(self, found: dict[LookUp, ExchangeOrder | None]) -> dict[LookUp, ExchangeOrder | None]:
        """Return the same without those of which it is not sure that they are not there."""
        for each in [each for each, order in found.items() if order is None]:
            try:
                found[each] = await self.by_client_id(each.symbol, each.client_order_id, each.since)
            except ExchangeError:
                # No time for it, say: the others count, and this one is asked about again.
                del found[each]
        return found

    async def _of_ids(self, exchange: Any, asked: Sequence[LookUp]) -> dict[LookUp, ExchangeOrder | None]:
        question, most = self._record.order_many, self._record.order_many_most
        found: dict[LookUp, ExchangeOrder | None] = dict.fromkeys(asked)
        wanted = {each.order_id: each for each in asked}
        assert question is not None or not asked
        for start in range(0, len(asked), most or 1):
            assert question is not None
            ids = ",".join(str(each.order_id) for each in asked[start : start + most])
            rows = await self._answers.rows(question, self._answers.about(order_id=ids))
            found |= {wanted[each.id]: each for each in self._answers.orders_in(exchange, rows) if each.id in wanted}
        return self._learnt(found)

    def _learnt(self, found: dict[LookUp, ExchangeOrder | None]) -> dict[LookUp, ExchangeOrder | None]:
        for order in found.values():
            if order is not None:
                self._attention.stir()
                self._attention.learn(order)
        return found

    async def by_id(self, symbol: str, order_id: str) -> ExchangeOrder | None:
        """Return the order with the exchange's own id."""
        if self._record.order:
            _exchange, market = await self._remote.ready_for(symbol)
            known = self._answers.inward(order_id, market)
            return await self._first(self._record.order, symbol, order_id=known)
        exchange, _market = await self._remote.ready_for(symbol)
        try:
            found = await self._remote.read(exchange.fetch_order, order_id, symbol)
        except Missing:
            return None
        self._attention.stir()
        return self._attention.learn(self._answers.order(found))

    async def _first(self, questions: Sequence[Question], symbol: str, **asked: Any) -> ExchangeOrder | None:
        """Return the order that the first of several questions knows."""
        exchange, market = await self._remote.ready_for(symbol)
        about = self._answers.about(market=self._record.market(market), now=self._answers.now(), **asked)
        for question in questions:
            for row in await self._answers.rows(question, about):
                raw = self._answers.read(partial(exchange.parse_order, row, market))
                named = about.client_id == "" or raw.get("clientOrderId") in (None, about.client_id)
                order = self._answers.order(raw)
                if named and about.order_id in ("", raw.get("id")):
                    self._attention.stir()
                    return self._attention.learn(order)
        return None
