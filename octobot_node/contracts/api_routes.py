"""Routes that a plugin adds to the REST API; importing this loads neither FastAPI nor the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octobot_node.contracts.caller import Role

if TYPE_CHECKING:
    from fastapi import APIRouter
    from starlette.requests import Request
    from starlette.responses import Response

    from octobot_node.contracts.context import PluginContext

__all__ = ["ApiRoutes", "Scope", "Site"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What callers may do: ``automations:write``. ``role`` is the least one that has it; keys have some of them."""

    name: str
    role: Role
    description: str


@dataclass(frozen=True, slots=True)
class Site:
    """Pages for browsers, which the API's application serves, too: of one origin with it, they need no CORS.

    ``open(context)`` returns what answers a request that no route has, or None for one that it does not know either;
    it returns None itself where there are no pages. ``port(context)`` is one more that the whole application listens
    on, at the API's address; 0 is any that is free.
    """

    open: Callable[[PluginContext], Callable[[Request], Response | None] | None]
    port: Callable[[PluginContext], int]


@dataclass(frozen=True, slots=True)
class ApiRoutes:
    """A plugin's routes.

    ``router()`` makes an ``octobot_node.api.ApiRouter``, or FastAPI's own; it is called when the API starts. Every
    route has ``allow(scope)`` or ``public()`` among its dependencies: one without is refused. Paths begin under
    ``/api/v1``, or with ``outside`` at the root. ``scopes`` are those that the node does not have already. ``prepare``
    is called before the node listens; a NodeError of it keeps the API from starting. ``site`` are pages.
    """

    name: str
    router: Callable[[], APIRouter]
    scopes: Sequence[Scope] = field(default=())
    prepare: Callable[[PluginContext], None] | None = None
    outside: bool = False
    site: Site | None = None
