"""Settings of the connector: where the exchange is, and what it is said to guarantee."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from octobot_node.contracts.exchanges import Capabilities, Lookup

__all__ = ["HostileMarketSettings", "HostileTradingSettings"]


class HostileMarketSettings(BaseModel):
    """Prices of a running hostile exchange."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(description="Where the exchange listens, such as http://127.0.0.1:8123.")
    timeout: float = Field(default=10.0, gt=0, description="Hard total time-out of one request, in seconds.")
    fee: Decimal = Field(default=Decimal("0.001"), ge=0, lt=1, description="The fee that `rules` tells, as a ratio.")
    fee_in: Literal["received", "quote"] = Field(default="received", description="The asset that pays the fee.")


class HostileTradingSettings(BaseModel):
    """One account on a running hostile exchange.

    The guarantees are what the connector *says*; ``HostileExchange.trading_settings`` gives those that are true.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(description="Where the exchange listens, such as http://127.0.0.1:8123.")
    account: str = Field(default="", description="The account at the exchange; empty for the node's own account id.")
    timeout: float = Field(default=10.0, gt=0, description="Hard total time-out of one request, in seconds.")
    connections: int = Field(default=64, ge=1, description="Connections kept to the exchange at most.")
    dedupe: Literal["none", "open", "forever"] = Field(default="forever", description="See Capabilities.")
    lookup: Literal["none", "open", "recent", "all"] = Field(default="all", description="See Lookup.")
    recent_ms: int = Field(default=60_000, ge=0, description="See Lookup.")
    request_expiry: bool = Field(default=True, description="See Capabilities.")
    visibility_lag_ms: int = Field(default=0, ge=0, description="See Capabilities.")

    def capabilities(self) -> Capabilities:
        """Return the guarantees as the engine reads them."""
        return Capabilities(
            dedupe=self.dedupe,
            lookup=Lookup(self.lookup, self.recent_ms if self.lookup == "recent" else 0),
            request_expiry=self.request_expiry,
            visibility_lag_ms=self.visibility_lag_ms,
            market_spend=True,
            post_only=True,
        )
