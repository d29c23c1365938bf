"""What a signal is known by, so that one that is sent again is not taken again."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.store.tables import inbox

__all__ = ["new_key"]

_c = inbox.c
#: Later than every moment, in as many digits.
_NEVER = "9" * 13


def new_key(
    connection: sa.Connection, automation_id: str, channel: str, key: str, within: int | None, now: int
) -> str | None:
    """Return under what a signal is to be put, or None where it is one that arrived before.

    Without ``within`` (ms) a key is for ever. With it the key has the moment (ms UTC) at which it was last seen behind
    it, which is moved each time: the signal is another one after ``within`` of silence. The caller holds the
    automation's lock, so that of two at once one sees the other. Rides the inbox's unique key.
    """
    known = sa.select(_c.id, _c.dedup_key).where(_c.automation_id == automation_id, _c.channel == channel)
    if within is None:
        return key if connection.execute(known.where(_c.dedup_key == key)).first() is None else None
    marked = f"{key}:{now:013}"
    # As far ahead as there is: a clock that was set back does not make one alert two. Nor may it keep others away for
    # as long as it was set back by: what was seen later than now is seen now.
    since = known.where(_c.dedup_key.between(f"{key}:{max(now - within + 1, 0):013}", f"{key}:{_NEVER}"))
    last = connection.execute(since.order_by(_c.dedup_key.desc()).limit(1)).first()
    if last is None:
        return marked
    seen = [last.id] if last.dedup_key <= marked else [row.id for row in connection.execute(since).all()]
    for place, signal in enumerate(seen):
        moved = inbox.update().where(_c.id == signal, _c.dedup_key != marked)
        connection.execute(moved.values(dedup_key=f"{key}:{now - place:013}"))
    return None
