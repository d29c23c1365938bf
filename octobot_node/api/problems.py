"""Errors as RFC 9457 has them: ``application/problem+json`` with a ``type`` that programs can rely on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from octobot_node import errors
from octobot_node.errors import OctoBotError
from octobot_node.text.validation_messages import told

__all__ = ["KINDS", "PROBLEM_JSON", "ApiProblem", "FieldError", "Kind", "Problem", "add_handlers", "problem_response"]

log = structlog.get_logger(__name__)
PROBLEM_JSON = "application/problem+json"
_TYPE = "urn:octobot-node:problem:"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its HTTP status, and what it means."""

    status: int
    title: str


#: Names are part of the API: never change one. docs/api.md lists them.
KINDS: Mapping[str, Kind] = {
    "bad-request": Kind(400, "The request cannot be read"),
    "unauthenticated": Kind(401, "Nobody is known to make this request"),
    "forbidden": Kind(403, "The caller may not do this"),
    "proof-required": Kind(403, "The caller must show again that it is them"),
    "csrf": Kind(403, "The request lacks the session's CSRF token"),
    "not-found": Kind(404, "There is no such thing, or it is not the caller's"),
    "method-not-allowed": Kind(405, "This address does not take the method"),
    "conflict": Kind(409, "It does not fit the state of things; nothing was changed"),
    "outcome-unknown": Kind(409, "An earlier request with this Idempotency-Key may have been carried out, or not"),
    "changed-meanwhile": Kind(412, "It was changed since it was read; nothing was changed now"),
    "too-large": Kind(413, "The request is too large"),
    "unsupported-media-type": Kind(415, "The request's body is of a type that is not taken"),
    "invalid": Kind(422, "Something in the request is wrong; nothing was changed"),
    "idempotency-key-reused": Kind(422, "The Idempotency-Key was used for another request"),
    "precondition-required": Kind(428, "An edit must say in If-Match what it changes"),
    "throttled": Kind(429, "Too many requests; try again later"),
    "header-too-large": Kind(431, "The request's headers are too large"),
    "internal": Kind(500, "The node failed at this; its log says how"),
    "exchange": Kind(502, "The exchange did not do as asked"),
    "unavailable": Kind(503, "It cannot be done just now; try again later"),
}
#: What to wait for, in seconds, where nobody knows better.
_RETRIED: Mapping[str, str] = {"unavailable": "1", "throttled": "60"}
_OF_STATUS = {
    400: "bad-request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    413: "too-large",
    415: "unsupported-media-type",
    422: "invalid",
    429: "throttled",
    503: "unavailable",
}
#: The first class that fits says what an error means to a caller.
_OF_ERROR: tuple[tuple[type[OctoBotError], str], ...] = (
    (errors.UnknownName, "not-found"),
    (errors.UsageError, "invalid"),
    (errors.Conflict, "changed-meanwhile"),
    (errors.Forbidden, "forbidden"),
    (errors.TooMany, "throttled"),
    (errors.CommandRefused, "conflict"),
    (errors.DataUnavailable, "unavailable"),
    (errors.ExchangeError, "exchange"),
    (errors.NodeError, "unavailable"),
)


class FieldError(BaseModel):
    """What is wrong with one field of the request."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    field: str = Field(description="Where: `body.config.amount`, `query.limit`.", examples=["body.config.amount"])
    reason: str = Field(examples=["must be greater than 0"])


class Current(BaseModel):
    """How the thing stands that was changed meanwhile; its revision is the answer's ETag, too."""

    model_config = ConfigDict(extra="allow", json_schema_serialization_defaults_required=True)

    revision: int = Field(description="What to send as If-Match once the edit still holds.", examples=[8])


class Problem(BaseModel):
    """Why a request was not carried out (RFC 9457)."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    type: str = Field(
        description="What kind of problem it is; stable.",
        examples=["urn:octobot-node:problem:invalid"],
        json_schema_extra={"enum": [f"{_TYPE}{kind}" for kind in KINDS]},
    )
    title: str
    status: int = Field(examples=[422])
    detail: str = Field(description="One sentence: the cause, and the cure.")
    request_id: str = Field(description="What the node's log and the audit call this request.")
    errors: list[FieldError] = Field(default=[], description="Of `invalid`: every field that is wrong.")
    current: Current | None = Field(default=None, description="Of `changed-meanwhile`: how it stands now.")


class ApiProblem(Exception):
    """Raised by routes: answered as a problem of this kind."""

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        fields: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.headers, self.fields = kind, detail, dict(headers or {}), list(fields)


def problem_response(
    kind: str,
    detail: str,
    request_id: str,
    *,
    headers: Mapping[str, str] | None = None,
    fields: Sequence[FieldError] = (),
    current: Current | None = None,
) -> Response:
    """Return a problem as a response."""
    known = KINDS[kind]
    problem = Problem(
        type=f"{_TYPE}{kind}",
        title=known.title,
        status=known.status,
        detail=detail,
        request_id=request_id,
        errors=list(fields),
        current=current,
    )
    given = dict(headers or {})
    if kind == "unauthenticated":
        given.setdefault("WWW-Authenticate", 'Bearer realm="octobot-node"')
    if kind in _RETRIED:
        given.setdefault("Retry-After", _RETRIED[kind])
    return Response(problem.model_dump_json(), known.status, given, media_type=PROBLEM_JSON)


def add_handlers(app: FastAPI) -> None:
    """Answer every error that is raised on purpose as a problem."""
    app.add_exception_handler(ApiProblem, _on_problem)
    app.add_exception_handler(OctoBotError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


def _request_id(request: Request) -> str:
    found: str = getattr(request.state, "request_id", "")
    return found


def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiProblem)
    return problem_response(error.kind, error.detail, _request_id(request), headers=error.headers, fields=error.fields)


def _on_error(request: Request, error: Exception) -> Response:
    kind = next((kind for cls, kind in _OF_ERROR if isinstance(error, cls)), "internal")
    if kind == "not-found" and not request.path_params:
        # What is asked for is there; a filter or a field of it names something that is not.
        kind = "invalid"
    if kind == "internal":
        log.exception("request_failed", exc_info=error)
    if kind == "unavailable":
        log.warning("request_unavailable", error=str(error))
    fields = []
    if isinstance(error, errors.UsageError):
        fields = [FieldError(field=f"body.{each.field}", reason=each.reason) for each in error.mistakes]
    if isinstance(error, errors.Conflict) and error.revision is not None:
        return problem_response(
            kind,
            str(error),
            _request_id(request),
            headers={"ETag": f'"{error.revision}"'},
            current=Current(revision=error.revision, **(error.current or {})),
        )
    return problem_response(kind, str(error), _request_id(request), fields=fields)


def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Never what was given: it may be a password.
    fields = [FieldError(field=_place(each["loc"]), reason=_reason(each)) for each in error.errors()]
    if any(each["type"] == "json_invalid" for each in error.errors()):
        return problem_response("bad-request", f"the body is not valid JSON: {fields[0].reason}", _request_id(request))
    first = fields[0]
    more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
    detail = f"{first.field}: {first.reason}{more}"
    return problem_response("invalid", detail, _request_id(request), fields=fields)


def _place(loc: Sequence[Any]) -> str:
    return ".".join(str(part) for part in loc)


def _reason(error: Mapping[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return str(error.get("ctx", {}).get("error", "it cannot be read"))
    return told(error, given=False)


def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = _OF_STATUS.get(error.status_code, "internal" if error.status_code >= 500 else "bad-request")
    details = {
        404: "there is nothing at this address: /api/v1/openapi.json lists what there is",
        405: f"{request.method} is not possible here",
    }
    detail = details.get(error.status_code, str(error.detail))
    return problem_response(kind, detail, _request_id(request), headers=error.headers)
