"""Commands of the node that are made of its operations: what each prints, and how its help puts it."""

from __future__ import annotations

from typing import Any

from octobot_node.contracts.operation import Command, Operation
from octobot_node.operations.automations.catalogue import (
    LIST_CONFIGS,
    LIST_SIGNALS,
    LIST_TICKS,
    LIST_TYPES,
    RESTORE_CONFIG,
    SHOW_CONFIG,
    SHOW_TYPE,
)
from octobot_node.operations.node.catalogue import DRAIN_NODE
from octobot_node.operations.overview.catalogue import (
    CHANGE_PREFERENCES,
    SHOW_ATTENTION,
    SHOW_LAG,
    SHOW_PREFERENCES,
    SHOW_RESULTS,
    SHOW_TOTALS,
)
from octobot_node.operations.trading.catalogue import (
    LIST_BALANCES,
    LIST_FILLS,
    LIST_KILL_SWITCHES,
    LIST_MARKET_SOURCES,
    LIST_ORDERS,
    LIST_POSTINGS,
    LIST_SYMBOLS,
    SHOW_ACCOUNT,
    SHOW_COURSE,
    SHOW_ORDER,
    SHOW_SPARKLINES,
    SHOW_TICKER,
    SHOW_TOTAL_COURSE,
)

__all__ = ["DERIVED"]

_OUTPUT = "octobot_node.cli.output"


def _command(path: str, show: str, help: str = "") -> Command:  # noqa: A002 - as Command has it
    return Command(path, help=help, show=f"{_OUTPUT}.{show}")


DERIVED: tuple[tuple[Operation[Any, Any], Command], ...] = (
    (
        SHOW_ACCOUNT,
        _command("accounts show", "show_accounts:print_account", "Show everything about an account but its secrets."),
    ),
    (
        LIST_KILL_SWITCHES,
        _command(
            "kill-switch list",
            "show_kill_switch:print_kill_switches",
            "List kill switches, newest first: those in force, and those that were.",
        ),
    ),
    (
        LIST_POSTINGS,
        _command(
            "ledger list",
            "show_money:print_postings",
            "List what moved in an automation's money, newest first: budget, trades, fees.",
        ),
    ),
    (LIST_BALANCES, _command("ledger balances", "show_money:print_balances")),
    (
        LIST_MARKET_SOURCES,
        _command(
            "markets sources",
            "show_markets:print_sources",
            "List where prices can come from, and which accounts use it.",
        ),
    ),
    (
        LIST_SYMBOLS,
        _command(
            "markets symbols",
            "show_markets:print_symbols",
            "List the symbols of an account's market, and what its exchange accepts.",
        ),
    ),
    (
        SHOW_TICKER,
        _command(
            "markets ticker",
            "show_markets:print_ticker",
            "Show a symbol's prices now, as automations on the account see them.",
        ),
    ),
    (
        SHOW_TOTALS,
        _command("overview totals", "show_overview:print_totals", "Show what automations come to, by asset and more."),
    ),
    (
        SHOW_ATTENTION,
        _command("overview attention", "show_overview:print_attention", "Show what needs somebody, and what helps."),
    ),
    (
        SHOW_RESULTS,
        _command("overview results", "show_overview:print_results", "Show how the day went: the best and the worst."),
    ),
    (
        SHOW_TOTAL_COURSE,
        _command("overview equity", "show_overview:print_total_course", "Show what automations were worth over time."),
    ),
    (
        SHOW_COURSE,
        _command(
            "automations course",
            "show_overview:print_course",
            "Show what an automation was worth at the prices of then, and what holding would have been.",
        ),
    ),
    (
        SHOW_PREFERENCES,
        _command("overview preferences", "show_overview:print_preferences", "Show what you chose for yourself."),
    ),
    (
        CHANGE_PREFERENCES,
        _command("overview prefer", "show_overview:print_preferences", "Choose how you want to see things."),
    ),
    (
        SHOW_SPARKLINES,
        _command(
            "automations sparklines",
            "show_overview:print_sparklines",
            "Show what some automations were worth at the same few times, by their ids.",
        ),
    ),
    (
        LIST_TICKS,
        _command("automations ticks", "show_overview:print_ticks", "List ticks that did something, newest first."),
    ),
    (SHOW_LAG, _command("overview lag", "show_overview:print_lag", "Show how late ticks were in the last hour.")),
    (DRAIN_NODE, _command("nodes drain", "show_node:print_nodes")),
    (LIST_ORDERS, _command("orders list", "show_orders:print_orders")),
    (SHOW_ORDER, _command("orders show", "show_orders:print_order", "Show everything about an order, with its fills.")),
    (LIST_FILLS, _command("orders fills", "show_orders:print_fills", "List fills, newest first.")),
    (
        LIST_CONFIGS,
        _command(
            "automations configs",
            "show_configs:print_configs",
            "List an automation's configs, newest first: since when, by whom, what each changed.",
        ),
    ),
    (
        SHOW_CONFIG,
        _command("automations config", "show_configs:print_config", "Show a config that an automation has, or had."),
    ),
    (
        RESTORE_CONFIG,
        _command(
            "automations restore-config",
            "show_automations:print_edited",
            "Go back to a config that an automation had; it goes on with it at once.",
        ),
    ),
    (
        LIST_SIGNALS,
        _command(
            "signals list", "show_automations:print_signals", "List what an automation's inbox got, newest first."
        ),
    ),
    (
        LIST_TYPES,
        _command("types list", "show_automations:print_types", "List the automation types that are installed."),
    ),
    (
        SHOW_TYPE,
        _command(
            "types show",
            "show_automations:print_type",
            "Show what an automation type does, and the fields of its config.",
        ),
    ),
)
