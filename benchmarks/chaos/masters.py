"""Two masters started at once on one database: one wins, always, and the other says who."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

from benchmarks.chaos.cluster import Node, wait_for
from tests.support.postgres import Server

__all__ = ["rounds_of_two"]

#: So often the race is on a database without any table, and whoever comes first makes them.
_NEW_EVERY = 10


def rounds_of_two(
    folder: Path, server: Server, rounds: int, told: Callable[[str], None] = lambda _text: None
) -> list[str]:
    """Race two masters so many times; return what went wrong, each as one sentence."""
    problems: list[str] = []
    url = ""
    for number in range(rounds):
        if number % _NEW_EVERY == 0:
            url = server.create_database(f"masters_{number}")
        rivals = [
            Node(f"{side}{number}", folder, url, ("--role", "master", "--no-work"), OCTOBOT_DISK_RESERVE_MB="0")
            for side in ("left", "right")
        ]
        found = _race(rivals)
        problems += [f"round {number + 1}: {problem}" for problem in found]
        told(f"round {number + 1}/{rounds}: {'; '.join(found) or 'one won'}")
    return problems


def _race(rivals: list[Node]) -> list[str]:
    for node in rivals:
        node.data.mkdir(parents=True, exist_ok=True)
    for node in rivals:
        node.start()
    try:
        return _outcome(rivals)
    finally:
        for node in rivals:
            node.kill()


def _outcome(rivals: list[Node]) -> list[str]:
    wait_for(
        lambda: all(node.said("node_started") or node.ended() is not None for node in rivals),
        90,
        "two masters did not both start or end",
    )
    winners = [node for node in rivals if node.said("node_started") and node.ended() is None]
    if len(winners) != 1:
        return [f"{len(winners)} of two masters won: {' | '.join(node.tail() for node in rivals)}"]
    (winner,), (loser,) = winners, [node for node in rivals if node is not winners[0]]
    problems = []
    if loser.ended() != 1:
        problems.append(f"the one that lost ended with {loser.ended()}")
    if f"the node {winner.id} is the master of this database since" not in loser.tail():
        problems.append(f"the one that lost does not say who won: {loser.tail()}")
    winner.signal(signal.SIGTERM)
    code = winner.wait(45)
    if code:
        problems.append(f"the one that won ended with {code}: {winner.tail()}")
    return problems
