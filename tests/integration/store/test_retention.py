"""What is old and over is forgotten, a little at a time; money is not."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa

from octobot_node.contracts.storage import Storage
from octobot_node.store import retention
from octobot_node.store.queries import history
from octobot_node.store.standings import standing_changes
from octobot_node.store.tables import cursors, equity, events, inbox, notices, requests
from octobot_node.store.tables import standing_changes as standing_changes_table

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


HOUR = 3_600_000
START = NOW - 10 * DAY


def leave_points(storage: Storage, automation: str, times: list[int]) -> None:
    owned = {**OWNED, "automation_id": automation, "asset": "USD", "realised": Decimal(0)}
    with storage.write() as connection:
        rows = [{**owned, "at": at, "equity": Decimal(at % HOUR)} for at in times]
        connection.execute(equity.insert(), rows)


def points(storage: Storage, automation: str) -> list[int]:
    with storage.read() as connection:
        return [row.at for row in history.equity_points(connection, automation, 0, NOW)]


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
def test_of_old_equity_the_last_point_of_every_hour_stays(any_storage: Storage, at_once: int) -> None:
    fine = [START + offset for offset in (0, 1, HOUR - 1, HOUR, 3 * HOUR + 5, 3 * HOUR + 6, 4 * HOUR, 4 * HOUR + 1)]
    leave_points(any_storage, "a", fine)
    leave_points(any_storage, "b", fine[:2])
    # The fifth hour is not over at the time before which it is rolled up.
    before, last = START + 4 * HOUR + 2, 1
    while last:
        with any_storage.write() as connection:
            last = retention.roll_up_equity(connection, before, at_once, NOW)
        assert last <= at_once
    assert points(any_storage, "a") == [fine[2], fine[3], fine[5], fine[6], fine[7]]
    assert points(any_storage, "b") == [fine[1]]
    with any_storage.read() as connection:
        rolled_up = connection.execute(sa.select(cursors)).one()
    assert (rolled_up.name, rolled_up.position) == (retention.EQUITY_ROLLED_UP, fine[5] + 1)


def test_equity_that_was_rolled_up_is_not_looked_at_again(any_storage: Storage) -> None:
    leave_points(any_storage, "a", [START, START + 1])
    with any_storage.write() as connection:
        assert retention.roll_up_equity(connection, NOW, 100, NOW) == 2
        assert retention.roll_up_equity(connection, NOW, 100, NOW) == 0
    leave_points(any_storage, "a", [START + 2 * HOUR, START + 2 * HOUR + 1])
    with any_storage.write() as connection:
        assert retention.roll_up_equity(connection, NOW, 100, NOW) == 2
    assert points(any_storage, "a") == [START + 1, START + 2 * HOUR + 1]


def test_changes_of_standings_are_kept_for_half_an_hour_and_those_after_are_not_touched(any_storage: Storage) -> None:
    kept = standing_changes.Kept()
    place = 0
    for minute in range(70):
        with any_storage.write() as connection:
            standing_changes.note_changed(connection, [f"a{minute}"])
            kept.prune(connection, minute * 60_000, 500)
            if minute == 35:
                place = standing_changes.now_at(connection)
    with any_storage.read() as connection:
        left = {row.subject for row in connection.execute(sa.select(standing_changes_table))}
        seen = set(standing_changes.since(connection, place))
    # The newest of half an hour ago went, and what came after it stayed.
    assert left == {f"a{minute}" for minute in range(40, 70)}
    # Whoever read until then misses nothing of what is left.
    assert seen >= left - {"a35"}
