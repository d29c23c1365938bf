"""Change what an automation does: each takes effect before it returns, or raises and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from octobot_node.automation import AutomationStatus, Finding
from octobot_node.engine.deciding.config_checks import Proposal, check_proposals
from octobot_node.engine.deciding.request_findings import foreseen, is_counted, request_findings
from octobot_node.engine.evaluating.configs import ValidConfig
from octobot_node.errors import CommandRefused, Conflict, UsageError
from octobot_node.limits import Limits
from octobot_node.operations.automations.creating.findings import finding_rows, refuse_errors
from octobot_node.operations.automations.listing import rows_of
from octobot_node.operations.automations.models.automations import (
    AutomationChanged,
    AutomationEdited,
    AutomationRow,
    ChangeAutomation,
    EditAutomation,
    StopAutomation,
)
from octobot_node.operations.automations.models.signals import SendSignal, SignalSent
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import automation_id
from octobot_node.store import automations as automation_statements
from octobot_node.store.queries import lists

__all__ = [
    "checked",
    "delete",
    "edit",
    "edited_config",
    "pause",
    "resume",
    "run_now",
    "send_signal",
    "stop",
    "with_changes",
]

#: Of a field that is named with dots; a config is not nested deeper than any document.
_LEVELS_MAX = 64
_SIGNAL_LIMIT = 64_000
_LATER = "no node runs on this data folder: it is carried out when one runs next"


def pause(context: OperationContext, request: ChangeAutomation) -> AutomationChanged:
    """Make no more decisions; resting orders stay, and their fills settle."""
    found = automation_id(context, request.automation)
    context.commands.pause(found, revision=request.revision)
    row = _row(context, found)
    return _changed(context, row, "its resting orders stay" if row.open_orders else "")


def resume(context: OperationContext, request: ChangeAutomation) -> AutomationChanged:
    """Decide again, at once; also for one that failed or is held."""
    found = automation_id(context, request.automation)
    context.commands.resume(found, revision=request.revision)
    return _woken(context, found)


def run_now(context: OperationContext, request: ChangeAutomation) -> AutomationChanged:
    """Evaluate as soon as possible."""
    found = automation_id(context, request.automation)
    context.commands.run_now(found, revision=request.revision)
    return _woken(context, found)


def stop(context: OperationContext, request: StopAutomation) -> AutomationChanged:
    """Cancel its orders, settle, then end it; with ``close`` also sell what it holds, at market."""
    found = automation_id(context, request.automation)
    context.commands.stop(found, close=request.close, revision=request.revision)
    context.hurry()
    row = _row(context, found)
    waits = "its orders are being cancelled" if row.open_orders + row.unknown_orders else "it ends in a moment"
    return _changed(context, row, f"{waits}, then what it holds is sold" if request.close else waits)


def delete(context: OperationContext, request: ChangeAutomation) -> AutomationChanged:
    """Remove an automation that has ended, with its orders, fills and money; its events stay."""
    found = automation_id(context, request.automation)
    row = _row(context, found)
    context.commands.delete(found, revision=request.revision)
    return AutomationChanged(automation=row.name, id=found, status="deleted", note="")


def edit(context: OperationContext, request: EditAutomation) -> AutomationEdited:
    """Replace the config, or change fields of it, and evaluate with it at once; rename it; set its limits."""
    found = automation_id(context, request.automation)
    revision = request.revision
    if request.changes and revision is None:
        # They are made to this config: one that another edit puts there meanwhile must not be lost.
        _, revision = _stored_config(context, found)
    config = edited_config(context, found, request.config, request.changes)
    if config is None and request.name is None and request.limits is None and request.tags is None:
        raise UsageError(
            "an edit changes nothing: give a whole config, changes of single fields, a name, limits or tags"
        )
    limits = None if request.limits is None else Limits.model_validate(request.limits.model_dump(exclude_none=True))
    valid, findings = (None, ()) if config is None else _checked_with_requests(context, found, config)
    try:
        context.commands.edit(
            found, valid, name=request.name, limits=limits, tags=request.tags, revision=revision, by=context.by
        )
    except Conflict as error:
        # Whoever edits sees what they would have overwritten, without asking for it.
        raise Conflict(str(error), revision=error.revision, current=_standing(context, found)) from None
    return AutomationEdited(**_woken(context, found).model_dump(), findings=finding_rows(findings))


def _checked_with_requests(
    context: OperationContext, found: str, config: Mapping[str, Any]
) -> tuple[ValidConfig, tuple[Finding, ...]]:
    """Do as ``checked``, and refuse what would ask an exchange for more than it allows."""
    valid, findings = checked(context, found, config)
    with context.core.storage.read() as connection:
        row = automation_statements.get(connection, found)
    if row is None or not is_counted(context.core, row.account_id):
        return valid, findings
    told = request_findings(foreseen(context.core, context.commands.rehearse_edit(found, valid), instead_of=found))
    refuse_errors(told)
    return valid, (*findings, *told)


def edited_config(
    context: OperationContext, found: str, config: dict[str, Any] | None, changes: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the whole config that an edit would give; None where it leaves the config alone."""
    if config is not None and changes:
        raise UsageError("an edit takes either a whole config or changes of single fields: give one of them")
    if not changes:
        return config
    stored, _ = _stored_config(context, found)
    return with_changes(stored, changes)


def checked(
    context: OperationContext, found: str, config: Mapping[str, Any]
) -> tuple[ValidConfig, tuple[Finding, ...]]:
    """Return a new config with what its type finds in it; raise UsageError for an error."""
    with context.core.storage.read() as connection:
        row = automation_statements.get(connection, found)
        if row is None:
            raise CommandRefused(f"the automation {found} was deleted meanwhile")
        owned = automation_statements.owned(connection, found)
    valid = context.commands.validated(row.type, config, row.name)
    (findings,) = check_proposals(context.core, [Proposal(row.account_id, valid, owned)])
    refuse_errors(findings)
    return valid, findings


def _standing(context: OperationContext, found: str) -> dict[str, Any]:
    """Return of an automation what an edit may change, as JSON."""
    with context.core.storage.read() as connection:
        rows = lists.automations_by_id(connection, [found])
    return {
        name: value
        for row in rows
        for name, value in (("name", row.name), ("limits", row.limits), ("config", json.loads(row.config)))
    }


def _stored_config(context: OperationContext, found: str) -> tuple[dict[str, Any], int]:
    """Return an automation's config and the revision that it is of."""
    with context.core.storage.read() as connection:
        rows = lists.automations_by_id(connection, [found])
    if not rows:
        raise CommandRefused(f"the automation {found} was deleted meanwhile")
    return json.loads(rows[0].config), rows[0].revision


def with_changes(config: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``config``, changed in place; the changes are by dotted field name."""
    for path, value in changes.items():
        if path.count(".") >= _LEVELS_MAX:
            raise UsageError(f"{path[:20]!r}… names a field more than {_LEVELS_MAX} levels deep: there is none")
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


def send_signal(context: OperationContext, request: SendSignal) -> SignalSent:
    """Put a message into an automation's inbox and wake it."""
    found = automation_id(context, request.automation)
    payload = _plain_json(request.payload)
    size = len(json.dumps(payload))
    if size > _SIGNAL_LIMIT:
        raise UsageError(f"the signal takes {size:,} characters of JSON; {_SIGNAL_LIMIT:,} is the most")
    row = _row(context, found)
    status = AutomationStatus(row.status)
    if status.ended or status.ending:
        raise CommandRefused(f"{row.name!r} is {row.status}: it takes no signals any more")
    expires = None if request.expires_in is None else context.core.clock.now() + int(request.expires_in * 1000)
    accepted = context.commands.signal(
        found, payload, channel=request.channel, source=context.by, key=request.key, expires_at=expires
    )
    context.hurry()
    return SignalSent(automation=row.name, id=found, accepted=accepted)


def _plain_json(value: Any) -> Any:
    """Return a payload as Python's own JSON reader would have read it; raise UsageError for what is not valid JSON."""
    try:
        return json.loads(json.dumps(value, allow_nan=False, default=float))
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"the signal is not valid JSON ({error}): send what JSON can say") from None


def _row(context: OperationContext, found: str) -> AutomationRow:
    rows = rows_of(context, [found])
    if not rows:
        raise CommandRefused(f"the automation {found} was deleted meanwhile")
    return rows[0]


def _woken(context: OperationContext, found: str) -> AutomationChanged:
    context.hurry()
    row = _row(context, found)
    return _changed(
        context, row, "" if _carried_out(context) or row.next_run is None else "it is evaluated when a node runs next"
    )


def _changed(context: OperationContext, row: AutomationRow, note: str) -> AutomationChanged:
    if row.status == "stopping" and not _carried_out(context):
        note = f"{note}; {_LATER}"
    return AutomationChanged(automation=row.name, id=row.id, status=row.status, note=note)


def _carried_out(context: OperationContext) -> bool:
    """Whether a node is at work: this one, or another of the database."""
    return context.live or context.nodes_elsewhere > 0
