"""Ask an exchange what became of orders, and keep each answer as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

import structlog

from octobot_node.contracts.exchanges import ExchangeOrder, LookUp
from octobot_node.engine.acting.settlement import CLOCKS_APART_MS
from octobot_node.engine.market.account import Account
from octobot_node.engine.market.metered_connectors import look_up_many
from octobot_node.store.rows.order import PolledIntentRow

__all__ = ["Answers", "learn"]

log = structlog.get_logger(__name__)

#: Intent id -> the order at the exchange, None where it is not there.
Answers = dict[str, ExchangeOrder | None]

#: Questions asked at once: more would only earn a 429.
_QUESTIONS = 16
#: Asked about in one step, after which what was learnt is kept: an exchange may let so little be asked that there is
#: no time for more.
_STEP = 50
#: By client id one question may tell of all that were sent since a moment: for one of long ago it would tell of
#: thousands, and those of a moment ago had to wait for it.
_TOGETHER_MS = 600_000


async def learn(account: Account, rows: Sequence[PolledIntentRow], answers: Answers) -> None:
    """Ask about orders, in few requests where the exchange has such a question, and add to ``answers`` what it says.

    What it does not answer is left out. May be broken off at any time: what came until then is kept.
    """
    named = [row for row in rows if row.exchange_order_id is not None]
    by_id = [named[start : start + _STEP] for start in range(0, len(named), _STEP)]
    for step in [*_sent_together([row for row in rows if row.exchange_order_id is None]), *by_id]:
        if not await _learn_step(account, step, answers):
            return


def _sent_together(rows: Sequence[PolledIntentRow]) -> list[list[PolledIntentRow]]:
    """Return them in groups of what was sent at about the same time, the newest first."""
    groups: list[list[PolledIntentRow]] = []
    for row in sorted(rows, key=lambda row: -row.sent_at):
        if not groups or groups[-1][0].sent_at - row.sent_at > _TOGETHER_MS:
            groups.append([])
        groups[-1].append(row)
    return groups


async def _learn_step(account: Account, rows: Sequence[PolledIntentRow], answers: Answers) -> bool:
    """Return whether there is sense in asking on."""
    asked = {_look_up(row): row.id for row in rows}
    try:
        found = await look_up_many(account.trading, list(asked))
    except Exception as error:  # noqa: BLE001 - whatever a connector raises, the next pass asks again
        log.warning("orders_not_asked", error=str(error) or type(error).__name__)
        return False
    if found is None:
        answers.update(await _one_by_one(_find(account, row) for row in rows))
    else:
        answers.update({asked[each]: order for each, order in found.items()})
    return True


def _look_up(row: PolledIntentRow) -> LookUp:
    return LookUp(row.symbol, row.client_order_id, _since(row), row.exchange_order_id)


def _since(row: PolledIntentRow) -> int:
    """Return from when on an exchange is to look for an order: one that it looks too late for seems never made."""
    return row.sent_at - CLOCKS_APART_MS


async def _one_by_one(questions: Iterable[Coroutine[Any, Any, tuple[str, ExchangeOrder | None]]]) -> Answers:
    """Return what could be answered: one order that cannot be asked about must not hold up the account's others."""
    limit = asyncio.Semaphore(_QUESTIONS)

    async def one(question: Coroutine[Any, Any, tuple[str, ExchangeOrder | None]]) -> tuple[str, ExchangeOrder | None]:
        async with limit:
            return await question

    answers = await asyncio.gather(*(one(question) for question in questions), return_exceptions=True)
    for answer in answers:
        if isinstance(answer, Exception):
            log.warning("order_not_asked", error=str(answer) or type(answer).__name__)
        elif isinstance(answer, BaseException):
            raise answer
    return dict(answer for answer in answers if not isinstance(answer, BaseException))


async def _find(account: Account, row: PolledIntentRow) -> tuple[str, ExchangeOrder | None]:
    if row.exchange_order_id is not None:
        return row.id, await account.trading.order(row.symbol, row.exchange_order_id)
    return row.id, await account.trading.find_order(row.symbol, row.client_order_id, _since(row))
