"""Seal what a release before left in clear: once, in pieces, going on where it was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
import structlog
from pydantic import BaseModel

from octobot_node.contracts.storage import Storage
from octobot_node.contracts.tables import PluginTables, SealedColumns
from octobot_node.sealing.connector_settings import half_place, sealed
from octobot_node.sealing.sealing import Sealing, is_sealed
from octobot_node.store import automations
from octobot_node.store.rows.node import AccountRow
from octobot_node.store.tables import accounts, installation

__all__ = ["HALVES", "ModelOf", "Moved", "first_sealing", "sealed_account"]

log = structlog.get_logger(__name__)
HALVES = ("market_data", "trading")
_AT_ONCE = 100
_IN_TABLES, _IN_WHAT_WAS_FREED, _NOWHERE = 2, 1, 0
#: (half, name of a connector) -> its settings model; None where no plugin has it.
ModelOf = Callable[[str, str], type[BaseModel] | None]
#: Called with an account whose settings are kept otherwise from now on, in the transaction that writes them.
Moved = Callable[[sa.Connection, AccountRow, Mapping[str, Any]], None]


def first_sealing(
    storage: Storage, tables: Iterable[PluginTables], model_of: ModelOf, moved: Moved, sealing: Sealing
) -> None:
    """Seal accounts' settings and plugins' columns that are in clear, and have what was freed written over.

    A secret that is there in clear is used as it is: nothing waits for this, and a kill in the middle does no harm.
    """
    with storage.read() as connection:
        state = connection.scalar(sa.select(installation.c.clear_secrets))
    if state in (None, _NOWHERE):
        return
    owned = [columns for each in tables for columns in each.sealed]
    if state == _IN_TABLES:
        count = _seal_accounts(storage, model_of, moved, sealing)
        count += sum(_seal_columns(storage, columns, sealing) for columns in owned)
        _note(storage, _IN_WHAT_WAS_FREED if count else _NOWHERE)
        if not count:
            return
        log.info("secrets_sealed", count=count)
    problem = storage.scrub([accounts.name, *(columns.table.name for columns in owned)])
    if problem:
        log.warning("clear_secrets_may_be_left_in_freed_room", why=problem, cure="it is tried again at the next start")
        return
    _note(storage, _NOWHERE)


def sealed_account(row: AccountRow, model_of: ModelOf, sealing: Sealing) -> dict[str, Any]:
    """Return those of an account's settings columns that are to be kept otherwise."""
    found: dict[str, Any] = {}
    for half in HALVES:
        given = getattr(row, f"{half}_settings")
        # Sealed parts stay as they are: sealing them again would bury them.
        clear = {name: value for name, value in given.items() if not _has_sealed(value)}
        place = half_place(row.id, half)
        kept = given | sealed(sealing, row.owner, place, model_of(half, getattr(row, half)), clear)
        if kept != given:
            found[f"{half}_settings"] = kept
    return found


def _has_sealed(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_sealed, value.values()))
    return any(map(_has_sealed, value)) if isinstance(value, list) else is_sealed(value)


def _seal_accounts(storage: Storage, model_of: ModelOf, moved: Moved, sealing: Sealing) -> int:
    count = 0
    for rows in _pages(storage, sa.select(accounts), accounts.c.id, "id"):
        for row in rows:
            # Before the transaction: a data key may have to be made.
            changes = sealed_account(row, model_of, sealing)
            if not changes:
                continue
            with storage.write(durable=True) as connection:
                now = automations.lock_account(connection, row.id)
                if now is None or any(getattr(now, name) != getattr(row, name) for name in changes):
                    continue
                automations.update_account(connection, row.id, changes)
                moved(connection, now, changes)
                count += 1
    return count


def _seal_columns(storage: Storage, columns: SealedColumns, sealing: Sealing) -> int:
    table, count = columns.table, 0
    clear = sa.or_(*(table.c[name].is_not(None) & ~table.c[name].like("sealed:%") for name in columns.columns))
    for rows in _pages(storage, sa.select(table).where(clear), table.c[columns.key], columns.key):
        for row in rows:
            key, owner = getattr(row, columns.key), getattr(row, columns.owner)
            place = f"{columns.kind}/{key}"
            clear_ones = {
                name: text for name in columns.columns if (text := getattr(row, name)) and not is_sealed(text)
            }
            kept = {
                name: sealing.seal(owner, place, sealing.look(text, owner, place)) for name, text in clear_ones.items()
            }
            same = sa.and_(*(table.c[name] == text for name, text in clear_ones.items()))
            with storage.write(durable=True) as connection:
                changed = table.update().where(table.c[columns.key] == key, same).values(kept)
                count += connection.execute(changed).rowcount
    return count


def _pages(storage: Storage, wanted: sa.Select[Any], key: sa.ColumnElement[Any], name: str) -> Iterator[list[Any]]:
    after: Any = None
    while True:
        page = wanted.order_by(key).limit(_AT_ONCE)
        with storage.read() as connection:
            rows = list(connection.execute(page if after is None else page.where(key > after)))
        if not rows:
            return
        yield rows
        after = getattr(rows[-1], name)


def _note(storage: Storage, state: int) -> None:
    with storage.write(durable=True) as connection:
        connection.execute(installation.update().values(clear_secrets=state))
