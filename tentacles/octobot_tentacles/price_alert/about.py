"""How it presents itself to those who choose a type."""

from __future__ import annotations

from octobot_node import About, Category, Example, Figure, Icon, Need, Preset, Risk

__all__ = ["ABOUT"]

ABOUT = About(
    title="Price alert",
    category=Category.WATCH,
    icon=Icon.BELL,
    risk=Risk.NONE,
    risk_text="It tells, and orders nothing.",
    tags=("alert", "notification", "level", "move"),
    text="""\
Tells its owner, through every notifier, when a price crosses a level, or has moved by so many percent within a window.
Once, and then it has completed; or every time, with **repeat**: a level is told again only after the price was
**hysteresis** percent back from it, and nothing for as long as **cooldown** says after an alert.
""",
    examples=(
        Example("Above 50,000", {"symbol": "BTC/USD", "above": "50000"}),
        Example(
            "Five percent within an hour",
            {"symbol": "BTC/USD", "move": {"percent": "5", "within": "1h"}, "repeat": True, "cooldown": "1h"},
        ),
    ),
    presets=(
        Preset("Sudden moves", {"move": {"percent": "3", "within": "15m"}, "repeat": True, "cooldown": "30m"}),
        Preset("Again and again", {"repeat": True, "hysteresis": "1"}, "Each time that the level is crossed."),
    ),
    needs=(Need.PRICES, Need.NOTIFIER),
    figures=(Figure("alerts", "count"), Figure("last alert", "text")),
)
