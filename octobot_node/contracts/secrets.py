"""Where secrets are kept: what wraps the keys that seal them, and stores of others that have secrets by name.

The node seals secrets itself (AES-256-GCM) with *data keys*, one for each owner, which are in the database wrapped by a
*master key* that is not. Who has the master key is a ``KeyKeeper``: a file, or a vault that never lets go of it. A
``SecretStore`` is another thing: it has secrets by name, that configs and settings point to with ``{"secret": …}``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from pydantic import BaseModel

    from octobot_node.egress import HttpClient
    from octobot_node.settings import Settings

__all__ = ["KeyKeeper", "SealedStanding", "SecretContext", "SecretPlace", "SecretStore", "Secrets"]

M = TypeVar("M", bound="BaseModel")


class KeyKeeper(Protocol):
    """Has the master key. Methods are called from any thread, a few times in a node's life, and may wait.

    All raise ``SecretsLocked`` where the key is not there, or what has it does not answer. No text of it, and none of
    its errors, has a part of a key.
    """

    #: What people are told of it: where the key is.
    shown: str

    def make(self) -> None:
        """Make a first key where there is none at all; called only where nothing was sealed yet."""
        ...

    def current(self) -> str:
        """Return what tells the key that wraps now from every other: a fingerprint, say, of at most 64 characters."""
        ...

    def has(self, key: str) -> bool:
        """Whether what the key of this fingerprint wrapped can be opened."""
        ...

    def wrap(self, data_key: bytes, bound_to: str) -> str:
        """Return a data key wrapped by the current key, so that it opens only with the same ``bound_to``."""
        ...

    def unwrap(self, wrapped: str, bound_to: str) -> bytes:
        """Return a data key; raise ``SecretsLocked`` for one that was wrapped otherwise."""
        ...

    def begin_rotation(self) -> None:
        """Have another key wrap from now on; what earlier ones wrapped opens as before.

        Called again after it was interrupted, it goes on with the key that it made.
        """
        ...

    def end_rotation(self) -> str:
        """Forget the earlier keys: nothing is wrapped by them any more. Return what is left to do by hand, or ""."""
        ...


class SecretStore(Protocol):
    """Has secrets by name. Called from any thread, when one is used; it may wait for some seconds."""

    #: What people are told of it.
    shown: str

    def get(self, owner: str, name: str) -> str:
        """Return an owner's secret; raise ``SecretUnknown`` where there is none, ``SecretsLocked`` where it cannot say.

        ``name`` is of those who write configs: a name of another owner's must not be found by it.
        """
        ...


class SecretContext(Protocol):
    """What the node lends what keeps secrets when it is opened."""

    settings: Settings

    @property
    def data_dir(self) -> Path:
        """The data folder."""
        ...

    def plugin_settings(self, model: type[M]) -> M:
        """Return the settings that a plugin registered with this model."""
        ...

    def http(self, egress: str = "direct", *, isolation: str = "secrets") -> HttpClient:
        """Return a client whose requests leave by a route, or not at all; use it with ``async with``."""
        ...


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """How a plugin offers a place for secrets: its name, and what opens its keeper, its store, or both.

    ``OCTOBOT_SECRET_KEEPER`` names the one whose keeper has the master key. ``{"secret": "NAME:…"}`` is a secret of the
    store of that name. Neither function does I/O; they raise InvalidSettings for what they cannot use.
    """

    name: str
    keeper: Callable[[SecretContext], KeyKeeper] | None = None
    store: Callable[[SecretContext], SecretStore] | None = None


@dataclass(frozen=True, slots=True)
class SealedStanding:
    """How it stands with what is sealed: why it cannot be opened here, or ""; where the key is; whose secrets they are,
    by number; and the fingerprint of the key in force, "" where that is not to be had.
    """

    problem: str
    shown: str
    owners: int
    master_key: str


class Secrets(Protocol):
    """What the node lends plugins, so that what they must give back is not in the database as it is."""

    def seal(self, owner: str, place: str, secret: str) -> str:
        """Return what is kept of an owner's secret: text that opens nowhere but at the same ``place``, for that owner.

        Not inside a writing transaction: the owner's data key may have to be made. Raises SecretsLocked.
        """
        ...

    def unseal(self, kept: str, owner: str, place: str) -> str:
        """Return a secret, and count that it was used; raise SecretsLocked where its key is not there."""
        ...

    def standing(self) -> SealedStanding:
        """Return how it stands with what is sealed."""
        ...

    def named(self, owner: str, reference: Mapping[str, Any] | str) -> str:
        """Return the secret that ``{"secret": NAME}``, or its name, points to, and count that it was used.

        Raises SecretUnknown where there is none, SecretsLocked where it cannot be opened.
        """
        ...
