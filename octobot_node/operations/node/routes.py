"""Look at the ways out of this machine."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from octobot_node.errors import EgressRefused
from octobot_node.operations.context import OperationContext
from octobot_node.operations.node.models.node import ListRoutes, RoutePage, RouteRow
from octobot_node.plugin_system.egress_routes import OpenedRoutes
from octobot_node.store.queries import lists

__all__ = ["list_routes"]

_AT_ONCE = 8


def list_routes(context: OperationContext, request: ListRoutes) -> RoutePage:
    """Return every route of this node, and those that an account names and that it lacks."""
    routes = context.core.accounts.routes
    with context.core.storage.read() as connection:
        used: Counter[str] = lists.accounts_by_route(connection, context.owner)
    names = sorted({*routes.names(), *used})
    known = [name for name in names if name in routes.names()]
    if request.look:
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="egress") as pool:
            list(pool.map(lambda name: routes.find(name).look(), known))
    return RoutePage(routes=[_row(routes, name, used[name]) for name in names])


def _row(routes: OpenedRoutes, name: str, accounts: int) -> RouteRow:
    try:
        found = routes.find(name)
    except EgressRefused as error:
        told = {"kind": "", "proxy": "", "status": "down", "detail": str(error), "cure": "", "exit_address": ""}
        return RouteRow(name=name, **told, exchange_traffic=False, accounts=accounts)
    standing = found.standing
    return RouteRow(
        name=name,
        kind=found.kind,
        proxy=found.shown,
        status="unknown" if standing is None else standing.status,
        detail="" if standing is None else standing.detail,
        cure="" if standing is None else standing.cure,
        exit_address="" if standing is None else standing.exit_address,
        exchange_traffic=routes.refusal(name, "", simulated=False) is None,
        accounts=accounts,
    )
