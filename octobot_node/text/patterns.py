"""What names of accounts, automations and assets may look like, as regular expressions."""

from __future__ import annotations

__all__ = ["ASSET_PATTERN", "NAME_PATTERN"]

ASSET_PATTERN = r"^[A-Za-z0-9._-]{1,16}$"
NAME_PATTERN = r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
