"""What names of accounts, automations and assets may look like, as regular expressions."""

from __future__ import annotations

from octobot_node.text.printable import ODD

__all__ = ["ASSET_PATTERN", "NAME_PATTERN"]

ASSET_PATTERN = r"^[A-Za-z0-9._-]{1,16}$"
NAME_PATTERN = rf"^[^\s{ODD}](?:[^{ODD}]*[^\s{ODD}])?$"
