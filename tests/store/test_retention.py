"""What is old and over is forgotten, a little at a time; money is not."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.store import retention
from octobot_node.store.storage import Storage
from octobot_node.store.tables import events, inbox, notices, requests

DAY = 86_400_000
NOW = 1_767_225_600_000
OWNED = {"owner": "local", "account_id": "account", "shard": 0, "automation_id": "a"}


def id_at(moment: int, number: int) -> str:
    digits = f"{moment:012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-{number:012x}"


def fill(storage: Storage) -> None:
    """Leave one row of each kind a day, oldest first, for ten days."""
    with storage.write() as connection:
        for day in range(10):
            at = NOW - (9 - day) * DAY
            connection.execute(events.insert().values(**OWNED, kind="tick.failed", data="{}", at=at))
            for number, status in enumerate(("sent", "waiting")):
                row = {"id": id_at(at, number), "level": "info", "message": "", "status": status, "created_at": at}
                connection.execute(notices.insert().values(**OWNED, **row))
            for number, status in enumerate(("done", "waiting")):
                row = {"id": id_at(at, number), "target": "b", "command": "stop", "status": status, "created_at": at}
                connection.execute(requests.insert().values(**OWNED, **row))
            for number, (status, expires) in enumerate((("consumed", None), ("waiting", None), ("waiting", at + 1))):
                row = {"id": id_at(at, number), "channel": "default", "source": "", "dedup_key": id_at(at, number)}
                row |= {"payload": "1", "status": status, "received_at": at, "expires_at": expires}
                connection.execute(inbox.insert().values(**OWNED, **row))


def counts(storage: Storage) -> dict[str, int]:
    with storage.read() as connection:
        return {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in (events, notices, requests, inbox)
        }


def test_what_is_older_than_its_time_and_over_is_deleted(storage: Storage) -> None:
    fill(storage)
    with storage.write() as connection:
        # Six of ten days are older: an event, a notice, a request, a consumed and an expired signal each.
        assert retention.prune(connection, NOW - 3 * DAY, 100) == 6 * 5
    assert counts(storage) == {"events": 4, "notices": 14, "requests": 14, "inbox": 18}
    with storage.write() as connection:
        assert retention.prune(connection, NOW - 3 * DAY, 100) == 0


def test_no_more_is_deleted_at_once_than_was_asked_for(storage: Storage) -> None:
    fill(storage)
    with storage.write() as connection:
        assert retention.prune(connection, NOW - 3 * DAY, 2) == 2 * 5
    assert counts(storage) == {"events": 8, "notices": 18, "requests": 18, "inbox": 26}
