"""A database that is not as it was left: nothing decides before its accounts were compared with their exchanges.

What came after it is at the exchanges and nowhere else. Used where a backup is restored, and where a node finds that
its database became another, or went back in time.
"""

from __future__ import annotations

import json

import sqlalchemy as sa

from octobot_node.automation import AutomationStatus
from octobot_node.market import from_ms
from octobot_node.orders import IntentStatus
from octobot_node.store.sql.conditions import is_anybodys_own
from octobot_node.store.tables import accounts, automations, cursors, events, installation, intents, leases, schedule

__all__ = [
    "AS_OF",
    "RESTORED",
    "begin_generation",
    "doubt_planned",
    "forget_positions",
    "hold_all",
    "positions_are_of_elsewhere",
    "release_claims",
    "since_when",
    "skip_epochs",
]

#: How the reasons begin of automations that are held so.
RESTORED = "restored from a backup of "
AS_OF = "the database came back as of "
_DECIDING = [status for status in AutomationStatus if status.runs]
#: More lives of nodes than anybody begins in what was lost.
_EPOCHS_SKIPPED = 1_000_000


def since_when(beginning: str, since: int) -> str:
    """Return the beginning of a reason, with its moment (ms UTC)."""
    return f"{beginning}{from_ms(since):%Y-%m-%d %H:%M:%S} UTC"


def begin_generation(connection: sa.Connection, above: int = 0) -> int:
    """Go on under a new generation, so that no client order id is one that was used in what was lost."""
    generation = sa.func.max(installation.c.generation, above) if connection.dialect.name == "sqlite" else (
        sa.func.greatest(installation.c.generation, above)
    )  # fmt: skip
    connection.execute(installation.update().values(generation=generation + 1, moved_to=""))
    begun: int = connection.execute(sa.select(installation.c.generation)).scalar_one()
    return begun


def doubt_planned(connection: sa.Connection, send_by: int) -> int:
    """Take for sent what was about to be sent: whoever was to do it may have done so since.

    The exchange is asked, as about any order of unknown outcome. A request of somebody who is gone is dead by
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


def hold_all(connection: sa.Connection, beginning: str, since: int, now: int) -> int:
    """Let nothing decide until its account was compared with its exchange; return how many were deciding."""
    columns = automations.c
    connection.execute(accounts.update().values(reconcile_since=sa.func.coalesce(accounts.c.reconcile_since, since)))
    deciding = sa.select(columns.id, columns.owner, columns.account_id, columns.shard).where(
        columns.status.in_(_DECIDING), is_anybodys_own(columns.id)
    )
    # Shadows are held with them, and nobody is told of that.
    rows = connection.execute(deciding).all()
    reason = f"{since_when(beginning, since)}: its accounts are being compared with their exchanges"
    connection.execute(
        schedule.update()
        .where(schedule.c.automation_id.in_(sa.select(columns.id).where(columns.status.in_(_DECIDING))))
        .values(runnable=False, next_run_at=None)
    )
    connection.execute(
        automations.update()
        .where(columns.status.in_(_DECIDING))
        .values(status=AutomationStatus.HELD, status_since=now, reason=reason, updated_at=now)
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


def release_claims(connection: sa.Connection) -> None:
    """Forget who worked on what: nobody does any more."""
    claimed = schedule.update().where(schedule.c.claim.is_not(None))
    connection.execute(claimed.values(claim=None, claim_until=None, claim_tries=0))
    carried = intents.update().where(intents.c.status == IntentStatus.PLANNED, intents.c.carrier.is_not(None))
    connection.execute(carried.values(carrier=None))


def skip_epochs(connection: sa.Connection) -> None:
    """Give no life of a node an epoch that another one had in what was lost."""
    connection.execute(leases.update().values(epoch=leases.c.epoch + _EPOCHS_SKIPPED))


def positions_are_of_elsewhere(connection: sa.Connection) -> bool:
    """Whether a transaction is written down that this server has yet to give a number to: it is another's."""
    if connection.dialect.name != "postgresql":
        return False
    ahead: bool = connection.execute(
        sa.text(
            "SELECT greatest((SELECT max(txid) FROM events), (SELECT max(txid) FROM cursors))"
            " >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        )
    ).scalar_one()
    return bool(ahead)


def forget_positions(connection: sa.Connection) -> None:
    """Have events follow one another by their ids alone: numbers of another server's transactions say nothing here."""
    connection.execute(events.update().where(events.c.txid != 0).values(txid=0))
    connection.execute(cursors.update().values(txid=0))
