"""What a basket is worth, how far off its weights are, and the orders that mend it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal

from octobot_node import Market, MarketOrder, MarketRules, Tick
from octobot_tentacles.rebalance.config import RebalanceConfig
from octobot_tentacles.rebalance.state import RebalanceState

__all__ = ["PRECISE", "TAG", "Basket", "Holding", "basket_of"]

#: Products of amounts, prices and weights are exact in it, so that a weight is on one side of its limit or the other.
PRECISE = Context(prec=100)
TAG = "rebalance"
_HUNDRED = Decimal(100)
#: As fine as any exchange takes an amount of quote.
_SPEND_STEP = Decimal("1e-8")

RebalanceTick = Tick[RebalanceConfig, RebalanceState]


@dataclass(frozen=True, slots=True)
class Holding:
    """An asset of the basket: ``amount`` held, ``price`` in quote, ``weight`` it shall have in percent."""

    asset: str
    symbol: str
    amount: Decimal
    price: Decimal
    weight: Decimal

    @property
    def value(self) -> Decimal:
        """What is held is worth, in quote."""
        return self.amount * self.price


@dataclass(frozen=True, slots=True)
class Basket:
    """The quote asset (price 1, no symbol) and what is traded against it. Compute with it in ``PRECISE``."""

    quote: Holding
    traded: tuple[Holding, ...]
    #: What everything is worth, in quote.
    total: Decimal
    market: Market
    min_trade: Decimal

    @property
    def holdings(self) -> tuple[Holding, ...]:
        """Everything, the quote last."""
        return (*self.traded, self.quote)

    @property
    def prices(self) -> dict[str, Decimal]:
        """The prices that all this is computed with, by symbol."""
        return {holding.symbol: holding.price for holding in self.traded}

    def surplus(self, holding: Holding) -> Decimal:
        """Return how much more than its weight a holding is worth, in quote; below 0 if it is too little."""
        return holding.value - holding.weight * self.total / _HUNDRED

    def drift(self, holding: Holding) -> Decimal:
        """Return how far off its weight a holding is, in percentage points; 0 in an empty basket."""
        return _HUNDRED * self.surplus(holding) / self.total if self.total else Decimal(0)

    def is_off_by(self, limit: Decimal) -> bool:
        """Whether a weight is ``limit`` percentage points off, or more."""
        total = self.total
        # Not by `drift`: its division is rounded, and wake levels are computed to be at the limit exactly.
        return total > 0 and any(abs(_HUNDRED * self.surplus(holding)) >= limit * total for holding in self.holdings)

    def sells(self) -> list[MarketOrder]:
        """Return what to sell of every asset that is worth too much."""
        orders = []
        for holding in self.traded:
            rules = self.market.rules(holding.symbol)
            surplus = self.surplus(holding)
            # A weight of 0 means all of it, whatever the division would leave.
            wanted = holding.amount if holding.weight == 0 else min(surplus / holding.price, holding.amount)
            amount = rules.round_amount(wanted) if surplus > 0 else Decimal(0)
            if self._worth_it(rules, amount, amount * holding.price):
                orders.append(MarketOrder(holding.symbol, "sell", amount=amount, tag=TAG))
        return orders

    def lacking(self) -> tuple[str, ...]:
        """Return the assets that are worth so little that buying them is worth it."""
        return tuple(holding.asset for holding, _ in self._shortfalls({each.asset for each in self.traded}))

    def buys(self, assets: Collection[str]) -> list[MarketOrder]:
        """Return what to spend on those of ``assets`` that lack worth, together no more than the quote's surplus."""
        short = [(holding, lack * self._cost_of_one(holding)) for holding, lack in self._shortfalls(assets)]
        wanted = sum((cost for _, cost in short), Decimal(0))
        room = min(self.surplus(self.quote), wanted)
        orders = []
        for holding, cost in short:
            spend = (cost * room / wanted / self._cost_of_one(holding)).quantize(_SPEND_STEP, ROUND_DOWN)
            if self._can_spend(holding, spend):
                orders.append(MarketOrder(holding.symbol, "buy", spend=spend, tag=TAG))
        return orders

    def _shortfalls(self, assets: Collection[str]) -> Iterator[tuple[Holding, Decimal]]:
        for holding in self.traded:
            lack = -self.surplus(holding)
            if holding.asset in assets and self._can_spend(holding, lack):
                yield holding, lack

    def _can_spend(self, holding: Holding, spend: Decimal) -> bool:
        rules = self.market.rules(holding.symbol)
        return spend > 0 and self._worth_it(rules, rules.round_amount(spend / holding.price), spend)

    def _worth_it(self, rules: MarketRules, amount: Decimal, value: Decimal) -> bool:
        return 0 < amount >= rules.min_amount and value >= max(self.min_trade, rules.min_notional)

    def _cost_of_one(self, holding: Holding) -> Decimal:
        """Return what spending 1 costs: more where fees come on top of it."""
        rules = self.market.rules(holding.symbol)
        return 1 + (rules.taker_fee if rules.fee_in == "quote" else Decimal(0))


def basket_of(tick: RebalanceTick) -> Basket:
    """Return the basket as it stands, at the last prices. No order may be open: it would hold back what it reserves."""
    config = tick.config

    def held(asset: str) -> Decimal:
        return max(tick.balances.get(asset, Decimal(0)), Decimal(0))

    quote = Holding(config.quote, "", held(config.quote), Decimal(1), config.weights.get(config.quote, Decimal(0)))
    traded = tuple(
        Holding(asset, symbol, held(asset), tick.market.ticker(symbol).last, config.weights[asset])
        for asset, symbol in config.symbols.items()
    )
    total = sum((holding.value for holding in traded), quote.value)
    return Basket(quote, traded, total, tick.market, config.min_trade)
