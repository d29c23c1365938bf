"""What automations and the node said while a live run went on, for the terminal it runs in."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.contracts.storage import Storage
from octobot_node.store.sql.conditions import notice_waits
from octobot_node.store.tables import automations, notices

__all__ = ["NoticeFeed"]

_LINES_MAX = 100


class NoticeFeed:
    """Follows the notices from now on."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        with storage.read() as connection:
            self._last = connection.scalar(sa.select(sa.func.max(notices.c.id))) or ""

    def new(self) -> list[str]:
        """Return what was said since the last call, as lines."""
        columns = notices.c
        statement = (
            sa.select(columns.id, columns.message, automations.c.name)
            .join_from(notices, automations, columns.automation_id == automations.c.id, isouter=True)
            .where(columns.id > self._last)
            .order_by(columns.id)
            .limit(_LINES_MAX)
        )
        with self._storage.read() as connection:
            rows = connection.execute(statement).all()
        if rows:
            self._last = rows[-1].id
        return [f"{row.name or 'node'}: {row.message}" for row in rows]

    def waiting(self) -> int:
        """Return how many notices are not delivered yet."""
        statement = sa.select(sa.func.count()).select_from(notices).where(notice_waits)
        with self._storage.read() as connection:
            return connection.scalar(statement) or 0
