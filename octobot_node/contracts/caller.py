"""Who makes a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ROLES", "Caller", "Role"]

Role = Literal["viewer", "trader", "admin"]
#: Each may do what the ones before it may.
ROLES: tuple[Role, ...] = ("viewer", "trader", "admin")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request, as ``authenticate`` says.

    ``owner`` is whose automations and accounts they see and create for; admins see everybody's. ``scopes`` narrows what
    the role may do, None is all of it. ``via`` says how they came, for the audit. ``csrf`` is the token that a request
    which changes something must carry in ``X-CSRF-Token``, where the browser sends the credentials by itself; "" where
    it does not. ``session`` and ``key`` are the ids of what they came with. ``proved``: they have shown lately that it
    is them, by more than what the browser sends by itself; what is dangerous takes it.
    """

    name: str
    role: Role
    owner: str
    via: str
    scopes: frozenset[str] | None = None
    csrf: str = ""
    session: str = ""
    key: str = ""
    proved: bool = True

    @property
    def sees(self) -> str | None:
        """Whose automations they see; None: everybody's."""
        return None if self.role == "admin" else self.owner
