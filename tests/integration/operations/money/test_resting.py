"""Where nobody looks, automations leave the memory, and sums alone are kept."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from octobot_node.engine.standings.resting import Sums
from octobot_node.engine.standings.standing import Standing
from tests.integration.operations.conftest import Office
from tests.integration.operations.money.test_totals import live_a_while


def ignored(_standing: Standing, _source: str) -> None:
    pass


def test_sums_that_are_kept_alone_are_those_of_whoever_looks(office: Office) -> None:
    live_a_while(office, random.Random(11), 4)
    sums = Sums(office.bench.core.storage, office.bench.clock)
    sums.refresh(ignored)
    office.do("totals.show")
    assert sums.groups == office.bench.core.standings.board.groups
    live_a_while(office, random.Random(12), 2, first=4)
    sums.refresh(ignored)
    office.do("totals.show")
    assert sums.groups == office.bench.core.standings.board.groups


def test_who_looks_again_after_the_board_rested_sees_everything(office: Office) -> None:
    live_a_while(office, random.Random(5), 3)
    before = office.do("totals.show")
    board: Any = office.bench.core.standings.board
    board.rest()
    assert board.awake
    board.rest(after=0.0)
    assert (board.awake, len(board.columns)) == (False, 0)
    assert office.do("totals.show") == before
    assert sum((row.equity for row in before.rows), Decimal(0)) > 0
