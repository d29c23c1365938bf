"""What an Accept header asks for."""

from __future__ import annotations

__all__ = ["prefers"]


def prefers(accept: str, media_type: str) -> bool:
    """Whether a header asks for this very type, and for JSON less than for it."""
    ranges = _weights(accept)
    return ranges.get(media_type, 0.0) > ranges.get("application/json", 0.0)


def _weights(accept: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (each.strip() for each in part.split(";"))
        weight = next((each[2:] for each in parameters if each.startswith("q=")), "1")
        found[name.lower()] = _number(weight)
    return found


def _number(weight: str) -> float:
    try:
        return float(weight)
    except ValueError:
        return 0.0
