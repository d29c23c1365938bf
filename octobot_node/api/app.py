"""Build the FastAPI application out of the routes of plugins."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeAlias

import anyio.to_thread
import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute, APIRouter
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

import octobot_node
from octobot_node.api.access import ApiState, allows_of, describe
from octobot_node.api.document.openapi import PATH, document
from octobot_node.api.exact import operations_router
from octobot_node.api.idempotency import Idempotency, Replayed
from octobot_node.api.problems import add_handlers
from octobot_node.api.route_clashes import RoutesSoFar, methods_of
from octobot_node.api.scopes import all_scopes
from octobot_node.api.sites import OpenSite, add_sites
from octobot_node.api.transport.addresses import PlainAddresses
from octobot_node.api.transport.head import HeadAsGet
from octobot_node.api.transport.lanes import THREADS
from octobot_node.api.transport.middleware import PREFIX, Surroundings
from octobot_node.api.transport.names import AnyName, asked_as
from octobot_node.api.uploads import note_limits
from octobot_node.contracts.api_routes import Scope
from octobot_node.contracts.operation import Operation
from octobot_node.contracts.plugins import PluginInfo
from octobot_node.errors import PluginError
from octobot_node.operations.context import OperationContext

__all__ = ["PREFIX", "create_app"]

log = structlog.get_logger(__name__)
_COMPRESSED_FROM = 1_000
MakeRouter: TypeAlias = Callable[[tuple[Operation[Any, Any], ...]], APIRouter]


def create_app(
    context: OperationContext,
    sites: Sequence[OpenSite] = (),
    *,
    make_router: MakeRouter = operations_router,
    loopback: bool = False,
) -> FastAPI:
    """Return the application of a node, with the pages of ``sites``.

    ``loopback`` is whether only its own machine reaches it: then it is asked under names of that machine alone.
    ``make_router`` makes the routes that operations say themselves, a plugin's at a time: most of what building takes.

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
    _add_middleware(app, state, asked_as(context.core.settings.api_allowed_hosts, loopback=loopback))
    so_far = RoutesSoFar()
    app.add_api_route(PATH, _openapi, include_in_schema=False, dependencies=[])
    so_far.add_path("GET", PATH)
    # The product's own first: no other plugin answers in its place.
    for built_in in (True, False):
        for plugin in registry.plugins:
            if plugin.built_in is built_in:
                _include_all(app, state, so_far, plugin, make_router)
    add_sites(app, sites)
    return app


def _include_all(
    app: FastAPI, state: ApiState, so_far: RoutesSoFar, plugin: PluginInfo, make_router: MakeRouter
) -> None:
    registry = state.context.registry
    names = plugin.registers.get("register_api_routers", ())
    for each in registry.api_routes:
        if each.name in names:
            prefix = "" if each.outside else PREFIX
            _include(app, state, so_far, plugin, f"the API routes {each.name}", each.router, prefix)
    own = tuple(registry.operations[name] for name in plugin.registers.get("register_operations", ()))
    if any(operation.route for operation in own):
        _include(app, state, so_far, plugin, "the routes of operations", partial(make_router, own), PREFIX)


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    yield


def _add_middleware(app: FastAPI, state: ApiState, names: AnyName) -> None:
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
    app.add_middleware(Surroundings, metrics=state.metrics, names=names, files=state.files)
    proxies = state.context.core.settings.api_trusted_proxies
    if proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(proxies))
    app.add_middleware(PlainAddresses)


def _include(
    app: FastAPI,
    state: ApiState,
    so_far: RoutesSoFar,
    owner: PluginInfo,
    what: str,
    make: Callable[[], APIRouter],
    prefix: str,
) -> None:
    try:
        router = make()
        for route in _routes_of(router):
            _complete(route, state.scopes)
            note_limits(route, prefix, state.context.plugin_context, state.files)
        _leave_out_clashes(state, so_far, owner, router, prefix)
        app.include_router(router, prefix=prefix)
    except Exception as error:
        if owner.built_in:
            raise
        state.context.core.plugin_failures.record(owner.name, what, error)
        log.exception("routes_left_out", plugin=owner.name, routes=what)


def _leave_out_clashes(state: ApiState, so_far: RoutesSoFar, owner: PluginInfo, router: APIRouter, prefix: str) -> None:
    kept: list[BaseRoute] = []
    for route in _routes_of(router):
        clash = so_far.clash(route, prefix)
        what = f"the route {' '.join(methods_of(route))} {prefix}{route.path}"
        if clash and owner.built_in:
            raise PluginError(f"{what} of {owner.name} cannot be: {clash}")
        if clash:
            state.context.core.plugin_failures.record(owner.name, what, f"it is left out: {clash}")
            continue
        so_far.add(route, prefix, owner)
        kept.append(route)
    router.routes[:] = kept


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
    # A route's router names the group it is in, and so may the router that takes it in.
    route.tags = list(dict.fromkeys(route.tags))
    allows = list(allows_of(route.dependant))
    found = {each.scope for each in allows}
    if len(found) != 1:
        which = "names no scope" if not found else f"names several scopes ({found})"
        raise PluginError(f"the route {route.path} {which}: give it allow(scope) or public() as a dependency")
    (scope,) = found
    if scope is not None and scope not in {each.name for each in scopes}:
        raise PluginError(f"the route {route.path} needs the scope {scope!r}, which nobody registers")
    extra: dict[str, Any] = {
        **(route.openapi_extra or {}),
        **describe(scope, scopes, step_up=any(each.step_up for each in allows)),
    }
    route.openapi_extra = extra


async def _replay(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Replayed)
    return error.response


async def _openapi(request: Request) -> Response:
    app: FastAPI = request.app
    if app.openapi_schema is None:
        app.openapi_schema = document(app)
    return JSONResponse(app.openapi_schema)
