"""Seal and open secrets: each owner's with a data key of their own, which a master key wraps that is elsewhere.

A data key is unwrapped once, and kept in this process: opening a secret is a few microseconds, and asks nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import structlog

from octobot_node.clock import Clock, SystemClock
from octobot_node.contracts.secrets import KeyKeeper, SealedStanding, SecretStore
from octobot_node.contracts.storage import Storage
from octobot_node.errors import NodeError, SecretsLocked, SecretUnknown
from octobot_node.ids import new_id
from octobot_node.sealing import data_keys, envelope, named
from octobot_node.sealing.uses import Uses
from octobot_node.store.rows.secrets import DataKeyRow

__all__ = ["Sealing", "is_sealed"]

log = structlog.get_logger(__name__)
_SEALED = "sealed:1:"
#: How releases before kept what they could not hash.
_PLAIN = "plain:"


def is_sealed(value: Any) -> bool:
    """Whether a value is text that was sealed, or looks as if."""
    return isinstance(value, str) and value.startswith("sealed:")


class Sealing:
    """See ``Secrets`` for what is promised. One for each process and database; safe from any thread."""

    def __init__(
        self,
        storage: Storage,
        open_keeper: Callable[[], KeyKeeper],
        open_stores: Mapping[str, Callable[[], SecretStore]],
        clock: Clock | None = None,
    ) -> None:
        self._storage = storage
        self._open_keeper = open_keeper
        self._open_stores = open_stores
        self._clock = clock or SystemClock()
        self._keeper: KeyKeeper | None = None
        self._stores: dict[str, SecretStore] = {}
        #: Data keys by id, and the id of the one that each owner's secrets are sealed with.
        self._keys: dict[str, bytes] = {}
        self._in_force: dict[str, str] = {}
        self._lock = threading.RLock()
        self.uses = Uses(storage, self._clock)

    @property
    def keeper(self) -> KeyKeeper:
        """Who has the master key; raises SecretsLocked where no plugin does."""
        with self._lock:
            if self._keeper is None:
                self._keeper = self._open_keeper()
            return self._keeper

    # -- sealing and opening

    def seal(self, owner: str, place: str, secret: str) -> str:
        """Return what is kept of a secret; see ``Secrets.seal``."""
        key_id, key = self._key_of(owner)
        return f"{_SEALED}{key_id}:{envelope.encrypt(key, secret.encode(), _bound(key_id, owner, place))}"

    def unseal(self, kept: str, owner: str, place: str) -> str:
        """Return a secret, and count that it was used; see ``Secrets.unseal``."""
        found = self.look(kept, owner, place)
        self.uses.note(owner, place)
        return found

    def look(self, kept: str, owner: str, place: str) -> str:
        """Return a secret that is not used, only looked at: compared, say, or sealed anew."""
        if kept.startswith(_PLAIN):
            return kept.removeprefix(_PLAIN)
        if not kept.startswith(_SEALED):
            raise NodeError("a secret in the database was sealed in a way that this release does not know: upgrade")
        key_id, _, text = kept.removeprefix(_SEALED).partition(":")
        try:
            return envelope.decrypt(self._key(key_id, owner), text, _bound(key_id, owner, place)).decode()
        except envelope.NotOpened:
            raise SecretsLocked(
                f"a secret in the database does not open where it is ({place}): it was changed, or is another one's;"
                " restore a backup, or enter it again"
            ) from None

    # -- secrets by name

    def named(self, owner: str, reference: Mapping[str, Any] | str, *, used: bool = True) -> str:
        """Return what is pointed to; see ``Secrets.named``. Not ``used`` is not counted."""
        name = reference if isinstance(reference, str) else str(reference.get("secret"))
        if not named.NAME.fullmatch(name):
            # Not with the name: whoever wrote it may have meant the secret itself.
            raise SecretUnknown("{secret: …} takes the name of a secret, as `octobot-node secrets list` has it")
        place, colon, rest = name.partition(":")
        if colon:
            found = self._store(place).get(owner, rest)
            if used:
                self.uses.note(owner, named.place_of(name))
            return found
        with self._storage.read() as connection:
            row = named.get(connection, owner, name)
        if row is None:
            raise SecretUnknown(
                "{secret: …} points to a secret that there is not, of this owner: `octobot-node secrets list` shows"
                " them, and `octobot-node secrets set NAME` makes one"
            )
        return (self.unseal if used else self.look)(row.value, owner, named.place_of(name))

    def _store(self, name: str) -> SecretStore:
        with self._lock:
            if name not in self._stores:
                if name not in self._open_stores:
                    there = ", ".join(sorted(self._open_stores)) or "none"
                    raise SecretUnknown(f"no plugin has a store of secrets called {name!r}; there are: {there}")
                self._stores[name] = self._open_stores[name]()
            return self._stores[name]

    # -- the keys

    def problem(self) -> str:
        """Return why what is sealed cannot be opened here, or ""."""
        with self._storage.read() as connection:
            wanted = data_keys.master_keys(connection)
        try:
            strange = sorted(key for key in wanted if not self.keeper.has(key))
            mine = self.keeper.current() if strange else ""
        except SecretsLocked as error:
            return str(error) if wanted else ""
        if not strange:
            return ""
        return (
            f"secrets are sealed with the master key {strange[0]}, and the one here, {self.keeper.shown}, is {mine}:"
            " give this node that key (OCTOBOT_SECRET_KEY_FILE); if it is lost, `octobot-node secrets start-anew`"
        )

    def standing(self) -> SealedStanding:
        """Return how it stands with what is sealed; see ``Secrets.standing``."""
        with self._storage.read() as connection:
            owners = data_keys.count_in_force(connection)
        problem, shown, master_key = self.problem(), "", ""
        with suppress(SecretsLocked):
            shown = self.keeper.shown
            master_key = self.keeper.current()
        return SealedStanding(problem, shown, owners, master_key)

    def make_first_key(self) -> None:
        """Make a master key where there is none, and nothing was sealed with another."""
        with self._storage.read() as connection:
            if data_keys.master_keys(connection):
                return
        self.keeper.make()

    def forget(self) -> None:
        """Forget every key that is in memory: they were changed, or the database was."""
        with self._lock:
            self._keys.clear()
            self._in_force.clear()

    def start_anew(self) -> int:
        """Have owners sealed with new keys from now on, since the master key of the old ones is lost; return how many.

        What they sealed cannot be opened any more, unless that key is found.
        """
        self.keeper.make()
        with self._storage.read() as connection:
            known = sorted(key for key in data_keys.master_keys(connection) if self.keeper.has(key))
        with self._storage.write(durable=True) as connection:
            retired = data_keys.retire_unknown(connection, known, self._clock.now())
        self.forget()
        return retired

    def rewrapped(self, row: DataKeyRow) -> str:
        """Return a data key wrapped by the master key in force."""
        bound = _bound_key(row.id, row.owner)
        return self.keeper.wrap(self.keeper.unwrap(row.wrapped, bound), bound)

    def _key_of(self, owner: str) -> tuple[str, bytes]:
        """Return the id of an owner's key in force, and the key; it is made where there is none."""
        with self._lock:
            if owner not in self._in_force:
                row = self._read(owner) or self._made(owner)
                self._keys[row.id] = self._unwrapped(row)
                self._in_force[owner] = row.id
            key_id = self._in_force[owner]
            return key_id, self._keys[key_id]

    def _read(self, owner: str) -> DataKeyRow | None:
        with self._storage.read() as connection:
            return data_keys.in_force(connection, owner)

    def _made(self, owner: str) -> DataKeyRow:
        self.make_first_key()
        problem = self.problem()
        if problem:
            raise SecretsLocked(problem)
        key_id = new_id()
        values = {
            "id": key_id,
            "owner": owner,
            "wrapped": self.keeper.wrap(envelope.new_key(), _bound_key(key_id, owner)),
            "master_key": self.keeper.current(),
            "created_at": self._clock.now(),
        }
        with self._storage.write(durable=True) as connection:
            data_keys.add(connection, values)
            # Another node's, where that was quicker.
            found = data_keys.in_force(connection, owner)
        assert found is not None
        return found

    def _key(self, key_id: str, owner: str) -> bytes:
        with self._lock:
            if key_id not in self._keys:
                with self._storage.read() as connection:
                    row = data_keys.of_id(connection, key_id)
                if row is None or row.owner != owner:
                    raise SecretsLocked(
                        "a secret in the database was sealed with a key that is not there, or not its owner's: restore"
                        " a backup, or enter it again"
                    )
                self._keys[key_id] = self._unwrapped(row)
            return self._keys[key_id]

    def _unwrapped(self, row: DataKeyRow) -> bytes:
        if not self.keeper.has(row.master_key):
            if row.retired_at is not None:
                raise SecretsLocked(
                    f"it was sealed with the master key {row.master_key}, which was lost: enter it again"
                )
            raise SecretsLocked(self.problem() or f"the master key {row.master_key} is not here")
        return self.keeper.unwrap(row.wrapped, _bound_key(row.id, row.owner))


def _bound(key_id: str, owner: str, place: str) -> str:
    # Of what cannot be in one of the others.
    return f"octobot-node secret\n{key_id}\n{owner}\n{place}"


def _bound_key(key_id: str, owner: str) -> str:
    return f"octobot-node data key\n{key_id}\n{owner}"
