"""OctoBot Node: run trading automations at scale.

This module is the author's API; everything a tentacle package needs is here.
"""

from __future__ import annotations

from octobot_node.about import About, Category, Example, Figure, Icon, Need, Preset, Risk
from octobot_node.automation import (
    Automation,
    AutomationStatus,
    Daily,
    Decision,
    Finding,
    Needs,
    Notify,
    PauseAutomation,
    Perform,
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
    "About",
    "Automation",
    "AutomationStatus",
    "CancelOrder",
    "Candles",
    "Category",
    "Daily",
    "Decision",
    "Example",
    "Figure",
    "Fill",
    "Finding",
    "Icon",
    "IntentStatus",
    "LimitOrder",
    "Market",
    "MarketOrder",
    "MarketRules",
    "Need",
    "Needs",
    "Notify",
    "OpenOrder",
    "OrderResult",
    "PauseAutomation",
    "Perform",
    "Position",
    "Preset",
    "Risk",
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
