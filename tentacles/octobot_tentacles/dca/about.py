"""How it presents itself to those who choose a type."""

from __future__ import annotations

from decimal import Decimal

from octobot_node import About, Category, Example, Icon, Need, Preset, Risk

__all__ = ["ABOUT"]

ABOUT = About(
    title="Regular buying",
    category=Category.ACCUMULATE,
    icon=Icon.CALENDAR,
    risk=Risk.LOW,
    risk_text="It holds what it buys, and loses what that loses; with safety orders it buys more of what falls.",
    tags=("dca", "savings plan", "average cost", "take-profit", "safety orders"),
    text="""\
Buys for a fixed amount of quote on a schedule, whatever the price is: at an interval, or every day at a time. Over
months the average cost lies between the highs and the lows, and nobody has to choose a moment.

With **take_profit** the whole position is sold once it is worth so many percent more than it cost, and the buying goes
on. With **safety_orders** a ladder of limit buys hangs below the first price of each round: they lower the average cost
where the price falls, and bring the take-profit nearer. **max_spend** ends it once so much was spent.
""",
    examples=(
        Example(
            "100 USD of bitcoin a day",
            {"symbol": "BTC/USD", "amount": "100", "every": "1d"},
            {"USD": Decimal(5000)},
            "Buys at once, and then every day at the same time.",
        ),
        Example(
            "Buy the dip, sell the rise",
            {
                "symbol": "ETH/USD",
                "amount": "50",
                "every": "4h",
                "take_profit": "1.5",
                "safety_orders": {"count": 4, "step": "2", "amount": "60", "volume_scale": "1.2"},
            },
            {"USD": Decimal(2000)},
            "Four safety orders below the first price; sells all of it 1.5 % above the average cost.",
        ),
    ),
    presets=(
        Preset("Every day", {"every": "1d"}, "One buy a day."),
        Preset("Every week", {"every": "1w"}, "One buy a week."),
        Preset(
            "Deals of a few days",
            {
                "every": "4h",
                "take_profit": "1.5",
                "safety_orders": {"count": 4, "step": "2", "step_scale": "1.2", "amount": "60", "volume_scale": "1.2"},
            },
            "Averages down and takes small profits.",
        ),
    ),
    least_budget={"quote": Decimal(10)},
    needs=(Need.BUDGET, Need.PRICES),
)
