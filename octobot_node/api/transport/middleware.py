"""What surrounds every request: its id, its log line, security headers, and an answer whatever breaks."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from octobot_node.api.problems import problem_response
from octobot_node.api.transport.names import AnyName
from octobot_node.store.database.refusable import refusable

__all__ = ["BODY_MAX", "PREFIX", "SECURITY_HEADERS", "Surroundings", "shown_path"]

log = structlog.get_logger(__name__)
#: Where the API's routes are, but those that a plugin puts outside.
PREFIX = "/api/v1"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: The API gives data, never a page: whatever a browser takes it for, it may do nothing with it.
SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "interest-cohort=()",
    "cache-control": "no-store",
}
_HSTS = "max-age=31536000"
#: However it is written: with a slash too many it leads to no hook, and has its token in it all the same.
_TOKEN = re.compile(r"(?i)(/hooks/).+", flags=re.DOTALL)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: By load balancers and Prometheus: a line each would bury the others. What goes wrong has its line.
_ASKED_ALL_THE_TIME = ("/health/", "/metrics")
#: Upper bounds in seconds of how long requests took.
_BUCKETS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
#: Longer than any transaction of the node's own, and shorter than browsers, proxies and programs wait for an answer:
#: what another program keeps locked is told them as that, and when to come back.
_WRITES_WITHIN_S = 10.0
#: Bytes of a request's body: a run file of some thousand automations.
BODY_MAX = 2_000_000
_URL_MAX, _HEADERS_MAX, _HEAD_MAX = 4_096, 100, 32_768
_HEAD_TOO_LARGE = (
    f"an address takes {_URL_MAX:,} characters at most, and the head of a request {_HEADERS_MAX} headers and"
    f" {_HEAD_MAX:,} bytes"
)


def shown_path(path: str) -> str:
    """Return a path for the log: without the token of an address for signals."""
    return path if path.startswith(f"{PREFIX}/") and ".." not in path else _TOKEN.sub(r"\1…", path)


class Surroundings:
    """The outermost middleware."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: CollectorRegistry,
        names: AnyName,
        files: Mapping[tuple[str, str], int] | None = None,
    ) -> None:
        self._app = app
        #: Where files are taken, and how large they may be.
        self._files = {} if files is None else files
        self._names = names
        self._seconds = Histogram(
            "octobot_api_request_seconds",
            "How long requests to the REST API took.",
            ("method", "route", "status"),
            buckets=_BUCKETS_S,
            registry=metrics,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._files.get((scope["method"], scope["path"]))
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)
        scope.setdefault("state", {})["request_id"] = request_id
        began, status, streamed_after = time.perf_counter(), 0, 0.0

        async def completing(message: Message) -> None:
            nonlocal status, streamed_after
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/event-stream"):
                    streamed_after = time.perf_counter() - began
                headers["x-request-id"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers.setdefault("strict-transport-security", _HSTS)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                refused = self._refused(scope, most)
                if refused is not None:
                    await problem_response(*refused, request_id)(scope, receive, completing)
                else:
                    with refusable(_WRITES_WITHIN_S):
                        await self._app(scope, _bounded(receive, most), completing)
            except ClientDisconnect:
                pass  # Whoever broke off in the middle of a body is told nothing, and the log has its line.
            except Exception:
                log.exception("request_failed", method=scope["method"], path=shown_path(scope["path"]))
                if status:
                    raise  # Half an answer is out: breaking the connection is all that is left to say.
                failed = "the node failed at this: its log has the request's id and a traceback; please report it"
                await problem_response("internal", failed, request_id)(scope, receive, completing)
            finally:
                # A stream goes on for hours: how long its reader waited for it is how long it took.
                self._tell(scope, status, streamed_after or time.perf_counter() - began)

    def _refused(self, scope: Scope, most: int | None) -> tuple[str, str] | None:
        """Return the kind of problem, and the words, for what is answered before anybody reads it; None to go on."""
        if _is_too_large(scope):
            return "header-too-large", _HEAD_TOO_LARGE
        if wrong := self._names.wrong(scope):
            return "bad-request", wrong
        return ("too-large", _too_much(most)) if _announces_too_much(scope, most or BODY_MAX) else None

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        # Programs may make up methods; each would be a series of its own.
        method = scope["method"] if scope["method"] in _METHODS else "(other)"
        self._seconds.labels(method, _route(scope), status).observe(seconds)
        if scope["path"].startswith(_ASKED_ALL_THE_TIME) and status < 400:
            return
        log.info(
            "request",
            method=scope["method"],
            path=shown_path(scope["path"]),
            status=status,
            ms=round(seconds * 1_000, 1),
            caller=scope["state"].get("caller", ""),
            address=(scope.get("client") or ("",))[0],
        )


def _too_much(most: int | None) -> str:
    if most is None:
        return f"a body takes {BODY_MAX:,} bytes at most: send it in several requests"
    return f"a file takes {most:,} bytes at most: send a part of it"


def _announces_too_much(scope: Scope, most: int) -> bool:
    length = Headers(scope=scope).get("content-length", "")
    # The server refuses a length that is not a number.
    return length.isdecimal() and (len(length) > 15 or int(length) > most)


def _bounded(receive: Receive, most: int | None) -> Receive:
    """Refuse what goes on for longer than a body, or a file, may, announced or not."""
    # Starlette has such a bound, too: its answer is no problem+json, and what it raises after it looks like a failure.
    taken = 0

    async def receive_some() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > (most or BODY_MAX):
            raise HTTPException(413, _too_much(most))
        return message

    return receive_some


def _is_too_large(scope: Scope) -> bool:
    # The server bounds what it keeps of a head that is not complete; one that comes at once is whole.
    headers = scope["headers"]
    return (
        len(scope["raw_path"]) + len(scope["query_string"]) > _URL_MAX
        or len(headers) > _HEADERS_MAX
        or sum(len(name) + len(value) for name, value in headers) > _HEAD_MAX
    )


def _route(scope: Scope) -> str:
    route: Any = scope.get("route")
    found = str(getattr(route, "path", ""))
    if not found:
        return "(none)"
    # A route knows its path as its plugin wrote it.
    inside = scope["path"].startswith(f"{PREFIX}/") and not found.startswith(f"{PREFIX}/")
    return f"{PREFIX}{found}" if inside else found
