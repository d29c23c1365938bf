"""The master key in a file: one key a line, 32 bytes as base64 or hexadecimal; the first one wraps, all of them open.

It is read again whenever a key is wanted that was not in it, so that a node need not be restarted for another one.
"""

from __future__ import annotations

import base64
import binascii
import os
import threading
from contextlib import suppress
from pathlib import Path

from octobot_node.configuration import refuse_readable_by_others
from octobot_node.errors import InvalidSettings, SecretsLocked
from octobot_node.sealing import envelope

__all__ = ["KeyFile"]

_VARIABLE = "OCTOBOT_SECRET_KEY_FILE"
#: Of a file that nobody named: what is made at the first start.
NAME = "secret-key"
_MAX_BYTES = 16_384


class KeyFile:
    """A ``KeyKeeper``; ``given`` is the operator's file, None for one of the node's own in the data folder."""

    def __init__(self, given: Path | None, data_dir: Path) -> None:
        self._path = data_dir / NAME if given is None else given.expanduser().absolute()
        self._given = given is not None
        self.shown = str(self._path)
        self._keys: dict[str, bytes] = {}
        self._lock = threading.RLock()

    def make(self) -> None:
        """Make the file where there is none; the operator's must be there."""
        with self._lock:
            if self._path.exists() or self._path.is_symlink():
                self._read()
                return
            if self._given:
                raise SecretsLocked(
                    f"{_VARIABLE}: {self._path} is not there: put the key there, or make one with `openssl rand -base64"
                    " 32`"
                )
            self._write([envelope.new_key()])
            self._read()

    def current(self) -> str:
        """Return the fingerprint of the first key."""
        with self._lock:
            if not self._keys:
                self._read()
            return next(iter(self._keys))

    def has(self, key: str) -> bool:
        """Whether a key is in the file, also when it was put there since."""
        with self._lock:
            if key not in self._keys:
                self._read()
            return key in self._keys

    def wrap(self, data_key: bytes, bound_to: str) -> str:
        """Return a data key wrapped by the first key; it begins with that one's fingerprint."""
        with self._lock:
            name = self.current()
            return f"{name}:{envelope.encrypt(self._keys[name], data_key, bound_to)}"

    def unwrap(self, wrapped: str, bound_to: str) -> bytes:
        """Return a data key."""
        name, _, text = wrapped.partition(":")
        with self._lock:
            if not self.has(name):
                raise SecretsLocked(f"the master key {name} is not in {self._path}: put it back there, as a line")
            try:
                return envelope.decrypt(self._keys[name], text, bound_to)
            except envelope.NotOpened:
                raise SecretsLocked(
                    "a data key in the database does not open: it was changed, or is another owner's; restore a backup"
                ) from None

    def begin_rotation(self) -> None:
        """Put a new key before the one that is there; where two are there already, go on with the first.

        An operator's file that cannot be written needs the new key put there by hand, as its first line.
        """
        with self._lock:
            self._read()
            if len(self._keys) == 1:
                self._write([envelope.new_key(), *self._keys.values()])
                self._read()

    def end_rotation(self) -> str:
        """Leave the first key alone in the file."""
        with self._lock:
            self._read()
            if len(self._keys) > 1:
                try:
                    self._write([next(iter(self._keys.values()))])
                except SecretsLocked:
                    return f"take all lines but the first out of {self._path}: nothing is sealed under them any more"
                self._read()
        return ""

    def _read(self) -> None:
        try:
            refuse_readable_by_others(self._path, "it has the key to every secret")
            with self._path.open("rb") as file:
                text = file.read(_MAX_BYTES)
        except FileNotFoundError:
            raise SecretsLocked(
                f"the master key is not there: {self._path} is missing. Put it back, or name it in {_VARIABLE}; if it"
                " is lost, `octobot-node secrets start-anew`"
            ) from None
        except InvalidSettings as error:
            raise SecretsLocked(str(error)) from None
        except OSError as error:
            raise SecretsLocked(f"the master key cannot be read ({error.strerror}): {self._path}") from None
        lines = [line.strip() for line in text.decode("ascii", "replace").splitlines()]
        keys = [_key(line, self._path) for line in lines if line and not line.startswith("#")]
        if not keys:
            raise SecretsLocked(f"{self._path} has no key in it: {_HOW}")
        self._keys = {envelope.fingerprint(key): key for key in keys}

    def _write(self, keys: list[bytes]) -> None:
        """Write the file anew, whole or not at all, for this user alone, and on the disk when this returns."""
        lines = "".join(f"{base64.b64encode(key).decode()}\n" for key in keys)
        # A link, as Kubernetes mounts secrets, stays one.
        path = self._path.resolve()
        draft = path.with_name(f"{path.name}.new")
        try:
            with suppress(FileNotFoundError):
                draft.unlink()
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise SecretsLocked(
                f"{self._path} cannot be written ({error.strerror}): write the keys there yourself, the new one as the"
                " first line, made with `openssl rand -base64 32`, and give the command again"
            ) from None


_HOW = "a key is 32 bytes as base64, on a line of its own, made with `openssl rand -base64 32`"


def _key(line: str, path: Path) -> bytes:
    """Return the key of a line; what is wrong is said without any part of it."""
    try:
        if len(line) == 2 * envelope.KEY_BYTES:
            return bytes.fromhex(line)
        plain = line.rstrip("=").translate(str.maketrans("-_", "+/"))
        found = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (ValueError, binascii.Error):
        found = b""
    if len(found) != envelope.KEY_BYTES:
        raise SecretsLocked(f"{path} has a line that is no key: {_HOW}")
    return found
