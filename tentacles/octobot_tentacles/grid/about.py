"""How it presents itself to those who choose a type."""

from __future__ import annotations

from decimal import Decimal

from octobot_node import About, Category, Example, Figure, Icon, Need, Preset, Risk

__all__ = ["ABOUT"]

ABOUT = About(
    title="Grid",
    category=Category.RANGE,
    icon=Icon.GRID,
    risk=Risk.MEDIUM,
    risk_text="Below the range it holds all that it bought on the way down; above it, it has sold everything.",
    tags=("grid", "range", "limit orders", "sideways"),
    text="""\
Places buys on levels below the price and sells on levels above it. Each buy that fills is sold one level higher, and
the level then buys again: in a market that goes up and down inside the range every round trip earns the gap between
two levels, less the fees.

It tells **grid profit**, which the round trips earned, apart from **trend**, which is what the inventory gained or lost
because the price moved. A gap that does not pay both fees is refused. The grid may close itself at a price or at a
profit or loss of the whole.
""",
    examples=(
        Example(
            "Ten percent around the price",
            {"symbol": "BTC/USD", "around": "5", "levels": 21, "spend": "50"},
            {"USD": Decimal(1200)},
            "21 levels from 5 % below to 5 % above the price at which it starts.",
        ),
        Example(
            "A range that one chose",
            {
                "symbol": "BTC/USD",
                "lower": "36000",
                "upper": "46000",
                "step": "1",
                "spacing": "geometric",
                "spend": "100",
                "stop_loss_price": "35000",
            },
            {"USD": Decimal(4000)},
            "A level every percent, and an end below it all.",
        ),
    ),
    presets=(
        Preset("Calm", {"around": "3", "levels": 13, "spacing": "geometric"}, "A narrow range for a quiet market."),
        Preset("Wide", {"around": "15", "levels": 31, "spacing": "geometric"}, "A wide range that lasts for weeks."),
        Preset("Buy nothing at the start", {"start": "wait"}, "Levels above the price begin once it has risen past."),
    ),
    least_budget={"quote": Decimal(100)},
    needs=(Need.BUDGET, Need.PRICES),
    figures=(
        Figure("grid profit", "money", "quote"),
        Figure("trend", "money", "quote"),
        Figure("total profit", "money", "quote"),
        Figure("round trips", "count"),
        Figure("inventory", "money", "base"),
        Figure("at price", "price", "quote"),
        Figure("problem", "text"),
    ),
)
