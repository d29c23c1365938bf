"""Statements whose cost must not grow with the tables ride the index that was made for them."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from octobot_node.contracts.storage import Storage
from octobot_node.store import automations, intents, kill_switches, schedules
from octobot_node.store.queries import history, lists, metric_queries, shadows
from octobot_node.store.queries.history import FillFilter
from octobot_node.store.queries.lists import AutomationFilter, EventFilter, OrderFilter
from octobot_node.store.queries.periods import Period

Statement = Callable[[sa.Connection], Any]

#: What finds the names of a row's automation and account.
NAMES = {"sqlite_autoindex_automations_1", "sqlite_autoindex_accounts_1"}


def switch(scope: str, owner: str = "") -> Any:
    """Return what a kill switch's row has that statements look at."""
    return SimpleNamespace(id="k", scope=scope, owner=owner, target_id="t")


#: Either holds what is live, and next to nothing else.
LIVE = {"ix_intents_live", "ix_intents_live_of"}
OWNED = {*LIVE, "sqlite_autoindex_accounts_1", "sqlite_autoindex_accounts_2"}
NOTED = {"sqlite_autoindex_kill_switch_orders_1", "sqlite_autoindex_intents_1"}
PLANS: dict[str, tuple[Statement, set[str]]] = {
    # Whether there are shadows is asked along: of accounts, which are few, the key is read.
    "schedules.due": (lambda c: schedules.due(c, 1, 10), {"ix_schedule_due", "sqlite_autoindex_accounts_1"}),
    "shadows.executions_of": (lambda c: shadows.executions_of(c, ["o"], 1), {"ix_fills_order"}),
    "schedules.next_due_at": (schedules.next_due_at, {"ix_schedule_due"}),
    "schedules.lock_claimed": (lambda c: schedules.lock_claimed(c, "b"), {"ix_schedule_claim"}),
    "schedules.expired_claims": (lambda c: schedules.expired_claims(c, 1), {"ix_schedule_claim"}),
    "schedules.levels": (schedules.levels, {"ix_schedule_levels"}),
    "schedules.wake": (lambda c: schedules.wake(c, ["a"], 1), {"sqlite_autoindex_schedule_1"}),
    "counts.claimed": (metric_queries.claimed, {"ix_schedule_claim"}),
    "counts.live_intents": (metric_queries.live_intents, {"ix_intents_live"}),
    "counts.silent_automations": (metric_queries.silent_automations, {"ix_automations_silent"}),
    "lists.automations_by_status": (lambda c: lists.automations_by_status(c, None), {"ix_automations_status"}),
    "lists.longest_due": (lambda c: lists.longest_due(c, None), {"ix_schedule_due"}),
    "intents.for_carrier": (lambda c: intents.for_carrier(c, "w", 10), {"ix_intents_carrier"}),
    "intents.live_of_account": (lambda c: intents.live_of_account(c, "x"), {"ix_intents_live"}),
    "intents.carriers": (intents.carriers, {"ix_intents_live", "ix_intents_carrier"}),
    "intents.adrift": (lambda c: intents.adrift(c, 1, ["w"], 10), {"ix_intents_live", "ix_intents_carrier"}),
    "intents.accounts_to_watch": (intents.accounts_to_watch, {"ix_intents_live"}),
    "intents.due_retries": (intents.due_retries, {"ix_intents_live", "ix_intents_carrier"}),
    "intents.open_of": (lambda c: intents.open_of(c, ["a"]), {"ix_intents_live_of"}),
    "intents.open_of a batch": (
        lambda c: intents.open_of_batch(c, "b"),
        {"ix_intents_live_of", "ix_schedule_claim"},
    ),
    "intents.live_count": (lambda c: intents.live_count(c, "a"), {"ix_intents_live_of"}),
    "intents.live_orders_of_account": (lambda c: intents.live_orders_of_account(c, "x"), {"ix_intents_live"}),
    "intents.symbols_in_flight": (lambda c: intents.symbols_in_flight(c, "x"), {"ix_intents_live"}),
    "intents.nameless_since": (lambda c: intents.nameless_since(c, "x"), {"ix_intents_live"}),
    "intents.orders_since an automation": (
        lambda c: intents.orders_since(c, "automation_id", "a", 1),
        {"ix_intents_sent"},
    ),
    "intents.orders_since an account": (
        lambda c: intents.orders_since(c, "account_id", "x", 1),
        {"ix_intents_sent_by_account"},
    ),
    "intents.known_to_exchange": (
        lambda c: intents.known_to_exchange(c, "x", ["o"]),
        {"ix_intents_exchange_order"},
    ),
    "intents.news_of": (
        lambda c: intents.news_of_batch(c, "b"),
        {"ix_fills_news", "ix_schedule_claim"},
    ),
    "automations.signals_of_batch": (
        lambda c: automations.signals_of_batch(c, "b", 1),
        {"ix_inbox_waiting", "ix_schedule_claim"},
    ),
    "automations.requests_by_id": (
        lambda c: automations.requests_by_id(c, ["a"]),
        {"sqlite_autoindex_requests_1"},
    ),
    "automations.waiting_request_ids": (lambda c: automations.waiting_request_ids(c, 10), {"ix_requests_waiting"}),
    "automations.watchers_of": (
        lambda c: automations.watchers_of(c, ["a"]),
        {"ix_watchings_name", "sqlite_autoindex_automations_1"},
    ),
    "automations.watchers_of_names": (
        lambda c: automations.watchers_of_names(c, "local", ["a"]),
        {"ix_watchings_name"},
    ),
    "intents.with_live": (lambda c: intents.with_live(c, ["a"]), {"ix_intents_live_of"}),
    "history.fill_page": (
        lambda c: history.fill_page(c, FillFilter(), "z", 10),
        {"sqlite_autoindex_fills_1", *NAMES},
    ),
    "history.fill_page of an owner": (
        lambda c: history.fill_page(c, FillFilter("bob", symbol="BTC/USD"), "z", 10),
        {"ix_fills_owned", *NAMES},
    ),
    "history.fill_page of an automation": (
        lambda c: history.fill_page(c, FillFilter(automation_id="a"), "z", 10),
        {"ix_fills_of", *NAMES},
    ),
    "history.fill_page of an account": (
        lambda c: history.fill_page(c, FillFilter(account_id="x"), "z", 10),
        {"ix_fills_account", *NAMES},
    ),
    "history.fill_page of an order": (
        lambda c: history.fill_page(c, FillFilter(order_id="o"), None, 10),
        {"ix_fills_order", *NAMES},
    ),
    "history.fills_of_order": (lambda c: history.fills_of_order(c, "o"), {"ix_fills_order", *NAMES}),
    "history.fills_of_period": (
        lambda c: history.fills_of_period(c, FillFilter(period=Period(1, 2)), (2, "z"), 10),
        {"ix_fills_when", *NAMES},
    ),
    "history.fills_of_period of an owner": (
        lambda c: history.fills_of_period(c, FillFilter("bob", period=Period(1, 2)), (2, "z"), 10),
        {"ix_fills_when_owned", *NAMES},
    ),
    "history.fills_of_period of an automation": (
        lambda c: history.fills_of_period(c, FillFilter(automation_id="a", period=Period(1, 2)), (2, "z"), 10),
        {"ix_fills_when_of", *NAMES},
    ),
    "history.postings_of_period": (
        lambda c: history.postings_of_period(c, "a", "USD", Period(1, 2), (2, "z"), 10),
        {"ix_postings_when"},
    ),
    "history.posting_page": (lambda c: history.posting_page(c, "a", "USD", "z", 10), {"ix_postings_of"}),
    "history.balance_page": (
        lambda c: history.balance_page(c, None, None, None, ("a", "USD"), 10),
        {"sqlite_autoindex_balances_1", *NAMES},
    ),
    "history.equity_points": (lambda c: history.equity_points(c, "a", 1, 2), {"sqlite_autoindex_equity_1"}),
    "history.equity_slices": (lambda c: history.equity_slices(c, "a", 1, 2, 10), {"sqlite_autoindex_equity_1"}),
    "history.signal_page": (lambda c: history.signal_page(c, "a", None, "z", 10), {"ix_inbox_of"}),
    "history.signal_page of those that wait": (
        lambda c: history.signal_page(c, "a", "waiting", "z", 10),
        {"ix_inbox_waiting"},
    ),
    "lists.automation_page of a status": (
        lambda c: lists.automation_page(c, AutomationFilter(statuses=["paused"]), "a", 10),
        {"ix_automations_status", "sqlite_autoindex_schedule_1", "sqlite_autoindex_accounts_1"},
    ),
    "lists.automation_page of a type": (
        lambda c: lists.automation_page(c, AutomationFilter(types=["a.b"]), "a", 10),
        {"ix_automations_type", "sqlite_autoindex_schedule_1", "sqlite_autoindex_accounts_1"},
    ),
    "lists.automation_page of an account": (
        lambda c: lists.automation_page(c, AutomationFilter(account_id="x"), "a", 10),
        {"ix_automations_account", "sqlite_autoindex_schedule_1", "sqlite_autoindex_accounts_1"},
    ),
    "lists.automation_page of an owner": (
        lambda c: lists.automation_page(c, AutomationFilter("bob"), "a", 10),
        {"ix_automations_owner", "sqlite_autoindex_schedule_1", "sqlite_autoindex_accounts_1"},
    ),
    "lists.automation_page of an owner and a status": (
        lambda c: lists.automation_page(c, AutomationFilter("bob", ["paused"]), "a", 10),
        {"ix_automations_status", "sqlite_autoindex_schedule_1", "sqlite_autoindex_accounts_1"},
    ),
    "lists.order_page of an owner": (
        lambda c: lists.order_page(c, OrderFilter("bob"), "z", 10),
        {"ix_intents_owner", *NAMES},
    ),
    "lists.order_page of an owner and an automation": (
        lambda c: lists.order_page(c, OrderFilter("bob", "a"), "z", 10),
        {"ix_intents_of", *NAMES},
    ),
    "lists.newest_events of an owner": (
        lambda c: lists.newest_events(c, EventFilter("bob"), 10),
        {"ix_events_owner", "sqlite_autoindex_automations_1"},
    ),
    "lists.newest_events of an owner and an automation": (
        lambda c: lists.newest_events(c, EventFilter("bob", ("a",)), 10),
        {"ix_events_of", "sqlite_autoindex_automations_1"},
    ),
    "lists.automations_matching": (
        lambda c: lists.automations_matching(c, "name", None),
        {"ix_automations_name", "sqlite_autoindex_automations_1"},
    ),
    "automations.batch": (
        lambda c: automations.batch(c, "b"),
        {"ix_schedule_claim", "sqlite_autoindex_automations_1"},
    ),
    "automations.balances_of_batch": (
        lambda c: automations.balances_of_batch(c, "b"),
        {"ix_schedule_claim", "sqlite_autoindex_balances_1"},
    ),
    "automations.positions_of_batch": (
        lambda c: automations.positions_of_batch(c, "b"),
        {"ix_schedule_claim", "sqlite_autoindex_positions_1"},
    ),
    "kill_switches.in_force": (
        lambda c: kill_switches.in_force(c, "o", "account", "t"),
        {"ix_kill_switches_in_force"},
    ),
    "kill_switches.every_in_force": (lambda c: kill_switches.every_in_force(c, None), {"ix_kill_switches_in_force"}),
    "kill_switches.busy": (kill_switches.busy, {"ix_kill_switches_busy"}),
    "kill_switches.note_orders of everything": (lambda c: kill_switches.note_orders(c, switch("everything")), LIVE),
    "kill_switches.note_orders of an owner": (lambda c: kill_switches.note_orders(c, switch("everything", "o")), OWNED),
    "kill_switches.note_orders of an account": (lambda c: kill_switches.note_orders(c, switch("account", "o")), LIVE),
    "kill_switches.note_orders of an automation": (
        lambda c: kill_switches.note_orders(c, switch("automation", "o")),
        {"ix_intents_live_of"},
    ),
    "kill_switches.underway": (lambda c: kill_switches.underway(c, switch("everything"), None), LIVE),
    "kill_switches.planned": (lambda c: kill_switches.planned(c, switch("account", "o"), 1, 9), LIVE),
    "kill_switches.accounts_to_watch": (lambda c: kill_switches.accounts_to_watch(c, switch("everything")), LIVE),
    "kill_switches.waiting": (lambda c: kill_switches.waiting(c, "k", "x", 9), {"ix_kill_switch_orders_waiting"}),
    "kill_switches.waiting_accounts": (
        lambda c: kill_switches.waiting_accounts(c, "k"),
        {"ix_kill_switch_orders_waiting"},
    ),
    "kill_switches.asked": (lambda c: kill_switches.asked(c, "k", ["i"], 1), NOTED),
    "kill_switches.totals": (lambda c: kill_switches.totals(c, "k", None), NOTED),
    "kill_switches.lines": (
        lambda c: kill_switches.lines(c, "k", None, live=False, after="i", count=9),
        {*NOTED, "sqlite_autoindex_automations_1", "sqlite_autoindex_accounts_1"},
    ),
    "kill_switches.resting": (lambda c: kill_switches.resting(c, "k", 1, 9), {*NOTED, *LIVE}),
    "kill_switches.with_news": (
        lambda c: kill_switches.with_news(c, switch("everything")),
        {"ix_intents_live_of"},
    ),
}


def plan_of(connection: sa.Connection, statement: Statement) -> list[str]:
    """Run a statement and return SQLite's plan of what it ran."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, sql: str, parameters: Any, _context: Any, _many: bool) -> None:
        seen.append((sql, parameters))

    sa.event.listen(connection, "before_cursor_execute", note)
    statement(connection)
    sa.event.remove(connection, "before_cursor_execute", note)
    ((sql, parameters),) = seen
    first = parameters[0] if isinstance(parameters, list) else parameters
    return [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", first)]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_statement_rides_its_index(storage: Storage, name: str) -> None:
    statement, allowed = PLANS[name]
    with storage.write() as connection:
        plan = plan_of(connection, statement)
    used = {word for line in plan for word in line.split() if word.startswith(("ix_", "sqlite_autoindex"))}
    # A SCAN is of a table, or of an index from one end to the other: only a partial index may be read whole.
    scans = [line for line in plan if line.startswith("SCAN") and "USING" not in line]
    assert (scans, bool(used), used - allowed) == ([], True, set()), plan
