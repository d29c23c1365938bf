"""Each person is told by their own targets of what they see, and of nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from octobot_node.store.types import AnyRow
from octobot_plugins.notify.courier import Courier, Reply
from octobot_plugins.notify.people.following import Outbox, PeopleFollower
from octobot_plugins.notify.people.kept_urls import sealed
from octobot_plugins.notify.people.tables import outbox, targets
from octobot_plugins.notify.settings import NotifySettings
from tests.integration.plugins.notify.test_follower import fill, happen
from tests.support.bench import Bench

SETTINGS = NotifySettings(together=10)


def target(bench: Bench, name: str, owner: str = "ada", tell: tuple[str, ...] = ("fills",), **more: Any) -> None:
    row: dict[str, Any] = {
        "id": name,
        "user": name,
        "owner": owner,
        "name": name,
        "scheme": "json",
        "tell": json.dumps(tell),
    }
    kept = sealed(bench.core.context.secrets, name, name, f"json://{name}.example/s3cret")
    row |= {"url": kept, "enabled": True, "revision": 1}
    row |= {"created_at": bench.clock.now(), **more}
    with bench.core.storage.write() as connection:
        connection.execute(targets.insert().values(row))


def follow(bench: Bench, follower: PeopleFollower) -> list[tuple[str, str]]:
    """Let what happens together be over; return what waits for whom."""
    bench.advance(10_000)
    follower.step()
    bench.advance(10_000)
    follower.step()
    return [(row.target_id, row.message) for row in bench.rows(outbox, outbox.c.id)]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is sent where; a target that is called down takes nothing."""
    found: list[str] = []

    def answer(_courier: Courier, request: dict[str, str]) -> Reply:
        found.append(request["url"].removeprefix("json://").partition(".")[0])
        works = "down" not in request["url"]
        return Reply(ok=works, error="" if works else "it did not answer in time", service="JSON")

    monkeypatch.setattr(Courier, "ask", answer)
    return found


def test_everybody_is_told_of_what_they_see_by_the_rules_that_they_chose(bench: Bench) -> None:
    target(bench, "ada-fills")
    target(bench, "ada-own", tell=("own",))
    target(bench, "bob", owner="bob")
    target(bench, "root", owner="", tell=("fills", "own"))
    target(bench, "resting", enabled=False)
    target(bench, "left", disabled=True)
    follower = PeopleFollower(bench.core.context, SETTINGS)
    fill(bench, owner="ada")
    happen(bench, "notice.told", owner="ada", level="info", message="a level was crossed")
    happen(bench, "automation.failed", owner="ada", reason="it raised")
    waiting = dict(follow(bench, follower))
    assert set(waiting) == {"ada-fills", "ada-own", "root"}
    assert waiting["ada-own"].endswith("a level was crossed")
    assert "bought 0.1 BTC" in waiting["ada-fills"]
    assert "bought 0.1 BTC" in waiting["root"]
    assert "crossed" in waiting["root"]
    # Nothing of it is found once more, by whoever goes on after it.
    assert len(follow(bench, PeopleFollower(bench.core.context, SETTINGS))) == 3


def test_nobody_is_told_of_what_was_before_they_asked(bench: Bench) -> None:
    follower = PeopleFollower(bench.core.context, SETTINGS)
    fill(bench, owner="ada")
    bench.advance(1_000)
    target(bench, "late")
    assert follow(bench, follower) == []


def test_one_that_is_down_is_tried_again_and_holds_up_no_other(bench: Bench, asked: list[str]) -> None:
    target(bench, "down")
    target(bench, "phone")
    follower, sending = PeopleFollower(bench.core.context, SETTINGS), Outbox(bench.core.context, SETTINGS)
    fill(bench, owner="ada")
    follow(bench, follower)
    assert (sending.step(), sorted(asked)) == (1, ["down", "phone"])
    assert sending.step() == 0
    bench.advance(2_000)
    sending.step()
    fill(bench, owner="ada")
    follow(bench, follower)
    sending.step()
    # What is behind the one that failed waits for it.
    assert (asked.count("phone"), asked.count("down")) == (2, 3)
    rows = {row.id: row for row in bench.rows(targets)}
    assert (rows["down"].error, rows["down"].told_at) == ("it did not answer in time", None)
    assert (rows["phone"].error, rows["phone"].told_at) == ("", bench.clock.now())
    bench.advance(86_400_000)
    for _ in range(5):
        bench.advance(300_000)
        sending.step()
    assert [row.target_id for row in bench.rows(outbox)] == ["down"]
    bench.advance(2 * 86_400_000)
    sending.clean()
    assert bench.rows(outbox) == []
    sending.close()


def test_what_waits_for_a_target_that_is_gone_is_forgotten(bench: Bench) -> None:
    target(bench, "phone")
    follower = PeopleFollower(bench.core.context, SETTINGS)
    fill(bench, owner="ada")
    assert len(follow(bench, follower)) == 1
    with bench.core.storage.write() as connection:
        connection.execute(sa.delete(targets))
    sending = Outbox(bench.core.context, SETTINGS)
    assert sending.step() == 0
    sending.clean()
    sending.close()
    rows: list[AnyRow] = bench.rows(outbox)
    assert rows == []
