"""What this process did since it started, on its node's metrics: for who watches it and for benchmarks, never for
decisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial

from prometheus_client import CollectorRegistry, Counter, Histogram

from octobot_node.engine.lag import LagHistory

__all__ = ["Counters"]

#: Upper bounds in seconds: from due to committed, of a batch's work, of a request to an exchange.
_LATE_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_BATCH_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_REQUEST_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_TICKS = ("done", "failed", "waiting", "slow", "held")
#: Of what plugins seal there may be others.
_SECRETS = ("account", "named")
_ORDERS = ("sent", "filled", "cancelled", "expired", "refused", "unknown")


class Counters:
    """Counts; safe from any thread."""

    def __init__(self, registry: CollectorRegistry) -> None:
        #: How late ticks were in the last hour, for who looks at the node itself.
        self.lag = LagHistory()
        count, spread = partial(Counter, registry=registry), partial(Histogram, registry=registry)
        # `labels` takes four times as long as counting itself: each series is looked up once.
        self._ticks = cache(count("octobot_ticks", "What became of automations that were due.", ("outcome",)).labels)
        self._late = spread(
            "octobot_tick_late_seconds", "From when a tick was due until it was committed.", buckets=_LATE_S
        )
        self._batches = spread(
            "octobot_tick_batch_seconds", "A batch of ticks: load, evaluate, commit.", buckets=_BATCH_S
        )
        orders = count("octobot_orders", "Orders that were sent, and what was seen to become of them.", ("status",))
        self._orders = {status: orders.labels(status) for status in _ORDERS}
        self._fills = count("octobot_fills", "Executions that were settled.")
        call = ("exchange", "call")
        requests = count("octobot_exchange_requests", "Requests to exchanges, by connector and call.", call)
        errors = count(
            "octobot_exchange_errors",
            "Requests that failed: refused, expired, not_sent, unresolved, unavailable, timeout, other.",
            ("exchange", "kind"),
        )
        took = spread(
            "octobot_exchange_request_seconds", "How long requests to exchanges took.", call, buckets=_REQUEST_S
        )
        lookups = count(
            "octobot_hub_lookups",
            "Prices and candles that were wanted: there already (hit), or asked for (miss).",
            ("source", "what", "result"),
        )
        self._secrets = cache(
            count("octobot_secret_uses", "Secrets that were opened to be used, by what they are of.", ("kind",)).labels
        )
        self._requests, self._errors = cache(requests.labels), cache(errors.labels)
        self._took, self._lookups = cache(took.labels), cache(lookups.labels)
        # What has not happened yet is 0, not missing: a rate needs to see the first one come.
        for outcome in _TICKS:
            self._ticks(outcome)
        for kind in _SECRETS:
            self._secrets(kind)

    @property
    def ticks(self) -> int:
        """How many ticks were committed, the failed ones, too."""
        return _total(self._ticks("done")) + _total(self._ticks("failed"))

    @property
    def sent(self) -> int:
        """How many orders' requests left."""
        return _total(self._orders["sent"])

    @property
    def settled(self) -> int:
        """How many executions were settled."""
        return _total(self._fills)

    def ticked(self, outcomes: Mapping[str, int], late: Sequence[float], now: int) -> None:
        """Count what became of a batch's automations, and how late, in seconds, those that ticked were at ``now``."""
        self.lag.add(now, late)
        for outcome, count in outcomes.items():
            self._ticks(outcome).inc(count)
        for seconds in late:
            self._late.observe(seconds)

    def batch(self, seconds: float) -> None:
        """Count a batch and how long it took."""
        self._batches.observe(seconds)

    def became(self, orders: Mapping[str, int]) -> None:
        """Count what became of orders."""
        for status in self._orders.keys() & orders.keys():
            self._orders[status].inc(orders[status])

    def settle(self, executions: int, orders: Mapping[str, int]) -> None:
        """Count executions that were settled, and what became of orders."""
        self._fills.inc(executions)
        self.became(orders)

    def asked(self, connector: str, call: str, seconds: float, error: str = "") -> None:
        """Count a request to an exchange; ``error`` is the kind of its failure."""
        self._requests(connector, call).inc()
        self._took(connector, call).observe(seconds)
        if error:
            self._errors(connector, error).inc()

    def secret_used(self, kind: str) -> None:
        """Count a secret that was opened where it is used."""
        self._secrets(kind).inc()

    def looked_up(self, source: str, what: str, hits: int, misses: int) -> None:
        """Count what the hub had, and what it had to ask for."""
        self._lookups(source, what, "hit").inc(hits)
        self._lookups(source, what, "miss").inc(misses)


def _total(counter: Counter) -> int:
    (family,) = counter.collect()
    return int(family.samples[0].value)
