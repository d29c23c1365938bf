"""The engine's counters of this process: ticks, orders, requests to exchanges, the market hub."""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from prometheus_client.core import Metric

from octobot_node.engine.core import Core
from octobot_node.engine.counters import Counted, Spread
from octobot_plugins.metrics.families import by_one, counter, counters, gauge, gauges, histogram

__all__ = ["metrics"]

log = structlog.get_logger(__name__)
_TICKS = ("done", "failed", "waiting", "slow", "held")
_ORDERS = ("sent", "filled", "cancelled", "expired", "refused", "unknown")


def metrics(core: Core) -> Iterator[Metric]:
    """Return what this process has counted since it started."""
    counted = core.counters.read()
    yield from _of_ticks(counted)
    yield from _of_orders(counted)
    yield from _of_exchanges(counted)
    yield from _of_budgets(core)
    yield from _of_hub(core, counted)


def _of_ticks(counted: Counted) -> Iterator[Metric]:
    ticks = {outcome: counted.ticks[outcome] for outcome in _TICKS}
    yield counters("octobot_ticks", "What became of automations that were due.", ("outcome",), by_one(ticks))
    yield histogram(
        "octobot_tick_late_seconds", "From when a tick was due until it was committed.", (), [_plain(counted.late)]
    )
    yield histogram(
        "octobot_tick_batch_seconds", "A batch of ticks: load, evaluate, commit.", (), [_plain(counted.batches)]
    )


def _of_orders(counted: Counted) -> Iterator[Metric]:
    orders = {status: counted.orders[status] for status in _ORDERS}
    yield counters(
        "octobot_orders", "Orders that were sent, and what was seen to become of them.", ("status",), by_one(orders)
    )
    yield counter("octobot_fills", "Executions that were settled.", counted.settled)


def _of_exchanges(counted: Counted) -> Iterator[Metric]:
    requests = counted.requests.items()
    yield counters(
        "octobot_exchange_requests",
        "Requests to exchanges, by connector and call.",
        ("exchange", "call"),
        [(labels, sum(spread.counts)) for labels, spread in requests],
    )
    yield counters(
        "octobot_exchange_errors",
        "Requests that failed: refused, expired, not_sent, unresolved, unavailable, timeout, other.",
        ("exchange", "kind"),
        counted.errors.items(),
    )
    yield histogram(
        "octobot_exchange_request_seconds",
        "How long requests to exchanges took.",
        ("exchange", "call"),
        [(labels, spread.bounds, spread.counts, spread.total) for labels, spread in requests],
    )


def _of_budgets(core: Core) -> Iterator[Metric]:
    """Return what connectors state of their exchange's request budgets: of several accounts, what is scarcest."""
    limits: dict[tuple[str, str], float] = {}
    left: dict[tuple[str, str], float] = {}
    try:
        budgets = core.accounts.budgets()
    except Exception as error:  # noqa: BLE001 - a connector's mistake must not hide everything else
        log.warning("budgets_unknown", error=str(error))
        budgets = []
    for exchange, budget in budgets:
        key = (exchange, budget.name)
        if key not in left or budget.remaining < left[key]:
            limits[key], left[key] = budget.limit, budget.remaining
    labels = ("exchange", "budget")
    yield gauges("octobot_exchange_budget_limit", "An exchange's request budget.", labels, limits.items())
    yield gauges("octobot_exchange_budget_remaining", "What is left of it.", labels, left.items())


def _of_hub(core: Core, counted: Counted) -> Iterator[Metric]:
    yield counters(
        "octobot_hub_lookups",
        "Prices and candles that were wanted: there already (hit), or asked for (miss).",
        ("source", "what", "result"),
        counted.cache.items(),
    )
    now = core.clock.now()
    ages = {source: max(now - at, 0) / 1000 for source, at in core.hub.answered().items()}
    yield gauges("octobot_hub_price_age_seconds", "Since when a source gave no price.", ("source",), by_one(ages))
    yield gauge("octobot_hub_levels", "Price levels that wake automations.", core.hub.levels.count())


def _plain(spread: Spread) -> tuple[tuple[()], tuple[float, ...], list[int], float]:
    return (), spread.bounds, spread.counts, spread.total
