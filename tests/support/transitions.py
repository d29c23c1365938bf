"""The database itself refuses a status that does not follow the one before."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from octobot_node.automation import AutomationStatus
from octobot_node.contracts.storage import Storage
from octobot_node.orders import IntentStatus

__all__ = ["allow_any_transition", "refuse_other_transitions"]


def refuse_other_transitions(storage: Storage) -> None:
    """Make every change of a status fail, in an SQLite database, that is not in the tables of transitions."""
    automations = {(before, after) for before in AutomationStatus for after in before.next}
    with storage.write() as connection:
        connection.execute(_refusing("automations", automations))
        connection.execute(_refusing("intents", _of_intents()))


def allow_any_transition(connection: sa.Connection) -> None:
    """Let a test write statuses of its own choice; another database than SQLite has nothing against it."""
    if connection.dialect.name == "sqlite":
        for table in ("automations", "intents"):
            connection.execute(sa.text(f"DROP TRIGGER IF EXISTS {table}_transitions"))


def _of_intents() -> set[tuple[str, str]]:
    """Return what one transaction may make of an intent: a pass may find that it is open, and has ended, at once."""
    single = {(before, after) for before in IntentStatus for after in before.next}
    opening = {before for before, after in single if after is IntentStatus.OPEN}
    return single | {(before, after) for before in opening for after in IntentStatus.OPEN.next if before != after}


def _refusing(table: str, allowed: Iterable[tuple[str, str]]) -> sa.TextClause:
    pairs = ", ".join(f"'{before} {after}'" for before, after in sorted(allowed))
    return sa.text(
        f"CREATE TRIGGER {table}_transitions BEFORE UPDATE OF status ON {table}"
        f" WHEN OLD.status <> NEW.status AND OLD.status || ' ' || NEW.status NOT IN ({pairs})"
        f" BEGIN SELECT RAISE(ABORT, 'no such transition of {table}'); END"
    )
