"""What names of accounts, automations and assets, and amounts as text, look like, as regular expressions."""

from __future__ import annotations

from octobot_node.text.printable import ODD

__all__ = ["ASSET_PATTERN", "DECIMAL_PATTERN", "NAME_PATTERN"]

ASSET_PATTERN = r"^[A-Za-z0-9._-]{1,16}$"
#: An amount as text: plain digits.
DECIMAL_PATTERN = r"^[+-]?[0-9]{1,60}(?:\.[0-9]{1,60})?$"
NAME_PATTERN = rf"^[^\s{ODD}](?:[^{ODD}]*[^\s{ODD}])?$"
