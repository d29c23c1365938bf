"""An opened account, and why one is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from octobot_node.contracts.exchanges import Capabilities, Fees, Trading, with_fees
from octobot_node.engine.market.contacts import Contact
from octobot_node.engine.market.metered_connectors import fees_of
from octobot_node.limits import Limits
from octobot_node.market import Market
from octobot_node.plugin_system.egress_routes import DIRECT

__all__ = ["Account", "Closed", "source_key"]


@dataclass(frozen=True, slots=True)
class Closed:
    """Why an account cannot be opened; ``lasting``: for as long as this node runs, since a person has to mend it."""

    reason: str
    lasting: bool


@dataclass(frozen=True, slots=True)
class Account:
    """An opened account."""

    id: str
    owner: str
    name: str
    source: str
    #: Connector and egress: what fails together.
    route: str
    #: The routes by which its orders and its market data leave, by name.
    egress: str
    market_data_egress: str
    trading: Trading
    capabilities: Capabilities
    limits: Limits
    simulated: bool
    contact: Contact = field(default_factory=Contact)
    #: What its trading connector was opened with, as it is kept.
    opened_with: Mapping[str, Any] = field(default_factory=dict)
    #: Which values those secrets had that it points to.
    versions: Mapping[str, int] = field(default_factory=dict)
    #: Of a shadow's account: its original's trading connector, which says what that pays.
    charged: Callable[[], Trading] | None = None

    def fees(self, symbols: Collection[str]) -> dict[str, Fees]:
        """Return what it pays on symbols, where that is known to be something else than the market's rules say."""
        return fees_of(self.trading if self.charged is None else self.charged(), symbols)

    def charging(self, market: Market) -> Market:
        """Return a market with this account's fees in its rules."""
        return with_fees(market, self.fees(market.all_rules))


def source_key(name: str, settings: Mapping[str, Any], egress: str = DIRECT) -> str:
    """Return the key under which accounts with the same market data, settings and route share one connection."""
    if not settings and egress == DIRECT:
        return name
    told = settings if egress == DIRECT else [settings, egress]
    digest = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
    return f"{name}:{digest[:12]}"
