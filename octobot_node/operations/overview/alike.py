"""Causes that differ by a name or a figure alone are one: two thousand lines help nobody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from octobot_node.operations.overview.models.attention import Cause, Help
from octobot_node.store.rows.attention import ReasonRow

__all__ = ["alike", "gathered"]

#: What reasons have of their own: what is quoted, markets, figures, ids.
_OWN = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\b[A-Z0-9]{2,}/[A-Z0-9:]{2,}\b|\S*\d\S*")
#: So many lines of a kind are read; more of them are one.
_LINES = 5


@dataclass(slots=True)
class _Alike:
    """Reasons that say the same of several; the words are those of the one that most have."""

    status: str
    type: str
    reason: str
    many: int
    oldest: int
    name: str


def alike(rows: Iterable[ReasonRow]) -> Sequence[ReasonRow]:
    """Return rows whose reasons differ by more than names and figures, the most frequent first."""
    groups: dict[tuple[str, str, str], list[ReasonRow]] = {}
    for row in rows:
        groups.setdefault((row.status, row.type, _OWN.sub("…", row.reason)), []).append(row)
    merged = [group[0] if len(group) == 1 else _merged(group) for group in groups.values()]
    return sorted(merged, key=lambda row: -row.many)


def _merged(group: Sequence[ReasonRow]) -> _Alike:
    most = max(group, key=lambda row: row.many)
    known = [row.oldest for row in group if row.oldest]
    many = sum(row.many for row in group)
    return _Alike(most.status, most.type, f"{most.reason}, and alike", many, min(known, default=0), most.name)


#: By kind, what many of them are together.
_TOGETHER: Mapping[str, str] = MappingProxyType(
    {
        "unknown_orders": "The outcome of {count:,} orders on {lines:,} accounts is not known",
        "lacking_funds": "{count:,} automations on {lines:,} accounts lack funds for their orders",
        "silent_account": "The exchanges of {lines:,} accounts do not answer",
        "short_account": "{lines:,} accounts have less at their exchange than their automations reckon with",
        "silent_node": "{lines:,} nodes are silent, or have other plugins than the master",
        "broken_plugin": "{lines:,} plugins are broken",
    }
)


def gathered(causes: Sequence[Cause]) -> list[Cause]:
    """Return them with those of a kind as one, where they are more than anybody reads one by one."""
    lines: dict[str, list[Cause]] = {}
    for cause in causes:
        lines.setdefault(cause.kind, []).append(cause)
    found: list[Cause] = []
    for kind, each in lines.items():
        found += [_together(kind, each)] if kind in _TOGETHER and len(each) > _LINES else each
    return found


def _together(kind: str, causes: Sequence[Cause]) -> Cause:
    first = max(causes, key=lambda each: each.count)
    count = sum(each.count for each in causes)
    return Cause(
        kind=first.kind,
        title=_TOGETHER[kind].format(count=count, lines=len(causes)),
        detail=f"one of them: {first.title[:1].lower()}{first.title[1:]}"
        + (f": {first.detail}" if first.detail else ""),
        cure=first.cure,
        count=count,
        oldest=min((each.oldest for each in causes if each.oldest is not None), default=None),
        mends_itself=all(each.mends_itself for each in causes),
        help=_of_all(first.help),
    )


def _of_all(help_: Help | None) -> Help | None:
    """Return what helps one as what helps all: a list, but for whose it is; None where it is about one account."""
    if help_ is None or "account" in help_.arguments:
        return None
    arguments = {name: value for name, value in help_.arguments.items() if name == "status"}
    return Help(operation=help_.operation, arguments=arguments)
