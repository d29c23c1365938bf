"""Tokens of keys and sessions: 256 random bits, of which only the SHA-256 is kept."""

from __future__ import annotations

import hashlib
import secrets

__all__ = ["KEY_PREFIX", "hashed", "new_key", "new_session"]

#: What an API key begins with, so that scanners for leaked secrets know it.
KEY_PREFIX = "ock_"


def hashed(token: str) -> str:
    """Return what is kept of a token. It is looked up by this, so the time it takes tells nothing of the token."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_key() -> str:
    """Return the token of a new API key."""
    return f"{KEY_PREFIX}{secrets.token_urlsafe(32)}"


def new_session() -> str:
    """Return the token of a new session, or of its CSRF protection."""
    return secrets.token_urlsafe(32)
