"""What a config was: kept with each edit, listed, compared, gone back to as a new one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from octobot_node import Decision, Wake
from octobot_node.errors import Conflict, UnknownName, UsageError
from octobot_node.operations.perform import perform_named
from octobot_node.store import config_revisions as statements
from octobot_node.store.tables import config_revisions
from tests.integration.operations.conftest import Office


def idle(_tick: Any) -> Decision:
    return Decision(wake=Wake(every=timedelta(hours=1)))


def configs(office: Office, **given: Any) -> list[tuple[int, str, bool, list[str]]]:
    page = office.do("configs.list", automation="a", **given)
    return [(row.number, row.by, row.current, row.changed) for row in page.configs]


@pytest.fixture
def edited(office: Office) -> Office:
    office.bench.automation("a", idle)
    for candles in (1, 2):
        office.bench.advance(1_000)
        office.do("automations.edit", automation="a", changes={"candles": candles})
    return office


def test_one_that_was_never_edited_has_one_and_no_row(office: Office) -> None:
    office.bench.automation("a", idle)
    assert configs(office) == [(1, "", True, [])]
    shown = office.do("configs.show", automation="a", number=1)
    assert (shown.config["candles"], shown.against, shown.differences, shown.current) == (0, None, [], True)
    assert office.bench.rows(config_revisions) == []
    # Neither a name nor limits are a config, and what changes nothing makes none.
    office.do("automations.edit", automation="a", limits={}, changes={"candles": 0})
    assert office.bench.rows(config_revisions) == []


def test_each_edit_of_a_config_is_kept_with_who_made_it(edited: Office) -> None:
    assert configs(edited) == [
        (3, "alice", True, ["candles"]),
        (2, "alice", False, ["candles"]),
        (1, "", False, []),
    ]
    rows = edited.do("configs.list", automation="a").configs
    assert [(row.at - rows[-1].at).total_seconds() for row in rows] == [2, 1, 0]


def test_two_of_them_are_compared_field_by_field(edited: Office) -> None:
    edited.do("automations.edit", automation="a", changes={"candles": 2, "symbols": ["ETH/USDT"]})
    last = edited.do("configs.show", automation="a", number=4)
    whole = edited.do("configs.show", automation="a", number=4, against=1)

    assert [(each.field, each.before, each.after) for each in last.differences] == [
        ("symbols", ["BTC/USDT"], ["ETH/USDT"])
    ]
    assert (last.against, whole.against) == (3, 1)
    assert {each.field: (each.before, each.after) for each in whole.differences} == {
        "symbols": (["BTC/USDT"], ["ETH/USDT"]),
        "candles": (0, 2),
    }
    for number in (5, 99):
        with pytest.raises(UnknownName, match=f"'a' has no config {number}: "):
            edited.do("configs.show", automation="a", number=number)


def test_going_back_is_a_new_config_that_is_evaluated_at_once(edited: Office) -> None:
    revision = edited.do("automations.show", automation="a").revision
    done = edited.do("configs.restore", automation="a", number=1, revision=revision)
    assert done.status == "active"
    assert edited.do("automations.show", automation="a").config["candles"] == 0
    assert configs(edited, limit=2) == [(4, "alice", True, ["candles"]), (3, "alice", False, ["candles"])]
    with pytest.raises(Conflict):
        edited.do("configs.restore", automation="a", number=2, revision=revision)
    assert len(configs(edited)) == 4


def test_a_config_that_its_type_takes_no_more_is_not_gone_back_to(edited: Office) -> None:
    with edited.bench.core.storage.write() as connection:
        connection.execute(config_revisions.update().where(config_revisions.c.number == 1).values(config="{}"))
    with pytest.raises(UsageError, match=r"config\.who: is missing"):
        edited.do("configs.restore", automation="a", number=1)
    assert len(configs(edited)) == 3


def test_pages_of_them_together_are_all_of_them(edited: Office) -> None:
    first = edited.do("configs.list", automation="a", limit=2)
    second = edited.do("configs.list", automation="a", limit=2, cursor=first.next_cursor)
    assert [row.number for row in (*first.configs, *second.configs)] == [3, 2, 1]
    assert (first.next_cursor, second.next_cursor) == ("2", None)
    with pytest.raises(UsageError, match="the cursor is none that was given here"):
        edited.do("configs.list", automation="a", cursor="x")


def test_a_hundred_are_kept_and_they_go_with_their_automation(edited: Office) -> None:
    found = edited.do("automations.show", automation="a").id
    with edited.bench.core.storage.write() as connection:
        first = {"automation_id": found, "owner": "local", "account_id": "x", "shard": 0, "config": "{}"}
        for _ in range(110):
            statements.add(connection, {**first, "made_at": 1, "made_by": ""}, "{}", 2, "bob")
        kept = connection.execute(sa.select(sa.func.min(config_revisions.c.number), sa.func.count())).one()
    assert tuple(kept) == (14, 100)
    edited.do("automations.stop", automation="a")
    edited.bench.settle()
    edited.do("automations.delete", automation="a")
    assert edited.bench.rows(config_revisions) == []


def test_another_owners_are_not_there(edited: Office) -> None:
    bob = edited.context(owner="bob")
    for name, given in (("configs.list", {}), ("configs.show", {"number": 1}), ("configs.restore", {"number": 1})):
        with pytest.raises(UnknownName, match="there is no automation 'a'"):
            perform_named(bob, name, {"automation": "a", **given})
