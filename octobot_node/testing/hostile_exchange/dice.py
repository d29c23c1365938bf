"""Which fault strikes a request: drawn from the behaviour's probabilities and its seed alone."""

from __future__ import annotations

from random import Random
from typing import Literal

from octobot_node.testing.hostile_exchange.behaviour import Behaviour, RequestKind

__all__ = ["Dice", "Fault"]

Fault = Literal["rate_limited", "dropped_before", "errors_before", "errors_after", "dropped_after"]


class Dice:
    """The same requests in the same order meet the same faults."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._random = Random(behaviour.seed)

    def fault(self, kind: RequestKind) -> Fault | None:
        """Return what strikes a request of this kind; the first that comes up wins."""
        behaviour = self._behaviour
        if kind not in behaviour.strikes:
            return None
        if self._falls(behaviour.rate_limited):
            return "rate_limited"
        if self._falls(behaviour.drop_before):
            return "dropped_before"
        if self._falls(behaviour.error_5xx):
            return "errors_before" if self._random.random() < 0.5 else "errors_after"
        return "dropped_after" if self._falls(behaviour.drop_after) else None

    def refuses(self) -> bool:
        """Whether the exchange refuses this order for good."""
        return self._falls(self._behaviour.refuse)

    def races(self) -> bool:
        """Whether the order fills while it is being cancelled."""
        return self._falls(self._behaviour.cancel_race)

    def _falls(self, probability: float) -> bool:
        return probability > 0 and self._random.random() < probability
