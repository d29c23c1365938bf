"""Make a database from a backup; nothing decides on it before each account was compared with its exchange."""

from __future__ import annotations

import json
from pathlib import Path

import sqlalchemy as sa

from octobot_node.automation import AutomationStatus
from octobot_node.contracts.storage import Storage
from octobot_node.engine.commands.restore_reconciliation import held_reason
from octobot_node.engine.data_folder import FolderLock
from octobot_node.errors import CommandRefused, UnknownStorage, UnusableBackup
from octobot_node.market import from_ms
from octobot_node.orders import IntentStatus
from octobot_node.plugin_system.registry import Registry
from octobot_node.settings import Settings
from octobot_node.store.migrate import migrate, readable_revisions
from octobot_node.store.tables import accounts, automations, events, installation, intents, schedule
from octobot_node.transfer.archive import Archive, Manifest, TableManifest, open_archive
from octobot_node.transfer.content import Content, contents, forgetting, owners_of
from octobot_node.transfer.loading import load, refuse_used, set_numbers, unhurried
from octobot_node.transfer.results import Progress, Restored, TableRows
from octobot_node.transfer.tally import Tally, tally_of

__all__ = ["describe", "restore"]

_DECIDING = [status for status in AutomationStatus if status.runs]


def describe(path: Path) -> Manifest:
    """Return what a backup says of itself; raise UnusableBackup where it is damaged."""
    with open_archive(path) as archive:
        archive.verify()
        return archive.manifest


def restore(settings: Settings, registry: Registry, path: Path, progress: Progress) -> Restored:
    """Fill the empty database of ``settings`` from a backup, in one transaction.

    The generation goes up by one, so that no new order has a client order id that was used after the backup.
    Raises UnusableBackup for a damaged or newer backup, CommandRefused for a database that is not empty.
    """
    with open_archive(path) as archive:
        archive.verify()
        wanted = _wanted(archive, registry)
        lock = FolderLock(settings.data_dir)
        try:
            storage: Storage | None = registry.hook.open_storage(settings=settings)
            if storage is None:
                raise UnknownStorage(f"no plugin opens the database URL {settings.url().partition(':')[0]!r}")
            try:
                storage.hold()
                migrate(storage, registry.tables)
                return _fill(storage, archive, wanted, settings, registry, progress)
            finally:
                storage.close()
        finally:
            lock.release()


def _wanted(archive: Archive, registry: Registry) -> list[tuple[TableManifest, Content]]:
    """Return each table of the backup with ours; raise UnusableBackup where this release does not know one."""
    manifest, path = archive.manifest, archive.path
    known = {owner.name: readable_revisions(owner) for owner in owners_of(registry.tables)}
    for owner, revision in manifest.revisions.items():
        if owner not in known:
            raise UnusableBackup(f"{path} has tables of the plugin {owner!r}: install it first")
        if revision not in known[owner]:
            raise UnusableBackup(
                f"{path} was written by octobot-node {manifest.version}, whose tables are newer"
                f" ({owner} revision {revision!r}): upgrade"
            )
    ours = {content.name: content for content in contents(registry.tables)}
    found = []
    for given in manifest.tables:
        content = ours.get(given.name)
        missing = set(given.columns) - set(content.columns) if content is not None else {given.name}
        if content is None or missing:
            raise UnusableBackup(f"{path} has {', '.join(sorted(missing))}, which this version does not know: upgrade")
        found.append((given, Content(content.owner, content.table, given.columns)))
    # In our own order: the backup's may be another release's.
    order = list(ours)
    return sorted(found, key=lambda pair: order.index(pair[0].name))


def _fill(
    storage: Storage,
    archive: Archive,
    wanted: list[tuple[TableManifest, Content]],
    settings: Settings,
    registry: Registry,
    progress: Progress,
) -> Restored:
    manifest = archive.manifest
    total, done = sum(given.rows for given, _ in wanted), 0
    with storage.write(durable=True) as connection:
        unhurried(connection)
        storage.lock_migrations(connection)
        _refuse_used(connection, registry, storage.shown)
        for given, content in wanted:
            progress(done, total)
            tally = Tally()
            rows = tally.counting(content, archive.rows(given, content.table))
            load(connection, content, map(forgetting(content), rows), storage.shown)
            written = Tally(given.rows, dict(given.sums))
            if not tally == written == tally_of(connection, content):
                raise UnusableBackup(
                    f"{archive.path} is damaged: {given.name!r} does not add up; nothing was restored, use another"
                )
            done += given.rows
        set_numbers(connection, [content for _, content in wanted], manifest.numbers)
        now = storage.open_clock().now()
        _begin_generation(connection)
        asked = _doubt_planned(connection, now + int(settings.request_ttl * 1000))
        held = _hold(connection, manifest.created_at, now)
        progress(total, total)
    return Restored(
        database=storage.shown,
        installation=manifest.installation,
        generation=manifest.generation + 1,
        backup_from=from_ms(manifest.created_at),
        tables=[TableRows(table=given.name, rows=given.rows) for given, _ in wanted],
        held=held,
        asked_about=asked,
    )


def _refuse_used(connection: sa.Connection, registry: Registry, shown: str) -> None:
    if connection.execute(sa.select(installation.c.id)).first() is not None:
        raise CommandRefused(f"{shown} has an installation already: restore into an empty database, or --data-dir")
    refuse_used(connection, contents(registry.tables), shown)


def _begin_generation(connection: sa.Connection) -> None:
    connection.execute(installation.update().values(generation=installation.c.generation + 1, moved_to=""))


def _doubt_planned(connection: sa.Connection, send_by: int) -> int:
    """Take for sent what was about to be sent at the backup: the old node may have done so since.

    The exchange is asked, as about any order of unknown outcome. The old node is gone, so a request of its is dead by
    ``send_by`` (ms UTC). Cancels may be repeated and stay as they are.
    """
    change = intents.update().where(intents.c.status == IntentStatus.PLANNED, intents.c.kind == "order")
    values = {
        "status": IntentStatus.SENT.after(IntentStatus.PLANNED),
        "sent_at": intents.c.created_at,
        "send_by": send_by,
        "retry_at": None,
    }
    return connection.execute(change.values(**values)).rowcount


def _hold(connection: sa.Connection, since: int, now: int) -> int:
    """Let nothing decide until its account was compared with its exchange; return how many were deciding."""
    columns = automations.c
    connection.execute(accounts.update().values(reconcile_since=sa.func.coalesce(accounts.c.reconcile_since, since)))
    deciding = sa.select(columns.id, columns.owner, columns.account_id, columns.shard).where(
        columns.status.in_(_DECIDING)
    )
    rows = connection.execute(deciding).all()
    reason = held_reason(since)
    connection.execute(
        schedule.update()
        .where(schedule.c.automation_id.in_(sa.select(columns.id).where(columns.status.in_(_DECIDING))))
        .values(runnable=False, next_run_at=None)
    )
    connection.execute(
        automations.update()
        .where(columns.status.in_(_DECIDING))
        .values(status=AutomationStatus.HELD, reason=reason, updated_at=now)
    )
    data = json.dumps({"reason": reason}, separators=(",", ":"))
    happened = [
        {
            "owner": row.owner,
            "account_id": row.account_id,
            "shard": row.shard,
            "automation_id": row.id,
            "kind": "automation.held",
            "data": data,
            "at": now,
        }
        for row in rows
    ]
    for start in range(0, len(happened), 1_000):
        connection.execute(events.insert(), happened[start : start + 1_000])
    return len(rows)
