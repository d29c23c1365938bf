"""Judge an order by its symbol and its size."""

from __future__ import annotations

from decimal import Context, Decimal
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from octobot_node.context import PluginContext
from octobot_node.market import Market
from octobot_node.orders import LimitOrder, MarketOrder, Order, StopOrder

if TYPE_CHECKING:
    from octobot_plugins.order_rules.settings import OrderRulesSettings

__all__ = ["Rules"]

#: As many digits as a product of two amounts of the engine has.
_WIDE = Context(prec=80)


class Rules:
    """The rules of one node."""

    def __init__(self, settings: OrderRulesSettings) -> None:
        self._settings = settings
        self._judged: dict[str, str | None] = {}

    @classmethod
    def of(cls, node: PluginContext) -> Rules:
        """Return the node's rules, read from its settings once."""
        raise NotImplementedError

    def refusal(self, order: Order, market: Market) -> str | None:
        """Return why ``order`` may not be, or None."""
        if order.symbol not in self._judged:
            self._judged[order.symbol] = self._symbol_refusal(order.symbol)
        return self._judged[order.symbol] or self._size_refusal(order, market)
