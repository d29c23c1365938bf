"""One request as it arrived, and one answer as it leaves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Call", "Reply", "RequestKind", "html", "reply"]

#: ``public`` are prices and rules, ``read`` questions about an account.
RequestKind = Literal["create", "cancel", "read", "public"]

#: One encoder for all answers: json.dumps builds one a call when told its separators.
_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Call:
    """A request. ``query`` and ``body`` are as they were sent, since signatures are made of that."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    peer: str


@dataclass(slots=True)
class Reply:
    """An answer."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


def reply(payload: Any, status: int = 200) -> Reply:
    """Answer with JSON."""
    return Reply(status, _encode(payload).encode())


def html(status: int, title: str) -> Reply:
    """Answer as what stands before an exchange does: with a page."""
    page = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>"
    return Reply(status, page.encode(), content_type="text/html")
