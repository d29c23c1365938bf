"""Numbers that only grow, and turns to use them in: one of each for each key in this process."""

from __future__ import annotations

import asyncio
import hashlib
from weakref import WeakKeyDictionary

from octobot_node.contracts.exchanges import ConnectorContext
from octobot_plugins.ccxt.settings import CcxtMarketSettings, CcxtTradingSettings

__all__ = ["Nonces"]

#: By the storage of the node: several nodes in one process, as tests have them, keep apart.
_OF_NODES: WeakKeyDictionary[object, dict[str, Nonces]] = WeakKeyDictionary()


class Nonces:
    """The nonces of one key: milliseconds, and one more where two fall into the same one.

    A restart goes on above, unless the clock was set back; what is refused then was not executed and is sent again.
    """

    def __init__(self, context: ConnectorContext) -> None:
        self._clock = context.clock
        self._last = 0
        #: To be held from the making of a nonce until its answer came.
        self.turn = asyncio.Lock()

    @classmethod
    def of(cls, context: ConnectorContext, settings: CcxtMarketSettings) -> Nonces:
        """Return those of a key, which all accounts that have it share; of no key, new ones."""
        if not isinstance(settings, CcxtTradingSettings):
            return cls(context)
        known = _OF_NODES.setdefault(context.storage, {})
        text = f"{settings.exchange}/{settings.base_url}/{settings.api_key.get_secret_value()}"
        name = hashlib.sha256(text.encode()).hexdigest()
        if name not in known:
            known[name] = cls(context)
        return known[name]

    def next(self) -> int:
        """Return the next number."""
        self._last = max(self._last + 1, self._clock.now())
        return self._last
