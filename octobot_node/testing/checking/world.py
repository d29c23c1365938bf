"""An odd market and everything that may happen in it, drawn as plain numbers so that a failure shrinks well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from octobot_node.market import timeframe_ms, to_ms
from octobot_node.testing.automation_test import AutomationTest

__all__ = ["FACTORS", "PAYLOADS", "STEPS", "TRADING_STEPS", "World", "furnish"]

D = Decimal
Shape = Literal["wavy", "flat", "gaps", "spikes", "falling", "no volume"]

#: What a price may be multiplied with, the unremarkable first.
FACTORS = tuple(map(D, ("1.001", "0.999", "1.01", "0.99", "1", "1.1", "0.9", "1.5", "0.6", "3", "0.2", "40", "0.01")))
PAYLOADS: tuple[Any, ...] = (
    *({}, None, "", "buy", 0, -1, [], {"action": "buy"}, {"action": "sell"}, {"action": None}, {"side": "buy"}),
    *({"symbol": "???", "amount": "NaN"}, {"price": "1e400"}, {"amount": -5}, {"a": {"b": [1, "2", None]}}, "\u0000"),
    *(10**30, True, 1.5, {"action": "close", "amount": "1e-40"}, ["buy", "sell"], "x" * 5_000),
)
#: What may happen, the usual more often.
STEPS = (
    *("tick", "plan", "plan", "plan", "price", "price", "price", "match", "match", "fill", "fill", "partial"),
    *("signal", "refuse", "cancel", "unknown", "unknown", "late", "edit", "spread", "no price", "stale", "other"),
)
#: What happens besides where a type is to be driven into trading.
TRADING_STEPS = ("hour",) * 6


@dataclass(frozen=True, slots=True)
class World:
    """How a market looks at the start; ``exponent`` and ``digits`` make the price, e.g. 1 and 25 are 250."""

    exponent: int = 1
    digits: int = 10
    fee_in: Literal["received", "quote"] = "received"
    amount_step: int = -8
    minimum: Literal["none", "usual", "above the budget"] = "none"
    shape: Shape = "wavy"
    #: What there is of the candles that are asked for.
    candles: Literal["more", "exactly", "one"] = "more"
    with_base: bool = False
    refusing: bool = False

    @property
    def price(self) -> Decimal:
        """The price of every symbol at the start."""
        return (D(self.digits) / 10).scaleb(self.exponent + 1)

    def budget(self, symbols: Iterable[str]) -> dict[str, Decimal]:
        """Return 1,000 of every quote asset, and as much worth of every base asset if that is so."""
        pairs = [symbol.partition("/") for symbol in sorted(symbols)]
        found = {base: (1000 / self.price).quantize(D("1e-8")) for base, _, _ in pairs} if self.with_base else {}
        return {asset: amount for asset, amount in found.items() if amount} | {quote: D(1000) for _, _, quote in pairs}


def furnish(trade: AutomationTest, world: World) -> None:
    """Give the market a price, rules and candles for whatever the automation needs and the market lacks."""
    market = trade.market.build()
    for symbol in sorted(trade.needs.symbols):
        if symbol not in market.all_rules:
            trade.price(symbol, world.price)
            trade.rules(symbol, **_rules(world))
    for (symbol, timeframe), count in sorted(trade.needs.candles.items()):
        if (
            len(market.all_candles.get((symbol, timeframe), ())) < count
            and (symbol, timeframe) not in market.all_candles
        ):
            trade.candles(symbol, timeframe, _series(trade, world, timeframe, count))


def _rules(world: World) -> dict[str, Any]:
    price = world.price
    smallest = {"none": D(0), "usual": 10 / price, "above the budget": 5_000 / price}[world.minimum]
    return {
        "price_step": D(1).scaleb(price.adjusted() - 4),
        "amount_step": D(1).scaleb(world.amount_step),
        "min_amount": smallest.quantize(D("1e-8")) if smallest else smallest,
        "min_notional": {"none": D(0), "usual": D(10), "above the budget": D(5_000)}[world.minimum],
        "fee_in": world.fee_in,
    }


def _series(trade: AutomationTest, world: World, timeframe: str, count: int) -> list[tuple[Any, ...]]:
    length = {"more": count + 3, "exactly": count, "one": 1}[world.candles]
    step = timeframe_ms(timeframe)
    end = to_ms(trade.now) // step * step
    gap = step * 7 if world.shape == "gaps" else 0
    rows = []
    for index in range(length):
        back = length - index
        close = _close(world, index, back)
        high, low = (close * 30, close / 30) if world.shape == "spikes" and index % 5 == 0 else (close, close)
        volume = 0 if world.shape == "no volume" else 1
        rows.append((end - back * step - (gap if back > length // 2 else 0), close, high, low, close, volume))
    return rows


def _close(world: World, index: int, back: int) -> Decimal:
    wave = {"flat": D(1), "falling": 1 + D(back) / 50}.get(world.shape, 1 + D((index * 7) % 11 - 5) / 100)
    return D(world.price) * wave if back > 1 else world.price
