"""The one place through which secrets pass that the database must give back, such as what codes are computed from.

A prefix says how each is kept. Today that is ``plain:``, as it is: whoever has the database has it. Encryption with a
key that is not in the database comes in here, with a prefix of its own, and what is there already stays readable.
"""

from __future__ import annotations

from octobot_node.errors import NodeError

__all__ = ["seal", "unseal"]

_PLAIN = "plain:"


def seal(secret: str) -> str:
    """Return what is kept of a secret."""
    return f"{_PLAIN}{secret}"


def unseal(kept: str) -> str:
    """Return a secret of which ``kept`` was made; raise NodeError for what a newer release has sealed."""
    if not kept.startswith(_PLAIN):
        raise NodeError("a secret in the database was sealed in a way that this release does not know: upgrade")
    return kept.removeprefix(_PLAIN)
