"""Every error the node raises on purpose, and who must act on it.

OctoBotError
├── UsageError                the person at the keyboard: exit code 2
│   ├── Overdrawn
│   ├── InvalidRunFile
│   ├── InvalidMarketData
│   ├── InvalidSettings
│   ├── SecretUnknown
│   ├── UnknownName
│   ├── UnknownType
│   └── UnusableBackup
├── NodeError                 the operator of the machine: exit code 1
│   ├── DataFolderInUse
│   ├── DatabaseInUse
│   ├── DatabaseMoved
│   ├── DatabaseNotOurs
│   ├── DatabaseTooNew
│   ├── DatabaseTooOld
│   ├── DiskNearlyFull
│   ├── MigrationFailed
│   ├── NodeSilent
│   ├── SecretsLocked
│   ├── StorageUnavailable
│   │   ├── DatabaseChanged   nobody: the node begins anew by itself
│   │   ├── StartInterrupted  nobody: the node goes back to its start by itself
│   │   └── StorageBusy       nobody: its transaction was undone; try again in a moment
│   └── UnknownStorage
├── PluginError               the author of a plugin
│   ├── DuplicateName
│   └── NotAskedFor
├── CommandRefused            whoever gave the command; nothing was changed
│   ├── Conflict              whoever gave it, once they have seen what it is now
│   ├── Forbidden             somebody who may
│   └── TooMany               whoever gave it, later or with less
├── DataUnavailable           nobody: the tick waits and is tried again
└── ExchangeError             what an exchange's answer means for an order
    ├── OrderRefused          definitive: it did not and will not execute
    │   └── RequestExpired    definitive for this request; sending again is safe
    ├── NotSent               definitive: nothing left this machine, or 429; try again later
    │   ├── EgressDown         the operator, whose proxy or Tor is not there
    │   └── EgressRefused      the operator, whose rules do not let it out
    └── Unresolved            the outcome is unknown: only asking may tell
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

__all__ = [
    "CommandRefused",
    "Conflict",
    "DataFolderInUse",
    "DataUnavailable",
    "DatabaseChanged",
    "DatabaseInUse",
    "DatabaseMoved",
    "DatabaseNotOurs",
    "DatabaseTooNew",
    "DatabaseTooOld",
    "DiskNearlyFull",
    "DuplicateName",
    "EgressDown",
    "EgressRefused",
    "ExchangeError",
    "Forbidden",
    "InvalidMarketData",
    "InvalidRunFile",
    "InvalidSettings",
    "MigrationFailed",
    "Mistake",
    "NodeError",
    "NodeSilent",
    "NotAskedFor",
    "NotSent",
    "OctoBotError",
    "OrderRefused",
    "Overdrawn",
    "PluginError",
    "RequestExpired",
    "SecretUnknown",
    "SecretsLocked",
    "StartInterrupted",
    "StorageBusy",
    "StorageUnavailable",
    "TooMany",
    "UnknownName",
    "UnknownStorage",
    "UnknownType",
    "Unresolved",
    "UnusableBackup",
    "UsageError",
]


class OctoBotError(Exception):
    """Base of every error the node raises on purpose; its text is one sentence for a person."""


class Mistake(NamedTuple):
    """What is wrong with one field of a request; ``field`` is dotted."""

    field: str
    reason: str


class UsageError(OctoBotError):
    """What was asked for cannot be done as written; change the request.

    ``field`` is where the mistake is, dotted, and ``reason`` what is wrong there, where that is known; ``mistakes`` are
    all that were found, that one first.
    """

    def __init__(self, message: str, *, field: str = "", reason: str = "", mistakes: Sequence[Mistake] = ()) -> None:
        super().__init__(message)
        first = mistakes[0] if mistakes else Mistake(field, reason or message)
        self.field, self.reason = first
        self.mistakes = tuple(mistakes) or ((first,) if field else ())

    @classmethod
    def of(cls, mistakes: Sequence[Mistake]) -> UsageError:
        """Return the error that tells several mistakes at once; there is at least one."""
        told = "; ".join(f"{each.field}: {each.reason}" if each.field else each.reason for each in mistakes)
        message = told if len(mistakes) == 1 else f"{len(mistakes)} things are wrong: {told}"
        return UsageError(message, mistakes=mistakes)


class Overdrawn(UsageError):
    """Budgets are more than their simulated account holds; ``index`` is which automation's, of those asked for."""

    def __init__(self, message: str, *, index: int = 0, asset: str = "", reason: str = "") -> None:
        super().__init__(message, field=f"budget.{asset}" if asset else "", reason=reason)
        self.index, self.asset = index, asset


class InvalidRunFile(UsageError):
    """A run file is not YAML, or a field of it is wrong."""


class InvalidMarketData(UsageError):
    """A candle file is missing or malformed."""


class InvalidSettings(UsageError):
    """A setting has an unusable value."""


class SecretUnknown(UsageError):
    """What is written points to a secret that there is not."""


class UnknownName(UsageError):
    """No automation, account or order has the name or id that was given, or several have."""


class UnknownType(UsageError):
    """No plugin registers the automation type, market data or trading connector named."""


class UnusableBackup(UsageError):
    """A backup is damaged, newer than this version, or none; nothing was restored from it."""


class NodeError(OctoBotError):
    """The machine or the data folder keeps the node from running.

    ``tables`` is what the tables are called that it is about, where it is about some owner's alone.
    """

    def __init__(self, message: str, *, tables: str = "") -> None:
        super().__init__(message)
        self.tables = tables


class DataFolderInUse(NodeError):
    """Another node holds the data folder."""


class DatabaseMoved(NodeError):
    """The database moved to another one, and no node may start on this one."""


class DatabaseNotOurs(NodeError):
    """The database, or a part of it that is to be used, is another program's or another installation's."""


class DatabaseInUse(NodeError):
    """The database must change, and nodes work on it that know it only as it is."""


class DatabaseTooNew(NodeError):
    """The database was written by a newer version of the node."""


class MigrationFailed(NodeError):
    """A plugin's tables cannot be brought to what the plugin needs."""


class DatabaseTooOld(NodeError):
    """The database is from before the first release, and is not brought up to date."""


class DiskNearlyFull(NodeError):
    """Too little disk is left to open the send fence safely."""


class SecretsLocked(NodeError):
    """What seals secrets is not there: they cannot be opened, or sealed.

    ``lasting``: a person has to mend it; otherwise what has the key does not answer just now.
    """

    def __init__(self, message: str, *, lasting: bool = True) -> None:
        super().__init__(message)
        self.lasting = lasting


class NodeSilent(NodeError):
    """The node on the data folder does not answer, or ended before it did."""


class StorageUnavailable(NodeError):
    """The database cannot be opened or has failed."""


class DatabaseChanged(StorageUnavailable):
    """The database is not the one that this process began on: it goes back to its start, and looks at what it is."""


class StartInterrupted(StorageUnavailable):
    """The database could be worked with when the node began to start, and was lost before it had: it starts again."""


class StorageBusy(StorageUnavailable):
    """Other transactions held for too long what this one needed; it was undone, and the same may be tried again."""


class UnknownStorage(NodeError):
    """No plugin opens a database URL of this kind."""


class PluginError(OctoBotError):
    """A plugin cannot be loaded or registers something unusable."""


class DuplicateName(PluginError):
    """Two plugins register the same name."""


class NotAskedFor(PluginError):
    """An automation looked at market data that its ``needs`` did not ask for: waiting would bring nothing."""


class CommandRefused(OctoBotError):
    """A command does not fit the automation's status; nothing was changed."""


class Conflict(CommandRefused):
    """What a command was meant for was changed meanwhile; look at it again, then decide whether it still holds.

    ``revision`` is what it is now, and ``current`` how it stands, as JSON, where that is known.
    """

    def __init__(self, message: str, *, revision: int | None = None, current: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.revision, self.current = revision, current


class Forbidden(CommandRefused):
    """Whoever gave a command may not do all of what it does; nothing was changed."""


class TooMany(CommandRefused):
    """There would be more of something than an owner may have; nothing was changed."""


class DataUnavailable(OctoBotError):
    """Market data is missing for now; whoever asked waits and asks again."""


class ExchangeError(OctoBotError):
    """An exchange's answer, classified by what it means for the order."""


class OrderRefused(ExchangeError):
    """The exchange refused definitively: the order did not and will not execute."""


class RequestExpired(OrderRefused):
    """The request reached the exchange after its own expiry and was thrown away."""


class NotSent(ExchangeError):
    """Nothing was executed and trying again later is safe: no connection, or 429.

    ``retry_after`` is in seconds, or None where the exchange does not say.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class EgressDown(NotSent):
    """The way out is not there, a proxy or Tor: nothing left, and nothing goes another way."""


class EgressRefused(NotSent):
    """The rules for what may leave this machine forbid it; nothing did."""


class Unresolved(ExchangeError):
    """A time-out, a dropped connection, a 5xx: the order may or may not exist."""
