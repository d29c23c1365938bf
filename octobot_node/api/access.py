"""Who may do what: every route names the scope that it needs, or says that it is for everybody."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hmac import compare_digest
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import anyio.to_thread
import sqlalchemy as sa
import structlog
from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from prometheus_client import CollectorRegistry
from pydantic import BaseModel

from octobot_node.api.idempotency import begin_idempotent
from octobot_node.api.problems import ApiProblem, FieldError
from octobot_node.api.scopes import SENSITIVE, scopes_of
from octobot_node.api.transport.lanes import LanesOfLoops
from octobot_node.api.transport.rates import Rates
from octobot_node.api.uploads import FileLimits
from octobot_node.contracts.api_routes import Scope
from octobot_node.contracts.caller import Caller, Role
from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.operation import Operation, RequestT, ResponseT
from octobot_node.errors import StorageUnavailable
from octobot_node.operations.context import OperationContext
from octobot_node.operations.perform import perform
from octobot_node.plugin_system.node_metrics import NodeMetrics
from octobot_node.plugin_system.plugin_failures import said
from octobot_node.store.audit import audit_log
from octobot_node.store.audit.audit_log import Actor, Entry

__all__ = ["Allow", "Api", "ApiState", "allow", "allows_of", "describe", "public", "scopes_if_known"]

log = structlog.get_logger(__name__)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Public routes answer without knowing who asks, rather than late.
_KNOWN_WITHIN_S = 2.0
_REMEMBERED_S, _REMEMBERED_MAX = 3_600.0, 100


@dataclass(slots=True)
class ApiState:
    """What the whole API works with; in ``app.state.api``."""

    context: OperationContext
    scopes: Sequence[Scope]
    #: What the API counts; the node's own metrics are its engine's.
    metrics: CollectorRegistry = field(default_factory=NodeMetrics)
    #: Where files are taken, and how large they may be.
    files: FileLimits = field(default_factory=dict)
    #: What plugins keep for as long as the API runs, by their own names.
    kept: dict[str, Any] = field(default_factory=dict)
    #: Whose turn it is; made with the settings, see below.
    lanes: LanesOfLoops = field(init=False)
    rates: Rates = field(init=False)
    #: SHA-256 of an Authorization header -> whose it is, and when that was seen (monotonic seconds).
    remembered: dict[bytes, tuple[Caller, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lanes = LanesOfLoops(self.context.core.settings.api_user_requests)
        self.rates = Rates(self.context.core.settings)


@dataclass(frozen=True, slots=True)
class Api:
    """The node as one request sees it: narrowed to what its caller may see."""

    state: ApiState
    context: OperationContext
    caller: Caller
    scopes: frozenset[str]

    @property
    def plugin_context(self) -> PluginContext:
        """Storage, clock and settings, not narrowed to anybody."""
        return self.context.plugin_context

    @property
    def actor(self) -> Actor:
        """The caller, for the audit."""
        return self.context.actor

    def perform(self, operation: Operation[RequestT, ResponseT], request: RequestT) -> ResponseT:
        """Carry out an operation of the node or of a plugin as the caller; raise what it raises."""
        return perform(self.context, operation, request)

    def audit(self, connection: sa.Connection, entry: Entry) -> None:
        """Write down what the caller does, in the transaction that does it."""
        written = audit_log.append(connection, self.actor, entry, self.plugin_context.clock.now())
        self.context.audited(written.size)

    def scopes_of_role(self, role: Role) -> list[str]:
        """Return the scopes that a role has, by name."""
        return sorted(scopes_of(role, self.state.scopes))

    def may(self, scope: str) -> bool:
        """Whether the caller has a scope."""
        return scope in self.scopes


class Allow:
    """The dependency that lets a request pass: callers with ``scope``, or everybody where it is None."""

    def __init__(self, scope: str | None, *, outlasts_database: bool = False, step_up: bool = False) -> None:
        self.scope = scope
        self.step_up = step_up
        self._outlasts = outlasts_database

    def admit(self, request: Request) -> Caller:
        """Return who makes a request, if they may; raise ApiProblem. Nothing of its body is looked at."""
        state: ApiState = request.app.state.api
        _refuse_nul(request)
        _refuse_unknown_query(request)
        if self.scope is None:
            return _NOBODY
        caller = _remembered(request, state) if self._outlasts else _authenticated(request, state)
        request.state.caller = caller.name
        if self.scope not in _scopes(caller, state):
            raise ApiProblem("forbidden", _forbidden(self.scope, caller, state.scopes))
        if request.method not in _SAFE:
            _check_csrf(request, caller)
        if self.step_up and not caller.proved:
            raise _unproved(caller)
        return caller

    def begin(self, request: Request, caller: Caller) -> None:
        """Take note of a request that may be sent again, its body included; raise Replayed or ApiProblem."""
        core = request.app.state.api.context.core
        if self.scope is not None and request.method not in _SAFE:
            begin_idempotent(request, core.storage, caller, core.clock.now())

    def __call__(self, request: Request) -> Api:
        """Return the node as the caller sees it; raise ApiProblem."""
        state: ApiState = request.app.state.api
        by, caller = getattr(request.state, "admitted", (None, _NOBODY))
        if by is not self:
            # Of a router that is not ours; or somebody asks again later, whether the caller still may.
            caller = self.admit(request)
            self.begin(request, caller)
        return _api(request, state, caller, frozenset() if self.scope is None else _scopes(caller, state))


#: Who a public route takes everybody for.
_NOBODY = Caller("", "viewer", "", "nobody", frozenset())


def allows_of(dependant: Dependant) -> Iterator[Allow]:
    """Yield what lets requests of a route pass."""
    if isinstance(dependant.call, Allow):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from allows_of(inner)


def _scopes(caller: Caller, state: ApiState) -> frozenset[str]:
    scopes = scopes_of(caller.role, state.scopes)
    return scopes if caller.scopes is None else scopes & caller.scopes


def allow(scope: str, *, outlasts_database: bool = False, step_up: bool = False) -> Any:
    """Return the dependency for callers with ``scope``; it gives the route its ``Api``.

    ``outlasts_database`` lets those with an API key in while the database is away, who were let in within the hour
    before: only for what tells nothing that a key revoked meanwhile should not see. ``step_up`` is for what is
    dangerous: a session must have shown lately that it is its user's, and a key needs the scope for that besides.
    """
    return Depends(Allow(scope, outlasts_database=outlasts_database, step_up=step_up))


def public() -> Any:
    """Return the dependency of a route that is for everybody; it gives the route an ``Api`` that sees nothing."""
    return Depends(_Everybody(None))


class _Everybody(Allow):
    """It asks no database, so it need not wait for a thread either, which may be the last that is free."""

    async def __call__(self, request: Request) -> Api:  # type: ignore[override]  # FastAPI takes either kind
        return super().__call__(request)


async def scopes_if_known(request: Request) -> frozenset[str]:
    """Return what the caller of a public route may do besides; nothing where nobody is known, or cannot be now."""
    state: ApiState = request.app.state.api
    if not (request.headers.get("authorization") or request.cookies) or state.context.core.storage.lost():
        return frozenset()
    try:
        with anyio.fail_after(_KNOWN_WITHIN_S):
            caller = await anyio.to_thread.run_sync(_authenticated, request, state, abandon_on_cancel=True)
    except (ApiProblem, StorageUnavailable, TimeoutError):
        return frozenset()
    return _scopes(caller, state)


def _refuse_nul(request: Request) -> None:
    # PostgreSQL keeps none, so nothing can be called so.
    if any("\0" in text for text in (*map(str, request.path_params.values()), *request.query_params.values())):
        raise ApiProblem("bad-request", "the address has a NUL in it: leave it out")


def _refuse_unknown_query(request: Request) -> None:
    """Raise ApiProblem for a parameter that the route does not have, or that is given twice and has one value.

    A misspelt filter must not give everything, and of two nobody knows which was meant.
    """
    known = dict(_query_names(request.scope["route"].dependant))
    given = [name for name, _ in request.query_params.multi_items()]
    wrong = {name: "there is no such parameter" for name in given if name not in known}
    wrong |= {name: "it is given twice: give one" for name in given if given.count(name) > 1 and not known.get(name)}
    if wrong:
        there_are = ", ".join(sorted(known)) or "none"
        fields = [FieldError(field=f"query.{name}", reason=reason) for name, reason in wrong.items()]
        raise ApiProblem("invalid", f"{fields[0].field}: {fields[0].reason}; there are: {there_are}", fields=fields)


def _query_names(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """Yield each parameter's name, and whether it may have several values."""
    for each in dependant.query_params:
        model = each.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield from ((info.alias or name, _is_list(info.annotation)) for name, info in model.model_fields.items())
        else:
            yield each.alias, _is_list(model)
    for inner in dependant.dependencies:
        yield from _query_names(inner)


def _is_list(annotation: Any) -> bool:
    kind = get_origin(annotation)
    if kind is Annotated or kind in {Union, UnionType}:
        return any(_is_list(each) for each in get_args(annotation))
    return kind in {list, tuple, set}


def _authenticated(request: Request, state: ApiState) -> Caller:
    hook = state.context.registry.hook.authenticate
    # One at a time: what breaks in one plugin must neither let anybody in nor keep others out.
    for implementation in reversed(hook.get_hookimpls()):
        given = {"request": request, "context": state.context.plugin_context}
        try:
            found = implementation.function(*[given[name] for name in implementation.argnames])
        except (ApiProblem, StorageUnavailable):
            # Whose credentials cannot be looked up is not known to be nobody: that is to be tried again.
            raise
        except Exception as error:
            state.context.core.plugin_failures.record(implementation.plugin_name, "authenticate", said(error))
            log.exception("authenticate_failed", plugin=implementation.plugin_name)
            continue
        if isinstance(found, Caller):
            return found
    raise ApiProblem(
        "unauthenticated", "nobody is logged in: log in at /api/v1/session, or send an API key as a bearer token"
    )


def _remembered(request: Request, state: ApiState) -> Caller:
    """Return who makes a request; with the database away, who it was when it was there last. Raises ApiProblem."""
    now, digest = time.monotonic(), hashlib.sha256(request.headers.get("authorization", "").encode()).digest()
    known = state.remembered.get(digest)
    if state.context.core.storage.lost() and known is not None and now - known[1] < _REMEMBERED_S:
        return known[0]
    caller = _authenticated(request, state)
    if caller.key:
        if len(state.remembered) >= _REMEMBERED_MAX:
            state.remembered.clear()
        state.remembered[digest] = (caller, now)
    return caller


def _forbidden(scope: str, caller: Caller, known: Sequence[Scope]) -> str:
    role = next(each.role for each in known if each.name == scope)
    if scope in scopes_of(caller.role, known):
        return f"this API key lacks the scope {scope!r}: make one that has it"
    return f"{scope!r} takes the role {role}, and {caller.name} is a {caller.role}: ask an admin"


def _unproved(caller: Caller) -> ApiProblem:
    if caller.key:
        return ApiProblem("forbidden", f"this API key lacks the scope {SENSITIVE!r}: make one that has it, or log in")
    return ApiProblem(
        "proof-required",
        "show again that it is you: POST /api/v1/session/proof takes a code, or the password where there is no second"
        " factor",
    )


def _check_csrf(request: Request, caller: Caller) -> None:
    given = request.headers.get("x-csrf-token", "")
    if caller.csrf and not compare_digest(given.encode(), caller.csrf.encode()):
        raise ApiProblem("csrf", "send the session's token as X-CSRF-Token: logging in and GET /api/v1/session tell it")


def _api(request: Request, state: ApiState, caller: Caller, scopes: frozenset[str]) -> Api:
    context = replace(
        state.context,
        owner="" if not caller.name else caller.sees,
        creates_for=caller.owner or "local",
        by=caller.name,
        via=caller.via,
        address=request.client.host if request.client else "",
        request_id=request.state.request_id,
        scopes=scopes,
        audited=partial(state.rates.audited, caller.name),
    )
    return Api(state, context, caller, scopes)


def describe(scope: str | None, known: Sequence[Scope], *, step_up: bool = False) -> Mapping[str, Any]:
    """Return what the OpenAPI document says of who may use a route."""
    if scope is None:
        return {"security": []}
    role = next(each.role for each in known if each.name == scope)
    found = {"security": [{"bearer": []}, {"session": []}], "x-scope": scope, "x-role": role}
    return {**found, "x-step-up": True} if step_up else found
