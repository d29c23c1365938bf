"""Operations on candle sets."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from octobot_node.contracts.operation import Subject
from octobot_node.engine.data_folder import refuse_full_disk
from octobot_node.errors import CommandRefused, TooMany, UnknownName, UsageError
from octobot_node.ids import new_id
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.cursors import id_in
from octobot_node.store.types import AnyRow
from octobot_plugins.replay.candle_sets import statements
from octobot_plugins.replay.candle_sets.files import CandleFiles, digest_of, file_name_of
from octobot_plugins.replay.candle_sets.models import (
    CandleSetDeleted,
    CandleSetImported,
    CandleSetPage,
    CandleSetRow,
    ImportCandles,
    ListCandleSets,
    OneCandleSet,
    ReadAs,
    TakeCandles,
)
from octobot_plugins.replay.candle_sets.reading import read_facts
from octobot_plugins.replay.files.grid import length_text
from octobot_plugins.replay.job_settings import ReplaysSettings

__all__ = ["delete", "files_of", "find", "import_file", "list_sets", "show", "subject", "take_sent"]

_MB = 1_000_000


def files_of(context: OperationContext) -> CandleFiles:
    """Return this node's files."""
    return CandleFiles(context.core.settings.data_dir)


def list_sets(context: OperationContext, request: ListCandleSets) -> CandleSetPage:
    """Return a page of candle sets, newest first."""
    with context.core.storage.read() as connection:
        rows = statements.page(connection, context.owner, request.symbol, id_in(request.cursor), request.limit + 1)
        shown = rows[: request.limit]
        used = statements.used_by(connection, [row.id for row in shown])
    return CandleSetPage(
        candle_sets=[CandleSetRow(**_fields(row, used[row.id])) for row in shown],
        next_cursor=shown[-1].id if len(rows) > request.limit else None,
    )


def show(context: OperationContext, request: OneCandleSet) -> CandleSetRow:
    """Return a candle set; raise UnknownName."""
    row = find(context, request.candles)
    with context.core.storage.read() as connection:
        used = statements.used_by(connection, [row.id])
    return CandleSetRow(**_fields(row, used[row.id]))


def find(context: OperationContext, name_or_id: str) -> AnyRow:
    """Return the row of a candle set by id or name; raise UnknownName."""
    with context.core.storage.read() as connection:
        found = statements.matching(connection, name_or_id, context.owner)
    exact = [row for row in found if row.id == name_or_id] or found
    if not exact:
        raise UnknownName(
            f"there is no candle set {name_or_id!r}: `octobot-node candles list` shows them, `candles import` makes one"
        )
    if len(exact) > 1:
        raise UnknownName(f"several candle sets are called {name_or_id!r}: write an id instead")
    return exact[0]


def import_file(context: OperationContext, request: ImportCandles) -> CandleSetImported:
    """Keep a file of this machine as a candle set. Raises UsageError, InvalidMarketData, TooMany or DiskNearlyFull."""
    path = Path(request.path)
    if not path.is_absolute():
        raise UsageError("path: must be absolute", field="path", reason="must be absolute")

    refuse_full_disk(context.core.settings)
    with files_of(context).incoming(file_name_of(path.name)) as target:
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise UsageError(f"{path} is not a file: name a file of candles")
            # With its time: whether the last candle is whole is told by it.
            shutil.copy2(path, target)
        except OSError as error:
            raise UsageError(f"{path} cannot be read ({error.strerror}): check the path and its permissions") from None
        return _take(context, request, target, "file")


def take_sent(context: OperationContext, request: TakeCandles) -> CandleSetImported:
    """Keep a file that was sent as a candle set. Raises UsageError, InvalidMarketData or TooMany."""
    try:
        path = files_of(context).arrived(request.arrived)
    except OSError:
        raise UnknownName("no file arrived here under that id: send it anew") from None
    return _take(context, request, path, "upload")


def _take(context: OperationContext, how: ReadAs, path: Path, source: Literal["file", "upload"]) -> CandleSetImported:
    """Keep a file that came in, once it is known to be candles."""
    settings, files = context.plugin_context.plugin_settings(ReplaysSettings), files_of(context)
    values = _values(context, how, path, source)
    known = _known(context, files, values)
    if known is None:
        _refuse_too_much(context, values, settings)
        values |= read_facts(path, how, settings)
        known = _kept(context, files, path, values, settings)
    found = show(context, OneCandleSet(candles=known.id))
    return CandleSetImported(**dict(found), known=known.id != values["id"])


def _values(context: OperationContext, how: ReadAs, path: Path, source: str) -> dict[str, Any]:
    return {
        "id": new_id(),
        "owner": context.creator,
        "node_id": context.plugin_context.node_id,
        "name": how.name or path.name[:128],
        "symbol": how.symbol,
        "digest": digest_of(path),
        "time_unit": how.time_unit,
        "zone": how.zone,
        "off_grid": how.off_grid,
        "file_name": path.name,
        "source": source,
        "size": path.stat().st_size,
        "created_at": context.core.clock.now(),
    }


def _known(context: OperationContext, files: CandleFiles, values: dict[str, Any]) -> AnyRow | None:
    with context.core.storage.read() as connection:
        known = statements.by_content(connection, values)
    # Of a file that is gone, as after a restore without it, the row is good again with what came in.
    return known if known is not None and files.path(values["digest"]).exists() else None


def _refuse_too_much(context: OperationContext, values: dict[str, Any], settings: ReplaysSettings) -> None:
    with context.core.storage.read() as connection:
        there = statements.size_of_owner(connection, values["owner"])
    most = settings.candles_mb_per_user * _MB
    if there + values["size"] > most:
        raise TooMany(
            f"{values['owner']} has {there / _MB:,.1f} MB of candles, and this one of {values['size'] / _MB:,.1f} MB is"
            f" more than the {settings.candles_mb_per_user:,} MB that one owner may have: delete some first"
        )


def _kept(
    context: OperationContext, files: CandleFiles, path: Path, values: dict[str, Any], settings: ReplaysSettings
) -> AnyRow:
    with files.locked():
        files.keep(path, values["digest"])
        _refuse_too_much(context, values, settings)
        with context.core.storage.write(durable=True) as connection:
            known = statements.by_content(connection, values)
            if known is None:
                statements.add(connection, values)
                known = statements.by_ids(connection, [values["id"]])[values["id"]]
    return known


def delete(context: OperationContext, request: OneCandleSet) -> CandleSetDeleted:
    """Delete a candle set that no replay waits for or runs on; its file goes with the last set that has it."""
    row, files = find(context, request.candles), files_of(context)
    with files.locked():
        with context.core.storage.write(durable=True) as connection:
            used = statements.used_by(connection, [row.id])[row.id]
            if used:
                raise CommandRefused(
                    f"{used} replay{'s' if used > 1 else ''} on the candle set {row.name!r} wait or run: cancel them"
                    " first, or let them end"
                )
            statements.delete(connection, row.id)
            last = not statements.has_file(connection, row.node_id, row.digest)
        if last and row.node_id == context.plugin_context.node_id:
            files.remove(row.digest)
    return CandleSetDeleted(id=row.id, name=row.name, symbol=row.symbol)


def subject(context: OperationContext, request: Any) -> Subject:
    """Return the candle set that an operation is about, for the audit."""
    row = find(context, request.candles)
    return Subject(row.owner, row.name, row.id, CandleSetRow(**_fields(row, 0)).model_dump(mode="json"))


_NAMES: Sequence[str] = (
    "id",
    "owner",
    "name",
    "symbol",
    "candles",
    "missing",
    "file_name",
    "source",
    "size",
    "digest",
    "time_unit",
    "zone",
    "off_grid",
    "notes",
    "node_id",
)


def _fields(row: AnyRow, used_by: int) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in _NAMES},
        "timeframe": length_text(row.step),
        "candle_seconds": row.step // 1000,
        "start": from_ms(row.start_at),
        "end": from_ms(row.end_at),
        "first_missing": None if row.first_missing_at is None else from_ms(row.first_missing_at),
        "used_by": used_by,
        "created_at": from_ms(row.created_at),
    }
