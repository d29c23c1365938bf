"""What PostgreSQL's errors mean for a person: which are an outage, and how to say them without the password."""

from __future__ import annotations

from typing import TypeAlias

import psycopg
import sqlalchemy as sa

from octobot_plugins.postgres.certificates import EXPIRED, NOT_YET, REFUSED, SELF_SIGNED, STRANGE
from octobot_plugins.postgres.connecting import NO_ANSWER

__all__ = ["SESSION_MODE", "Failure", "is_busy", "is_full", "is_lost", "is_read_only", "is_refused_to_spill", "said"]

SESSION_MODE = "connect directly, or let the pooler work in session mode (PgBouncer's pool_mode = session)"
#: As SQLAlchemy raises it, or the driver where it is asked past the pool.
Failure: TypeAlias = sa.exc.DBAPIError | psycopg.Error
#: SQLSTATEs after which the same may work later: connection, resources, operator, full disk, read-only.
_OUTAGES = ("08", "53", "57P", "58")
_ALSO = frozenset({"25006", "25P03", "28000", "28P01", "3D000"})
#: What says of a server in recovery that it only reads, with codes that mean other things, too: in its words, which may
#: be of any language, or by the function that says so.
_RECOVERS = frozenset({"0A000", "55000"})
_RECOVERS_SAYING = ("during recovery", "recovery is in progress")
_RECOVERS_IN = frozenset({"check_transaction_read_only", "check_XactReadOnly", "LockAcquireExtended"})
_WORDS = {
    "28P01": "refuses the password: check OCTOBOT_DATABASE_PASSWORD, or the password in the URL",
    "28000": "refuses this user: check the URL's user and the server's pg_hba.conf",
    "3D000": "has no database of this name: `CREATE DATABASE … ENCODING 'UTF8'` makes it",
    "25006": "only reads: it is a standby, or default_transaction_read_only is on; point the URL at the primary",
    "53100": "has a full disk: nothing is sent until there is room on the server's disk",
    "53300": "has no connection left: raise max_connections, or run fewer nodes on it",
    "57P03": "is starting or stopping",
}

_EXPIRED = "renew it at the server; if it is still good, this machine's clock is ahead"
_NOT_YET = "this machine's clock is behind, or the server's was ahead when it was made"
_SIGNED_ITSELF = "give a copy of it as the URL's sslrootcert"
_STRANGE = "give the file of whoever signed it, and have the server send what is between the two"
#: What libpq says of TLS, looked for before anything else: "does not exist" is said of databases, too.
_TLS = (
    ("root certificate file", "cannot be verified: the file of the URL's sslrootcert is not there, or cannot be read"),
    (f"{REFUSED}: {EXPIRED}", f"has a certificate that has expired, or one that it is signed with has: {_EXPIRED}"),
    (f"{REFUSED}: {NOT_YET}", f"has a certificate that is not valid yet, or one that it is signed with: {_NOT_YET}"),
    (f"{REFUSED}: {SELF_SIGNED}", f"has a certificate that it signed itself, and nobody knows: {_SIGNED_ITSELF}"),
    (f"{REFUSED}: {STRANGE}", f"has a certificate of somebody whom the URL's sslrootcert does not know: {_STRANGE}"),
    (REFUSED, "has a certificate that the URL's sslrootcert does not vouch for: check that file"),
    ("does not match host name", "has a certificate for another host: write the host as the certificate has it"),
    ("does not support SSL", "does not speak TLS, which the URL's sslmode asks for: turn `ssl` on at the server"),
    ("certificate file", "does not get the file of the URL's sslcert: check that it is there and can be read"),
)

#: What poolers say for themselves.
_FOR_THE_ROLE = "connect directly, or set them for the role instead (`ALTER ROLE … SET search_path = …`)"
_ENOUGH = "give it 21 or more for each node (PgBouncer's pool_size), or connect directly"
_POOLERS = (
    ("unsupported startup parameter", f"is behind a pooler that keeps the URL's `options` to itself: {_FOR_THE_ROLE}"),
    (NO_ANSWER, f"takes connections and does not answer: it hangs, or a pooler has none to it left; {_ENOUGH}"),
    ("query_wait_timeout", f"is behind a pooler without a connection left: {_ENOUGH}"),
    ("statement pooling mode", f"is behind a pooler in statement mode: {SESSION_MODE}"),
)


def is_lost(error: Failure) -> bool:
    """Whether it is an outage, that passes, and not a mistake in a statement."""
    state, broken = _state(error), getattr(error, "connection_invalidated", False)
    if state is None:
        kinds = (sa.exc.OperationalError, sa.exc.InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
        return broken or isinstance(error, kinds)
    return state.startswith(_OUTAGES) or state in _ALSO or broken or is_read_only(error)


def is_read_only(error: Failure) -> bool:
    """Whether the server takes nothing that is written: a standby, one that recovers, or one that is set so."""
    state = _state(error)
    if state not in _RECOVERS:
        return state == "25006"
    orig = _orig(error)
    where = getattr(getattr(orig, "diag", None), "source_function", None)
    return where in _RECOVERS_IN or any(words in str(orig) for words in _RECOVERS_SAYING)


def is_busy(error: Failure) -> bool:
    """Whether the transaction was undone for others' sake: a lock not to be had, a deadlock, somebody's cancel."""
    return _state(error) in {"55P03", "40P01", "40001", "57014"}


def is_full(error: Failure) -> bool:
    """Whether the server's disk has no room."""
    return _state(error) == "53100"


def is_refused_to_spill(error: sa.exc.DBAPIError) -> bool:
    """Whether it is the server's ``temp_file_limit``: that says nothing of the disk."""
    return _state(error) == "53400"


def said(error: Failure, shown: str) -> str:
    """Return one sentence with cause and cure; the driver's own words only where they cannot hold a password."""
    state = "25006" if is_read_only(error) else _state(error)
    if state in _WORDS:
        return f"{shown} {_WORDS[state]}"
    orig = _orig(error)
    first = str(orig).strip().splitlines()
    text = first[0] if first else type(orig).__name__
    for start, meaning in (
        *_TLS,
        *_POOLERS,
        ("password authentication failed", _WORDS["28P01"]),
        ("too many clients", _WORDS["53300"]),
        ("too many connections", _WORDS["53300"]),
        ("remaining connection slots", _WORDS["53300"]),
        ('role "', _WORDS["28000"]),
        ("does not exist", _WORDS["3D000"]),
        ("Connection refused", "refuses connections: is the server started, and host and port right?"),
        ("resolve host", "has a host name that is not found: check it in the URL"),
        ("failed to resolve", "has a host name that is not found: check it in the URL"),
        ("timeout expired", "does not answer: check host, port and the firewall"),
        ("connection timeout", "does not answer: check host, port and the firewall"),
    ):
        if start in str(orig):
            return f"{shown} {meaning}"
    return f"{shown} cannot be used just now ({text})"


def _orig(error: Failure) -> BaseException | None:
    return error.orig if isinstance(error, sa.exc.DBAPIError) else error


def _state(error: Failure) -> str | None:
    found: str | None = getattr(_orig(error), "sqlstate", None)
    return found
