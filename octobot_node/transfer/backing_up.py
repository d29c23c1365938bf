"""Write a database into a backup, also while a node works on it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from octobot_node import __version__
from octobot_node.configuration import Configuration
from octobot_node.errors import DatabaseTooNew, UsageError
from octobot_node.market import from_ms
from octobot_node.plugin_system.registry import Registry
from octobot_node.plugin_system.secret_places import open_keeper
from octobot_node.settings import Settings
from octobot_node.store.audit.audit_chain import chain
from octobot_node.store.migrate import readable_revisions
from octobot_node.store.rows.node import AuditChainRow
from octobot_node.store.tables import audit_chain, installation
from octobot_node.transfer.archive import Manifest, TableManifest, Writer, write_archive
from octobot_node.transfer.audit_check import AuditCheck
from octobot_node.transfer.backup_seal import sealed
from octobot_node.transfer.content import Content, owners_of, stream
from octobot_node.transfer.loading import next_numbers
from octobot_node.transfer.results import BackedUp, Progress, TableRows
from octobot_node.transfer.snapshot import Snapshot, snapshot
from octobot_node.transfer.tally import Tally

__all__ = ["back_up"]


def back_up(
    settings: Settings,
    registry: Registry,
    file: Path | None,
    progress: Progress,
    configuration: Configuration | None = None,
) -> BackedUp:
    """Write the database of ``settings`` into ``file``; without one, into a new file of the current folder.

    It is one snapshot: what a node writes meanwhile is not in it. Raises UsageError for a file that is there already.
    """
    path = file or Path(f"octobot-backup-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip")
    with snapshot(settings, registry) as taken:
        _refuse_newer(taken, registry)
        mine = taken.connection.execute(sa.select(installation.c.id, installation.c.generation)).first()
        if mine is None:
            raise UsageError(f"{taken.shown} has nothing to back up: no node ever ran on it")
        check = AuditCheck(_chain(taken))
        with write_archive(path) as writer:
            tables = _tables(taken, writer, check, progress)
            manifest = Manifest(
                version=__version__,
                installation=mine.id,
                generation=mine.generation,
                created_at=taken.at,
                database=taken.shown,
                revisions=taken.revisions,
                numbers=next_numbers(taken.connection, taken.contents),
                audit=check.anchor,
                tables=tuple(tables),
            )
            keeper = partial(open_keeper, registry, configuration or Configuration(settings))
            writer.write_manifest(sealed(manifest, keeper))
    return BackedUp(
        file=str(path),
        size=path.stat().st_size,
        database=taken.shown,
        installation=mine.id,
        generation=mine.generation,
        created_at=from_ms(taken.at),
        tables=[TableRows(table=table.name, rows=table.rows) for table in tables],
        left_out=taken.left_out,
        audit=check.verdict,
    )


def _chain(taken: Snapshot) -> AuditChainRow | None:
    # A release before this one has none.
    there = any(content.table is audit_chain for content in taken.contents)
    return chain(taken.connection) if there else None


def _tables(taken: Snapshot, writer: Writer, check: AuditCheck, progress: Progress) -> list[TableManifest]:
    written = []
    for number, content in enumerate(taken.contents):
        progress(number, len(taken.contents))
        written.append(_table(taken.connection, content, writer, check))
    progress(len(taken.contents), len(taken.contents))
    return written


def _table(connection: sa.Connection, content: Content, writer: Writer, check: AuditCheck) -> TableManifest:
    tally = Tally()
    rows = check.passing(content, stream(connection, content))
    member, digest = writer.write_table(content.table, tally.counting(content, rows))
    return TableManifest(
        owner=content.owner,
        name=content.name,
        member=member,
        columns=content.columns,
        rows=tally.rows,
        sums=tally.sums,
        sha256=digest,
    )


def _refuse_newer(taken: Snapshot, registry: Registry) -> None:
    for owner in owners_of(registry.tables):
        revision = taken.revisions.get(owner.name)
        if revision is not None and revision not in readable_revisions(owner):
            raise DatabaseTooNew(
                f"{taken.shown} has tables of a newer version ({owner.name} revision {revision!r}), some of which this"
                " one does not know: back it up with that version"
            )
