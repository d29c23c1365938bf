"""Routes made of operations: parameters, body, headers and document are what the operation's models say."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError, create_model
from pydantic.fields import FieldInfo

from octobot_node.api.access import Api, allow
from octobot_node.api.etags import IfMatch, expected, optional, tag
from octobot_node.api.idempotency import tell_once
from octobot_node.api.transport.middleware import PREFIX
from octobot_node.contracts.api_routes import Scope
from octobot_node.contracts.operation import Operation, Route
from octobot_node.errors import PluginError

__all__ = ["add_operation"]

_REVISION = "revision"
_IN_QUERY = frozenset({"GET", "DELETE"})
#: These replace what is there, so they must say what they read before.
_NEEDS_REVISION = frozenset({"PUT", "PATCH"})


def add_operation(router: APIRouter, operation: Operation[Any, Any], route: Route) -> None:
    """Add the route to an operation; raise PluginError for a path that names what is not a field of its request."""
    subject, _, verb = operation.name.partition(".")
    router.add_api_route(
        route.path,
        _endpoint(operation, route),
        methods=[route.method],
        name=route.name or f"{verb}_{subject}",
        summary=route.summary or operation.description.rstrip("."),
        description=route.description or operation.description,
        # A router's own tags come by themselves.
        tags=[route.tag] if route.tag else [] if router.tags else [subject],
        status_code=route.status,
        response_model=operation.response,
        responses={status: {} for status in route.problems},
    )


def _endpoint(operation: Operation[Any, Any], route: Route) -> Callable[..., Any]:
    parts = _Parts(operation, route)

    def endpoint(**given: Any) -> Any:
        api: Api = given["api_"]
        found = api.perform(operation, parts.request(given))
        _complete(given["response_"], route, found)
        return found

    endpoint.__signature__ = inspect.Signature(parts.parameters())  # type: ignore[attr-defined]  # as inspect says
    endpoint.operation = operation  # type: ignore[attr-defined]  # for whoever answers what cannot be read
    return endpoint


def _complete(response: Response, route: Route, found: BaseModel) -> None:
    revision = getattr(found, _REVISION, None)
    if isinstance(revision, int):
        tag(response, revision)
    if route.location:
        response.headers["Location"] = f"{PREFIX}{route.location.format_map(vars(found))}"
    if route.tells_secret:
        tell_once(response)


class _Parts:
    """Where in an HTTP request each field of an operation's request is."""

    def __init__(self, operation: Operation[Any, Any], route: Route) -> None:
        self._model: type[BaseModel] = operation.request
        self._route = route
        fields = self._model.model_fields
        self._in_path = tuple(re.findall(r"{(\w+)", route.path))
        strange = [name for name in self._in_path if name not in fields]
        if strange:
            raise PluginError(
                f"the route {route.path} of {operation.name} has {{{strange[0]}}}, which is not a field of"
                f" {self._model.__name__}: name one of {', '.join(fields)}"
            )
        self._by_header = _REVISION in fields and route.method != "GET"
        elsewhere = {*self._in_path, *((_REVISION,) if self._by_header else ())}
        self._place = "query" if route.method in _IN_QUERY else "body"
        self._rest = _part_of(self._model, [name for name in fields if name not in elsewhere], self._place)

    def parameters(self) -> Sequence[inspect.Parameter]:
        """Return the parameters of the function that FastAPI is given."""
        fields = self._model.model_fields
        scope = self._route.scope
        name = scope.name if isinstance(scope, Scope) else scope
        found = [
            _parameter("api_", Annotated[Api, allow(name, step_up=self._route.step_up)]),
            _parameter("response_", Response),
            *(_parameter(name, _in_path(fields[name])) for name in self._in_path),
        ]
        if self._by_header:
            found.append(_parameter("if_match_", IfMatch, None))
        if self._rest is None:
            return found
        if self._place == "query":
            return [*found, _parameter("rest_", Annotated[self._rest, Query()])]
        needed = self._route.method in _NEEDS_REVISION or any(f.is_required() for f in self._rest.model_fields.values())
        if needed:
            return [*found, _parameter("rest_", Annotated[self._rest, Body()])]
        return [*found, _parameter("rest_", Annotated[self._rest | None, Body(title="Body")], None)]

    def request(self, given: Mapping[str, Any]) -> BaseModel:
        """Return the operation's request; raise RequestValidationError for what its own checks find wrong."""
        rest: BaseModel | None = given.get("rest_")
        if rest is not None and type(rest) is self._model:
            return rest
        values = {name: given[name] for name in self._in_path}
        if self._by_header:
            read = expected if self._route.method in _NEEDS_REVISION else optional
            values[_REVISION] = read(given["if_match_"])
        if rest is not None:
            values |= {name: getattr(rest, name) for name in rest.model_fields_set}
        try:
            return self._model.model_validate(values)
        except ValidationError as error:
            raise RequestValidationError([self._placed(each) for each in error.errors(include_url=False)]) from None

    def _placed(self, error: Any) -> dict[str, Any]:
        name = next(iter(error["loc"]), "")
        place = "path" if name in self._in_path else self._place
        return {**error, "loc": (place, *error["loc"])}


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _in_path(field: FieldInfo) -> Any:
    return Annotated[(field.annotation, *field.metadata, Path(description=field.description, examples=field.examples))]


def _part_of(model: type[BaseModel], names: Sequence[str], place: str) -> type[BaseModel] | None:
    """Return a model of some of another's fields, the model itself for all, None for none."""
    if len(names) == len(model.model_fields):
        return model if names else None
    if not names:
        return None
    fields: dict[str, Any] = {name: (field.annotation, field) for name, field in model.model_fields.items()}
    made: type[BaseModel] = create_model(
        f"{model.__name__}{place.title()}",
        __config__=model.model_config,
        __doc__=model.__doc__,
        **{name: fields[name] for name in names},
    )
    return made
