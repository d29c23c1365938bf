"""Exchange emulators: Binance, Kraken and OKX on this machine, for connectors to be tried against the real protocols.

They are written from the exchanges' public documentation, not from any client, and are strict: signatures, timestamps
and nonces are checked, filters hold, limits ban, client order ids are treated as the real ones are. In a test::

    async with BinanceEmulator(prices={"BTC/USDT": 40_000}, balances={"USDT": 10_000}) as exchange:
        client = ccxt.binance({"apiKey": exchange.key, "secret": exchange.secret, "urls": exchange.urls})
        exchange.price("BTC/USDT", 39_000)           # limit orders that it crosses trade
        exchange.strike("drop_after", on="create")   # the next order is taken, and its answer lost
        exchange.set(clock_drift_ms=3_000, visibility_lag_ms=500)
        exchange.trades()                            # what really happened, to be held against a node's books

``exchange.url`` is where it listens. As a process of its own, with the same methods over an admin port::

    python -m octobot_node.testing.exchange_emulators binance --port 0

which says ``{"url", "admin", "key", "secret", "passphrase", "urls"}`` on its standard output; ``EmulatorProcess.start``
does that for a test.

One of an exchange of your own is a subclass of ``Emulator``: it has the matching, the money and the faults, and adds
what its exchange's requests look like. ``EmulatorProcess.start(MyEmulator)`` starts it, or the command above with
``my_package.emulator:MyEmulator`` in the place of ``binance``.
"""

from __future__ import annotations

from collections.abc import Mapping

from octobot_node.testing.exchange_emulators.binance.emulator import BinanceEmulator
from octobot_node.testing.exchange_emulators.core.accounts import ApiKey
from octobot_node.testing.exchange_emulators.core.listing import Listing, RuleBroken, broken_rule
from octobot_node.testing.exchange_emulators.core.orders import NewOrder, Order, Refused, Trade
from octobot_node.testing.exchange_emulators.emulator import Emulator
from octobot_node.testing.exchange_emulators.kraken.emulator import KrakenEmulator
from octobot_node.testing.exchange_emulators.okx.emulator import OkxEmulator
from octobot_node.testing.exchange_emulators.process import EmulatorProcess
from octobot_node.testing.exchange_emulators.records import Accepted, EmulatorReport, Executed
from octobot_node.testing.exchange_emulators.web.call import Call, Reply, RequestKind, html, reply
from octobot_node.testing.exchange_emulators.web.faults import Faults

__all__ = [
    "EMULATORS",
    "Accepted",
    "ApiKey",
    "BinanceEmulator",
    "Call",
    "Emulator",
    "EmulatorProcess",
    "EmulatorReport",
    "Executed",
    "Faults",
    "KrakenEmulator",
    "Listing",
    "NewOrder",
    "OkxEmulator",
    "Order",
    "Refused",
    "Reply",
    "RequestKind",
    "RuleBroken",
    "Trade",
    "broken_rule",
    "html",
    "reply",
]

#: Name on the command line -> its emulator.
EMULATORS: Mapping[str, type[Emulator]] = {each.name: each for each in (BinanceEmulator, KrakenEmulator, OkxEmulator)}
