"""Keys, passphrases, signatures and timestamps."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from octobot_node.testing.exchange_emulators.core.accounts import ApiKey
from octobot_node.testing.exchange_emulators.okx.errors import OkxError
from octobot_node.testing.exchange_emulators.web.call import Call

__all__ = ["key_of", "signature_of"]

#: How far a request's timestamp may be from the server's time; the documentation names no number.
_WINDOW_MS = 30_000


def signature_of(timestamp: str, method: str, target: str, body: bytes, secret: str) -> str:
    """Return OK-ACCESS-SIGN: HMAC-SHA256 of timestamp, method, path with its query, and body."""
    message = f"{timestamp}{method}{target}".encode() + body
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


def key_of(call: Call, keys: Mapping[str, ApiKey], now: int, *, demo: bool) -> ApiKey:
    """Return the key of a request, or refuse it."""
    for header, code in (("KEY", "50103"), ("PASSPHRASE", "50104"), ("SIGN", "50106"), ("TIMESTAMP", "50107")):
        if not call.headers.get(f"OK-ACCESS-{header}"):
            raise OkxError(code, f'Request header "OK-ACCESS-{header}" cannot be empty.', 401)
    key = keys.get(call.headers["OK-ACCESS-KEY"])
    if key is None:
        raise OkxError("50111", "Invalid OK-ACCESS-KEY.", 401)
    if key.revoked:
        raise OkxError("50119", "API key doesn't exist")
    if (call.headers.get("x-simulated-trading") == "1") != demo:
        raise OkxError("50101", "APIKey does not match current environment.", 401)
    _check_time(call.headers["OK-ACCESS-TIMESTAMP"], now)
    if call.headers["OK-ACCESS-PASSPHRASE"] != key.passphrase:
        raise OkxError("50105", 'Request header "OK-ACCESS-PASSPHRASE" incorrect.', 401)
    target = f"{call.path}?{call.query}" if call.query else call.path
    expected = signature_of(call.headers["OK-ACCESS-TIMESTAMP"], call.method, target, call.body, key.secret)
    if not hmac.compare_digest(expected, call.headers["OK-ACCESS-SIGN"]):
        raise OkxError("50113", "Invalid signature.", 401)
    if key.addresses and call.peer not in key.addresses:
        raise OkxError("50110", f"Your IP {call.peer} is not included in your API key's IP whitelist.", 401)
    return key


def _check_time(text: str, now: int) -> None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise OkxError("50112", "Invalid OK-ACCESS-TIMESTAMP.", 401) from error
    if moment.tzinfo is None:
        raise OkxError("50112", "Invalid OK-ACCESS-TIMESTAMP.", 401)
    if abs(now - int(moment.timestamp() * 1_000)) > _WINDOW_MS:
        raise OkxError("50102", "Timestamp request expired.", 401)
