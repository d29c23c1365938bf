"""Statements on ``data_keys``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from octobot_node.store.rows.secrets import DataKeyRow
from octobot_node.store.tables import data_keys

__all__ = ["add", "count_in_force", "in_force", "master_keys", "of_id", "retire_unknown", "rewrap", "wrapped_otherwise"]

_c = data_keys.c


def of_id(connection: sa.Connection, key_id: str) -> DataKeyRow | None:
    """Return a data key, in force or not. Rides the primary key."""
    return connection.execute(sa.select(data_keys).where(_c.id == key_id)).first()


def in_force(connection: sa.Connection, owner: str) -> DataKeyRow | None:
    """Return the key that an owner's secrets are sealed with. Rides ix_data_keys_in_force."""
    return connection.execute(sa.select(data_keys).where(_c.owner == owner, _c.retired_at.is_(None))).first()


def add(connection: sa.Connection, values: Mapping[str, object]) -> None:
    """Insert an owner's key, unless another node was quicker."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(data_keys).values(**values).on_conflict_do_nothing())


def master_keys(connection: sa.Connection) -> set[str]:
    """Return the fingerprints of what wrapped the keys in force: owners are few, and this is asked at a start."""
    return set(connection.scalars(sa.select(_c.master_key).where(_c.retired_at.is_(None)).distinct()))


def count_in_force(connection: sa.Connection) -> int:
    """Return how many keys are in force: as many as owners have secrets, or had."""
    return connection.scalar(sa.select(sa.func.count()).where(_c.retired_at.is_(None))) or 0


def wrapped_otherwise(
    connection: sa.Connection, master_key: str, most: int, *, but: Collection[str]
) -> Sequence[DataKeyRow]:
    """Return some keys, retired ones too, that another master key than this wrapped, locked; ``but`` are left out."""
    others = sa.select(data_keys).where(_c.master_key != master_key, _c.id.not_in(sorted(but)))
    wanted = others.order_by(_c.id).limit(most)
    return connection.execute(wanted.with_for_update()).all()


def rewrap(connection: sa.Connection, key_id: str, wrapped: str, master_key: str) -> None:
    """Write how a key is wrapped now."""
    connection.execute(data_keys.update().where(_c.id == key_id).values(wrapped=wrapped, master_key=master_key))


def retire_unknown(connection: sa.Connection, known: Sequence[str], now: int) -> int:
    """Take the keys out of force that other master keys than the ``known`` ones wrapped; return how many."""
    lost = data_keys.update().where(_c.retired_at.is_(None), _c.master_key.not_in(known))
    return connection.execute(lost.values(retired_at=now)).rowcount
