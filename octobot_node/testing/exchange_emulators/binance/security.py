"""Who asks, and whether the request may be what they sent, now: keys, signatures, timestamps."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Literal

from octobot_node.testing.exchange_emulators.binance.errors import BinanceError, malformed
from octobot_node.testing.exchange_emulators.binance.params import Params, in_ms
from octobot_node.testing.exchange_emulators.core.accounts import ApiKey
from octobot_node.testing.exchange_emulators.web.call import Call

__all__ = ["Security", "check_signature", "check_window", "key_of", "known_key", "signed_payload"]

#: ``public`` asks for no key.
Security = Literal["public", "trade", "user_data"]

_MAX_WINDOW = 60_000
_KEY = re.compile(r"[A-Za-z0-9]{64}")


def key_of(call: Call, keys: Mapping[str, ApiKey], security: Security) -> ApiKey:
    """Return the key that a request is sent with, or refuse it."""
    return known_key(call.headers.get("X-MBX-APIKEY", ""), call.peer, keys, security)


def known_key(given: str, peer: str, keys: Mapping[str, ApiKey], security: Security) -> ApiKey:
    """Return the key that is given, if it may be used for this and from there."""
    if not _KEY.fullmatch(given):
        raise BinanceError(-2014, "API-key format invalid.", 401)
    key = keys.get(given)
    if (
        key is None
        or key.revoked
        or (key.addresses and peer not in key.addresses)
        or (security == "trade" and not key.may_trade)
    ):
        raise BinanceError(-2015, "Invalid API-key, IP, or permissions for action.", 401)
    return key


def signed_payload(call: Call) -> str:
    """Return what a signature is made of: the query and the body as they were sent, without the signature itself."""
    return "".join(_unsigned(text) for text in (call.query, call.body.decode("utf-8", "replace")))


def _unsigned(text: str) -> str:
    return "&".join(pair for pair in text.split("&") if not pair.startswith("signature="))


def check_signature(payload: str, signature: str, key: ApiKey) -> None:
    """Refuse a signature that is not HMAC-SHA256 of the payload, in hex of either case."""
    expected = hmac.new(key.secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signature.lower()):
        raise BinanceError(-1022, "Signature for this request is not valid.")


def check_window(params: Params, server_time: Callable[[], int]) -> Callable[[], None]:
    """Refuse a request that is too old, or of the future; return what asks again, just before the engine."""
    stamp = params.needed("timestamp")
    if not re.fullmatch(r"\d{1,20}", stamp):
        raise malformed("timestamp")
    at, window = in_ms(int(stamp)), _window(params.text("recvWindow"))
    if at >= server_time() + 1_000:
        raise BinanceError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")

    def check() -> None:
        if server_time() - at > window:
            raise BinanceError(-1021, "Timestamp for this request is outside of the recvWindow.")

    check()
    return check


def _window(text: str | None) -> Decimal:
    if text is None:
        return Decimal(5_000)
    try:
        window = Decimal(text)
    except InvalidOperation as error:
        raise malformed("recvWindow") from error
    if not window.is_finite() or window < 0 or len(text.partition(".")[2]) > 3:
        raise malformed("recvWindow")
    if window > _MAX_WINDOW:
        raise BinanceError(-1131, "recvWindow must be less than 60000.")
    return window
