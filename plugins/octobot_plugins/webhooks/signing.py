"""Signed signals, as the Standard Webhooks specification has them: HMAC-SHA256 of id, time and the body's bytes.

The headers are ``webhook-id``, ``webhook-timestamp`` (seconds) and ``webhook-signature``, a list of ``v1,BASE64``.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping

from octobot_node.api import ApiProblem

__all__ = ["new_secret", "signature", "verified_id"]

_PREFIX = "whsec_"
_ID = re.compile(r"[\x21-\x2d\x2f-\x7e]{1,100}")
_SIGNATURES_MAX = 10


def new_secret() -> str:
    """Return 256 random bits, written as senders take them."""
    return f"{_PREFIX}{base64.b64encode(secrets.token_bytes(32)).decode()}"


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a message, without its version."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return base64.b64encode(hmac.digest(key, b"%s.%d." % (message_id.encode(), timestamp) + body, "sha256")).decode()


def verified_id(
    headers: Mapping[str, str], body: bytes, secrets_in_force: Iterable[str], now: int, tolerance: float
) -> str:
    """Return the id of a message that one of the secrets has signed lately; raise ApiProblem for any other."""
    message_id, timestamp, given = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not (message_id and timestamp and given):
        raise _refused("it takes signed signals alone: send webhook-id, webhook-timestamp and webhook-signature")
    if not _ID.fullmatch(message_id):
        raise _refused("webhook-id: must be 1 to 100 visible ASCII characters without a dot")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        raise _refused("webhook-timestamp: must be whole seconds since 1970")
    signatures = [each.removeprefix("v1,") for each in given.split()[:_SIGNATURES_MAX] if each.startswith("v1,")]
    wanted = [signature(each, message_id, int(timestamp), body) for each in secrets_in_force]
    # Each is compared with each, so that the time it takes tells nothing.
    fits = [hmac.compare_digest(one.encode(), other.encode()) for one in signatures for other in wanted]
    if not any(fits):
        raise _refused("no signature fits: sign webhook-id, webhook-timestamp and the body's bytes, joined by dots")
    away = abs(now / 1000 - int(timestamp))
    if away > tolerance:
        raise _refused(
            f"webhook-timestamp is {away:,.0f} s away from the node's clock, and {tolerance:g} s are let pass: sign"
            " again when you send again, and set the clocks"
        )
    return message_id


def _refused(why: str) -> ApiProblem:
    return ApiProblem("unauthenticated", f"the address for signals does not take it: {why}")
