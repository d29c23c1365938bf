"""``Idempotency-Key``: a request that is sent again, because its answer was lost, is not carried out again.

A row is there before anything is done, and its answer is in it before the caller has it. A row without an answer is of
a request under way, or of a process that died: nobody knows then whether it was carried out, and that is what is said.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

import anyio.to_thread
import sqlalchemy as sa
import structlog
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from octobot_node.api.problems import ApiProblem, FieldError
from octobot_node.contracts.caller import Caller
from octobot_node.contracts.storage import Storage
from octobot_node.errors import OctoBotError
from octobot_node.store.retention import ANSWERS_KEPT_MS
from octobot_node.store.tables import api_requests

__all__ = ["HEADER", "Idempotency", "Replayed", "begin_idempotent", "tell_once"]

log = structlog.get_logger(__name__)
HEADER = "idempotency-key"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
#: Marks an answer that has a secret in it: it is not kept.
_TOLD_ONCE = "x-told-once"
#: Of an answer's headers these are given again.
_KEPT_HEADERS = ("content-type", "etag", "location", _TOLD_ONCE)
_c = api_requests.c


@dataclass(slots=True)
class _Running:
    """A request with a key; ``id`` is set once its row is there."""

    key: str
    hash: Any = field(default_factory=hashlib.sha256)
    storage: Storage | None = None
    id: str = ""


class Replayed(Exception):
    """Answers a request with what it was answered before."""

    def __init__(self, response: Response) -> None:
        super().__init__("answered before")
        self.response = response


def begin_idempotent(request: Request, storage: Storage, caller: Caller, now: int) -> None:
    """Take note of a request with an Idempotency-Key before it is carried out.

    Raises Replayed for one that was answered, ApiProblem for one whose outcome is not known, a key that was used for
    something else, or one that cannot be used.
    """
    running: _Running | None = getattr(request.state, "idempotency", None)
    if running is None:
        return
    if not _KEY.fullmatch(running.key):
        field_error = FieldError(field="header.Idempotency-Key", reason="must be 1 to 255 visible ASCII characters")
        raise ApiProblem("invalid", f"{field_error.field}: {field_error.reason}", fields=[field_error])
    row_id = hashlib.sha256(f"{caller.name}\0{running.key}".encode()).hexdigest()
    running.hash.update(f"{request.method}\0{request.url.path}?{request.url.query}".encode())
    fingerprint = running.hash.hexdigest()
    with storage.write() as connection:
        known = connection.execute(
            sa.select(api_requests).where(_c.id == row_id, _c.created_at > now - ANSWERS_KEPT_MS)
        ).first()
        if known is None:
            connection.execute(api_requests.delete().where(_c.id == row_id))
            connection.execute(api_requests.insert().values(id=row_id, fingerprint=fingerprint, created_at=now))
            running.storage, running.id = storage, row_id
            return
    if known.fingerprint != fingerprint:
        raise ApiProblem(
            "idempotency-key-reused", "this Idempotency-Key was used for another request: use a new one for each"
        )
    if known.status is None:
        raise ApiProblem(
            "outcome-unknown",
            "a request with this Idempotency-Key is under way, or was broken off: look whether it was carried out",
        )
    headers = json.loads(known.headers)
    if _TOLD_ONCE in headers:
        raise ApiProblem("conflict", "this request was carried out already; the secret in its answer was told once")
    raise Replayed(Response(known.body or b"", known.status, {**headers, "Idempotency-Replayed": "true"}))


def tell_once(response: Response) -> None:
    """Mark an answer that has a secret in it: a request that is sent again is not given it again."""
    response.headers[_TOLD_ONCE] = "true"


class Idempotency:
    """The middleware that keeps an answer before it is given."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request through."""
        key = Headers(scope=scope).get(HEADER) if scope["type"] == "http" and scope["method"] not in _SAFE else None
        if key is None:
            await self._app(scope, receive, send)
            return
        running = _Running(key)
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["idempotency"] = running

        async def hashing() -> Message:
            message = await receive()
            running.hash.update(message.get("body", b""))
            return message

        held: list[Message] = []

        async def keeping(message: Message) -> None:
            held.append(message)
            if message["type"] != "http.response.body" or message.get("more_body"):
                return
            if running.id:
                await anyio.to_thread.run_sync(_keep, running, held)
            for each in held:
                await send(each)
            held.clear()

        await self._app(scope, hashing, keeping)


def _keep(running: _Running, held: list[Message]) -> None:
    assert running.storage is not None
    start = held[0]
    status = start["status"]
    try:
        with running.storage.write(durable=True) as connection:
            here = _c.id == running.id
            if 400 <= status < 500:
                # Nothing was changed: mended, it may be sent again under the same key.
                connection.execute(api_requests.delete().where(here))
            elif status < 400:
                headers = Headers(raw=start["headers"])
                kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
                body = b"" if _TOLD_ONCE in kept else b"".join(message.get("body", b"") for message in held[1:])
                connection.execute(
                    api_requests.update().where(here).values(status=status, headers=json.dumps(kept), body=body)
                )
    except OctoBotError as error:
        # The row stays without an answer: whoever asks again is told that it is not known.
        log.warning("answer_not_kept", error=str(error))
