"""Look at what everything is worth every so often, so that its course can be shown.

What costs is the number of symbols and accounts, not that of automations: a price is kept for each symbol that anybody
holds, and a sum for each account. An automation's course is what it held after each of its fills, at those prices.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from octobot_node.engine.ledger.book import ZERO, exact
from octobot_node.engine.standings.board import Board
from octobot_node.engine.standings.standing import day_of, unpacked
from octobot_node.store import samples, standing_changes
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
        self._day = 0

    def step(self) -> int:
        """Take the samples of this moment; return how many were written."""
        core = self._core
        board = core.standings.board
        board.refresh()
        now = core.clock.now()
        with core.storage.read() as connection:
            held = samples.held_symbols(connection)
        with board.lock:
            wanted = {(board.accounts[account].source, symbol) for account, symbol in held if account in board.accounts}
            board.prices.want(wanted | set(board.columns.priced.words), newest=True)
            prices = [
                {"source": source, "symbol": symbol, "at": now, "price": price}
                for source, symbol in sorted(wanted)
                if (price := board.prices.get(source, symbol)) is not None
            ]
            worths = _worths(board, now)
            marks = _marks(board, now)
        with core.storage.write() as connection:
            samples.put(connection, price_samples, prices, now)
            samples.put(connection, equity_samples, worths, now)
            if marks:
                samples.put_marks(connection, marks)
                ids = {row["automation_id"] for row in marks}
                standing_changes.note_changed(connection, ids if len(ids) <= _FEW else [standing_changes.EVERYTHING])
        return len(prices) + len(worths) + len(marks)

    def thin_out(self, limit: int = _AT_ONCE) -> int:
        """Leave fewer of the old samples; return how many were looked at, 0 where there is nothing more to do."""
        now = self._core.clock.now()
        with self._core.storage.write() as connection:
            return sum(samples.thin_out(connection, table, now, limit) for table in (price_samples, equity_samples))


def _worths(board: Board, now: int) -> list[dict[str, Any]]:
    """Return what the automations of each account are worth together, in each asset."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for key, group in board.groups.items():
        account = board.accounts.get(key.account_id)
        price = board.prices.of_source("" if account is None else account.source)
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


def _marks(board: Board, now: int) -> list[dict[str, Any]]:
    """Return what those are worth of which it is not known what they were worth when the day began."""
    columns = board.columns
    missing: Sequence[int] = columns.in_order().tolist()
    if not any(not known for group in board.groups.values() for _, known in group.sums):
        return []
    found = []
    for slot in missing:
        money = unpacked(columns.packed[slot])
        unknown = [each for each in money.counted if each.asset and each.asset not in money.began]
        if not unknown:
            continue
        price = board.prices.of_source(board.source_of(slot))
        worths: list[tuple[str, Decimal | None]] = [(each.asset, each.equity(price)) for each in unknown]
        key = board.key_of(slot)
        # Those that are known stay: the rows of an automation are written together.
        known = [(asset, equity) for asset, equity in money.began.items()]
        found += [
            {
                "automation_id": columns.ids[slot],
                "asset": asset,
                "owner": key.owner,
                "account_id": key.account_id,
                "shard": 0,
                "day": day_of(now),
                "equity": equity,
                "at": now,
            }
            for asset, equity in [*worths, *known]
            if equity is not None and any(worth is not None for _, worth in worths)
        ]
    return found
