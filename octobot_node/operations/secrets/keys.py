"""Operations on the master key."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.errors import CommandRefused, SecretsLocked
from octobot_node.operations.context import OperationContext
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.secrets.models import KeyRotated, StartedAnew
from octobot_node.sealing.rotation import rotate_master_key
from octobot_node.store.tables import accounts

__all__ = ["rotate_key", "start_anew"]


def rotate_key(context: OperationContext, request: EmptyRequest) -> KeyRotated:
    """Seal under another master key; raise SecretsLocked where the present one is not there."""
    del request
    sealing = context.core.sealing
    done = rotate_master_key(context.core.storage, sealing)
    return KeyRotated(
        master_key=done.master_key,
        kept=sealing.keeper.shown,
        data_keys=done.data_keys,
        lost=done.lost,
        left_to_do=done.left_to_do,
    )


def start_anew(context: OperationContext, request: EmptyRequest) -> StartedAnew:
    """Go on under the key that is here, since the one of before is lost; raise CommandRefused where it is not."""
    del request
    sealing = context.core.sealing
    if not sealing.problem():
        raise CommandRefused("the master key is there, and opens what is sealed: nothing is lost")
    if context.nodes_elsewhere:
        raise CommandRefused("other nodes work on this database, and have the key: give this one the same")
    lost = sealing.start_anew()
    with context.core.storage.read() as connection:
        rows = connection.execute(sa.select(accounts).order_by(accounts.c.owner, accounts.c.name)).all()
    closed = []
    for row in rows:
        try:
            context.core.accounts.settings_of(row)
        except SecretsLocked:
            closed.append(f"{row.owner}/{row.name}")
            context.commands.take_over_account(row.id)
    standing = sealing.standing()
    return StartedAnew(master_key=standing.master_key, kept=standing.shown, lost=lost, accounts=closed)
