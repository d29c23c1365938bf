"""Change what an automation does: each takes effect before it returns, or raises and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from octobot_node.automation import AutomationStatus
from octobot_node.errors import CommandRefused, UsageError
from octobot_node.limits import Limits
from octobot_node.operations.automations.listing import rows_of
from octobot_node.operations.context import Desk
from octobot_node.operations.lookup import automation_id
from octobot_node.operations.models import (
    AutomationRow,
    ChangeAutomation,
    Changed,
    EditAutomation,
    SendSignal,
    SignalSent,
    StopAutomation,
)
from octobot_node.store.queries import lists

__all__ = ["delete", "edit", "pause", "resume", "run_now", "send_signal", "stop", "with_changes"]

_SIGNAL_LIMIT = 64_000
_LATER = "no node runs on this data folder: it is carried out when one runs next"


def pause(desk: Desk, wanted: ChangeAutomation) -> Changed:
    """Make no more decisions; resting orders stay, and their fills settle."""
    found = automation_id(desk, wanted.automation)
    desk.commands.pause(found, revision=wanted.revision)
    row = _row(desk, found)
    return _changed(desk, row, "its resting orders stay" if row.open_orders else "")


def resume(desk: Desk, wanted: ChangeAutomation) -> Changed:
    """Decide again, at once; also for one that failed or is held."""
    found = automation_id(desk, wanted.automation)
    desk.commands.resume(found, revision=wanted.revision)
    return _woken(desk, found)


def run_now(desk: Desk, wanted: ChangeAutomation) -> Changed:
    """Evaluate as soon as possible."""
    found = automation_id(desk, wanted.automation)
    desk.commands.run_now(found, revision=wanted.revision)
    return _woken(desk, found)


def stop(desk: Desk, wanted: StopAutomation) -> Changed:
    """Cancel its orders, settle, then end it; with ``close`` also sell what it holds, at market."""
    found = automation_id(desk, wanted.automation)
    desk.commands.stop(found, close=wanted.close, revision=wanted.revision)
    desk.hurry()
    row = _row(desk, found)
    waits = "its orders are being cancelled" if row.open_orders + row.unknown_orders else "it ends in a moment"
    return _changed(desk, row, f"{waits}, then what it holds is sold" if wanted.close else waits)


def delete(desk: Desk, wanted: ChangeAutomation) -> Changed:
    """Remove an automation that has ended, with its orders, fills and money; its events stay."""
    found = automation_id(desk, wanted.automation)
    row = _row(desk, found)
    desk.commands.delete(found, revision=wanted.revision)
    return Changed(automation=row.name, id=found, status="deleted", note="")


def edit(desk: Desk, wanted: EditAutomation) -> Changed:
    """Replace the config, or change fields of it, and evaluate with it at once; rename it; set its limits."""
    found = automation_id(desk, wanted.automation)
    if wanted.config is not None and wanted.changes:
        raise UsageError("an edit takes either a whole config or changes of single fields: give one of them")
    config, revision = wanted.config, wanted.revision
    if wanted.changes:
        stored, read_at = _stored_config(desk, found)
        config = with_changes(stored, wanted.changes)
        # They were made to this config: one that another edit put there meanwhile must not be lost.
        revision = read_at if revision is None else revision
    if config is None and wanted.name is None and wanted.limits is None:
        raise UsageError("an edit changes nothing: give a whole config, changes of single fields, a name or limits")
    limits = None if wanted.limits is None else Limits.model_validate(wanted.limits.model_dump(exclude_none=True))
    desk.commands.edit(found, config, name=wanted.name, limits=limits, revision=revision)
    return _woken(desk, found)


def _stored_config(desk: Desk, found: str) -> tuple[dict[str, Any], int]:
    """Return an automation's config and the revision that it is of."""
    with desk.core.storage.read() as connection:
        rows = lists.automations_by_id(connection, [found])
    if not rows:
        raise CommandRefused(f"the automation {found} was deleted meanwhile")
    return json.loads(rows[0].config), rows[0].revision


def with_changes(config: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``config``, changed in place; the changes are by dotted field name."""
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = config
        for depth, name in enumerate(parents, start=1):
            # What was off is None: changing a field of it switches it on.
            inner = place.get(name)
            if inner is not None and not isinstance(inner, dict):
                above = ".".join(parents[:depth])
                raise UsageError(f"config.{above} is {inner!r} and has no fields: set {above} itself")
            place[name] = inner = {} if inner is None else inner
            place = inner
        if not last:
            raise UsageError(f"{path!r} names no field: write it as field or section.field")
        place[last] = value
    return config


def send_signal(desk: Desk, wanted: SendSignal) -> SignalSent:
    """Put a message into an automation's inbox and wake it."""
    found = automation_id(desk, wanted.automation)
    payload = _plain_json(wanted.payload)
    size = len(json.dumps(payload))
    if size > _SIGNAL_LIMIT:
        raise UsageError(f"the signal takes {size:,} characters of JSON; {_SIGNAL_LIMIT:,} is the most")
    row = _row(desk, found)
    status = AutomationStatus(row.status)
    if status.ended or status.ending:
        raise CommandRefused(f"{row.name!r} is {row.status}: it takes no signals any more")
    expires = None if wanted.expires_in is None else desk.core.clock.now() + int(wanted.expires_in * 1000)
    accepted = desk.commands.signal(
        found, payload, channel=wanted.channel, source=desk.by, key=wanted.key, expires_at=expires
    )
    desk.hurry()
    return SignalSent(automation=row.name, id=found, accepted=accepted)


def _plain_json(value: Any) -> Any:
    """Return a payload as Python's own JSON reader would have read it; raise UsageError for what is not valid JSON."""
    try:
        return json.loads(json.dumps(value, allow_nan=False, default=float))
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"the signal is not valid JSON ({error}): send what JSON can say") from None


def _row(desk: Desk, found: str) -> AutomationRow:
    rows = rows_of(desk, [found])
    if not rows:
        raise CommandRefused(f"the automation {found} was deleted meanwhile")
    return rows[0]


def _woken(desk: Desk, found: str) -> Changed:
    desk.hurry()
    row = _row(desk, found)
    return _changed(desk, row, "" if desk.live or row.next_run is None else "it is evaluated when a node runs next")


def _changed(desk: Desk, row: AutomationRow, note: str) -> Changed:
    if row.status == "stopping" and not desk.live:
        note = f"{note}; {_LATER}"
    return Changed(automation=row.name, id=row.id, status=row.status, note=note)
