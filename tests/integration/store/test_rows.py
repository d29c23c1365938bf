"""Each row's shape says what its statement returns: the same names, Decimal for money, None where there may be NULL."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from importlib import import_module
from pkgutil import iter_modules
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
import sqlalchemy as sa

from octobot_node.engine import notice_delivery
from octobot_node.engine.acting import send_fence
from octobot_node.engine.commands import restore_reconciliation
from octobot_node.reports import automation_reports
from octobot_node.store import (
    automations,
    config_revisions,
    intents,
    kill_switches,
    rows,
    schedules,
    stepped_clock,
    tables,
)
from octobot_node.store.audit import audit_log
from octobot_node.store.queries import attention, event_cursor, exports, history, lists, rhythms, standings
from octobot_node.store.rows import attention as attention_rows
from octobot_node.store.rows import automation as automation_rows
from octobot_node.store.rows import ledger, node
from octobot_node.store.rows import order as orders
from octobot_node.store.rows import secrets as secret_rows
from octobot_node.store.types import Money
from octobot_plugins.replica import members
from octobot_plugins.replica.tables import nodes

#: Protocol -> the statements, or the table, whose rows have it.
SOURCES: Mapping[type[Any], tuple[Any, ...]] = {
    node.AccountRow: (tables.accounts,),
    node.AuditChainRow: (tables.audit_chain,),
    node.AuditRow: (tables.audit,),
    node.EventRow: (tables.events,),
    node.FollowedEventRow: (event_cursor._AFTER_ID, event_cursor._AFTER_BOTH),
    node.InstallationRow: (tables.installation,),
    node.ListedAuditRow: (audit_log._LISTED,),
    node.ListedEventRow: (lists.EVENTS,),
    automation_rows.AheadRow: (stepped_clock._AHEAD,),
    automation_rows.AutomationRow: (tables.automations,),
    automation_rows.BatchedAutomationRow: (automations._BATCH,),
    automation_rows.ClaimedScheduleRow: (schedules._LOCK_CLAIMED,),
    automation_rows.ConfigRevisionRow: (tables.config_revisions, config_revisions._NEWEST),
    automation_rows.FencedAutomationRow: (send_fence._LOCK_AUTOMATIONS,),
    automation_rows.FoundAutomationRow: (lists._FOUND,),
    automation_rows.GivenSignalRow: (automations._SIGNALS,),
    automation_rows.HeldAutomationRow: (restore_reconciliation._HELD,),
    automation_rows.ListedAutomationRow: (lists._WITH_SCHEDULE,),
    automation_rows.ListedRow: (lists._LISTED,),
    automation_rows.LockedScheduleRow: (schedules._LOCK,),
    automation_rows.NamedNoticeRow: (notice_delivery._WITH_NAME,),
    automation_rows.NoticeRow: (tables.notices,),
    automation_rows.OriginalRow: (automations._ORIGINALS,),
    automation_rows.ReportedAutomationRow: (automation_reports._everything(),),
    automation_rows.RequestRow: (tables.requests,),
    automation_rows.RhythmRow: (rhythms._AT_WORK,),
    automation_rows.SignalRow: (tables.inbox,),
    automation_rows.WatchedAutomationRow: (automations._WATCHED,),
    orders.AdriftIntentRow: (intents._ADRIFT, kill_switches._PLACES),
    orders.CancelRow: (kill_switches._CANCELS,),
    orders.ChecklistRow: (kill_switches._LINES,),
    orders.GroupedIntentRow: (send_fence._GROUPS,),
    orders.IntentRow: (tables.intents, intents._FOR_CARRIER, intents._LOCK),
    orders.KillSwitchRow: (tables.kill_switches,),
    orders.ListedIntentRow: (lists._WITH_NAMES,),
    orders.NotedOrderRow: (kill_switches._TO_CANCEL,),
    orders.OpenIntentRow: (intents._OPEN_OF, intents._OPEN_OF_BATCH),
    orders.PolledIntentRow: (intents._LIVE_OF_ACCOUNT,),
    ledger.EquityRow: (tables.equity,),
    ledger.FillRow: (tables.fills, intents._NEWS_OF_BATCH),
    ledger.FreeBalanceRow: (automations._BALANCES,),
    ledger.FundsRow: (tables.balances,),
    ledger.ListedBalanceRow: (history._BALANCES,),
    ledger.ListedFillRow: (history._FILLS, exports._FILLS),
    ledger.ListedPostingRow: (exports._POSTINGS,),
    ledger.PositionRow: (automations._POSITIONS, automations._WATCHED_POSITIONS),
    ledger.PostingRow: (tables.postings,),
    ledger.ReportedPositionRow: (tables.positions,),
    ledger.ResultRow: (tables.results,),
    ledger.MarkRow: (tables.marks,),
    ledger.PriceSampleRow: (tables.price_samples,),
    ledger.EquitySampleRow: (tables.equity_samples,),
    attention_rows.ReasonRow: (attention._REASONS,),
    attention_rows.UnknownRow: (attention._UNKNOWN,),
    attention_rows.LateRow: (attention._LATE,),
    attention_rows.LacksRow: (attention._LACKING,),
    attention_rows.ShortRow: (attention._SHORT,),
    automation_rows.StandingRow: (standings._WIDE,),
    node.StandingAccountRow: (standings._ACCOUNTS,),
    secret_rows.DataKeyRow: (tables.data_keys,),
    secret_rows.SecretRow: (tables.secrets,),
    secret_rows.SecretUseRow: (tables.secret_uses,),
}
#: As above, of plugins.
OF_PLUGINS: Mapping[type[Any], tuple[Any, ...]] = {members.Row: (nodes,), members.Lead: (tables.leases,)}
#: Parts of others, which no statement returns by itself.
PARTS = {"OwnedRow", "ComparedRow", "NotionalRow"}
#: NULL in the table, never in what the statement chooses: what was sent has these.
NEVER_NULL = {(orders.PolledIntentRow, "sent_at"), (orders.PolledIntentRow, "send_by")}
#: NULL where the outer join finds nothing.
MAY_BE_MISSING = {
    (automation_rows.NamedNoticeRow, "automation"),
    (node.ListedAuditRow, "begun_data"),
    (attention_rows.LateRow, "oldest"),
}


@pytest.mark.parametrize("shape", [*SOURCES, *OF_PLUGINS], ids=lambda shape: shape.__name__)
def test_a_row_s_shape_is_what_its_statement_returns(shape: type[Any]) -> None:
    shown = {name: _plain(hint) for name, hint in get_type_hints(shape).items()}
    for source in {**SOURCES, **OF_PLUGINS}[shape]:
        columns = source.c if isinstance(source, sa.Table) else source.selected_columns
        assert shown == {column.name: _python(shape, column) for column in columns}


def test_every_shape_is_held_to_a_statement() -> None:
    modules = [import_module(f"{rows.__name__}.{found.name}") for found in iter_modules(rows.__path__)]
    named = {name for module in modules for name in module.__all__}
    assert named - PARTS == {shape.__name__ for shape in SOURCES}


def _plain(hint: Any) -> frozenset[type[Any]]:
    """Return the types of an annotation; some few texts stand for text."""
    parts = get_args(hint) if get_origin(hint) is UnionType else (hint,)
    return frozenset(
        type(get_args(part)[0]) if get_origin(part) is Literal else get_origin(part) or part for part in parts
    )


def _python(shape: type[Any], column: sa.ColumnElement[Any]) -> frozenset[type[Any]]:
    kind = _kind(column)
    key = (shape, column.name)
    nullable = getattr(column, "nullable", False) and key not in NEVER_NULL
    return frozenset({kind, type(None)}) if nullable or key in MAY_BE_MISSING else frozenset({kind})


def _kind(column: sa.ColumnElement[Any]) -> type[Any]:
    if isinstance(column.type, Money):
        return Decimal
    if isinstance(column.type, sa.JSON):
        return Mapping
    return column.type.python_type
