"""Create one automation on an account that exists."""

from __future__ import annotations

from octobot_node.automation import Finding
from octobot_node.engine.commands.commands import NewAutomation
from octobot_node.engine.deciding.request_findings import foreseen, is_counted, request_findings
from octobot_node.errors import Mistake, Overdrawn, UsageError
from octobot_node.limits import Limits
from octobot_node.operations.automations.creating.drafts import Draft, sound
from octobot_node.operations.automations.creating.findings import finding_rows, refuse_errors
from octobot_node.operations.automations.listing import rows_of
from octobot_node.operations.automations.models.automations import AutomationCreated, CreateAutomation
from octobot_node.operations.context import OperationContext

__all__ = ["create"]


def create(context: OperationContext, request: CreateAutomation) -> AutomationCreated:
    """Create an automation, active and due at once, or paused.

    Raises UsageError with every field that cannot be, CommandRefused for a name that is taken meanwhile.
    """
    found = sound(context, Draft(request.name, request.type, request.account, request.budget, request.config))
    new = NewAutomation(
        name=request.name,
        type=found.config.type,
        account_id=found.account.id,
        budget=request.budget,
        config=found.config,
        limits=Limits.model_validate(request.limits.model_dump(exclude_none=True)),
        owner=context.creator,
        start=request.start,
        tags=request.tags,
        by=context.by,
        shadow=request.shadow,
    )
    asked = _refuse_too_many_requests(context, new)
    try:
        made = context.commands.create(new)
    except Overdrawn as error:
        # Somebody else was given of it since it was looked at above.
        raise UsageError.of([Mistake(f"budget.{error.asset}", error.reason)]) from None
    context.hurry()
    (row,) = rows_of(context, [made])
    return AutomationCreated(**row.model_dump(), findings=finding_rows([*found.findings, *asked]))


def _refuse_too_many_requests(context: OperationContext, new: NewAutomation) -> list[Finding]:
    """Return what is to be said of the requests that it will make; raise UsageError where its exchange allows less."""
    if not is_counted(context.core, new.account_id):
        return []
    findings = request_findings(foreseen(context.core, context.commands.rehearse(new)))
    refuse_errors(findings)
    return findings
