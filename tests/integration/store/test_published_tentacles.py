"""What the master has installed, in the database for those that share it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from octobot_node.contracts.storage import Storage
from octobot_node.errors import UsageError
from octobot_node.installing.locks import Lock, Package
from octobot_node.installing.published import publish, published
from octobot_node.store.tables import installation

ONE = Lock(("one",), (Package("one", "1.0", "a" * 64),), "3.11", "0.1.0")


def test_what_the_master_has_is_read_by_those_that_share_its_database(
    any_storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with any_storage.write() as connection:
        connection.execute(installation.insert().values(id="i", generation=0, created_at=0))
    assert published(any_storage) is None
    # That nothing is installed is something to be brought to, too.
    for lock in (Lock(), ONE):
        publish(any_storage, lock)
        assert published(any_storage) == lock

    def refuse(**_options: object) -> None:
        raise AssertionError("it began to write")

    # Every send reads that row: a start that changes nothing of it leaves it alone.
    with monkeypatch.context() as patched:
        patched.setattr(any_storage, "write", refuse)
        publish(any_storage, ONE)

    with any_storage.write() as connection:
        connection.execute(installation.update().values(tentacles="{}"))
    with pytest.raises(UsageError, match="is no lock of tentacles"):
        published(any_storage)


def test_a_database_of_a_release_before_has_none(any_storage: Storage) -> None:
    with any_storage.write() as connection:
        connection.execute(sa.text("ALTER TABLE installation DROP COLUMN tentacles"))
    assert published(any_storage) is None
    with any_storage.write() as connection:
        connection.execute(sa.text("DROP TABLE installation"))
    assert published(any_storage) is None
