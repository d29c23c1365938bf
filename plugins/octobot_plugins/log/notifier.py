"""Write notices to the log, each at its own level."""

from __future__ import annotations

import logging

import structlog

from octobot_node.contracts.notifiers import Notice
from octobot_node.market import from_ms

__all__ = ["LogNotifier"]

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}

log = structlog.get_logger(__name__)


class LogNotifier:
    """A notifier that needs no set-up and cannot fail to reach its destination."""

    name = "log"

    async def notify(self, notice: Notice) -> None:
        """Log ``notice`` at its level; a level that logs do not have is logged as a warning, so that it is seen."""
        log.log(
            _LEVELS.get(notice.level.lower(), logging.WARNING),
            "notice",
            message=notice.message,
            notice_level=notice.level,
            automation=notice.automation,
            owner=notice.owner,
            notice=notice.id,
            at=from_ms(notice.at).isoformat(),
        )
