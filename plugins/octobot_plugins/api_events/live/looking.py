"""What is looked at: a market's prices, a replay's progress."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from fastapi.sse import format_sse_event

from octobot_node.automation import Needs
from octobot_node.errors import OctoBotError, UnknownName
from octobot_node.market import Ticker
from octobot_node.operations.context import OperationContext
from octobot_node.operations.perform import perform_named
from octobot_plugins.api_events.live.models import LivePrice, LiveReplay
from octobot_plugins.api_events.live.watching import Seen

__all__ = ["PROGRESS", "Priced", "prices", "replays"]

#: (id of the account whose market is asked, symbol).
Priced = tuple[str, str]
#: Plugins do not know each other; what one of them can do is known by its name.
PROGRESS = "replays.progress"


def prices(context: OperationContext, wanted: Collection[Priced]) -> Mapping[Priced, Seen]:
    """Return the prices of what is wanted; each market is asked once."""
    by_source: dict[str, list[Priced]] = {}
    found: dict[Priced, Seen] = {}
    for account, symbol in wanted:
        try:
            source = context.core.accounts.get(account).source
        except Exception:  # noqa: BLE001 - whatever keeps an account from being opened, its market tells nothing
            found[account, symbol] = _price(account, symbol, None)
        else:
            by_source.setdefault(source, []).append((account, symbol))
    for source, some in by_source.items():
        tickers: Mapping[str, Ticker]
        try:
            needs = Needs(tickers=tuple(sorted({symbol for _, symbol in some})))
            tickers = context.core.hub.snapshot(source, needs).tickers
        except OctoBotError:
            tickers = {}
        found |= {(account, symbol): _price(account, symbol, tickers.get(symbol)) for account, symbol in some}
    return found


def _price(account: str, symbol: str, ticker: Ticker | None) -> Seen:
    told = LivePrice(
        account=account,
        symbol=symbol,
        last=None if ticker is None else ticker.last,
        bid=None if ticker is None else ticker.bid,
        ask=None if ticker is None else ticker.ask,
        at=None if ticker is None else ticker.at,
    )
    # A price that was told again later is no news.
    return Seen((told.last, told.bid, told.ask), format_sse_event(event="price", data_str=told.model_dump_json()))


def replays(context: OperationContext, wanted: Collection[str]) -> Mapping[str, Seen]:
    """Return how far replays are; nothing of one that was deleted."""
    found: dict[str, Seen] = {}
    for each in wanted:
        try:
            told = LiveReplay.model_validate(perform_named(context, PROGRESS, {"replay": each}).model_dump())
        except UnknownName:
            continue
        found[each] = Seen(told, format_sse_event(event="replay", data_str=told.model_dump_json()))
    return found
