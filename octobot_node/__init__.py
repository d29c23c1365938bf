"""OctoBot Node: run trading automations at scale.

This module is the author's API; everything a tentacle package needs is here.
"""

from __future__ import annotations

from octobot_node.automation import (
    Automation,
    AutomationStatus,
    Daily,
    Decision,
    Finding,
    Needs,
    Notify,
    PauseAutomation,
    Position,
    Signal,
    SignalOutcome,
    StopAutomation,
    Tick,
    Wake,
    WatchedAutomation,
)
from octobot_node.hookspecs import hookimpl
from octobot_node.market import Candles, Market, MarketRules, Ticker
from octobot_node.orders import (
    CancelOrder,
    Fill,
    IntentStatus,
    LimitOrder,
    MarketOrder,
    OpenOrder,
    OrderResult,
    StopOrder,
    diff_orders,
)

__version__ = "0.1.0"

__all__ = [
    "Automation",
    "AutomationStatus",
    "CancelOrder",
    "Candles",
    "Daily",
    "Decision",
    "Fill",
    "Finding",
    "IntentStatus",
    "LimitOrder",
    "Market",
    "MarketOrder",
    "MarketRules",
    "Needs",
    "Notify",
    "OpenOrder",
    "OrderResult",
    "PauseAutomation",
    "Position",
    "Signal",
    "SignalOutcome",
    "StopAutomation",
    "StopOrder",
    "Tick",
    "Ticker",
    "Wake",
    "WatchedAutomation",
    "__version__",
    "diff_orders",
    "hookimpl",
]
