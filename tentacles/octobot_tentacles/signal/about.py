"""How it presents itself to those who choose a type."""

from __future__ import annotations

from decimal import Decimal

from octobot_node import About, Category, Example, Figure, Icon, Need, Preset, Risk

__all__ = ["ABOUT"]

ABOUT = About(
    title="Signals",
    category=Category.SIGNALS,
    icon=Icon.SIGNAL,
    risk=Risk.HIGH,
    risk_text="It does what its sender says, up to the whole budget; limits and a cool-down bound it.",
    tags=("signal", "webhook", "TradingView", "alert"),
    text="""\
Trades what arrives in its inbox: by the API, by a command, or at an address that TradingView and the like call. A
payload may be JSON, whose fields are found by name, or a line such as `SYMBOL=BTCUSDT;SIGNAL=BUY;VOLUME=10a%`.

A signal that does not say how much takes the size of the config. `one_position`, `cooldown` and `max_age` keep a sender
that repeats itself, or is late, from doing harm.
""",
    examples=(
        Example(
            "100 USD a signal, one position at a time",
            {"symbol": "BTC/USD", "spend": "100", "one_position": True, "max_age": "5m"},
            {"USD": Decimal(1000)},
        ),
        Example(
            "Limit orders of several markets",
            {
                "symbol": "BTC/USD",
                "symbols": ["ETH/USD"],
                "order": "limit",
                "expires": "1h",
                "percent": "10",
            },
            {"USD": Decimal(2000)},
        ),
    ),
    presets=(
        Preset("One at a time", {"one_position": True, "cooldown": "5m"}, "A buy while something is held is ignored."),
        Preset("Only fresh signals", {"max_age": "1m"}, "What is older than a minute is not traded."),
    ),
    least_budget={"quote": Decimal(10)},
    needs=(Need.BUDGET, Need.PRICES, Need.SIGNALS),
    figures=(Figure("signals *", "count"),),
)
