"""What an exchange lists: loaded once for all accounts that use it, in a thread, and kept in the data folder."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import structlog

from octobot_node.clock import steady_ms
from octobot_node.contracts.exchanges import ConnectorContext
from octobot_node.errors import NotSent
from octobot_plugins.ccxt.exchanges.record import ExchangeRecord
from octobot_plugins.ccxt.library import make_exchange, version
from octobot_plugins.ccxt.settings import CcxtMarketSettings
from octobot_plugins.ccxt.verdicts import Reply, error_of, judge

__all__ = ["Markets", "MarketsShelf"]

log = structlog.get_logger(__name__)
#: Listings and their rules change some times a day.
_FRESH_MS = 6 * 3_600_000
#: After a refresh that failed, the old ones are used so long before it is tried again.
_AGAIN_MS = 300_000
_WITHIN_S = 60.0
_MOST = 64_000_000
#: By the storage of the node: several nodes in one process, as tests have them, keep apart.
_OF_NODES: WeakKeyDictionary[object, MarketsShelf] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Markets:
    """The markets of one exchange, held by an instance of ccxt's that others borrow from; ``at`` in ms UTC."""

    donor: Any
    at: int

    def lend(self, exchange: Any) -> None:
        """Give an exchange these markets; they are shared, not copied."""
        exchange.set_markets_from_exchange(self.donor)


def _helpers(exchange: Any) -> Sequence[str]:
    """Return what an exchange keeps beside its markets to know them by, such as Kraken's other names of them."""
    return list(exchange.options.get("marketHelperProps") or ())


class MarketsShelf:
    """The markets of every exchange that a node uses."""

    def __init__(self) -> None:
        self._kept: dict[str, Markets] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._tried: dict[str, int] = {}

    @classmethod
    def of(cls, context: ConnectorContext) -> MarketsShelf:
        """Return the node's."""
        found = _OF_NODES.get(context.storage)
        if found is None:
            found = _OF_NODES[context.storage] = cls()
        return found

    async def get(self, record: ExchangeRecord, settings: CcxtMarketSettings, context: ConnectorContext) -> Markets:
        """Return an exchange's markets: those at hand, those in the data folder, or those that it tells now.

        Old ones are used where it does not tell. Raises NotSent or Unresolved where there are none at all.
        """
        key = _key(settings)
        async with self._turns.setdefault(key, asyncio.Lock()):
            kept = self._kept.get(key)
            now, steady = context.clock.now(), steady_ms(context.clock)
            if kept is not None and (now - kept.at < _FRESH_MS or steady < self._tried.get(key, 0) + _AGAIN_MS):
                return kept
            place = context.settings.data_dir / "cache" / "markets" / f"{key}.json"
            self._tried[key] = steady
            try:
                found = await asyncio.to_thread(_take_or_load, record, settings, context, place, kept is None)
            except Exception as error:
                if kept is None:
                    raise
                log.warning("markets_not_refreshed", exchange=record.id, error=str(error))
                return kept
            self._kept[key] = found
            return found


def _key(settings: CcxtMarketSettings) -> str:
    parts = [settings.exchange, *(["sandbox"] if settings.sandbox else [])]
    if settings.base_url:
        parts.append(hashlib.sha256(settings.base_url.encode()).hexdigest()[:12])
    return "-".join(parts)


def _take_or_load(
    record: ExchangeRecord, settings: CcxtMarketSettings, context: ConnectorContext, place: Path, old_is_good: bool
) -> Markets:
    """Return markets that are in the data folder, or load them; in a thread of its own, with its own event loop."""
    now = context.clock.now()
    saved = _saved(place)
    if saved is not None and (now - saved["at"] < _FRESH_MS):
        return _from(record, settings, saved)
    try:
        return asyncio.run(_load(record, settings, context, place))
    except Exception as error:
        if saved is None or not old_is_good:
            raise
        log.warning("markets_not_refreshed", exchange=record.id, error=str(error))
        return _from(record, settings, saved)


async def _load(
    record: ExchangeRecord, settings: CcxtMarketSettings, context: ConnectorContext, place: Path
) -> Markets:
    async with context.http() as client:

        async def fetch(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            if settings.base_url and not url.startswith(f"{settings.base_url}/"):
                raise NotSent(f"ccxt wanted to ask another host than {settings.base_url}: nothing was sent")
            given = {name: str(value) for name, value in {**donor.headers, **(headers or {})}.items()}
            data = None if body is None else body.encode()
            answer = await client.request(
                method, url, headers=given, body=data, within=_WITHIN_S, most=_MOST, encoded=True
            )
            text = answer.text().strip()
            reply = Reply(answer.status, answer.headers, text, donor.parse_json(text))
            verdict = judge(record, reply)
            if verdict.meaning is not None:
                raise error_of(record, verdict)
            return reply.body

        donor = _donor(record, settings, context, fetch)
        listed = await donor.fetch_markets()
    at = context.clock.now()
    spot = [_slim(record, market) for market in listed if market is not None and market.get("spot")]
    helpers = {name: donor.options.get(name) for name in _helpers(donor)}
    _save(place, {"version": version(), "at": at, "markets": spot, "helpers": helpers})
    donor.fetch = _not_for_asking
    return _stocked(donor, spot, helpers, at)


def _from(record: ExchangeRecord, settings: CcxtMarketSettings, saved: Mapping[str, Any]) -> Markets:
    donor = _donor(record, settings, None, _not_for_asking)
    return _stocked(donor, saved["markets"], saved["helpers"], saved["at"])


def _stocked(donor: Any, markets: Sequence[Any], helpers: Mapping[str, Any], at: int) -> Markets:
    donor.set_markets(markets)
    # Each has to be there to be lent, if only as nothing.
    donor.options = {**donor.options, **dict.fromkeys(_helpers(donor)), **helpers}
    return Markets(donor, at)


def _donor(record: ExchangeRecord, settings: CcxtMarketSettings, context: ConnectorContext | None, fetch: Any) -> Any:
    return make_exchange(
        record,
        fetch=fetch,
        now=(lambda: 0) if context is None else context.clock.now,
        nonce=lambda: 0,
        credentials={},
        sandbox=settings.sandbox,
        base_url=settings.base_url,
    )


async def _not_for_asking(*_arguments: Any, **_named: Any) -> Any:
    raise NotSent("this exchange only holds its markets")


def _slim(record: ExchangeRecord, market: Mapping[str, Any]) -> dict[str, Any]:
    """Return a market without what the exchange said of it, which is half of the memory.

    ccxt's own methods for orders look into it: those of exchanges that are vouched for are not used.
    """
    return {**market, "info": {}} if record.vouched else dict(market)


def _saved(place: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(place.read_bytes())
        if found["version"] == version() and isinstance(found["at"], int) and found["markets"] and "helpers" in found:
            return dict(found)
    except (OSError, ValueError, KeyError, TypeError):
        # None yet, or of another version of ccxt, or cut short: it is loaded again.
        pass
    return None


def _save(place: Path, saved: Mapping[str, Any]) -> None:
    beside = place.with_name(f"{place.name}.{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(saved, separators=(",", ":")))
        beside.replace(place)
    except OSError as error:
        log.warning("markets_not_kept", place=str(place), error=str(error))
