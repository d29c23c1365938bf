"""What moving a database came to, for people and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pydantic import BaseModel

__all__ = ["Abandoned", "BackedUp", "Copied", "Progress", "Restored", "TableRows", "Vacuumed"]

#: Called now and then with how many rows of how many are done.
Progress = Callable[[int, int], None]


class TableRows(BaseModel):
    """A table and how many rows of it moved."""

    table: str
    rows: int


class Copied(BaseModel):
    """A database that moved to another."""

    source: str
    target: str
    installation: str
    tables: list[TableRows]
    #: It was there already, from a copy that was interrupted after its commit.
    already: bool
    #: Plugins whose tables are in the source, and that are not installed: their rows stayed behind.
    left_out: list[str]
    #: Whether the audit's chain of hashes holds; "" where it arrived before.
    audit: str


class Abandoned(BaseModel):
    """A move that was taken back."""

    source: str
    target: str


class BackedUp(BaseModel):
    """A backup that was written."""

    file: str
    size: int
    database: str
    installation: str
    generation: int
    created_at: datetime
    tables: list[TableRows]
    left_out: list[str]
    #: Whether the audit's chain of hashes holds.
    audit: str


class Restored(BaseModel):
    """A database made from a backup."""

    database: str
    installation: str
    generation: int
    backup_from: datetime
    tables: list[TableRows]
    #: Automations that wait until their account was compared with its exchange.
    held: int
    #: Orders that were about to be sent when the backup was made: the exchange is asked whether they were.
    asked_about: int
    #: Whether the audit's chain of hashes holds, and ends where the backup says.
    audit: str
    #: Why what is sealed in it cannot be opened here yet, or "".
    secrets: str
    #: Whether the backup was as it was written, as far as its seal shows.
    seal: str


class Vacuumed(BaseModel):
    """A database without holes: the bytes that it took, its log among them, and those that it takes."""

    database: str
    before: int
    size: int
