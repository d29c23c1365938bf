"""How the hostile exchange misbehaves: one record, switchable while it runs."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Behaviour", "RequestKind"]

RequestKind = Literal["create", "cancel", "read"]


class Behaviour(BaseModel):
    """What the exchange does to requests and orders; the default is an honest exchange that forgets nothing.

    Probabilities are drawn per request from a generator seeded with ``seed``. Durations are in milliseconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dedupe: Literal["none", "open", "forever"] = Field(
        default="forever",
        description="A second order with a client id is refused never, while the first is open, or for ever.",
    )
    lookup: Literal["none", "open", "recent", "all"] = Field(
        default="all",
        description="Which orders are found by client id. Beyond it, orders and trades carry no client id either.",
    )
    recent_ms: int = Field(default=60_000, ge=0, description="How long `lookup: recent` finds an order that closed.")
    request_expiry: bool = Field(
        default=True, description="Throw away an order request whose expires_at has passed, with the error `expired`."
    )
    visibility_lag_ms: int = Field(
        default=0, ge=0, description="How long a new order, with its trades, is missing from every question."
    )
    latency_ms: int = Field(
        default=0, ge=0, description="Added to each request, half before and half after its effect."
    )
    delay_accept_ms: int = Field(
        default=0,
        ge=0,
        description="How long an order request sits in the exchange before its effect, even if the client has gone.",
    )
    strikes: frozenset[RequestKind] = Field(
        default=frozenset({"create", "cancel"}),
        description="The kinds of request that the four probabilities below apply to.",
    )
    rate_limited: float = Field(default=0, ge=0, le=1, description="Probability of a 429: the request had no effect.")
    drop_before: float = Field(default=0, ge=0, le=1, description="Probability of a hang-up before any effect.")
    drop_after: float = Field(default=0, ge=0, le=1, description="Probability of a hang-up after the effect.")
    error_5xx: float = Field(default=0, ge=0, le=1, description="Probability of a 500, half before and half after.")
    retry_after: float = Field(default=1, ge=0, description="Retry-After of a 429, in seconds.")
    refuse: float = Field(default=0, ge=0, le=1, description="Probability that an order is refused for good.")
    cancel_race: float = Field(
        default=0, ge=0, le=1, description="Probability that a cancel is answered ok but the order fills instead."
    )
    market_fill: Literal["immediate", "never"] = Field(
        default="immediate", description="A market order fills on acceptance, or hangs open until it is cancelled."
    )
    limit_fill: Literal["cross", "immediate", "after", "never"] = Field(
        default="cross",
        description="A limit order fills when the price crosses it, at once, after limit_fill_after_ms, or never.",
    )
    limit_fill_after_ms: int = Field(default=100, ge=0, description="See limit_fill.")
    partial_fills: int = Field(default=1, ge=1, description="The number of trades that an order fills in.")
    fill_interval_ms: int = Field(default=50, ge=0, description="Time between two of an order's trades.")
    fee: Decimal = Field(default=Decimal("0.001"), ge=0, lt=1, description="Fee as a ratio: 0.001 is 0.1 %.")
    fee_in: Literal["received", "quote"] = Field(
        default="received", description="The asset that pays the fee: what the trade brings in, or always the quote."
    )
    seed: int = Field(default=0, description="Seed of the probabilities; setting a behaviour starts them anew.")
