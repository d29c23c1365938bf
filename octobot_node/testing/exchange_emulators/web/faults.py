"""What goes wrong between a client and the exchange: drawn by chance, or told strike by strike."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from octobot_node.testing.exchange_emulators.web.call import RequestKind

__all__ = ["BEFORE", "STRIKES", "FaultDice", "Faults", "Maintenance", "Strike"]

Strike = Literal[
    "rate_limited", "banned", "drop_before", "drop_after", "silent_before", "silent_after", "error_before",
    "error_after", "unknown_before", "unknown_after", "truncated", "html", "redirected",
]  # fmt: skip

#: Every strike, in the order in which chance is asked for them.
STRIKES: tuple[Strike, ...] = get_args(Strike)

#: Those that leave the request without any effect.
BEFORE: frozenset[Strike] = frozenset(
    {"rate_limited", "banned", "drop_before", "silent_before", "error_before", "unknown_before", "redirected"}
)

Maintenance = Literal["none", "down", "cancel_only", "post_only"]


class Faults(BaseModel):
    """How the exchange and the way to it behave; the default is an honest exchange on a good line.

    Chances are drawn for each request from a generator seeded with ``seed``. Durations are in milliseconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    strikes: frozenset[RequestKind] = Field(
        default=frozenset({"create", "cancel"}), description="The kinds of request that the chances below apply to."
    )
    rate_limited: float = Field(default=0, ge=0, le=1, description="Chance of a refusal for too many requests.")
    banned: float = Field(default=0, ge=0, le=1, description="Chance that this request has the address banned.")
    drop_before: float = Field(default=0, ge=0, le=1, description="Chance of a hang-up before any effect.")
    drop_after: float = Field(default=0, ge=0, le=1, description="Chance of a hang-up after the effect.")
    silent_before: float = Field(default=0, ge=0, le=1, description="Chance of no effect and no answer, ever.")
    silent_after: float = Field(default=0, ge=0, le=1, description="Chance of the effect and no answer, ever.")
    error_before: float = Field(default=0, ge=0, le=1, description="Chance of a 502 page without any effect.")
    error_after: float = Field(default=0, ge=0, le=1, description="Chance of a 502 page after the effect.")
    unknown_before: float = Field(
        default=0, ge=0, le=1, description="Chance of the exchange's own answer for `outcome unknown`, without effect."
    )
    unknown_after: float = Field(default=0, ge=0, le=1, description="Chance of the same after the effect.")
    truncated: float = Field(default=0, ge=0, le=1, description="Chance that half an answer arrives, after the effect.")
    html: float = Field(default=0, ge=0, le=1, description="Chance of a page with status 200, after the effect.")
    redirected: float = Field(default=0, ge=0, le=1, description="Chance of a 307 to `redirect_to`, without effect.")
    redirect_to: str = Field(default="/elsewhere", description="Where a redirect leads; the path is counted here.")
    cancel_race: float = Field(
        default=0, ge=0, le=1, description="Chance that an order fills just before its cancel is looked at."
    )
    latency_ms: int = Field(default=0, ge=0, description="Half before the exchange sees a request, half after.")
    delay_before_ms: int = Field(default=0, ge=0, description="How long an order request is on its way.")
    delay_after_ms: int = Field(default=0, ge=0, description="How long the answer to an order request is on its way.")
    engine_delay_ms: int = Field(
        default=0, ge=0, description="How long an order request waits between the first look at it and the engine."
    )
    visibility_lag_ms: int = Field(default=0, ge=0, description="How long look-ups do not show a new order.")
    parts: int = Field(default=1, ge=1, description="In how many trades the world fills an order.")
    part_interval_ms: int = Field(default=0, ge=0, description="Time between two of them, where the order may rest.")
    maintenance: Maintenance = Field(default="none", description="Which of its services the exchange has closed.")
    clock_drift_ms: int = Field(default=0, description="How far the exchange's clock is ahead of this machine's.")
    retry_after_s: int = Field(default=1, ge=0, description="Retry-After of a `rate_limited`, in seconds.")
    ban_s: int = Field(
        default=120, ge=0, description="How long a first ban lasts, in seconds; each next twice as long."
    )
    seed: int = Field(default=0, description="Seed of the chances; setting faults starts them anew.")


@dataclass(slots=True)
class _Told:
    strike: Strike
    on: frozenset[RequestKind]
    times: int


class FaultDice:
    """Says which strike meets a request: first what was told, then what comes up."""

    def __init__(self, faults: Faults) -> None:
        self._told: deque[_Told] = deque()
        self.change(faults)

    def change(self, faults: Faults) -> None:
        """Take other chances; what was told stays."""
        self._faults, self._random = faults, Random(faults.seed)

    def tell(self, strike: Strike, on: frozenset[RequestKind], times: int) -> None:
        """Let the next ``times`` requests of these kinds be struck."""
        self._told.append(_Told(strike, on, times))

    def forget(self) -> None:
        """Forget what was told and met nothing yet."""
        self._told.clear()

    def strike(self, kind: RequestKind) -> Strike | None:
        """Return what strikes a request of this kind."""
        for told in self._told:
            if kind in told.on:
                told.times -= 1
                if told.times <= 0:
                    self._told.remove(told)
                return told.strike
        if kind not in self._faults.strikes:
            return None
        return next((each for each in STRIKES if self._falls(getattr(self._faults, each))), None)

    def races(self) -> bool:
        """Whether an order fills just before its cancel."""
        return self._falls(self._faults.cancel_race)

    def _falls(self, chance: float) -> bool:
        return chance > 0 and self._random.random() < chance
