"""The one place that imports ccxt: its unmodified classes, held so that they send nothing by themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from decimal import localcontext
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from octobot_node.errors import InvalidSettings, NotSent
from octobot_plugins.ccxt.exchanges.record import ExchangeRecord

__all__ = ["Fetch", "make_exchange", "version"]

#: ``fetch(url, method, headers, body)``, in the place of ccxt's own.
Fetch = Callable[..., Awaitable[Any]]


def version() -> str:
    """Return ccxt's version."""
    return str(import_module("ccxt.async_support.base.exchange").__version__)


def make_exchange(
    record: ExchangeRecord,
    *,
    fetch: Fetch,
    now: Callable[[], int],
    nonce: Callable[[], int],
    credentials: Mapping[str, str],
    sandbox: bool,
    base_url: str,
    streams: bool = False,
) -> Any:
    """Return an exchange of ccxt's whose every request is made by ``fetch``, with the time that ``now`` says.

    ``nonce`` gives the next number where an exchange wants each of a key's to be above the last; one that ``streams``
    is of ccxt.pro's, and opens nothing either.

    It may take a second, of which half is work: call it off the event loop. Raises InvalidSettings.
    """
    try:
        kind: Any = getattr(import_module(f"ccxt.{'pro' if streams else 'async_support'}.{record.id}"), record.id)
    except (ImportError, AttributeError) as error:
        raise InvalidSettings(
            f"the exchange {record.id!r} cannot be loaded ({error}): pip install 'octobot-node[ccxt]'"
        ) from error
    exchange = kind(
        {
            **credentials,
            # What it may ask is counted by our own gates, which take the place of its throttle; nothing is repeated.
            "enableRateLimit": True,
            "options": {**record.options, "maxRetriesOnFailure": 0, "adjustForTimeDifference": False},
        }
    )
    # Amounts and prices keep every digit.
    exchange.number = str
    # Coins and networks are not needed, and some exchanges tell them to signed requests only.
    exchange.has = {**exchange.has, "fetchCurrencies": False}
    exchange.decimal_to_precision = _in_a_context_of_its_own(exchange.decimal_to_precision)
    exchange.fetch = fetch
    exchange.open = _no_session
    exchange.milliseconds = now
    exchange.seconds = lambda: now() // 1_000
    if record.nonce:
        exchange.incrementing_nonce = nonce
    if sandbox:
        _to_sandbox(exchange, record)
    if base_url:
        exchange.urls["api"] = _elsewhere(exchange.urls["api"], base_url)
    return exchange


def _in_a_context_of_its_own(round_number: Callable[..., str]) -> Callable[..., str]:
    """Return ccxt's rounding so that it leaves the thread's own alone: it sets how every Decimal there is rounded."""

    def rounded(*arguments: Any, **named: Any) -> str:
        with localcontext():
            return round_number(*arguments, **named)

    return rounded


def _no_session(*_arguments: Any, **_named: Any) -> None:
    raise NotSent("ccxt wanted a connection of its own: nothing leaves but by the account's way out")


def _to_sandbox(exchange: Any, record: ExchangeRecord) -> None:
    try:
        exchange.set_sandbox_mode(True)
    except Exception as error:
        raise InvalidSettings(f"{record.title} has no test network that ccxt knows: leave sandbox out") from error


def _elsewhere(urls: Any, base_url: str) -> Any:
    """Return URLs with another scheme and host, and their own paths."""
    if isinstance(urls, dict):
        return {name: _elsewhere(each, base_url) for name, each in urls.items()}
    if not isinstance(urls, str):
        return urls
    base, parts = urlsplit(base_url), urlsplit(urls)
    scheme = base.scheme.replace("http", "ws") if parts.scheme in ("ws", "wss") else base.scheme
    return urlunsplit((scheme, base.netloc, f"{base.path}{parts.path}", "", ""))
