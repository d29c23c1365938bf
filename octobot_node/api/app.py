"""Build the FastAPI application out of the routes of plugins."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio.to_thread
import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute, APIRouter
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

import octobot_node
from octobot_node.api.access import ApiState, allows_of, describe
from octobot_node.api.exact import operations_router
from octobot_node.api.idempotency import Idempotency, Replayed
from octobot_node.api.openapi import PATH, document
from octobot_node.api.problems import add_handlers
from octobot_node.api.scopes import all_scopes
from octobot_node.api.transport.addresses import PlainAddresses
from octobot_node.api.transport.head import HeadAsGet
from octobot_node.api.transport.lanes import THREADS
from octobot_node.api.transport.middleware import PREFIX, Surroundings
from octobot_node.contracts.api_routes import Scope
from octobot_node.contracts.plugins import PluginInfo
from octobot_node.errors import PluginError
from octobot_node.operations.context import OperationContext
from octobot_node.plugin_system.plugin_failures import said
from octobot_node.plugin_system.registry import Registry

__all__ = ["PREFIX", "create_app"]

log = structlog.get_logger(__name__)
_COMPRESSED_FROM = 1_000


def create_app(context: OperationContext) -> FastAPI:
    """Return the application of a node.

    Raises PluginError for routes of a built-in plugin that name no scope; those of a third party are left out, and
    listed with the reason.
    """
    registry = context.registry
    state = ApiState(context, all_scopes(registry))
    app = FastAPI(
        title="OctoBot Node",
        version=octobot_node.__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.api = state
    add_handlers(app)
    app.add_exception_handler(Replayed, _replay)
    _add_middleware(app, state)
    for each in registry.api_routes:
        owner = _owner(registry, "register_api_routers", each.name)
        _include(app, state, owner, f"the API routes {each.name}", each.router, "" if each.outside else PREFIX)
    for plugin in registry.plugins:
        own = [registry.operations[name] for name in plugin.registers.get("register_operations", ())]
        if any(operation.route for operation in own):
            _include(app, state, plugin, "the routes of operations", partial(operations_router, own), PREFIX)
    app.add_api_route(PATH, _openapi, include_in_schema=False, dependencies=[])
    return app


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    yield


def _add_middleware(app: FastAPI, state: ApiState) -> None:
    # The last one added is the outermost.
    app.add_middleware(Idempotency)
    origins = state.context.core.settings.api_cors_origins
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_credentials=True,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "authorization",
                "content-type",
                "idempotency-key",
                "if-match",
                "last-event-id",
                "x-csrf-token",
            ],
            expose_headers=["etag", "location", "x-request-id", "retry-after"],
        )
    app.add_middleware(GZipMiddleware, minimum_size=_COMPRESSED_FROM, compresslevel=5)
    app.add_middleware(HeadAsGet)
    app.add_middleware(Surroundings, metrics=state.metrics, hosts=state.context.core.settings.api_allowed_hosts)
    proxies = state.context.core.settings.api_trusted_proxies
    if proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(proxies))
    app.add_middleware(PlainAddresses)


def _owner(registry: Registry, hook: str, name: str) -> PluginInfo:
    return next(plugin for plugin in registry.plugins if name in plugin.registers.get(hook, ()))


def _include(
    app: FastAPI, state: ApiState, owner: PluginInfo, what: str, make: Callable[[], APIRouter], prefix: str
) -> None:
    try:
        router = make()
        for route in _routes_of(router):
            _complete(route, state.scopes)
        app.include_router(router, prefix=prefix)
    except Exception as error:
        if owner.origin == "built-in":
            raise
        state.context.core.plugin_failures.record(owner.name, what, said(error))
        log.exception("routes_left_out", plugin=owner.name, routes=what)


def _routes_of(router: APIRouter) -> Iterator[APIRoute]:
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            raise PluginError(
                f"{type(route).__name__} {getattr(route, 'path', '')} is not a plain route: add routes to one ApiRouter"
            )


def _complete(route: APIRoute, scopes: Sequence[Scope]) -> None:
    """Check that a route says who may use it, and write that into its description."""
    found = {each.scope for each in allows_of(route.dependant)}
    if len(found) != 1:
        which = "names no scope" if not found else f"names several scopes ({found})"
        raise PluginError(f"the route {route.path} {which}: give it allow(scope) or public() as a dependency")
    (scope,) = found
    if scope is not None and scope not in {each.name for each in scopes}:
        raise PluginError(f"the route {route.path} needs the scope {scope!r}, which nobody registers")
    extra: dict[str, Any] = {**(route.openapi_extra or {}), **describe(scope, scopes)}
    route.openapi_extra = extra


async def _replay(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Replayed)
    return error.response


async def _openapi(request: Request) -> Response:
    app: FastAPI = request.app
    if app.openapi_schema is None:
        app.openapi_schema = document(app)
    return JSONResponse(app.openapi_schema)
