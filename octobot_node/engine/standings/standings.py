"""What operations ask: the board, what is found on it, and some automations as they stand this instant."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import sqlalchemy as sa

from octobot_node.engine.market.hub import MarketHub
from octobot_node.engine.standings.board import Board
from octobot_node.engine.standings.prices import Prices
from octobot_node.engine.standings.search import Finder
from octobot_node.engine.standings.standing import Standing, first_day, standings_in
from octobot_node.store.queries.standings import some_of_them

if TYPE_CHECKING:
    from octobot_node.clock import Clock
    from octobot_node.contracts.storage import Storage

__all__ = ["Standings"]


class Standings:
    """Where all automations stand; the board is read when it is first asked."""

    def __init__(self, storage: Storage, hub: MarketHub, clock: Clock, *, background: bool) -> None:
        self._clock = clock
        self.prices = Prices(hub, clock, background=background)
        self.board = Board(storage, clock, self.prices)
        self.finder = Finder(self.board, storage)

    def of(self, connection: sa.Connection, ids: Collection[str]) -> dict[str, Standing]:
        """Return some automations as they stand, by id."""
        now = self._clock.now()
        pieces = some_of_them(connection, ids, first_day(now))
        return {standing.id: standing for piece in pieces for standing in standings_in(piece, now)}
