"""What the running node knows of itself; nothing is asked for it, so each look is a new one."""

from __future__ import annotations

from octobot_node.contracts.health import Health, HealthCheck
from octobot_node.engine.core import Core
from octobot_node.operations.node.exchange_checks import stream_health
from octobot_node.plugin_system.health_runner import Answer

__all__ = ["node_checks"]

#: A pass over many automations takes seconds, none takes this long.
_SLOW_S = 15.0
#: A clock that was set may be set again: exchanges refuse requests with another time than theirs.
_UNSTEADY_S = 60.0


def node_checks(core: Core) -> list[Answer]:
    """Return whether the engine goes round, the node has the right to work, it stays, and its clock is steady."""
    return [
        _answer("engine", _engine(core)),
        _answer("coordinator", _coordinator(core)),
        _answer("draining", _draining(core)),
        _answer("time", _time(core)),
        *_streams(core),
    ]


def _answer(name: str, health: Health, *, needed: bool = True) -> Answer:
    return Answer(HealthCheck(name, lambda _context: health, needed=needed), health, 0.0)


def _streams(core: Core) -> list[Answer]:
    """Return whether what exchanges say by themselves is heard; nothing where nobody listens."""
    health = stream_health(core)
    return [] if health is None else [_answer("streams", health, needed=False)]


def _engine(core: Core) -> Health:
    still = core.still_for()
    if still > _SLOW_S:
        return Health(
            "failed",
            f"the engine has not gone round for {still:.0f} s",
            "see in the log what it waits for; /health/live says when to start the node again",
        )
    return Health("ok", "the engine goes round")


def _coordinator(core: Core) -> Health:
    coordinator = core.coordinator
    # A master need not work; whoever leads has what it needs.
    if coordinator.may_dispatch() or coordinator.may_work():
        return Health("ok", f"this node, {coordinator.role}, may act under epoch {coordinator.epoch}")
    return Health(
        "failed",
        f"this node, {coordinator.role}, may neither hand out work nor do it",
        "`octobot-node nodes` says why: its lease ran out, its plugins differ from the master's, or it leaves",
    )


def _draining(core: Core) -> Health:
    if core.draining.is_set():
        return Health("failed", "the node finishes what it has begun, and ends", "send requests to another node")
    return Health("ok", "the node stays")


def _time(core: Core) -> Health:
    found = core.clock_set()
    if found is None or found[1] > _UNSTEADY_S:
        return Health("ok", "the clock goes steadily")
    seconds, ago = found
    return Health(
        "failed",
        f"the clock was set {'forward' if seconds > 0 else 'back'} by {abs(seconds):,.0f} s, {ago:,.0f} s ago",
        "see that it is right now; what was planned is planned anew, and a minute of a steady clock makes this well",
    )
