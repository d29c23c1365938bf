"""What callers of the API may do; a role is the scopes that it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octobot_node.contracts.api_routes import Scope
from octobot_node.contracts.caller import ROLES, Role
from octobot_node.errors import PluginError
from octobot_node.plugin_system.registry import Registry

__all__ = ["SCOPES", "SENSITIVE", "all_scopes", "scopes_of"]

#: What lets an API key do what a session must prove itself again for.
SENSITIVE = "sensitive:write"

SCOPES: tuple[Scope, ...] = (
    Scope("automations:read", "viewer", "Look at automations, their figures, logs and plans."),
    Scope("automations:write", "trader", "Create, change, run, stop and delete automations."),
    Scope("orders:read", "viewer", "Look at orders, fills and ledgers."),
    Scope("orders:write", "trader", "Settle orders of unknown outcome."),
    Scope("events:read", "viewer", "Read and follow what happens."),
    Scope("signals:read", "viewer", "Look at signals, and at where they may be sent."),
    Scope("signals:write", "trader", "Send signals, and make addresses for them."),
    Scope("accounts:read", "viewer", "Look at accounts and exchanges."),
    Scope("accounts:write", "trader", "Create, change and delete accounts."),
    Scope("markets:read", "viewer", "Look at symbols, tickers and candles."),
    Scope("replays:read", "viewer", "Look at replays, and at the candles that they are of."),
    Scope("replays:write", "trader", "Start, cancel and delete replays; send and delete candles."),
    Scope("kill-switch:read", "viewer", "Look at kill switches and what exchanges confirmed."),
    Scope("kill-switch:write", "trader", "Throw and release kill switches."),
    Scope("node:read", "viewer", "Look at the node's state and health, its nodes and plugins."),
    Scope("nodes:write", "admin", "Let nodes leave."),
    Scope("settings:read", "admin", "Look at settings; secrets are masked."),
    Scope("self:read", "viewer", "Look at one's own API keys and sessions."),
    Scope("self:write", "viewer", "Make and revoke one's own API keys, end one's own sessions, change one's password."),
    Scope("users:read", "admin", "Look at users, and everybody's keys and sessions."),
    Scope("users:write", "admin", "Create, change and delete users, revoke anybody's keys and sessions."),
    Scope("audit:own", "trader", "Read who did what with what one owns, and with oneself as a user."),
    Scope("audit:read", "admin", "Read and export who did what."),
    Scope(
        SENSITIVE,
        "viewer",
        "With an API key do what a session must prove itself again for: make keys, change passwords, users and second"
        " factors, release kill switches, settle unknown orders, rotate accounts' keys. It takes the scope of each"
        " besides.",
    ),
    Scope("metrics:read", "viewer", "Read the node's metrics."),
)


def all_scopes(registry: Registry) -> tuple[Scope, ...]:
    """Return the node's scopes and those that plugins add; raise PluginError for a name that there is already."""
    found = {scope.name: scope for scope in SCOPES}
    for what, scope in _added(registry):
        if found.setdefault(scope.name, scope) != scope:
            raise PluginError(f"{what} add the scope {scope.name!r}, which means something else")
    return tuple(found.values())


def _added(registry: Registry) -> Iterator[tuple[str, Scope]]:
    for routes in registry.api_routes:
        yield from ((f"the routes {routes.name!r}", scope) for scope in routes.scopes)
    for operation in registry.operations.values():
        if operation.route is not None and isinstance(operation.route.scope, Scope):
            yield f"the routes of {operation.name!r}", operation.route.scope


def scopes_of(role: Role, scopes: Sequence[Scope]) -> frozenset[str]:
    """Return the names of the scopes that a role has."""
    rank = ROLES.index(role)
    return frozenset(scope.name for scope in scopes if ROLES.index(scope.role) <= rank)
