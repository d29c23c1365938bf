"""How it presents itself to those who choose a type."""

from __future__ import annotations

from decimal import Decimal

from octobot_node import About, Category, Example, Figure, Icon, Need, Preset, Risk

__all__ = ["ABOUT"]

ABOUT = About(
    title="Basket",
    category=Category.PORTFOLIO,
    icon=Icon.SCALE,
    risk=Risk.LOW,
    risk_text="It holds a basket, and loses what that loses; it sells what rose and buys what fell.",
    tags=("rebalance", "portfolio", "index", "weights"),
    text="""\
Keeps several assets at set weights. Where one has grown to more than its share it sells of it, and buys what has become
too little: sales first, since they pay for the buys.

It looks when a weight is **threshold** percentage points off, at set times, or both. Trades below **min_trade** are
left out. An asset with the weight 0 is sold.
""",
    examples=(
        Example(
            "Half bitcoin, a third ether, the rest in dollars",
            {"weights": {"BTC": "50", "ETH": "30", "USD": "20"}, "quote": "USD", "threshold": "5"},
            {"USD": Decimal(2000)},
        ),
        Example(
            "Once a week",
            {"weights": {"BTC": "60", "ETH": "40"}, "quote": "USD", "every": "1w", "min_trade": "10"},
            {"USD": Decimal(1000)},
            "Every week, whatever the weights have become.",
        ),
    ),
    presets=(
        Preset("When it drifts", {"threshold": "5"}, "At five percentage points."),
        Preset("Monthly", {"cron": {"line": "0 9 1 * *", "tz": "UTC"}}, "On the first of the month."),
    ),
    least_budget={"quote": Decimal(50)},
    needs=(Need.BUDGET, Need.PRICES),
    figures=(
        Figure("rebalances", "count"),
        Figure("turnover, *", "money", "quote", key="turnover"),
        Figure("largest drift, points", "percent", key="largest_drift"),
        Figure("* weight", "text"),
    ),
)
