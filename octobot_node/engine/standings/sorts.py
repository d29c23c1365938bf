"""What automations are sorted by: what models say of it imports nothing else of the standings."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = ["SORTS", "Sort"]

Sort = Literal[
    "created", "name", "status", "since", "type", "symbol", "account", "start", "equity", "realised", "unrealised",
    "pnl", "pnl_ratio", "today", "next_run", "last_run",
]  # fmt: skip
SORTS: tuple[Sort, ...] = get_args(Sort)
