"""Secrets in the system's keyring: a store of secrets by name, and a keeper of the master key.

    pip install keyring
    keyring set octobot-node/owner/local kraken-key
    OCTOBOT_EXTRA_PLUGINS=keyring_secrets OCTOBOT_TRUSTED_PLUGINS=keyring_secrets PYTHONPATH=examples octobot-node start

``{"secret": "keyring:kraken-key"}`` is the owner's ``kraken-key`` then, and with OCTOBOT_SECRET_KEEPER=keyring the
master key is there, too. A keyring that has to be unlocked by hand is none for a service.
"""

from __future__ import annotations

import base64
import hashlib
import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from octobot_node import hookimpl
from octobot_node.contracts.secrets import SecretPlace
from octobot_node.errors import SecretsLocked, SecretUnknown

if TYPE_CHECKING:
    from collections.abc import Callable

_SERVICE = "octobot-node"
#: The keys by fingerprint, and which of them wraps.
_KEYS, _CURRENT = f"{_SERVICE}/master-keys", "current"


def _keyring() -> Any:
    try:
        return import_module("keyring")
    except ImportError:
        raise SecretsLocked("the package keyring is not installed: pip install keyring") from None


class KeyringStore:
    """Secrets by name: a service for each owner, and none that the keys could be in."""

    shown = "the system's keyring"

    def get(self, owner: str, name: str) -> str:
        """Return an owner's secret."""
        service = f"{_SERVICE}/owner/{owner}"
        found = _keyring().get_password(service, name)
        if found is None:
            raise SecretUnknown(f"the keyring has no such secret: `keyring set {service} NAME` puts it there")
        return str(found)


class KeyringKeeper:
    """The master key, and those before it until nothing is wrapped by them any more."""

    shown = "the system's keyring"

    def make(self) -> None:
        """Make a first key where there is none."""
        if _keyring().get_password(_KEYS, _CURRENT) is None:
            self.begin_rotation()

    def current(self) -> str:
        """Return the fingerprint of the key that wraps."""
        found = _keyring().get_password(_KEYS, _CURRENT)
        if found is None:
            raise SecretsLocked(f"the keyring has no master key ({_KEYS}): unlock it, or put the key back")
        return str(found)

    def has(self, key: str) -> bool:
        """Whether a key is there."""
        return _keyring().get_password(_KEYS, key) is not None

    def wrap(self, data_key: bytes, bound_to: str) -> str:
        """Return a data key, wrapped."""
        name = self.current()
        nonce = os.urandom(12)
        text = nonce + self._cipher(name).encrypt(nonce, data_key, bound_to.encode())
        return f"{name}:{base64.b64encode(text).decode()}"

    def unwrap(self, wrapped: str, bound_to: str) -> bytes:
        """Return a data key."""
        from cryptography.exceptions import InvalidTag

        name, _, text = wrapped.partition(":")
        raw = base64.b64decode(text)
        try:
            return bytes(self._cipher(name).decrypt(raw[:12], raw[12:], bound_to.encode()))
        except InvalidTag:
            raise SecretsLocked("a data key in the database does not open: restore a backup") from None

    def begin_rotation(self) -> None:
        """Put another key there, and only then have it wrap: whichever moment this ends at, both open."""
        key = os.urandom(32)
        name = hashlib.sha256(b"fingerprint" + key).hexdigest()[:16]
        _keyring().set_password(_KEYS, name, base64.b64encode(key).decode())
        _keyring().set_password(_KEYS, _CURRENT, name)

    def end_rotation(self) -> str:
        """Leave the earlier keys to whoever keeps the keyring: backups of before need them."""
        return f"earlier keys are in the keyring ({_KEYS}) still: delete them when no backup needs them"

    def _cipher(self, name: str) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        found = _keyring().get_password(_KEYS, name)
        if found is None:
            raise SecretsLocked(f"the keyring has no master key {name}: unlock it, or put the key back")
        return AESGCM(base64.b64decode(found))


@hookimpl
def register_secrets(register: Callable[[SecretPlace], None]) -> None:
    """Offer the keyring for both."""
    register(SecretPlace("keyring", keeper=lambda _context: KeyringKeeper(), store=lambda _context: KeyringStore()))
