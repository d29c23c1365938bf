"""What can be done with accounts, markets, orders and money, and the kill switch."""

from __future__ import annotations

from typing import Any

from octobot_node.contracts.operation import Operation
from octobot_node.operations.models import EmptyRequest, PageRequest
from octobot_node.operations.trading.models.account_checks import AccountChecked, RotateKeys
from octobot_node.operations.trading.models.account_modes import GoLive, ModeChange, ObserveAccount, PlanGoLive
from octobot_node.operations.trading.models.account_money import AccountMoney, ShowAccountMoney
from octobot_node.operations.trading.models.accounts import (
    AccountCreated,
    AccountDeleted,
    AccountDetail,
    AccountPage,
    CreateAccount,
    EditAccount,
    ExchangePage,
    OneAccount,
)
from octobot_node.operations.trading.models.equity import (
    CourseOfAutomation,
    ShowCourse,
    ShowSparklines,
    ShowTotalCourse,
    SparklinePage,
    TotalCourse,
)
from octobot_node.operations.trading.models.exports import ExportPage, ExportTable
from octobot_node.operations.trading.models.kill_switch import (
    Checklist,
    KillSwitchPage,
    KillSwitchRow,
    KillSwitchThrown,
    ListKillSwitches,
    ReleaseKillSwitch,
    ShowKillSwitch,
    ThrowKillSwitch,
)
from octobot_node.operations.trading.models.markets import (
    CandleSeries,
    ListSymbols,
    ShowCandles,
    ShowTicker,
    SourcePage,
    SymbolPage,
    TickerNow,
)
from octobot_node.operations.trading.models.money import (
    BalancePage,
    EquitySeries,
    FillPage,
    ListBalances,
    ListFills,
    ListPostings,
    OrderDetail,
    PostingPage,
    ShowEquity,
)
from octobot_node.operations.trading.models.orders import (
    AdoptOrder,
    DeclareNotSent,
    ListOrders,
    OneOrder,
    OrderPage,
    OrderResolved,
)

__all__ = [
    "ADOPT_ORDER",
    "CHECK_ACCOUNT",
    "CREATE_ACCOUNT",
    "DECLARE_ORDER_NOT_SENT",
    "DELETE_ACCOUNT",
    "EDIT_ACCOUNT",
    "EXPORT_TABLE",
    "GO_LIVE",
    "LIST_ACCOUNTS",
    "LIST_BALANCES",
    "LIST_CANDLES",
    "LIST_EXCHANGES",
    "LIST_FILLS",
    "LIST_KILL_SWITCHES",
    "LIST_MARKET_SOURCES",
    "LIST_ORDERS",
    "LIST_POSTINGS",
    "LIST_SYMBOLS",
    "OBSERVE_ACCOUNT",
    "OPERATIONS",
    "PLAN_GO_LIVE",
    "RELEASE_KILL_SWITCH",
    "ROTATE_KEYS",
    "SHOW_ACCOUNT",
    "SHOW_ACCOUNT_MONEY",
    "SHOW_COURSE",
    "SHOW_EQUITY",
    "SHOW_KILL_SWITCH",
    "SHOW_ORDER",
    "SHOW_SPARKLINES",
    "SHOW_TICKER",
    "SHOW_TOTAL_COURSE",
    "THROW_KILL_SWITCH",
]

_HERE = "octobot_node.operations.trading"
_ACCOUNT = "octobot_node.operations.audit_subjects:account"
_ORDER = "octobot_node.operations.audit_subjects:order"

# Their names are a protocol between versions: never change one, add another.
LIST_ORDERS = Operation(
    "orders.list", ListOrders, OrderPage, f"{_HERE}.orders:list_orders", description="List orders, newest first."
)
SHOW_ORDER = Operation(
    "orders.show",
    OneOrder,
    OrderDetail,
    f"{_HERE}.orders:show",
    description="Tell everything about an order, with its fills.",
)
ADOPT_ORDER = Operation(
    "orders.adopt",
    AdoptOrder,
    OrderResolved,
    f"{_HERE}.orders:adopt",
    writes=True,
    subject=_ORDER,
    description=(
        "Say which of the exchange's orders an order of unknown outcome became; what it executed is settled at once."
    ),
)
DECLARE_ORDER_NOT_SENT = Operation(
    "orders.declare_not_sent",
    DeclareNotSent,
    OrderResolved,
    f"{_HERE}.orders:declare_not_sent",
    writes=True,
    subject=_ORDER,
    description="Say that an order of unknown outcome never reached its exchange: its funds are free again.",
)
THROW_KILL_SWITCH = Operation(
    "kill_switch.throw",
    ThrowKillSwitch,
    KillSwitchThrown,
    f"{_HERE}.kill_switch:throw",
    writes=True,
    description="Send nothing new from now on, and cancel own open orders; follow what is confirmed at its address.",
)
SHOW_KILL_SWITCH = Operation("kill_switch.show", ShowKillSwitch, Checklist, f"{_HERE}.kill_switch:show")
LIST_KILL_SWITCHES = Operation(
    "kill_switch.list",
    ListKillSwitches,
    KillSwitchPage,
    f"{_HERE}.kill_switch:list_switches",
    description="List kill switches, newest first.",
)
RELEASE_KILL_SWITCH = Operation(
    "kill_switch.release", ReleaseKillSwitch, KillSwitchRow, f"{_HERE}.kill_switch:release", writes=True
)
LIST_FILLS = Operation(
    "fills.list", ListFills, FillPage, f"{_HERE}.money:list_fills", description="List executions, newest first."
)
LIST_POSTINGS = Operation(
    "ledger.list",
    ListPostings,
    PostingPage,
    f"{_HERE}.money:list_postings",
    description="List what moved, newest first: budget, trades and fees, which are never changed.",
)
LIST_BALANCES = Operation(
    "ledger.balances",
    ListBalances,
    BalancePage,
    f"{_HERE}.money:list_balances",
    description="List what automations have of each asset, free and reserved.",
)
SHOW_EQUITY = Operation(
    "equity.series",
    ShowEquity,
    EquitySeries,
    f"{_HERE}.money:equity",
    description="Tell what an automation was worth, and had realised, after its fills; of longer ago, hour by hour.",
)
EXPORT_TABLE = Operation(
    "exports.page",
    ExportTable,
    ExportPage,
    f"{_HERE}.exports:export",
    description="Tell what was traded or moved in a period as a table, oldest first; `tax` is made for tax tools.",
)
SHOW_COURSE = Operation(
    "equity.course",
    ShowCourse,
    CourseOfAutomation,
    f"{_HERE}.courses:course",
    description="Tell what an automation was worth over time at the prices of then, and what holding would have been.",
)
SHOW_TOTAL_COURSE = Operation(
    "equity.total",
    ShowTotalCourse,
    TotalCourse,
    f"{_HERE}.courses:total_course",
    description="Tell what all automations, or an account's, were worth together over time, by asset.",
)
SHOW_SPARKLINES = Operation(
    "equity.sparklines",
    ShowSparklines,
    SparklinePage,
    f"{_HERE}.courses:sparklines",
    description="Tell what some automations were worth at the same few times: small courses of a page of a list.",
)
LIST_ACCOUNTS = Operation(
    "accounts.list",
    PageRequest,
    AccountPage,
    f"{_HERE}.accounts:list_accounts",
    description="List accounts, oldest first.",
)
SHOW_ACCOUNT = Operation(
    "accounts.show",
    OneAccount,
    AccountDetail,
    f"{_HERE}.accounts:show",
    description="Tell everything about an account but its secrets.",
)
CREATE_ACCOUNT = Operation(
    "accounts.create",
    CreateAccount,
    AccountCreated,
    f"{_HERE}.account_checks:create_checked",
    writes=True,
    hidden=frozenset({"market_data", "trading"}),
    description="Create an account: market data, trading, and the money of a simulated one, as in a run file.",
)
EDIT_ACCOUNT = Operation(
    "accounts.edit",
    EditAccount,
    AccountDetail,
    f"{_HERE}.accounts:edit",
    writes=True,
    subject=_ACCOUNT,
    description="Change an account's name or limits; what is left out stays.",
)
SHOW_ACCOUNT_MONEY = Operation(
    "accounts.money",
    ShowAccountMoney,
    AccountMoney,
    f"{_HERE}.account_money:money",
    description="Tell what an account has at its exchange, what of it its automations have, and what is left.",
)
CHECK_ACCOUNT = Operation(
    "accounts.check",
    OneAccount,
    AccountChecked,
    f"{_HERE}.account_checks:check",
    description="Ask an account's exchange for prices, money and orders, and tell what came of it; nothing is changed.",
)
OBSERVE_ACCOUNT = Operation(
    "accounts.observe",
    ObserveAccount,
    ModeChange,
    f"{_HERE}.account_modes:observe",
    writes=True,
    subject=_ACCOUNT,
    description="Send no order of an account from now on: what its automations decide is only written down.",
)
PLAN_GO_LIVE = Operation(
    "accounts.plan_go_live",
    PlanGoLive,
    ModeChange,
    f"{_HERE}.account_modes:plan_go_live",
    description="Tell what it would mean to send an account's orders from now on; nothing is changed.",
)
GO_LIVE = Operation(
    "accounts.go_live",
    GoLive,
    ModeChange,
    f"{_HERE}.account_modes:go_live",
    writes=True,
    subject=_ACCOUNT,
    description="Send an account's orders from now on; `accounts.plan_go_live` says what that means.",
)
ROTATE_KEYS = Operation(
    "accounts.rotate_keys",
    RotateKeys,
    AccountDetail,
    f"{_HERE}.account_checks:rotate_keys",
    writes=True,
    subject=_ACCOUNT,
    hidden=frozenset({"trading", "market_data"}),
    description="Give an account other keys of the same account at its exchange; what is on it goes on.",
)
DELETE_ACCOUNT = Operation(
    "accounts.delete",
    OneAccount,
    AccountDeleted,
    f"{_HERE}.accounts:delete",
    writes=True,
    subject=_ACCOUNT,
    description="Delete an account that no automation is on.",
)
LIST_EXCHANGES = Operation(
    "exchanges.list",
    EmptyRequest,
    ExchangePage,
    f"{_HERE}.accounts:list_exchanges",
    description="List trading connectors, and what each one's exchange really guarantees.",
)
LIST_MARKET_SOURCES = Operation(
    "markets.sources",
    EmptyRequest,
    SourcePage,
    f"{_HERE}.markets:list_sources",
    description="List market data connectors.",
)
LIST_SYMBOLS = Operation(
    "markets.symbols",
    ListSymbols,
    SymbolPage,
    f"{_HERE}.markets:list_symbols",
    description="List an account's symbols, with what its exchange accepts of each.",
)
SHOW_TICKER = Operation(
    "markets.ticker",
    ShowTicker,
    TickerNow,
    f"{_HERE}.markets:ticker",
    description="Tell a symbol's prices, as automations see them.",
)
LIST_CANDLES = Operation(
    "markets.candles",
    ShowCandles,
    CandleSeries,
    f"{_HERE}.markets:candles",
    description="Tell a symbol's newest closed candles, as automations see them.",
)

OPERATIONS: tuple[Operation[Any, Any], ...] = (
    LIST_ORDERS,
    SHOW_ORDER,
    ADOPT_ORDER,
    DECLARE_ORDER_NOT_SENT,
    THROW_KILL_SWITCH,
    SHOW_KILL_SWITCH,
    LIST_KILL_SWITCHES,
    RELEASE_KILL_SWITCH,
    LIST_FILLS,
    LIST_POSTINGS,
    LIST_BALANCES,
    SHOW_EQUITY,
    EXPORT_TABLE,
    SHOW_COURSE,
    SHOW_TOTAL_COURSE,
    SHOW_SPARKLINES,
    LIST_ACCOUNTS,
    SHOW_ACCOUNT,
    CREATE_ACCOUNT,
    EDIT_ACCOUNT,
    SHOW_ACCOUNT_MONEY,
    CHECK_ACCOUNT,
    OBSERVE_ACCOUNT,
    PLAN_GO_LIVE,
    GO_LIVE,
    ROTATE_KEYS,
    DELETE_ACCOUNT,
    LIST_EXCHANGES,
    LIST_MARKET_SOURCES,
    LIST_SYMBOLS,
    SHOW_TICKER,
    LIST_CANDLES,
)
