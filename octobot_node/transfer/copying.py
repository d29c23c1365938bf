"""Move a standalone node's database to an empty shared one: whole or not at all, and never to run on both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from octobot_node.contracts.storage import Storage
from octobot_node.engine.data_folder import FolderLock
from octobot_node.errors import CommandRefused, NodeError, UnknownStorage, UsageError
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store.audit.audit_chain import chain
from octobot_node.store.database.database_file import database_file
from octobot_node.store.migrate import migrate
from octobot_node.store.rows.node import InstallationRow
from octobot_node.store.tables import installation
from octobot_node.transfer.audit_check import AuditCheck
from octobot_node.transfer.content import Content, contents, forgetting, stream
from octobot_node.transfer.loading import load, next_numbers, refuse_used, set_numbers, unhurried
from octobot_node.transfer.results import Abandoned, Copied, Progress, TableRows
from octobot_node.transfer.snapshot import strangers
from octobot_node.transfer.tally import Tally, tally_of

__all__ = ["abandon_copy", "copy_database", "counted", "database_file_exists"]

_STEP = 5_000


def copy_database(settings: Settings, registry: Registry, url: str, progress: Progress) -> Copied:
    """Move the database of ``settings`` to the one at ``url``; given again after an interruption, finish that.

    The source is marked first, durably: from then on no node starts on it. All rows come in one transaction of the
    target's, and are counted and summed before it commits. Raises CommandRefused for a target that is not empty.
    """
    with _source(settings, registry) as source, _target(settings, registry, url) as target:
        everything = contents(registry.tables)
        with source.read() as connection:
            mine = _installation(connection)
            left_out = strangers(connection, registry.tables)
        if mine is None:
            raise UsageError(f"{source.shown} has nothing to copy: no node ever ran on it")
        _refuse_moved_elsewhere(mine, source, target)
        migrate(target, registry.tables)
        with target.read() as connection:
            already = _is_there(connection, everything, mine, target.shown)
        if already:
            tallies, said = _tallies(source, everything), ""
        else:
            _mark(source, target.shown)
            tallies, said = _move(source, target, everything, mine, progress)
        rows = [TableRows(table=content.name, rows=tallies[content.name].rows) for content in everything]
        return Copied(
            source=source.shown,
            target=target.shown,
            installation=mine.id,
            tables=rows,
            already=already,
            left_out=left_out,
            audit=said,
        )


def abandon_copy(settings: Settings, registry: Registry, url: str) -> Abandoned:
    """Take a move back that never arrived, so that nodes start on the source again; ``url`` as it was copied to.

    Raises CommandRefused where the target has the installation: two would trade with the same money.
    """
    with _source(settings, registry) as source:
        with source.read() as connection:
            mine = _installation(connection)
        if mine is None or not mine.moved_to:
            raise CommandRefused(f"{source.shown} was not moved anywhere: there is nothing to take back")
        with _target(settings, registry, url or mine.moved_to) as target:
            _refuse_moved_elsewhere(mine, source, target)
            # With the tables missing it has nothing either, but whoever still commits there must be waited for.
            migrate(target, registry.tables)
            with target.write() as connection:
                target.lock_migrations(connection)
                if _installation(connection) is not None:
                    raise CommandRefused(
                        f"{target.shown} has the whole database already: start the node there, it cannot be taken back"
                    )
                # While the lock is held: a copy that is killed this moment may still be committing.
                _mark(source, "")
    return Abandoned(source=source.shown, target=mine.moved_to)


@contextmanager
def _source(settings: Settings, registry: Registry) -> Iterator[Storage]:
    if not database_file_exists(settings):
        raise UsageError(f"there is no database in {settings.data_dir}: give its --data-dir")
    lock = FolderLock(settings.data_dir)
    try:
        storage = _opened(registry, settings)
        try:
            if storage.shared:
                raise UsageError(
                    f"{storage.shown} is shared by nodes already; `db copy` is for the database of a standalone node"
                )
            storage.hold()
            migrate(storage, registry.tables)
            yield storage
        finally:
            storage.close()
    finally:
        lock.release()


@contextmanager
def _target(settings: Settings, registry: Registry, url: str) -> Iterator[Storage]:
    if url.partition(":")[0].partition("+")[0] == "sqlite":
        raise UsageError("--to names a SQLite database: `db backup` and `db restore` make one from another")
    storage = _opened(registry, settings.model_copy(update={"database_url": url}))
    try:
        if not storage.shared:
            raise UsageError(f"{storage.shown} cannot be shared by nodes: give a PostgreSQL database")
        yield storage
    finally:
        storage.close()


def _opened(registry: Registry, settings: Settings) -> Storage:
    storage: Storage | None = registry.hook.open_storage(settings=settings)
    if storage is None:
        raise UnknownStorage(
            f"no plugin opens the database URL {settings.url().partition(':')[0]!r}:"
            " write postgresql://USER@HOST:PORT/DATABASE"
        )
    return storage


def database_file_exists(settings: Settings) -> bool:
    """Whether there is a database to open; where it is no file, opening it says so."""
    path = database_file(settings)
    return path is None or path.exists()


def _installation(connection: sa.Connection) -> InstallationRow | None:
    return connection.execute(sa.select(installation)).first()


def _refuse_moved_elsewhere(mine: InstallationRow, source: Storage, target: Storage) -> None:
    if mine.moved_to not in ("", target.shown):
        raise CommandRefused(
            f"{source.shown} moves to {mine.moved_to} already: `db copy --to` that one finishes it,"
            " `db copy --abandon` takes it back"
        )


def _is_there(connection: sa.Connection, everything: Sequence[Content], mine: InstallationRow, shown: str) -> bool:
    """Whether the target has this installation; raise CommandRefused where it has anything else."""
    theirs = _installation(connection)
    if theirs is None:
        refuse_used(connection, everything, shown)
        return False
    if theirs.id != mine.id:
        raise CommandRefused(f"{shown} belongs to another installation: give a new, empty database")
    if mine.moved_to != shown or theirs.generation != mine.generation:
        raise CommandRefused(
            f"{shown} has this installation from a backup or another copy of it: give a new, empty database"
        )
    # It came in one transaction, which was verified before its commit; nodes may have worked on it since.
    return True


def _mark(source: Storage, where: str) -> None:
    with source.write(durable=True) as connection:
        connection.execute(installation.update().values(moved_to=where))


def _move(
    source: Storage, target: Storage, everything: Sequence[Content], mine: InstallationRow, progress: Progress
) -> tuple[dict[str, Tally], str]:
    """Move everything; return what it comes to, and what is to be said of the audit."""
    tallies: dict[str, Tally] = {}
    with source.read() as reading, target.write(durable=True) as writing:
        unhurried(writing)
        target.lock_migrations(writing)
        # Again, now that nobody else can copy to it or begin an installation of its own there.
        if _is_there(writing, everything, mine, target.shown):
            return _tallies(source, everything), ""
        check = AuditCheck(chain(reading))
        total, done = _count(reading, everything), 0
        progress(0, total)
        for content in everything:
            tally = tallies[content.name] = Tally()
            rows = tally.counting(content, check.passing(content, stream(reading, content)))
            forget = forgetting(content)
            load(writing, content, _told((forget(row) for row in rows), done, total, progress), target.shown)
            done += tally.rows
        set_numbers(writing, everything, next_numbers(reading, everything))
        for content in everything:
            counted(content, tallies[content.name], tally_of(writing, content), target.shown)
        progress(total, total)
    return tallies, check.verdict


def counted(content: Content, wanted: Tally, found: Tally, shown: str) -> None:
    """Raise NodeError where what arrived is not what left."""
    if wanted != found:
        raise NodeError(
            f"{shown} has {found.rows} rows of {content.name!r} with sums {_said(found)} where {wanted.rows} with"
            f" {_said(wanted)} were written: nothing was changed; please report it"
        )


def _said(tally: Tally) -> str:
    return ", ".join(f"{name} {value:f}" for name, value in tally.sums.items()) or "none"


def _tallies(source: Storage, everything: Iterable[Content]) -> dict[str, Tally]:
    with source.read() as connection:
        return {content.name: tally_of(connection, content) for content in everything}


def _count(connection: sa.Connection, everything: Iterable[Content]) -> int:
    counts = (sa.select(sa.func.count()).select_from(content.table) for content in everything)
    return sum(connection.execute(count).scalar_one() for count in counts)


def _told(rows: Iterable[Sequence[Any]], done: int, total: int, progress: Progress) -> Iterator[Sequence[Any]]:
    for number, row in enumerate(rows, start=done + 1):
        yield row
        if number % _STEP == 0:
            progress(number, total)
