"""Routes whose JSON is read exactly: a number such as 0.1 is a Decimal of those digits, never a binary float."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from octobot_node.api.access import Allow, Api, ApiState, allows_of
from octobot_node.api.operation_routes import add_operation
from octobot_node.api.problems import ApiProblem
from octobot_node.api.uploads import is_of_file
from octobot_node.contracts.operation import Operation, Route
from octobot_node.operations.perform import besides_of
from octobot_node.text.exact_json import DEPTH, decode
from octobot_node.text.from_outside import HalfCharacter
from octobot_node.text.numbers import UnreasonableNumber

__all__ = ["ApiRouter", "operations_router"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: What must get through while everything else waits.
_URGENT = frozenset({"kill-switch:read", "kill-switch:write"})
#: Bytes of JSON from whoever is not known, and of JSON that is read between two other requests.
_ANONYMOUS_MAX, _AT_ONCE_MAX = 16_000, 64_000


class _ExactRequest(Request):
    async def json(self) -> Any:
        """Return the body, its numbers as they are written; raise HTTPException for what is not valid JSON."""
        if not hasattr(self, "_json"):
            body = await self.body()
            if len(body) > _ANONYMOUS_MAX and not getattr(self.state, "caller", ""):
                raise HTTPException(413, f"without credentials a body takes {_ANONYMOUS_MAX:,} bytes at most")
            # A large one is not read while every other request waits.
            large = len(body) > _AT_ONCE_MAX
            self._json = await anyio.to_thread.run_sync(_decoded, body) if large else _decoded(body)
        return self._json


def _decoded(body: bytes) -> Any:
    try:
        found = decode(body)
    except RecursionError:
        raise _unreadable(f"the body is nested more than {DEPTH} levels deep") from None
    except UnreasonableNumber as error:
        raise HTTPException(422, f"the body has a number that is out of bounds: {error}") from None
    except HalfCharacter as error:
        raise HTTPException(422, f"body: {error}") from None
    except UnicodeDecodeError:
        raise _unreadable("the body is not valid JSON: it is not UTF-8") from None
    except ValueError as error:
        raise _unreadable(f"the body is not valid JSON: {error}") from None
    _refuse_odd(found)
    return found


def _unreadable(why: str) -> HTTPException:
    # The one exception that FastAPI lets through where it reads a body: of others it says that there was an error.
    return HTTPException(400, why)


def _refuse_odd(found: Any) -> None:
    """Raise HTTPException for what not every database keeps: a NUL in a text, or a bottomless nesting."""
    level = [found]
    for _ in range(DEPTH):
        deeper: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                deeper += item.keys()
                deeper += item.values()
            elif isinstance(item, list):
                deeper += item
            elif isinstance(item, str):
                _refuse_odd_text(item)
        if not deeper:
            return
        level = deeper
    raise _unreadable(f"the body is nested more than {DEPTH} levels deep")


def _refuse_odd_text(text: str) -> None:
    if "\0" in text:
        raise _unreadable("a text in the body has a NUL: leave it out")


class _ExactRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, given a request that reads JSON exactly."""
        handle = super().get_route_handler()
        allow = next(allows_of(self.dependant), None)
        operation: Operation[Any, Any] | None = getattr(self.endpoint, "operation", None)
        whole = not is_of_file(self)

        async def exactly(request: Request) -> Response:
            exact = _ExactRequest(request.scope, request.receive)
            try:
                return await (handle(exact) if allow is None else _in_turn(allow, exact, handle, whole=whole))
            except RequestValidationError as error:
                if allow is None or operation is None or not operation.besides:
                    raise
                besides = await anyio.to_thread.run_sync(_besides, allow(request), operation, request, error)
                raise RequestValidationError([*error.errors(), *besides], body=error.body) from None
            except HTTPException as error:
                # FastAPI makes "There was an error parsing the body" of whatever reading it raised.
                if isinstance(error.__cause__, ApiProblem):
                    raise error.__cause__ from None
                raise

        return exactly


def _besides(
    api: Api, operation: Operation[Any, Any], request: Request, error: RequestValidationError
) -> list[dict[str, Any]]:
    """Return what else is wrong with a request that cannot be read, as if its model had found it."""
    body = error.body if isinstance(error.body, dict) else {}
    # What is wrong with the body as a whole has no field.
    wrong = {str(each["loc"][1]) if len(each["loc"]) > 1 else "" for each in error.errors()}
    found = [] if "" in wrong else besides_of(api.context, operation, {**request.path_params, **body}, wrong)
    return [{"type": "value_error", "loc": ("body", *each.field.split(".")), "msg": each.reason} for each in found]


async def _in_turn(
    allow: Allow, request: _ExactRequest, handle: Callable[[Request], Coroutine[Any, Any, Response]], *, whole: bool
) -> Response:
    """Carry out a request: first who makes it, then what they send, then, in their turn, what they ask for.

    A file is not read here (not ``whole``): its route does that, and takes no turn while it comes.
    """
    state: ApiState = request.app.state.api
    lanes, urgent = state.lanes.here(), allow.scope in _URGENT
    if allow.scope is None:
        if request.method in _SAFE:
            # Health and the like wait for nobody, and for no thread.
            return await handle(request)
        caller = allow.admit(request)
    else:
        caller = await lanes.ask(partial(allow.admit, request), urgent=urgent)
    request.state.admitted = (allow, caller)
    address = request.client.host if request.client else ""
    user = caller.name or f"address {address}"
    if not urgent:
        state.rates.asked(user, request.url.path, changes=request.method not in _SAFE)
    if not whole:
        return await handle(request)
    if request.method not in _SAFE:
        state.rates.sent(user, len(await request.body()))
        if getattr(request.state, "idempotency", None) is not None:
            await lanes.ask(partial(allow.begin, request, caller), urgent=urgent)
    async with lanes.turn(user, urgent=urgent):
        return await handle(request)


class ApiRouter(APIRouter):
    """FastAPI's router, with routes that read JSON exactly."""

    def __init__(self, **given: Any) -> None:
        super().__init__(route_class=_ExactRoute, **given)

    def add_operation(self, operation: Operation[Any, Any], route: Route) -> None:
        """Add a route that is made of an operation: parameters, body, headers and document are as its models say.

        Raises PluginError for a path that names what is not a field of its request.
        """
        add_operation(self, operation, route)


def operations_router(operations: Iterable[Operation[Any, Any]]) -> ApiRouter:
    """Return a router with the routes that the operations say themselves."""
    router = ApiRouter()
    for operation in operations:
        if operation.route is not None:
            router.add_operation(operation, operation.route)
    return router
