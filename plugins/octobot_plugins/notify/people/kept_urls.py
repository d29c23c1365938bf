"""The one place where a target's URL is sealed and unsealed: whoever has one can write in its owner's name."""

from __future__ import annotations

from octobot_node.contracts.secrets import Secrets

__all__ = ["PLACE", "sealed", "unsealed"]

#: What the URLs of targets are sealed for, before the id of each.
PLACE = "notify-target"


def sealed(secrets: Secrets, user: str, target_id: str, url: str) -> str:
    """Return what is kept of a user's target's URL; not inside a writing transaction. Raises SecretsLocked."""
    return secrets.seal(user, f"{PLACE}/{target_id}", url)


def unsealed(secrets: Secrets, user: str, target_id: str, kept: str) -> str:
    """Return the URL of a user's target; raise SecretsLocked where its key is not there."""
    return secrets.unseal(kept, user, f"{PLACE}/{target_id}")
