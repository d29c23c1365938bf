"""How much an exchange is asked: every request passes a gate that all accounts and nodes share, by ccxt's own costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from octobot_node.contracts.exchanges import ConnectorContext, RequestBudget, RequestGate, RequestLimit
from octobot_plugins.ccxt.exchanges.record import ExchangeRecord, Wire
from octobot_plugins.ccxt.settings import CcxtMarketSettings, CcxtTradingSettings

__all__ = ["Pace", "costs_counted"]

#: After a 429 without a Retry-After nothing is asked for so long.
_PAUSE_S = 5.0


#: What this task's requests cost, where somebody counts it.
_TAKEN: ContextVar[list[float] | None] = ContextVar("octobot_ccxt_taken", default=None)


def _note_taken(cost: float) -> None:
    taken = _TAKEN.get()
    if taken is not None:
        taken.append(cost)


@contextmanager
def costs_counted() -> Iterator[list[float]]:
    """Give the costs of the requests that are made inside, one each."""
    taken: list[float] = []
    token = _TAKEN.set(taken)
    try:
        yield taken
    finally:
        _TAKEN.reset(token)


class Pace:
    """Counts what one connector asks, in ccxt's units: a request of cost 1 in each ``rateLimit`` milliseconds."""

    def __init__(
        self, record: ExchangeRecord, exchange: Any, settings: CcxtMarketSettings, context: ConnectorContext
    ) -> None:
        self._exchange = exchange
        self._record = record
        private = isinstance(settings, CcxtTradingSettings) and record.paced_per == "key"
        key = settings.api_key.get_secret_value() if isinstance(settings, CcxtTradingSettings) else ""
        units = max(int(record.pace_seconds * 1_000 / float(exchange.rateLimit)), 1)
        limit = RequestLimit(
            f"{record.id}{' sandbox' if settings.sandbox else ''}",
            "requests",
            units,
            record.pace_seconds,
            "key" if private else "address",
            burst=record.pace_burst if private else 0,
        )
        self.gate: RequestGate = context.request_gate(limit, key)
        counted = exchange.calculate_rate_limiter_cost

        def cost(api: Any, method: str, path: str, params: Any, config: Any = None) -> float:
            known = record.cost(path, params)
            return float(counted(api, method, path, params, config or {})) if known is None else known

        # In its place, so that its own methods are counted so, too.
        exchange.calculate_rate_limiter_cost = cost

    def cost(self, wire: Wire) -> float:
        """Return what ccxt's description of the exchange says that a request costs."""
        found: Any = self._exchange.api
        for name in (*wire.api, wire.method.lower(), wire.path):
            found = found.get(name, {}) if isinstance(found, dict) else {}
        config = found if isinstance(found, dict) else {"cost": found}
        return float(
            self._exchange.calculate_rate_limiter_cost(
                list(wire.api), wire.method, wire.path, dict(wire.params), config
            )
        )

    async def take(self, cost: float, *, urgent: bool = False) -> None:
        """Wait until a request of this cost may be made; raise NotSent where that is not soon."""
        _note_taken(cost)
        await self.gate.take(cost, urgent=urgent)

    async def throttle(self, cost: float | None = None, *, urgent: bool = False) -> None:
        """Do the same for ccxt's own methods."""
        await self.take(1.0 if cost is None else float(cost), urgent=urgent)

    async def shut(self, retry_after: float | None) -> None:
        """Ask nothing for so long: the exchange said that it was too much."""
        await self.gate.shut(_PAUSE_S if retry_after is None else retry_after)

    def told(self, budgets: tuple[RequestBudget, ...]) -> None:
        """Take note of what the exchange says was used, which may be others' of the same address, too."""
        for budget in budgets:
            if budget.name == self._record.paced_by:
                self.gate.told((1 - budget.remaining / budget.limit) * self.gate.budget().limit)
