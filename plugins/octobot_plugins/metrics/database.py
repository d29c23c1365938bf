"""What the database holds: counts that ride an index, so that none grows with the history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import Metric

from octobot_node.contracts.coordinator import NodeState
from octobot_node.engine.core import Core
from octobot_node.engine.workers.durable import depths
from octobot_node.store.audit import audit_chain
from octobot_node.store.queries import lists, metric_queries
from octobot_node.store.queries.event_horizon import held_since
from octobot_plugins.metrics.families import by_one, gauge, gauges

__all__ = ["metrics"]

_STATES = ("live", "draining", "drift", "dead")
#: A node that is silent for longer is history.
_DAY_S = 86_400


def metrics(core: Core) -> Iterator[Metric]:
    """Return the counts; raise StorageUnavailable."""
    now = core.clock.now()
    with core.storage.read() as connection:
        automations = lists.automations_by_status(connection, None)
        due, batched = lists.longest_due(connection, None), metric_queries.claimed(connection)
        intents, queues = metric_queries.live_intents(connection), depths(connection)
        horizon = held_since(connection).seconds
        audited = audit_chain.chain(connection)
        off = {
            "all": int(not lists.sending(connection)),
            "account": metric_queries.silent_accounts(connection),
            "automation": metric_queries.silent_automations(connection),
        }
    yield gauges("octobot_automations", "Automations.", ("status",), by_one(automations))
    yield gauge("octobot_automations_in_batch", "Automations that are handed out just now.", batched)
    lag = 0.0 if due is None else max(now - due, 0) / 1000
    yield gauge("octobot_tick_lag_seconds", "How long the longest waiting automation has been due.", lag)
    yield gauges("octobot_intents", "Orders and cancels that can still change.", ("status",), by_one(intents))
    yield gauge("octobot_orders_unknown", "Orders of which nobody knows whether they exist.", intents["unknown"])
    yield gauges("octobot_queue_depth", "Batches and sends.", ("queue", "state"), queues.items())
    yield gauges("octobot_sending_off", "Kill switches that are thrown.", ("scope",), by_one(off))
    yield gauge(
        "octobot_event_horizon_seconds", "How long a node's oldest writing transaction is open: nothing newer is told.",
        horizon,
    )  # fmt: skip
    yield gauge("octobot_audit_entries", "Entries of the audit.", 0 if audited is None else audited.entries)
    yield gauge("octobot_audit_bytes", "Data in the audit.", 0 if audited is None else audited.bytes)
    yield gauge("octobot_database_bytes", "The database on its disk.", core.storage.size())
    yield from _nodes([node for node in core.coordinator.nodes() if node.state != "left" and node.silent < _DAY_S])


def _nodes(nodes: list[NodeState]) -> Iterator[Metric]:
    states: Counter[str] = Counter(node.state for node in nodes)
    yield gauges(
        "octobot_nodes", "Nodes on the database that were heard within a day.", ("state",),
        [((state,), states[state]) for state in _STATES],
    )  # fmt: skip
    ages = {node.id: node.silent for node in nodes}
    yield gauges("octobot_node_heartbeat_age_seconds", "Since when a node was not heard.", ("node_id",), by_one(ages))
