"""The audit is append-only by every statement there is, and what is done behind its back is named."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from octobot_node.contracts.storage import Storage
from octobot_node.store import retention
from octobot_node.store.audit import audit_chain, audit_log
from octobot_node.store.audit.audit_anchor import AuditMemory, kept_in, why_not
from octobot_node.store.audit.audit_chain import Anchor, Broken, Walk
from octobot_node.store.audit.audit_log import Actor, AuditFilter, Entry
from octobot_node.store.tables import audit, installation
from tests.support.tampering import behind_its_back

ADA = Actor("ada", "session", "192.0.2.7", "r-1")
DAY = 86_400_000
NOW = 1_767_225_600_000


def write(storage: Storage, count: int, at: int = NOW) -> None:
    for number in range(count):
        with storage.write() as connection:
            audit_log.append(connection, ADA, Entry("automations.pause", target=f"n{number}"), at + number)


def walked(storage: Storage, start: Anchor | None = None) -> Walk:
    with storage.read() as connection:
        chain = audit_chain.chain(connection)
        assert chain is not None
        walk = Walk(start or Anchor(chain.pruned_id, chain.pruned_hash))
        walk.go(audit_chain.rows(connection, walk.reached.id, 10_000))
        walk.end(Anchor(chain.last_id, chain.last_hash))
    return walk


FORGED = (
    "(id, at, owner, actor, via, address, request_id, action, target, target_id, outcome, data, begun_id, hash)"
    " VALUES ({id}, 1, '', 'forged', '', '', '', 'x', '', '', 'done', '{{}}', {begun}, 'x')"
)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'somebody else'",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE id = 3",
        "UPDATE audit_chain SET last_id = 1",
        "UPDATE audit_chain SET pruned_id = 4",
        "DELETE FROM audit_chain",
    ],
)
def test_no_statement_changes_or_deletes_an_entry(any_storage: Storage, statement: str) -> None:
    write(any_storage, 3)

    with pytest.raises(sa.exc.DBAPIError, match="append-only"), any_storage.write() as connection:
        connection.exec_driver_sql(statement)

    assert walked(any_storage).entries == 3


@pytest.mark.parametrize(
    "statement",
    [
        "REPLACE INTO audit " + FORGED.format(id=1, begun="NULL"),
        "INSERT OR REPLACE INTO audit " + FORGED.format(id=9, begun=1),
        "INSERT INTO audit " + FORGED.format(id=1, begun="NULL") + " ON CONFLICT (id) DO UPDATE SET actor = 'forged'",
        "REPLACE INTO audit_chain (id, last_id) VALUES (1, 0)",
    ],
)
def test_nor_does_sqlite_s_replace(storage: Storage, statement: str) -> None:
    write(storage, 1)
    with storage.write() as connection:
        audit_log.append(connection, ADA, Entry("automations.pause", begun_id=1), NOW)

    with pytest.raises(sa.exc.DBAPIError, match="append-only"), storage.write() as connection:
        connection.exec_driver_sql(statement)

    assert walked(storage).entries == 2


def test_nor_do_postgresql_s_upsert_and_truncate(any_storage: Storage) -> None:
    write(any_storage, 2)
    upsert = "INSERT INTO audit " + FORGED.format(id=1, begun="NULL") + " ON CONFLICT (id) DO UPDATE SET actor = 'x'"
    statements = [upsert] if any_storage.engine.dialect.name == "sqlite" else [upsert, "TRUNCATE audit, audit_chain"]

    for statement in statements:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), any_storage.write() as connection:
            connection.exec_driver_sql(statement)

    assert walked(any_storage).entries == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET actor = 'bob' WHERE id = 3", (3, "its hash is not that")),
        ("UPDATE audit SET at = at + 1 WHERE id = 1", (1, "its hash is not that")),
        ("UPDATE audit SET begun_id = 1 WHERE id = 5", (5, "its hash is not that")),
        ("DELETE FROM audit WHERE id = 2", (2, "it is not there: 3 follows 1")),
        ("DELETE FROM audit WHERE id > 3", (4, "it is not there, and there were entries up to 5")),
        ("DELETE FROM audit", (1, "it is not there, and there were entries up to 5")),
        ("INSERT INTO audit " + FORGED.format(id=6, begun="NULL").replace("{{}}", "{}"), (6, "its hash is not that")),
    ],
)
def test_the_first_entry_that_is_not_as_it_was_is_named(
    any_storage: Storage, statement: str, broken: tuple[int, str]
) -> None:
    write(any_storage, 5)
    assert walked(any_storage).broken is None

    behind_its_back(any_storage, statement)

    found = walked(any_storage).broken
    assert found is not None
    assert (found.id, found.why.startswith(broken[1])) == (broken[0], True), found


def test_a_chain_that_was_rewritten_whole_holds_by_itself_and_fits_no_anchor_that_somebody_kept(
    any_storage: Storage, tmp_path: Path
) -> None:
    with any_storage.write() as connection:
        connection.execute(installation.insert().values(id="i", generation=0, created_at=NOW))
    write(any_storage, 3)
    memory = AuditMemory(tmp_path)
    with any_storage.read() as connection:
        memory.keep(memory.look(connection, NOW))
    kept = kept_in(tmp_path)
    assert kept is not None

    # The best that whoever has the database can do: every hash anew, and the row that says how far it is.
    with any_storage.read() as connection:
        before, changes = "", []
        for *values, _ in audit_chain.rows(connection, 0, 10):
            if values[0] == 2:
                values[3] = "nobody"
            before = audit_chain.linked(before, values)
            changes.append(f"UPDATE audit SET actor = '{values[3]}', hash = '{before}' WHERE id = {values[0]}")
    behind_its_back(any_storage, *changes, f"UPDATE audit_chain SET last_hash = '{before}'")

    assert walked(any_storage).broken is None
    with any_storage.read() as connection:
        assert why_not(connection, Anchor(kept.id, kept.hash)) == "entry 3 is not the one that there was"
    # And the memory stays at what it was, however the chain goes on.
    write(any_storage, 2)
    with capture_logs() as logs, any_storage.read() as connection:
        assert AuditMemory(tmp_path).look(connection, NOW) is None
    assert [each["event"] for each in logs] == ["audit_not_as_left"]


def test_a_tail_that_was_cut_with_the_count_fits_no_anchor(any_storage: Storage, tmp_path: Path) -> None:
    with any_storage.write() as connection:
        connection.execute(installation.insert().values(id="i", generation=0, created_at=NOW))
    write(any_storage, 5)
    with any_storage.read() as connection:
        memory = AuditMemory(tmp_path)
        memory.keep(memory.look(connection, NOW))
        hash_3 = audit_chain.hash_at(connection, 3)

    behind_its_back(
        any_storage,
        "DELETE FROM audit WHERE id > 3",
        f"UPDATE audit_chain SET last_id = 3, last_hash = '{hash_3}', entries = 3",
    )

    assert walked(any_storage).broken is None
    kept = kept_in(tmp_path)
    assert kept is not None
    with any_storage.read() as connection:
        assert why_not(connection, Anchor(kept.id, kept.hash)) == "entries 4 to 5 are not there any more"


def test_many_that_append_at_once_make_one_chain(any_storage: Storage) -> None:
    together = threading.Barrier(4)

    def append() -> None:
        together.wait(30)
        write(any_storage, 10)

    with ThreadPoolExecutor(4) as threads:
        for each in [threads.submit(append) for _ in range(4)]:
            each.result(60)

    walk = walked(any_storage)
    assert (walk.broken, walk.entries, walk.reached.id) == (None, 40, 40)


def test_old_entries_are_pruned_from_the_front_and_the_chain_goes_on_from_there(any_storage: Storage) -> None:
    for day in range(10):
        write(any_storage, 2, NOW + day * DAY)

    # Not for the sake of an hour.
    assert retention.prune_audit(any_storage, NOW + DAY // 2, NOW + 10 * DAY) == 0
    assert retention.prune_audit(any_storage, NOW + 5 * DAY, NOW + 10 * DAY, limit=4) == 4
    assert retention.prune_audit(any_storage, NOW + 5 * DAY, NOW + 10 * DAY) == 6

    with any_storage.read() as connection:
        chain = audit_chain.chain(connection)
        newest = audit_log.page(connection, AuditFilter(action="audit.prune"), None, 10)
        size = connection.scalar(sa.select(sa.func.sum(sa.func.length(audit.c.data))))
    assert chain is not None
    assert (chain.pruned_id, chain.pruned_at, chain.entries, chain.bytes) == (10, NOW + 4 * DAY + 1, 12, size)
    assert [row.actor for row in newest] == ["node", "node"]
    assert f'"anchor":"10:{chain.pruned_hash}"' in newest[0].data
    walk = walked(any_storage)
    assert (walk.broken, walk.entries) == (None, 12)
    # Who cut out more than was pruned is found, too.
    behind_its_back(any_storage, "DELETE FROM audit WHERE id <= 12")
    assert walked(any_storage).broken == Broken(11, "it is not there: 13 follows 10")


def test_long_texts_and_lists_are_cut_and_their_digests_kept(any_storage: Storage) -> None:
    data = {"arguments": {"x": "y" * 58_000, "many": list(range(5_000)), "short": "as it is"}, "error": "why"}
    wide = {"arguments": {f"k{number}": "z" * 500 for number in range(500)}, "error": "why"}
    with any_storage.write() as connection:
        cut = audit_log.append(connection, ADA, Entry("a", data=data), NOW)
        left = audit_log.append(connection, ADA, Entry("a", data=wide), NOW)

    with any_storage.read() as connection:
        texts = [row.data for row in audit_log.page(connection, AuditFilter(), None, 2)]
    assert (cut.size, left.size) == (len(texts[1]), len(texts[0]))
    assert cut.size < 2_000
    assert left.size < 500
    assert f"… (58,000 characters, SHA-256 {hashlib.sha256(b'y' * 58_000).hexdigest()})" in texts[1]
    assert "4,900 more (all: SHA-256" in texts[1]
    assert '"short":"as it is"' in texts[1]
    assert '"error":"why"' in texts[0]
    assert "characters are too many to keep" in texts[0]
