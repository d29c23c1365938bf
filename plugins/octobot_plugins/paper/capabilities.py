"""What the paper exchange guarantees: everything."""

from __future__ import annotations

from octobot_node.contracts.exchanges import Capabilities, Lookup

__all__ = ["CAPABILITIES"]

CAPABILITIES = Capabilities(
    dedupe="forever",
    lookup=Lookup("all"),
    request_expiry=True,
    visibility_lag_ms=0,
    market_spend=True,
    native_stops=True,
    post_only=True,
)
