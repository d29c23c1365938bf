"""How it presents itself to those who choose a type."""

from __future__ import annotations

from decimal import Decimal

from octobot_node import About, Category, Example, Figure, Icon, Need, Preset, Risk

__all__ = ["ABOUT"]

ABOUT = About(
    title="Smart trade",
    category=Category.TRADE,
    icon=Icon.TARGET,
    risk=Risk.MEDIUM,
    risk_text="One position; a stop sells at the market's price, which may be below the level that it was set to.",
    tags=("entry", "take-profit", "stop-loss", "trailing stop", "break-even"),
    text="""\
One trade from entry to exit. It buys at once, at a limit, or when a level is reached; or takes over what its budget
holds already. Then it sells by rules: several take-profits with shares, a stop-loss, a trailing stop, a stop that moves
to break-even, a time limit. When nothing is left the automation has completed.
""",
    examples=(
        Example(
            "Two targets and a stop",
            {
                "symbol": "BTC/USD",
                "spend": "1000",
                "take_profits": [{"percent": "2", "share": "50"}, {"percent": "4", "share": "50"}],
                "stop_loss": {"percent": "3"},
            },
            {"USD": Decimal(1100)},
        ),
        Example(
            "Let it run",
            {"symbol": "ETH/USD", "spend": "500", "trailing": {"percent": "4", "activate_at": {"percent": "2"}}},
            {"USD": Decimal(550)},
            "Sells 4 % below the highest price, once it is 2 % up.",
        ),
    ),
    presets=(
        Preset(
            "Careful",
            {"take_profits": [{"percent": "2"}], "stop_loss": {"percent": "1"}},
            "Little to win, less to lose.",
        ),
        Preset(
            "Half out, half running",
            {
                "take_profits": [{"percent": "3", "share": "50"}],
                "runner": "50",
                "trailing": {"percent": "3"},
                "break_even": {"after_take_profit": 1},
            },
            "Takes half, and lets the rest follow the price.",
        ),
    ),
    least_budget={"quote": Decimal(10)},
    needs=(Need.BUDGET, Need.PRICES),
    figures=(
        Figure("phase", "text"),
        Figure("entry average", "price", "quote"),
        Figure("exit average", "price", "quote"),
        Figure("sold %", "percent", key="sold"),
        Figure("PnL", "money", "quote"),
        Figure("stop", "price", "quote"),
        Figure("stop kind", "text"),
        Figure("peak", "price", "quote"),
    ),
)
