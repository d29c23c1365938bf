"""Take what is sent to an address: ``POST /hooks/{token}``, answered as soon as it is in the inbox."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

from fastapi import Header, Path, Request
from pydantic import BaseModel

from octobot_node.api import Api, ApiProblem, ApiRouter, public
from octobot_node.automation import AutomationStatus
from octobot_node.contracts.secrets import Secrets
from octobot_node.store.database.refusable import refusable
from octobot_node.store.types import AnyRow
from octobot_node.text.exact_json import DoubledKey, decode
from octobot_node.text.from_outside import HalfCharacter, decoded
from octobot_plugins.webhooks import statements
from octobot_plugins.webhooks.addresses import hashed, place_of
from octobot_plugins.webhooks.signing import verified_id

__all__ = ["router"]

_BODY_MAX = 16_000
_TOKEN_MAX = 64
_MINUTE_MS = 60_000
#: Unknown tokens an address may try in a minute: guessing 256 bits is hopeless, but each try costs a look-up.
_GUESSES = 60
_KEY = re.compile(r"[\x21-\x7e]{1,100}")
_NO_SUCH = "there is no such address for signals: it was deleted, or its token replaced"


class Taken(BaseModel):
    """Whether the inbox took the signal: false for one that it has already."""

    accepted: bool


router = ApiRouter(tags=["signals"])


@router.post(
    "/hooks/{token}",
    status_code=202,
    summary="Send a signal",
    responses={401: {}, 403: {}, 404: {}, 409: {}, 413: {}, 422: {}, 429: {}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "What the automation is given: JSON, or any other text as one string.",
            "content": {
                "application/json": {"schema": {}, "examples": {"alert": {"value": {"side": "buy"}}}},
                "text/plain": {"schema": {"type": "string"}, "example": "sell 50%"},
            },
        }
    },
)
async def send_signal_to_hook(
    token: Annotated[str, Path(min_length=1, max_length=_TOKEN_MAX)],
    request: Request,
    api: Annotated[Api, public()],
    idempotency_key: Annotated[str | None, Header(description="One signal, however often it is sent.")] = None,
) -> Taken:
    """Put a message into the inbox of the automation that the address is bound to.

    Where the address asks for it the message is signed, as Standard Webhooks has it, in the headers `webhook-id`,
    `webhook-timestamp` and `webhook-signature`; `Idempotency-Key`, which nobody has signed, counts for nothing then.
    """
    body = await request.body()
    return await _in_thread(api, request, token, body, idempotency_key)


async def _in_thread(api: Api, request: Request, token: str, body: bytes, key: str | None) -> Taken:
    from anyio.to_thread import run_sync

    return await run_sync(_take, api, request, token, body, key)


def _take(api: Api, request: Request, token: str, body: bytes, key: str | None) -> Taken:
    address = request.client.host if request.client else ""
    limits: _Limits = api.state.kept.setdefault("webhooks.limits", _Limits())
    now = api.plugin_context.clock.now()
    with api.plugin_context.storage.read() as connection:
        row = statements.by_hash(connection, hashed(token))
    if row is None:
        if not limits.lets(f"guess {address}", _GUESSES, now):
            raise ApiProblem("throttled", "too many unknown addresses: try again in a minute", headers=_WAIT)
        raise ApiProblem("not-found", _NO_SUCH)
    if not _is_allowed(row.allow, address):
        raise ApiProblem("forbidden", "this address for signals does not take any from where this one comes from")
    message_id = _signed(api.plugin_context.secrets, row, request, body, now, limits, address)
    if not limits.lets(row.id, row.per_minute, now):
        raise ApiProblem(
            "throttled", f"more than {row.per_minute} signals in a minute: the address takes no more", headers=_WAIT
        )
    api.state.rates.signalled(row.owner, len(body))
    status = AutomationStatus(row.automation_status)
    if status.ended or status.ending:
        raise ApiProblem("conflict", f"the automation is {status}: it takes no signals any more")
    payload = _payload(body)
    return _put(api, row, payload, _known_by(row, body, payload, key, message_id), address, now)


_WAIT = {"Retry-After": "60"}


def _signed(
    secrets: Secrets, row: AnyRow, request: Request, body: bytes, now: int, limits: _Limits, address: str
) -> str | None:
    """Return the id of a message that is signed as it ought to be, None where it need not be; raise ApiProblem."""
    if row.secret is None:
        return None
    in_force = [row.secret]
    if row.old_secret is not None and row.old_secret_until > now:
        in_force.append(row.old_secret)
    opened = [secrets.unseal(each, row.owner, place_of(row.id)) for each in in_force]
    try:
        return verified_id(request.headers, body, opened, now, row.tolerance)
    except ApiProblem:
        # Before the address's own count: what is not its sender's must not use that up.
        if not limits.lets(f"guess {address}", _GUESSES, now):
            raise ApiProblem("throttled", "too many bad signatures: try again in a minute", headers=_WAIT) from None
        raise


class _KnownBy(NamedTuple):
    """What makes a signal the same as one before: for ever, or while it is not silent for ``within`` ms."""

    key: str | None
    within: int | None = None


def _put(api: Api, row: AnyRow, payload: Any, known: _KnownBy, address: str, now: int) -> Taken:
    # Its sender is told in time to send it again: one that waited has gone, and sends it again all the same.
    with refusable():
        accepted = api.context.commands.signal(
            row.automation_id,
            payload,
            channel=row.channel,
            source=f"hook {row.name} {address}"[:128],
            key=known.key,
            same_within=known.within,
            expires_at=now + int(row.expires_in * 1000),
        )
    if accepted:
        api.context.hurry()
    return Taken(accepted=accepted)


def _known_by(row: AnyRow, body: bytes, payload: Any, given: str | None, message_id: str | None) -> _KnownBy:
    if given is not None and message_id is None:
        if not _KEY.fullmatch(given):
            raise ApiProblem("invalid", "header.Idempotency-Key: must be 1 to 100 visible ASCII characters")
        return _KnownBy(f"key:{given}")
    found = payload.get(row.id_field) if row.id_field and isinstance(payload, Mapping) else None
    # A true, a list, nothing at all: whatever its sender means by it, it tells no two alerts apart.
    if isinstance(found, str | int | Decimal) and not isinstance(found, bool) and str(found).strip():
        return _KnownBy(f"id:{_digest(str(found).encode())}")
    if message_id is not None:
        digest = _digest(f"{row.id} {message_id}".encode())
        return _KnownBy(f"signed:{digest}")
    return _KnownBy(f"body:{_digest(body)}", int(row.same_within * 1000)) if row.same_within else _KnownBy(None)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:40]


def _payload(body: bytes) -> Any:
    if len(body) > _BODY_MAX:
        raise ApiProblem("too-large", f"a signal takes {_BODY_MAX:,} bytes at most")
    try:
        text = decoded(body)
    except UnicodeDecodeError:
        raise ApiProblem("bad-request", "the signal is not UTF-8") from None
    if not text.strip():
        raise ApiProblem("invalid", "body: the signal is empty")
    if "\0" in text:
        raise ApiProblem("bad-request", "the signal has a NUL in it: leave it out")
    try:
        found = decode(text)
        json.dumps(found, default=str).encode()
    except (DoubledKey, HalfCharacter) as error:
        raise ApiProblem("invalid", f"body: {error}") from None
    except (ValueError, RecursionError):
        return text
    return found


def _is_allowed(networks: Sequence[str], address: str) -> bool:
    if not networks:
        return True
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in ipaddress.ip_network(network) for network in networks)


class _Limits:
    """How often each name came within the last minute, on this node; forgets names that stay away."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[int]] = {}

    def lets(self, name: str, most: int, now: int) -> bool:
        """Count one more, unless there were ``most`` within a minute; return whether it was counted."""
        if len(self._seen) > 10_000:
            self._seen = {each: times for each, times in self._seen.items() if times and times[-1] > now - _MINUTE_MS}
        times = self._seen.setdefault(name, deque())
        while times and times[0] <= now - _MINUTE_MS:
            times.popleft()
        if len(times) >= most:
            return False
        times.append(now)
        return True
