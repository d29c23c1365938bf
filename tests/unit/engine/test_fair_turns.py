"""One owner's flood keeps nobody waiting, and a pass that is cut short is gone on with."""

from __future__ import annotations

from dataclasses import dataclass

from octobot_node.engine.fair_turns import Rounds
from octobot_node.store.turns import in_turn


@dataclass
class Row:
    owner: str
    id: int


FLOOD = [Row("ada", number) for number in range(5)]
OTHERS = [Row("bob", 10), Row("bob", 11), Row("eve", 20)]


def ids(rows: list[Row]) -> list[int]:
    return [row.id for row in rows]


def test_owners_take_turns_and_each_one_s_own_keep_their_order() -> None:
    assert ids(in_turn([*FLOOD, *OTHERS])) == [0, 10, 20, 1, 11, 2, 3, 4]
    assert in_turn(list[Row]()) == []


def test_a_pass_ends_in_time_and_the_next_one_goes_on_where_it_was() -> None:
    now = [0.0]
    rounds = Rounds(1.0, lambda: now[0])

    def slow_pass(rows: list[Row]) -> list[int]:
        done = []
        for row in rounds.through(rows):
            done.append(row.id)
            now[0] += 0.5
        return done

    everything = [*FLOOD, *OTHERS]
    assert slow_pass(everything) == [0, 10]
    # What was not come to goes first, what is new among it.
    assert slow_pass([*everything, Row("zoe", 30)]) == [20, 30]
    assert slow_pass([*everything, Row("zoe", 30)]) == [1, 11]
    assert slow_pass([*everything, Row("zoe", 30)]) == [2, 3]
    # What has gone meanwhile is not waited for; then the round begins anew.
    assert slow_pass(FLOOD) == [4]
    assert slow_pass(FLOOD) == [0, 1]


def test_without_a_limit_each_pass_goes_through_all() -> None:
    rounds = Rounds(None, lambda: 0.0)
    for _ in range(2):
        assert ids(list(rounds.through(FLOOD))) == ids(FLOOD)
