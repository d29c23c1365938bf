"""Operations on secrets by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from octobot_node.contracts.operation import Subject
from octobot_node.errors import CommandRefused, TooMany, UnknownName, UsageError
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.models import PageRequest
from octobot_node.operations.secrets.models import (
    OneSecret,
    SecretPage,
    SecretRemoved,
    SecretRow,
    SetSecret,
)
from octobot_node.sealing import named
from octobot_node.store.rows import secrets as rows
from octobot_node.text.exact_json import decode, encode

__all__ = ["add", "list_secrets", "remove", "rotate", "subject"]

#: Of one owner.
_MOST = 500


def list_secrets(context: OperationContext, request: PageRequest) -> SecretPage:
    """Return a page of secrets, by owner and name."""
    context.core.sealing.uses.write()
    with context.core.storage.read() as connection:
        found = named.page(connection, context.owner, _after(request.cursor), request.limit + 1)
        shown = found[: request.limit]
        listed = _rows(connection, shown)
    last = shown[-1] if len(found) > request.limit else None
    return SecretPage(secrets=listed, next_cursor=None if last is None else encode([last.owner, last.name]))


def add(context: OperationContext, request: SetSecret) -> SecretRow:
    """Keep a new secret; raise CommandRefused for a name that is taken, TooMany."""
    owner, now = context.creator, context.core.clock.now()
    kept = context.core.sealing.seal(owner, named.place_of(request.name), request.value.get_secret_value())
    values = {"owner": owner, "name": request.name, "value": kept, "changed_by": context.by}
    with context.core.storage.write(durable=True) as connection:
        if named.get(connection, owner, request.name) is not None:
            raise CommandRefused(
                f"there is a secret {request.name!r} already: `octobot-node secrets rotate {request.name}` gives it"
                " another value"
            )
        if named.count(connection, owner) >= _MOST:
            raise TooMany(f"{owner!r} has {_MOST} secrets, which are the most: remove one first")
        named.add(connection, {**values, "created_at": now, "changed_at": now})
    return _row(context, owner, request.name)


def rotate(context: OperationContext, request: SetSecret) -> SecretRow:
    """Give a secret another value, and have accounts that point to it opened anew; raise UnknownName."""
    row = _found(context, request.name)
    kept = context.core.sealing.seal(row.owner, named.place_of(row.name), request.value.get_secret_value())
    now = context.core.clock.now()
    with context.core.storage.write(durable=True) as connection:
        if not named.replace(connection, row.owner, row.name, kept, context.by, now):
            raise _unknown(request.name)
        pointing = named.accounts_pointing_to(connection, row.owner, [row.name])[row.name]
    for account_id in pointing:
        context.commands.take_over_account(account_id)
    return _row(context, row.owner, row.name)


def remove(context: OperationContext, request: OneSecret) -> SecretRemoved:
    """Remove a secret; raise UnknownName, CommandRefused while an account points to it."""
    row = _found(context, request.name)
    with context.core.storage.write(durable=True) as connection:
        pointing = named.accounts_pointing_to(connection, row.owner, [row.name])[row.name]
        if pointing:
            raise CommandRefused(
                f"{', '.join(sorted(pointing.values()))} points to {row.name!r}: give that account other keys first"
                " (`octobot-node accounts rotate-keys`)"
            )
        if not named.remove(connection, row.owner, row.name):
            raise _unknown(request.name)
    return SecretRemoved(owner=row.owner, name=row.name)


def subject(context: OperationContext, request: OneSecret) -> Subject:
    """Return the secret that an operation is about, for the audit."""
    row = _found(context, request.name)
    return Subject(row.owner, row.name, row.name, {"name": row.name, "version": row.version})


def _found(context: OperationContext, name: str) -> rows.SecretRow:
    with context.core.storage.read() as connection:
        row = named.get(connection, context.creator, name)
    if row is None:
        raise _unknown(name)
    return row


def _unknown(name: str) -> UnknownName:
    return UnknownName(f"there is no secret {name!r}: `octobot-node secrets list` shows them")


def _row(context: OperationContext, owner: str, name: str) -> SecretRow:
    with context.core.storage.read() as connection:
        row = named.get(connection, owner, name)
        if row is None:
            raise _unknown(name)
        return _rows(connection, [row])[0]


def _rows(connection: sa.Connection, found: Iterable[rows.SecretRow]) -> list[SecretRow]:
    by_owner: dict[str, list[rows.SecretRow]] = {}
    for row in found:
        by_owner.setdefault(row.owner, []).append(row)
    shown: list[SecretRow] = []
    for owner, theirs in by_owner.items():
        uses = named.uses_of(connection, owner, [named.place_of(row.name) for row in theirs])
        pointing = named.accounts_pointing_to(connection, owner, [row.name for row in theirs])
        shown += [_shown(row, uses.get(named.place_of(row.name)), pointing[row.name]) for row in theirs]
    return shown


def _shown(row: rows.SecretRow, used: rows.SecretUseRow | None, accounts: Mapping[str, str]) -> SecretRow:
    return SecretRow(
        owner=row.owner,
        name=row.name,
        version=row.version,
        created_at=from_ms(row.created_at),
        changed_at=from_ms(row.changed_at),
        changed_by=row.changed_by,
        uses=0 if used is None else used.uses,
        last_used=None if used is None else from_ms(used.used_at),
        accounts=sorted(accounts.values()),
    )


def _after(cursor: str | None) -> tuple[str, str] | None:
    if cursor is None:
        return None
    try:
        owner, name = decode(cursor.encode())
    except (ValueError, TypeError):
        raise UsageError("cursor: is none of this list: give next_cursor as it came", field="cursor") from None
    return str(owner), str(name)
