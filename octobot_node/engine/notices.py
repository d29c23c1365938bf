"""Deliver notices to the notifiers: durable, at least once, and never in the way of a tick."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from octobot_node.notifiers import Notice
from octobot_node.store.tables import automations, notices

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["deliver_notices"]

log = structlog.get_logger(__name__)
_TRIES = 5
_TIMEOUT_S = 10
_LIMIT = 100


_WAITING = (
    sa.select(notices, automations.c.name.label("automation"))
    .join_from(notices, automations, notices.c.automation_id == automations.c.id, isouter=True)
    .where(
        sa.text("notices.status = 'waiting'"),
        sa.or_(notices.c.retry_at.is_(None), notices.c.retry_at <= sa.bindparam("now")),
    )
    .order_by(notices.c.id)
    .limit(_LIMIT)
)


def deliver_notices(core: Core) -> int:
    """Deliver waiting notices, oldest first; return how many were taken. One that fails five times is given up."""
    with core.storage.read() as connection:
        rows = connection.execute(_WAITING, {"now": core.clock.now()}).all()
    for row in rows:
        notice = Notice(row.id, row.owner, row.automation or row.automation_id, row.level, row.message, row.created_at)
        delivered = core.io.call(_tell_all(core, notice))
        tries = row.tries + 1
        given_up = not delivered and tries >= _TRIES
        values = {
            "status": "sent" if delivered else "failed" if given_up else "waiting",
            "tries": tries,
            "retry_at": core.clock.now() + 1_000 * 2**tries,
        }
        with core.storage.write() as connection:
            connection.execute(notices.update().where(notices.c.id == row.id).values(values))
    return len(rows)


async def _tell_all(core: Core, notice: Notice) -> bool:
    delivered = True
    for notifier in core.registry.notifiers:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await notifier.notify(notice)
        except Exception as error:  # noqa: BLE001 - one broken notifier must not silence the others
            log.warning("notifier_failed", notifier=notifier.name, error=str(error))
            delivered = False
    return delivered
