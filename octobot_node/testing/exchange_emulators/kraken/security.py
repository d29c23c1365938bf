"""Keys, signatures and nonces."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from octobot_node.testing.exchange_emulators.core.accounts import ApiKey
from octobot_node.testing.exchange_emulators.kraken.errors import KrakenError, invalid
from octobot_node.testing.exchange_emulators.web.call import Call

__all__ = ["Door", "arguments_of", "signature_of"]

_LOCKOUT_MS = 15 * 60_000


def arguments_of(call: Call) -> dict[str, str]:
    """Return the arguments of a request, of its query and its form or JSON."""
    found = dict(parse_qsl(call.query, keep_blank_values=True))
    body = call.body.decode("utf-8", "replace")
    if body.lstrip().startswith("{"):
        try:
            given = json.loads(body)
        except ValueError as error:
            raise invalid() from error
        return found | {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
    return found | dict(parse_qsl(body, keep_blank_values=True))


def signature_of(path: str, nonce: str, body: bytes, secret: str) -> str:
    """Return API-Sign: HMAC-SHA512 of the path and SHA256 of nonce and body, keyed by the decoded secret."""
    message = path.encode() + hashlib.sha256(nonce.encode() + body).digest()
    return base64.b64encode(hmac.new(base64.b64decode(secret), message, hashlib.sha512).digest()).decode()


@dataclass(slots=True)
class Door:
    """Lets requests of known keys in, each with a nonce above the last one.

    ``mistakes``: so many refused keys, signatures or nonces of an address lock it out for a quarter of an hour.
    ``nonce_window``: how far below the highest a nonce may be that was not used yet.
    """

    keys: dict[str, ApiKey]
    clock: Callable[[], int]
    mistakes: int = 30
    nonce_window: int = 0
    _highest: dict[str, int] = field(default_factory=dict)
    _used: dict[str, set[int]] = field(default_factory=dict)
    _refused: dict[str, int] = field(default_factory=dict)
    _locked_until: dict[str, int] = field(default_factory=dict)

    def key_of(self, call: Call, arguments: dict[str, str]) -> ApiKey:
        """Return the key of a request, or refuse it."""
        if self._locked_until.get(call.peer, 0) > self.clock():
            raise KrakenError("EGeneral:Temporary lockout")
        try:
            return self._checked(call, arguments)
        except KrakenError:
            self._refused[call.peer] = self._refused.get(call.peer, 0) + 1
            if self._refused[call.peer] >= self.mistakes:
                self.lock(call.peer)
            raise

    def lock(self, peer: str) -> None:
        """Lock an address out."""
        self._locked_until[peer] = self.clock() + _LOCKOUT_MS
        self._refused[peer] = 0

    def pardon(self) -> None:
        """End every lockout."""
        self._locked_until.clear()
        self._refused.clear()

    def _checked(self, call: Call, arguments: dict[str, str]) -> ApiKey:
        key = self.keys.get(call.headers.get("API-Key", ""))
        if key is None or key.revoked:
            raise KrakenError("EAPI:Invalid key")
        if key.addresses and call.peer not in key.addresses:
            raise KrakenError("EGeneral:Permission denied")
        nonce = arguments.get("nonce", "")
        given = call.headers.get("API-Sign", "")
        try:
            expected = signature_of(call.path, nonce, call.body, key.secret)
        except binascii.Error as error:
            raise KrakenError("EAPI:Invalid signature") from error
        if not hmac.compare_digest(expected, given):
            raise KrakenError("EAPI:Invalid signature")
        self._count(key.key, nonce)
        return key

    def _count(self, key: str, text: str) -> None:
        if not text.isascii() or not text.isdigit() or int(text) >= 2**64:
            raise KrakenError("EAPI:Invalid nonce")
        nonce, highest = int(text), self._highest.get(key, -1)
        used = self._used.setdefault(key, set())
        if nonce <= highest and (nonce <= highest - self.nonce_window or nonce in used):
            raise KrakenError("EAPI:Invalid nonce")
        self._highest[key] = max(highest, nonce)
        if self.nonce_window:
            used.add(nonce)
