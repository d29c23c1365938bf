"""Change the master key. Secrets themselves are not touched: only the few data keys are wrapped anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from octobot_node.contracts.storage import Storage
from octobot_node.errors import SecretsLocked
from octobot_node.sealing import data_keys
from octobot_node.sealing.sealing import Sealing

__all__ = ["Rotated", "rotate_master_key"]

_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Rotated:
    """What came of a rotation: the fingerprint of the key in force, how many data keys are under it now, what is left
    to do by hand, and how many data keys nobody can open any more.
    """

    master_key: str
    data_keys: int
    left_to_do: str
    lost: int


def rotate_master_key(
    storage: Storage, sealing: Sealing, checkpoint: Callable[[str], None] = lambda _point: None
) -> Rotated:
    """Have another master key wrap every data key; raise SecretsLocked where the present one is not there.

    Killed at any point it leaves what opens: both keys are there until the last data key is under the new one. Given
    again it goes on. ``checkpoint`` is called at each point where a test ends the process.
    """
    problem = sealing.problem()
    if problem:
        raise SecretsLocked(problem)
    sealing.make_first_key()
    keeper = sealing.keeper
    with storage.read() as connection:
        wrapped_by = data_keys.master_keys(connection)
    checkpoint("before the new key")
    # Where some are under another key than the one in force, that one was made before, by this or by hand.
    if wrapped_by <= {keeper.current()}:
        keeper.begin_rotation()
    checkpoint("after the new key")
    current, count, lost = keeper.current(), 0, set[str]()
    while True:
        with storage.write(durable=True) as connection:
            rows = data_keys.wrapped_otherwise(connection, current, _AT_ONCE, but=lost)
            for row in rows:
                if not keeper.has(row.master_key):
                    # Retired, since its master key was lost.
                    lost.add(row.id)
                    continue
                wrapped = sealing.rewrapped(row)
                data_keys.rewrap(connection, row.id, wrapped, current)
                count += 1
        checkpoint("after some data keys")
        if not rows:
            break
    left = keeper.end_rotation()
    checkpoint("after the old key")
    return Rotated(current, count, left, len(lost))
