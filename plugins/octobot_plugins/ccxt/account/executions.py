"""An account's executions: of which markets, from when on, in which pieces of time and how many pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from octobot_node.clock import Clock, steady_ms
from octobot_node.contracts.exchanges import ExchangeTrade
from octobot_plugins.ccxt.account.answers import Answers, Begun
from octobot_plugins.ccxt.account.attention import Attention
from octobot_plugins.ccxt.exchanges.record import Asked, Question, Raw
from octobot_plugins.ccxt.remote import Remote

__all__ = ["Executions"]

#: A second that is too full for one answer is not split any more.
_SPLIT_MS = 2_000
_MONTH = 30 * 86_400_000
#: Their clock may be ahead of ours.
_AHEAD_MS = 60_000


class Executions:
    """Asks for what was executed; what could not be read to its end is gone on with at the next look."""

    def __init__(self, remote: Remote, clock: Clock, answers: Answers, attention: Attention) -> None:
        self._remote, self._record, self._clock = remote, remote.record, clock
        self._answers, self._attention = answers, attention
        #: Executions of which not all pages could be asked for yet, by market.
        self._begun: dict[str | None, Begun] = {}

    async def since(self, since: int) -> Sequence[ExchangeTrade]:
        """Return those at or after ``since``, oldest first.

        Where the exchange tells of one market at a time: of those that had an order within ten minutes, from the first
        order on that was seen there. While nothing happens to any order it is asked twice a minute only.
        """
        exchange = await self._remote.ready()
        now, steady = self._clock.now(), steady_ms(self._clock)
        to_ask = self._attention.for_trades(since)
        if to_ask is None:
            return []
        found: dict[tuple[str, str], ExchangeTrade] = {}
        for symbol, begin in to_ask:
            for trade in await self._of_market(exchange, symbol, begin):
                if trade.at >= begin:
                    found[trade.symbol, trade.id] = trade
            self._attention.trades_told(symbol, now)
        self._attention.trades_asked(since, steady)
        return sorted(found.values(), key=lambda trade: (trade.at, trade.id))

    async def _of_market(self, exchange: Any, symbol: str | None, since: int) -> list[ExchangeTrade]:
        question = self._record.trades
        market = None if symbol is None else self._remote.market(symbol)
        # By its clock from here on.
        ahead, market_id = self._remote.clock.ahead, None if market is None else self._record.market(market)
        now = self._answers.now()
        raw: list[Any] = []
        for begin, until in _spans(since + ahead if since else 0, now, self._record.trades_span):
            if question is None:
                raw += await self._remote.read(exchange.fetch_my_trades, symbol, begin)
                continue
            about = self._answers.about(market=market_id, since=begin, until=until, now=now)
            for row in await self._rows(question, about):
                raw.append(self._answers.read(partial(exchange.parse_trade, row, market)))
        spot = [each for each in raw if each["symbol"] in exchange.markets]
        return [self._answers.trade(each, exchange.markets[each["symbol"]]) for each in spot]

    async def _rows(self, question: Question, about: Asked) -> list[Raw]:
        if self._record.trades_page or self._record.trades_span:
            return await self._rows_in_time(question, about)
        begun = self._begun.get(about.market)
        if begun is None or begun.since > about.since:
            begun = self._begun[about.market] = Begun(about.since)
        # From where it was begun: what is asked from a little later on now, as clocks were compared, is among it.
        rows = await self._answers.rows(question, replace(about, since=begun.since), begun)
        del self._begun[about.market]
        return rows

    async def _rows_in_time(self, question: Question, asked: Asked) -> list[Raw]:
        """Return the rows of a piece of time, in halves where one answer is full and has no next page."""
        rows = await self._answers.rows(question, asked)
        full, length = self._record.trades_page, asked.until - asked.since
        if not full or len(rows) < full or length < _SPLIT_MS:
            return rows
        middle = asked.since + length // 2
        # What is on the edge is told twice, and counted once.
        halves = replace(asked, until=middle), replace(asked, since=middle)
        return [row for half in halves for row in await self._rows_in_time(question, half)]


def _spans(since: int, now: int, span: int) -> Sequence[tuple[int, int]]:
    """Return the pieces of time to ask about, oldest first: a month of them at most where they are short."""
    end = now + _AHEAD_MS
    if not span:
        return [(since, end)]
    begin = max(since, end - max(span, _MONTH))
    return [(each, min(each + span, end)) for each in range(begin, max(end, begin + 1), span)]
