"""Which transactions may still write events before those that can be seen: on PostgreSQL only nodes' own.

A server numbers the transactions of all its databases in one row. One of somebody else's that is open for an hour, or
was prepared and forgotten, says nothing of our events, and must not keep them from being told.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

__all__ = ["SESSIONS", "Held", "held_since", "horizon"]

#: How the names of nodes' sessions begin (``application_name``): whatever writes events has one of them.
SESSIONS = "octobot-node"

#: Where nothing is under way there is nobody to tell apart.
_UNDER_WAY = sa.text(
    """
SELECT pg_snapshot_xmin(seen)::text::bigint AS oldest, pg_snapshot_xmax(seen)::text::bigint AS next
FROM (SELECT pg_current_snapshot()) AS looked (seen)
"""
)
#: Left out is only who is proved to be another: of what ends between the snapshot and this look nothing is known, and
#: it counts. Nodes prepare no transactions. What pg_stat_activity and pg_prepared_xacts ask is asked here, without what
#: they add to it: planning that takes longer than the answer.
_HORIZON = sa.text(
    """
SELECT least(
  pg_snapshot_xmax(seen)::text::bigint,
  pg_current_xact_id_if_assigned()::text::bigint,
  (SELECT min(number) FROM (SELECT pg_snapshot_xip(seen)::text::bigint) AS under_way (number)
   WHERE number % 4294967296 <> ALL (ARRAY(
     SELECT backend_xid::text::bigint FROM pg_stat_get_activity(NULL)
     WHERE backend_xid IS NOT NULL
       AND (datid IS DISTINCT FROM (SELECT oid FROM pg_database WHERE datname = current_database())
         OR NOT starts_with(coalesce(application_name, ''), :sessions))
     UNION ALL SELECT transaction::text::bigint FROM pg_prepared_xact())))
) FROM (SELECT pg_current_snapshot()) AS looked (seen)
"""
).bindparams(sessions=SESSIONS)
#: Since when it is open is told to its own role alone.
_HELD = sa.text(
    """
SELECT pid, coalesce(host(client_addr), 'its own machine') AS place, state,
  coalesce(extract(epoch FROM clock_timestamp() - xact_start), 0)::float8 AS seconds
FROM pg_stat_activity
WHERE backend_xid IS NOT NULL AND datid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND starts_with(application_name, :sessions) AND pid <> pg_backend_pid()
ORDER BY age(backend_xid) DESC LIMIT 1
"""
).bindparams(sessions=SESSIONS)


class Held(NamedTuple):
    """The oldest writing transaction of a node: for how long it is open, and whose it is; 0 and "" without one."""

    seconds: float
    holder: str
    process: int


def horizon(connection: sa.Connection) -> int:
    """Return the transaction before which every event that there will be can be seen; PostgreSQL only."""
    seen = connection.execute(_UNDER_WAY).one()
    if seen.oldest == seen.next:
        return int(seen.next)
    found: int = connection.execute(_HORIZON).scalar_one()
    return found


def held_since(connection: sa.Connection) -> Held:
    """Return what keeps the newest events from being told; where one writes after another, nothing does."""
    if connection.dialect.name != "postgresql":
        return Held(0.0, "", 0)
    row = connection.execute(_HELD).first()
    if row is None:
        return Held(0.0, "", 0)
    return Held(
        max(row.seconds, 0.0), f"the server's process {row.pid}, of a node at {row.place} ({row.state})", row.pid
    )
