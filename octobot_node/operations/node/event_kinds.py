"""Every kind of event that the node writes, by what it is about; and what to say of one that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from octobot_node.automation import AutomationStatus
from octobot_node.orders import IntentStatus

__all__ = ["GROUPS", "KINDS", "misspelt"]

#: By the name that the API's document gives those that have the same data.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "AutomationEvent": (
        *(f"automation.{status.value}" for status in AutomationStatus),
        "automation.created",
        "automation.deleted",
    ),
    "AutomationEdited": ("automation.edited",),
    "ShadowEvent": ("automation.shadow_began", "automation.shadow_ended"),
    "BudgetEvent": ("budget.changed",),
    "OrderEvent": (
        *(f"order.{status.value}" for status in IntentStatus),
        "order.adopted",
        "order.declared_not_sent",
    ),
    "FillEvent": ("order.fill",),
    "TickEvent": ("tick.failed", "tick.missed"),
    "LogEvent": ("log.info", "log.warning", "log.error"),
    "NoticeEvent": ("notice.told", "notice.failed"),
    "ActionEvent": ("action.asked", "action.done", "action.failed", "action.unknown"),
    "RequestEvent": ("request.done", "request.failed"),
    "KillSwitchEvent": ("kill_switch.thrown", "kill_switch.settled", "kill_switch.released"),
    "AccountEvent": (
        *("account.created", "account.edited", "account.keys_rotated", "account.deleted"),
        *("account.mode_changed", "account.reconciled", "account.differs", "account.short", "account.covered"),
        *("account.unanswered", "account.answered"),
    ),
    "NodeEvent": ("clock.set", "database.changed"),
}
KINDS = frozenset(kind for kinds in GROUPS.values() for kind in kinds)
_STEMS = frozenset(kind.partition(".")[0] for kind in KINDS)


def misspelt(kind: str) -> str:
    """Return what is wrong with a kind, or a group of kinds, that nothing is of; "" where there may be such events.

    What is like none of the node's own may be a newer node's: it is taken as it is.
    """
    stem, dot, rest = kind.partition(".")
    if kind in KINDS or (dot and not rest and stem in _STEMS):
        return ""
    if stem in _STEMS:
        near = difflib.get_close_matches(kind, sorted(kind for kind in KINDS if kind.startswith(f"{stem}.")), n=1)
        meant = f"{near[0]!r}" if near and rest else f"{stem + '.'!r}, which is all of that group"
        return f"there are no events of the kind {kind!r}: did you mean {meant}?"
    near = difflib.get_close_matches(stem, sorted(_STEMS), n=1, cutoff=0.8)
    return f"there are no events of the kind {kind!r}: did you mean '{near[0]}.{rest}'?" if near else ""
