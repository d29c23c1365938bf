"""What is remembered is bounded, and whoever it covers misses nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from octobot_node.store.queries.event_cursor import Position
from octobot_plugins.api_events.ring import Entry, Ring


def entry(number: int, size: int = 10) -> Entry:
    return Entry(Position(0, number), "ada", "one", "account", "a", b"x" * size)


@given(st.lists(st.integers(0, 8), max_size=20), st.integers(1, 10), st.integers(0, 100))
def test_a_covered_position_gets_everything_behind_it_and_no_other_is_covered(
    batches: list[int], most: int, where: int
) -> None:
    ring, number = Ring(Position(0, 0), most, 10**6), 0
    for size in batches:
        entries = [entry(number + 1 + n) for n in range(size)]
        number += size
        ring.add(entries, Position(0, number))
    position = Position(0, where)
    assert ring.covers(position) == (where >= max(number - most, 0))
    if ring.covers(position):
        assert [each.position.id for each in ring.after(position, 1_000)] == list(range(where + 1, number + 1))


def test_few_large_events_are_let_go_of_like_many_small_ones() -> None:
    ring = Ring(Position(0, 0), 1_000, 10_000)
    for number in range(1, 11):
        ring.add([entry(number, 3_000)], Position(0, number))
    assert (ring.floor, [each.position.id for each in ring.after(ring.floor, 10)]) == (Position(0, 8), [9, 10])


def test_an_event_larger_than_all_that_is_remembered_is_read_from_the_database() -> None:
    ring = Ring(Position(0, 0), 1_000, 10_000)
    ring.add([entry(1, 50_000)], Position(0, 1))
    assert (ring.covers(Position(0, 0)), ring.covers(Position(0, 1))) == (False, True)
