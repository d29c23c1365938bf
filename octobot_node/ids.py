"""Identifiers: UUIDv7 for rows, and the client order id an exchange sees."""

from __future__ import annotations

import hashlib

from uuid6 import uuid7

__all__ = ["client_order_id", "new_id"]


def new_id() -> str:
    """Return a new UUIDv7: unique for ever, and sorted by the time it was made."""
    return str(uuid7())


def client_order_id(installation: str, generation: int, intent: str, length: int) -> str:
    """Return the client order id of an intent: [a-z0-9], at most ``length`` characters.

    A pure function of its arguments, so that a restarted node asks for the same id, and a restored backup (a new
    generation) never meets an old one. It starts with a letter, as some exchanges demand.
    """
    digest = hashlib.sha256(f"{installation}/{generation}/{intent}".encode()).hexdigest()
    return f"o{digest}"[:length]
