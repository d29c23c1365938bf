"""What seals secrets, secrets by name, and their uses."""

from __future__ import annotations

from typing import Protocol

__all__ = ["DataKeyRow", "SecretRow", "SecretUseRow"]


class DataKeyRow(Protocol):
    """A row of ``data_keys``."""

    id: str
    owner: str
    wrapped: str
    master_key: str
    created_at: int
    retired_at: int | None


class SecretRow(Protocol):
    """A row of ``secrets``."""

    owner: str
    name: str
    value: str
    version: int
    created_at: int
    changed_at: int
    changed_by: str


class SecretUseRow(Protocol):
    """A row of ``secret_uses``."""

    owner: str
    place: str
    uses: int
    used_at: int
