"""Look at what everything is worth every so often, so that its course can be shown.

What costs is the number of symbols and accounts, not that of automations: a price is kept for each symbol that anybody
holds, and a sum for each account. An automation's course is what it held after each of its fills, at those prices.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from octobot_node.engine.ledger.book import ZERO, exact
from octobot_node.engine.standings.board import Account, account_of
from octobot_node.engine.standings.prices import Price, Prices
from octobot_node.engine.standings.resting import Sums
from octobot_node.engine.standings.standing import Money, Standing, day_of, unpacked
from octobot_node.engine.standings.sums import Group, Key
from octobot_node.store.queries import standings
from octobot_node.store.standings import samples, standing_changes
from octobot_node.store.tables import equity_samples, price_samples

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["Sampler"]

#: Of more than so many that are marked at once, boards read everything anew.
_FEW = 1_000
_AT_ONCE = 2_000


class Sampler:
    """Writes prices, what accounts are worth, and what automations were worth when the day began."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._sums = Sums(core.storage, core.clock)

    def step(self) -> int:
        """Take the samples of this moment; return how many were written."""
        core, now = self._core, self._core.clock.now()
        board = core.standings.board
        board.rest()
        with core.storage.read() as connection:
            held = samples.held_symbols(connection)
            accounts = {
                row.id: account_of(row) for row in standings.accounts_of(connection, {each for each, _ in held})
            }
        wanted = {(accounts[account].source, symbol) for account, symbol in held if account in accounts}
        # They are wanted before automations are read: a mark is made of them on the way.
        core.standings.prices.want(wanted, newest=True)
        worths, marks = self._of_board(now) if board.awake else self._of_sums(now)
        prices = [
            {"source": source, "symbol": symbol, "at": now, "price": price}
            for source, symbol in sorted(wanted)
            if (price := core.standings.prices.get(source, symbol)) is not None
        ]
        with core.storage.write() as connection:
            samples.put(connection, price_samples, prices, now)
            samples.put(connection, equity_samples, worths, now)
            if marks:
                samples.put_marks(connection, marks)
                ids = {row["automation_id"] for row in marks}
                standing_changes.note_changed(connection, ids if len(ids) <= _FEW else [standing_changes.EVERYTHING])
        return len(prices) + len(worths) + len(marks)

    def _of_board(self, now: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return what accounts are worth, and new marks, where everything is in memory for whoever looks."""
        prices, board = self._core.standings.prices, self._core.standings.board
        board.refresh(looked=False)
        with board.lock:
            worths = _worths(board.groups, board.accounts, prices, now)
            marks: list[dict[str, Any]] = []
            if _any_unmarked(board.groups):
                for slot in board.columns.in_order().tolist():
                    money = unpacked(board.columns.packed[slot])
                    price = prices.of_source(board.source_of(slot))
                    marks += _marks(board.columns.ids[slot], board.key_of(slot), money, price, now)
        return worths, marks

    def _of_sums(self, now: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the same where nobody looks, and sums alone are kept."""
        prices, marks = self._core.standings.prices, []

        def passing(standing: Standing, source: str) -> None:
            key = Key(standing.owner, standing.account_id, standing.type, standing.status)
            marks.extend(_marks(standing.id, key, standing.money, prices.of_source(source), now))

        self._sums.refresh(passing)
        return _worths(self._sums.groups, self._sums.accounts, prices, now), marks

    def thin_out(self, limit: int = _AT_ONCE) -> int:
        """Leave fewer of the old samples; return how many were looked at, 0 where there is nothing more to do."""
        now = self._core.clock.now()
        with self._core.storage.write() as connection:
            return sum(samples.thin_out(connection, table, now, limit) for table in (price_samples, equity_samples))


def _worths(
    groups: Mapping[Key, Group], accounts: Mapping[str, Account], prices: Prices, now: int
) -> list[dict[str, Any]]:
    """Return what the automations of each account are worth together, in each asset."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for key, group in groups.items():
        account = accounts.get(key.account_id)
        price = prices.of_source("" if account is None else account.source)
        for (asset, _), each in group.sums.items():
            valued = each.equity(price)
            row = found.setdefault(
                (key.account_id, asset),
                {
                    "account_id": key.account_id,
                    "asset": asset,
                    "at": now,
                    "owner": key.owner,
                    "equity": ZERO,
                    "start": ZERO,
                    "realised": ZERO,
                    "unpriced": 0,
                },
            )
            with exact():
                row["equity"] += valued.equity
                row["start"] += each.start
                row["realised"] += each.realised
                row["unpriced"] += sum(worth.automations for worth in valued.unpriced.values())
    return [row for row in found.values() if row["asset"]]


def _any_unmarked(groups: Mapping[Key, Group]) -> bool:
    return any(asset and not known for group in groups.values() for asset, known in group.sums)


def _marks(automation_id: str, key: Key, money: Money, price: Price, now: int) -> list[dict[str, Any]]:
    """Return what an automation is worth, where it is not known what it was worth when the day began; else nothing."""
    unknown = [each for each in money.counted if each.asset and each.asset not in money.began]
    worths = [(each.asset, equity) for each in unknown if (equity := each.equity(price)) is not None]
    # Those that are known stay: the rows of an automation are written together.
    told = [*worths, *money.began.items()] if worths else []
    starts = {each.asset: each.start for each in money.counted}
    return [
        {
            "automation_id": automation_id,
            "asset": asset,
            "owner": key.owner,
            "account_id": key.account_id,
            "shard": 0,
            "day": day_of(now),
            "equity": equity,
            "start": starts.get(asset, ZERO),
            "at": now,
        }
        for asset, equity in told
    ]
