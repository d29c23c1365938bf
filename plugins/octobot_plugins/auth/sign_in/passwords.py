"""Passwords: Argon2id, with the parameters that argon2-cffi recommends (RFC 9106, low memory)."""

from __future__ import annotations

import gzip
import secrets
import threading
from functools import lru_cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from octobot_node.errors import UsageError

__all__ = ["Busy", "Passwords", "generated"]

_HASHER = PasswordHasher()
#: Compared with where there is no such user, so that the time tells nobody who exists: a password's that was thrown
#: away, with today's parameters. Made anew at each start it would be a tenth of the start.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$FHjyI+263nQybi/0c5FyZg$YF0fhcADhXikew+OJoIsz3WCloL+Xj3MI6Z6iQWpw/g"
#: Each takes 64 MiB and a core for some 50 ms: many at once would be an attack on the node.
_AT_ONCE = threading.BoundedSemaphore(2)
#: Whoever waits holds a thread that others want.
_PATIENCE_S = 2.0
#: What people put around a word to make it long enough, and what must be left without it.
_AROUND = "0123456789!?.,;:-_+*#$%&/()=@ "
_CORE_MIN = 4
_SHORT = frozenset({"admin", "letmein", "octobot", "qwerty", "welcome", "trading", "bitcoin", "root", "test", "user"})


class Busy(Exception):
    """Too many passwords are being looked at: try again in a moment."""


def generated() -> str:
    """Return a password nobody guesses: 144 random bits."""
    return secrets.token_urlsafe(18)


def _is_common(password: str) -> bool:
    """Whether a password is common, or a common one with digits and signs around it, or little but digits."""
    bare = password.casefold()
    core = bare.strip(_AROUND)
    return len(set(core)) < _CORE_MIN or not {bare, core, core * 2}.isdisjoint(_common()) or core in _SHORT


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    # Those of eight characters and more among the 20,000 that Django refuses, which are Royce Williams' list
    # (gist.github.com/roycewilliams/281ce539915a947a23db17137d91aeb7).
    packed = files("octobot_plugins.auth").joinpath("common-passwords.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode().split())


class Passwords:
    """Makes hashes and checks passwords against them. ``length`` is what a new one has at least."""

    def __init__(self, length: int) -> None:
        self._length = length

    def hash(self, password: str, user: str) -> str:
        """Return the hash of a new password; raise UsageError for one that is too weak."""
        if len(password) < self._length:
            raise UsageError(f"password: it needs {self._length} characters at least, and has {len(password)}")
        if password.casefold() == user.casefold() or len(set(password)) < 5:
            raise UsageError("password: it is the user's name, or hardly more than one character: choose another")
        if _is_common(password):
            raise UsageError("password: it is among the first that anybody tries: choose another")
        with _AT_ONCE:
            return _HASHER.hash(password)

    @staticmethod
    def fits(password: str, hashed: str | None) -> bool:
        """Whether a password is that of a hash; without one it takes as long, and is not. Raises Busy."""
        if not _AT_ONCE.acquire(timeout=_PATIENCE_S):
            raise Busy
        try:
            _HASHER.verify(_NOBODY if hashed is None else hashed, password)
        except (VerificationError, InvalidHashError):
            return False
        finally:
            _AT_ONCE.release()
        return hashed is not None
