"""What the engine has at hand: request budgets of exchanges, the market hub. What it counts it registers itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import structlog
from prometheus_client.core import Metric

from octobot_node.engine.core import Core
from octobot_plugins.metrics.families import by_one, gauge, gauges

__all__ = ["metrics"]

log = structlog.get_logger(__name__)


def metrics(core: Core) -> Iterator[Metric]:
    """Return what is now."""
    yield from _of_budgets(core)
    yield from _of_streams(core)
    yield from _of_hub(core)


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


def _of_streams(core: Core) -> Iterator[Metric]:
    """Return how many streams are in which state, and how often any of them broke."""
    states: Counter[tuple[str, str, str]] = Counter()
    breaks: Counter[tuple[str, str]] = Counter()
    for exchange, _, stream in core.accounts.streams():
        states[exchange, stream.of, stream.status] += 1
        breaks[exchange, stream.of] += stream.breaks
    labels = ("exchange", "of", "status")
    yield gauges("octobot_exchange_streams", "Streams of exchanges that are listened to.", labels, states.items())
    text = "How often those broke, went silent or were refused."
    yield gauges("octobot_exchange_stream_breaks", text, labels[:2], breaks.items())


def _of_hub(core: Core) -> Iterator[Metric]:
    now = core.clock.now()
    ages = {source: max(now - at, 0) / 1000 for source, at in core.hub.answered().items()}
    yield gauges("octobot_hub_price_age_seconds", "Since when a source gave no price.", ("source",), by_one(ages))
    yield gauge("octobot_hub_levels", "Price levels that wake automations.", core.hub.levels.count())
