"""The last prices of what is held, asked for once for everybody: a request a source, however many look at them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import TYPE_CHECKING

import structlog

from octobot_node.automation import Needs
from octobot_node.engine.market.hub import MarketHub
from octobot_node.errors import DataUnavailable, UsageError

if TYPE_CHECKING:
    from octobot_node.clock import Clock

__all__ = ["Price", "Priced", "Prices"]

log = structlog.get_logger(__name__)
#: (market data source, symbol).
Priced = tuple[str, str]
#: Tells the last price of a symbol, None where it is not known.
Price = Callable[[str], Decimal | None]
#: A price is new for so long; older ones are shown with their time while newer ones are fetched, for this long at most.
_NEW_MS, _SHOWN_MS = 2_000, 60_000
#: A price of before this is none: what nobody has asked for may be older than that.
_KEPT_MS = 600_000
#: What has no price is asked for again after this.
_MISSING_MS = 10_000


class Prices:
    """Last prices by (source, symbol), with the time at which each was fetched (ms UTC)."""

    def __init__(self, hub: MarketHub, clock: Clock, *, background: bool) -> None:
        self._hub = hub
        self._clock = clock
        #: Whether there is a loop that fetches while others go on.
        self._background = background
        self._last: dict[Priced, tuple[int, Decimal]] = {}
        #: What had no price, and when that was found: it is not asked for at every look.
        self._missing: dict[Priced, int] = {}
        self._fetching = threading.Lock()
        #: Counts the fetches: what was computed of prices of the same number is still right.
        self.version = 0

    def get(self, source: str, symbol: str) -> Decimal | None:
        """Return a price, None where none is known that is of now."""
        found = self._last.get((source, symbol))
        return None if found is None or self._clock.now() - found[0] > _KEPT_MS else found[1]

    def of_source(self, source: str) -> Price:
        """Return what tells a source's last prices."""
        return lambda symbol: self.get(source, symbol)

    def as_of(self, wanted: Collection[Priced]) -> int:
        """Return when the oldest of these prices was fetched, of those that are known; now where there is none."""
        return min((self._last[each][0] for each in wanted if each in self._last), default=self._clock.now())

    def want(self, wanted: Collection[Priced], *, newest: bool = False) -> None:
        """See to it that these prices are there, and new if that takes no waiting; with ``newest``, wait."""
        now = self._clock.now()
        ages = {each: now - self._last[each][0] if each in self._last else _KEPT_MS for each in wanted}
        old = [each for each, age in ages.items() if age > _NEW_MS and now - self._missing.get(each, 0) > _MISSING_MS]
        if not old:
            return
        if self._background and not newest and max(ages[each] for each in old) <= _SHOWN_MS:
            if not self._fetching.locked():
                threading.Thread(target=self._fetch, args=(old,), name="octobot-prices", daemon=True).start()
            return
        self._fetch(old)

    def _fetch(self, wanted: Collection[Priced]) -> None:
        with self._fetching:
            now = self._clock.now()
            # Whoever waited for the lock finds what the one before fetched.
            old = [each for each in wanted if each not in self._last or now - self._last[each][0] > _NEW_MS]
            by_source: dict[str, set[str]] = {}
            for source, symbol in old:
                by_source.setdefault(source, set()).add(symbol)
            for source, symbols in by_source.items():
                self._fetch_from(source, symbols)
            if old:
                self.version += 1

    def _fetch_from(self, source: str, symbols: set[str]) -> None:
        try:
            tickers = self._hub.snapshot(source, Needs(tickers=tuple(sorted(symbols)))).tickers
        except (DataUnavailable, UsageError, LookupError) as error:
            log.info("standings_not_priced", source=source, error=str(error))
            at = self._clock.now()
            self._missing |= {(source, symbol): at for symbol in symbols}
            return
        at = self._clock.now()
        for symbol, ticker in tickers.items():
            self._last[source, symbol] = at, ticker.last
        self._missing |= {(source, symbol): at for symbol in symbols - set(tickers)}
