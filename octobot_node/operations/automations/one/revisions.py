"""What an automation's config was: look at it, compare, go back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from octobot_node.engine.commands.commands import changed_fields
from octobot_node.errors import CommandRefused, UnknownName
from octobot_node.market import from_ms
from octobot_node.operations.automations.commands import edit
from octobot_node.operations.automations.models.automations import AutomationEdited, EditAutomation
from octobot_node.operations.automations.models.revisions import (
    ConfigPage,
    ConfigRevision,
    ConfigRow,
    FieldDifference,
    ListConfigs,
    RestoreConfig,
    ShowConfig,
)
from octobot_node.operations.context import OperationContext
from octobot_node.operations.cursors import no_cursor
from octobot_node.operations.lookup import automation_id
from octobot_node.store import automations as automation_statements
from octobot_node.store import config_revisions
from octobot_node.store.rows.automation import AutomationRow, ConfigRevisionRow

__all__ = ["list_configs", "restore_config", "show_config"]


@dataclass(frozen=True, slots=True)
class _Made:
    number: int
    at: int
    by: str
    config: Mapping[str, Any]


def list_configs(context: OperationContext, request: ListConfigs) -> ConfigPage:
    """Return a page of an automation's configs, newest first."""
    found = automation_id(context, request.automation)
    if request.cursor is not None and not request.cursor.isdecimal():
        raise no_cursor()
    before = None if request.cursor is None else int(request.cursor)
    with context.core.storage.read() as connection:
        row = _row(connection, found)
        # One more than asked for: what a page's last one differs from, and whether there are more.
        rows = [_made(each) for each in config_revisions.newest(connection, found, request.limit + 1, before)]
        newest = config_revisions.newest(connection, found, 1)
    if not newest:
        rows = [_first(row)]
    last = newest[0].number if newest else 1
    shown = rows[: request.limit]
    earlier = [*rows[1:], None]
    return ConfigPage(
        automation=row.name,
        automation_id=found,
        configs=[
            _shown(each, other, current=each.number == last)
            for each, other in zip(shown, earlier[: len(shown)], strict=True)
        ],
        next_cursor=str(shown[-1].number) if len(rows) > request.limit else None,
    )


def show_config(context: OperationContext, request: ShowConfig) -> ConfigRevision:
    """Return one of an automation's configs, compared with another; raise UnknownName for one that is not kept."""
    found = automation_id(context, request.automation)
    with context.core.storage.read() as connection:
        row = _row(connection, found)
        this = _at(connection, row, request.number)
        before = _maybe(connection, row, request.number - 1)
        other = before if request.against is None else _at(connection, row, request.against)
        newest = config_revisions.newest(connection, found, 1)
    current = this.number == (newest[0].number if newest else 1)
    return ConfigRevision(
        **_shown(this, before, current=current).model_dump(),
        config=dict(this.config),
        against=None if other is None else other.number,
        differences=[] if other is None else _differences(other.config, this.config),
    )


def restore_config(context: OperationContext, request: RestoreConfig) -> AutomationEdited:
    """Give an automation a config that it had: a new revision, validated and evaluated as any edit."""
    found = automation_id(context, request.automation)
    with context.core.storage.read() as connection:
        wanted = _at(connection, _row(connection, found), request.number)
    return edit(context, EditAutomation(automation=found, config=dict(wanted.config), revision=request.revision))


def _row(connection: sa.Connection, found: str) -> AutomationRow:
    row = automation_statements.get(connection, found)
    if row is None:
        raise CommandRefused(f"the automation {found} was deleted meanwhile")
    return row


def _at(connection: sa.Connection, row: AutomationRow, number: int) -> _Made:
    found = _maybe(connection, row, number)
    if found is None:
        newest = config_revisions.newest(connection, row.id, 1)
        last = newest[0].number if newest else 1
        raise UnknownName(f"{row.name!r} has no config {number}: its newest is {last}, and old ones may be gone")
    return found


def _maybe(connection: sa.Connection, row: AutomationRow, number: int) -> _Made | None:
    kept = config_revisions.at(connection, row.id, number)
    if kept is not None:
        return _made(kept)
    never_edited = number == 1 and not config_revisions.newest(connection, row.id, 1)
    return _first(row) if never_edited else None


def _made(row: ConfigRevisionRow) -> _Made:
    return _Made(row.number, row.made_at, row.made_by, json.loads(row.config))


def _first(row: AutomationRow) -> _Made:
    return _Made(1, row.created_at, row.created_by, json.loads(row.config))


def _shown(this: _Made, before: _Made | None, *, current: bool) -> ConfigRow:
    changed = [] if before is None else changed_fields(before.config, this.config)
    return ConfigRow(number=this.number, at=from_ms(this.at), by=this.by, current=current, changed=changed)


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldDifference]:
    return [
        FieldDifference(field=field, before=_inside(before, field.split(".")), after=_inside(after, field.split(".")))
        for field in changed_fields(before, after)
    ]


def _inside(config: Mapping[str, Any], names: Sequence[str]) -> Any:
    found: Any = config
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
