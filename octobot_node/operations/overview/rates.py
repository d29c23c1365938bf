"""What assets are worth in the currency that somebody reckons in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from octobot_node.engine.ledger.book import rounded
from octobot_node.operations.context import OperationContext
from octobot_node.operations.overview.models.totals import Rate

__all__ = ["Rates", "rates_of"]

#: What most assets are traded against: an asset that has no price in the currency may have one in these.
_BETWEEN = ("USDT", "USD", "USDC", "BTC", "EUR")


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates of some assets in a currency; ``at`` is when the oldest was fetched (ms UTC)."""

    currency: str
    rates: list[Rate]
    at: int

    def of(self, asset: str) -> Decimal | None:
        """Return what one of an asset is worth, None where that is not known."""
        return next((each.rate for each in self.rates if each.asset == asset), None)


def rates_of(
    context: OperationContext, sources: Sequence[str], assets: Collection[str], currency: str | None
) -> Rates | None:
    """Return the rates of assets in a currency, of the first source that knows them; None without a currency."""
    if currency is None:
        return None
    prices = context.core.standings.prices
    others = sorted(asset for asset in assets if asset and asset != currency)
    pairs = {pair for asset in others for way in _ways(asset, currency) for pair in way}
    if others:
        prices.want({(source, name) for source in sources for pair in pairs for name in (pair, _turned(pair))})
    found = [Rate(asset=currency, rate=Decimal(1), symbols=[])] if currency in assets else []
    at = context.core.clock.now()
    for asset in others:
        for source, way in ((source, way) for source in sources for way in _ways(asset, currency)):
            rates = [_rate(context, source, pair) for pair in way]
            if any(rate is None for rate in rates):
                continue
            product, symbols = Decimal(1), []
            for rate, symbol in (each for each in rates if each is not None):
                product = rounded().multiply(product, rate)
                symbols.append(symbol)
            found.append(Rate(asset=asset, rate=product, symbols=symbols))
            at = min(at, prices.as_of([(source, symbol) for symbol in symbols]))
            break
    return Rates(currency, found, at)


def _ways(asset: str, currency: str) -> Iterator[tuple[str, ...]]:
    """Yield the pairs that lead from an asset to the currency, the shortest way first."""
    yield (f"{asset}/{currency}",)
    for between in _BETWEEN:
        if between not in (asset, currency):
            yield (f"{asset}/{between}", f"{between}/{currency}")


def _turned(pair: str) -> str:
    base, _, quote = pair.partition("/")
    return f"{quote}/{base}"


def _rate(context: OperationContext, source: str, pair: str) -> tuple[Decimal, str] | None:
    prices = context.core.standings.prices
    last = prices.get(source, pair)
    if last:
        return last, pair
    turned = prices.get(source, _turned(pair))
    return (rounded().divide(Decimal(1), turned), _turned(pair)) if turned else None
