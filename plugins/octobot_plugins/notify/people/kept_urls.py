"""The one place where a target's URL is sealed and unsealed: whoever has one can write in its owner's name."""

from __future__ import annotations

from octobot_node.store.sealing import seal, unseal

__all__ = ["sealed", "unsealed"]


def sealed(url: str) -> str:
    """Return what is kept of a target's URL."""
    return seal(url)


def unsealed(kept: str) -> str:
    """Return a target's URL."""
    return unseal(kept)
