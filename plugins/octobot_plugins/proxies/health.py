"""Whether the routes that accounts go by bring anybody out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health
from octobot_node.contracts.proxies import ProxyStanding
from octobot_node.errors import EgressRefused
from octobot_node.store.tables import accounts

__all__ = ["check_routes", "look_at", "routes_in_use"]

_AT_ONCE = 8
_ROUTES = (
    sa.select(accounts.c.egress.label("route"), accounts.c.name)
    .union(sa.select(accounts.c.market_data_egress, accounts.c.name))
    .order_by("route", accounts.c.name)
)


def check_routes(context: PluginContext) -> Health | None:
    """Look at each route that an account has; None where all go directly."""
    used = routes_in_use(context)
    if not used:
        return None
    found = look_at(context, list(used))
    bad = {name: each for name, each in found.items() if each.status != "up"}
    if not bad:
        return Health("ok", "; ".join(f"{name}: {each.detail}" for name, each in found.items()))
    down = any(each.status == "down" for each in bad.values())
    detail = "; ".join(f"{name}: {each.detail}{_waits(used[name], each)}" for name, each in bad.items())
    cures = dict.fromkeys(each.cure for each in bad.values() if each.cure)
    return Health("failed" if down else "warning", detail, "; ".join(cures))


def routes_in_use(context: PluginContext) -> dict[str, list[str]]:
    """Return route -> names of accounts that go by it, without what goes directly."""
    found: dict[str, list[str]] = {}
    with context.storage.read() as connection:
        for row in connection.execute(_ROUTES):
            if row.route != "direct":
                found.setdefault(row.route, []).append(row.name)
    return found


def look_at(context: PluginContext, names: list[str]) -> dict[str, ProxyStanding]:
    """Return how each route stands, looked at side by side."""

    def look(name: str) -> ProxyStanding:
        try:
            return context.routes.find(name).look()
        except EgressRefused as error:
            return ProxyStanding("down", str(error).removeprefix("egress: "))

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="egress") as pool:
        return dict(zip(names, pool.map(look, names), strict=True))


def _waits(names: list[str], found: ProxyStanding) -> str:
    if found.status != "down":
        return ""
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return f" (nothing goes another way, what waits is on: {', '.join(names[:3])}{more})"
