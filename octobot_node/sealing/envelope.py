"""AES-256-GCM, with what a text is bound to as associated data; and fingerprints of keys.

NIST SP 800-38D: a nonce of 96 random bits for each message, of which a key may have 2^32.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os

__all__ = ["KEY_BYTES", "NotOpened", "decrypt", "encrypt", "fingerprint", "new_key"]

KEY_BYTES = 32
_NONCE_BYTES = 12


class NotOpened(Exception):
    """The key is another one, the text was changed, or it is bound to something else: which one cannot be known."""


def new_key() -> bytes:
    """Return 256 random bits of the system's."""
    return os.urandom(KEY_BYTES)


def fingerprint(key: bytes) -> str:
    """Return 16 hexadecimal digits that tell a key from others, and nothing of it."""
    return hmac.new(key, b"octobot-node: fingerprint of a master key", hashlib.sha256).hexdigest()[:16]


def encrypt(key: bytes, text: bytes, bound_to: str) -> str:
    """Return a text encrypted, as ASCII without ``:``."""
    # Takes 13 ms: whoever has no secrets does without.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_BYTES)
    return base64.urlsafe_b64encode(nonce + AESGCM(key).encrypt(nonce, text, bound_to.encode())).decode()


def decrypt(key: bytes, kept: str, bound_to: str) -> bytes:
    """Return what was encrypted; raise NotOpened."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        raw = base64.b64decode(kept.encode("ascii"), altchars=b"-_", validate=True)
        return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], bound_to.encode())
    except (InvalidTag, binascii.Error, UnicodeEncodeError, ValueError):
        raise NotOpened from None
