"""How it presents itself to those who choose a type."""

from __future__ import annotations

from octobot_node import About, Category, Example, Figure, Icon, Need, Preset, Risk

__all__ = ["ABOUT"]

ABOUT = About(
    title="Stop-loss guard",
    category=Category.PROTECT,
    icon=Icon.SHIELD,
    risk=Risk.NONE,
    risk_text="It has no orders; whom it stops sells at the market's price, which may be below the stop.",
    tags=("stop-loss", "trailing stop", "protection"),
    text="""\
Watches what another automation of yours holds, whatever its type, and acts when the price is at or below the highest of
the given stops: so many percent below the average cost, a price, or so many percent below the highest price since the
position was opened. It may stop the other one and sell, stop it, pause it, or only tell.
""",
    examples=(
        Example("Close at a loss of ten percent", {"automation": "dca-btc", "symbol": "BTC/USD", "loss": "10"}),
        Example(
            "Follow the price, and pause",
            {"automation": "grid-btc", "symbol": "BTC/USD", "trailing": "8", "action": "pause", "once": False},
        ),
    ),
    presets=(
        Preset("Tell only", {"action": "notify", "once": False}, "Nothing is stopped."),
        Preset("Trailing", {"trailing": "8"}, "The stop rises with the price."),
    ),
    needs=(Need.PRICES, Need.AUTOMATION, Need.NOTIFIER),
    figures=(
        Figure("watched", "text"),
        Figure("stop", "price", "quote"),
        Figure("average cost", "price", "quote"),
        Figure("highest price", "price", "quote"),
        Figure("acted at", "price", "quote"),
    ),
)
