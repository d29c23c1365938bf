"""The conditions of the partial indexes, made from the statuses.

SQLite uses such an index only where a query has the index's own condition in the same words: both have them from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import sqlalchemy as sa

from octobot_node.automation import AutomationStatus
from octobot_node.orders import IntentStatus
from octobot_node.shadow_ids import SHADOWS
from octobot_node.store.statuses import NoticeStatus, RequestStatus, SignalStatus

__all__ = [
    "ENDING",
    "LIVE",
    "LIVE_OR_NEWS",
    "NOTICE_WAITING",
    "PLANNED",
    "REQUEST_WAITING",
    "SIGNAL_WAITING",
    "is_anybodys_own",
    "is_ending",
    "is_live",
    "is_live_or_has_news",
    "is_planned",
    "notice_waits",
    "request_waits",
    "signal_waits",
]


def _among(statuses: Iterable[StrEnum]) -> str:
    first, *others = (f"'{status.value}'" for status in statuses)
    return f"status IN ({', '.join([first, *others])})" if others else f"status = {first}"


# As an index says it.
ENDING = _among(status for status in AutomationStatus if status.ending)
PLANNED = _among([IntentStatus.PLANNED])
LIVE = _among(status for status in IntentStatus if not status.terminal)
LIVE_OR_NEWS = f"{LIVE} OR news"
SIGNAL_WAITING = _among([SignalStatus.WAITING])
NOTICE_WAITING = _among([NoticeStatus.WAITING])
REQUEST_WAITING = _among([RequestStatus.WAITING])

# As a query says it. Text, not bound parameters: SQLite chooses the index before it sees those.
is_ending = sa.text(f"automations.{ENDING}")
is_planned = sa.text(f"intents.{PLANNED}")
is_live = sa.text(f"intents.{LIVE}")
is_live_or_has_news = sa.text(f"(intents.{LIVE} OR intents.news)")
signal_waits = sa.text(f"inbox.{SIGNAL_WAITING}")
notice_waits = sa.text(f"notices.{NOTICE_WAITING}")
request_waits = sa.text(f"requests.{REQUEST_WAITING}")


def is_anybodys_own(column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a row is of no shadow; the column is of an automation's or of an account's id.

    Nothing of a shadow is in a list, a sum or a count: it is told as its original's shadow alone.
    """
    return column.not_like(f"{SHADOWS}%")
