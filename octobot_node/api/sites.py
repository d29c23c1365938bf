"""Pages that plugins bring: they answer what no route does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.plugins import PluginInfo
from octobot_node.plugin_system.registry import Registry

__all__ = ["OpenSite", "add_sites", "open_sites"]


@dataclass(frozen=True, slots=True)
class OpenSite:
    """A plugin's pages: what answers, and the port besides the API's."""

    name: str
    owner: PluginInfo
    answer: Callable[[Request], Response | None]
    port: int


def open_sites(registry: Registry, context: PluginContext) -> list[OpenSite]:
    """Return the sites that there are; a plugin whose pages are switched off has none."""
    found = []
    for routes in registry.api_routes:
        if routes.site is not None:
            answer = routes.site.open(context)
            if answer is not None:
                owner = next(
                    each for each in registry.plugins if routes.name in each.registers.get("register_api_routers", ())
                )
                found.append(OpenSite(routes.name, owner, answer, routes.site.port(context)))
    return found


def add_sites(app: FastAPI, sites: Sequence[OpenSite]) -> None:
    """Let sites answer what no route of the application has, before it says that nothing is there."""
    if not sites:
        return
    nothing_there = app.router.default

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        found = None
        if scope["type"] == "http":
            request = Request(scope, receive)
            found = next((page for site in sites if (page := site.answer(request)) is not None), None)
        await (nothing_there if found is None else found)(scope, receive, send)

    app.router.default = answer
