"""The stream of events over real HTTP: complete, in order, resumable, and nobody's but the owner's."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from octobot_node import Decision
from octobot_node.store import retention
from octobot_node.store.tables import events, installation
from tests.integration.plugins.api_events.conftest import STREAM, Live, another_pool, happen

NOW = 1_767_225_600_000


def test_what_happens_is_told_once_in_order_as_a_page_tells_it(live: Live) -> None:
    happen(live.storage, "before.it")
    with live.stream() as stream:
        happen(live.storage, "a", "b")
        happen(live.storage, "c")
        told = [stream.next()[1] for _ in range(3)]

    page = live.client("ada").get("/events", params={"limit": 3}).json()["events"]
    assert [{name: value for name, value in each.items() if name != "cursor"} for each in told] == page
    assert [each["kind"] for each in page] == ["a", "b", "c"]


def test_a_reader_that_comes_again_goes_on_where_it_was(live: Live) -> None:
    with live.stream() as stream:
        happen(live.storage, "a", "b", "c")
        first = stream.next()[1]
    happen(live.storage, "d")
    with live.stream(after=first["cursor"]) as stream:
        second = [stream.next()[1] for _ in range(2)]
    with live.stream(path=f"/events?after={second[-1]['cursor']}") as stream:
        happen(live.storage, "e")
        third = stream.kinds(2)

    assert [first["kind"], *(each["kind"] for each in second), *third] == ["a", "b", "c", "d", "e"]


def test_whoever_leaves_before_anything_happened_knows_where_to_go_on(live: Live) -> None:
    happen(live.storage, "a")
    with live.stream() as stream:
        happen(live.storage, "b")
        stream.next()
    with live.stream(after=stream.last_id, kind="nothing.of") as quiet:
        happen(live.storage, "c")
    with live.stream(after=quiet.last_id) as stream:
        assert stream.kinds(1) == ["c"]


def test_the_header_is_newer_than_the_address_that_a_browser_asks_again(live: Live) -> None:
    start = live.client("ada").get("/events").json()["newer"]
    happen(live.storage, "a", "b")
    with live.stream(path=f"/events?after={start}") as stream:
        first = stream.next()[1]
    with live.stream(path=f"/events?after={start}", after=first["cursor"]) as stream:
        assert stream.kinds(1) == ["b"]


def test_a_page_and_the_stream_after_it_are_all_there_is(live: Live) -> None:
    happen(live.storage, "a", "b")
    page = live.client("ada").get("/events").json()
    happen(live.storage, "c")
    with live.stream(after=page["newer"]) as stream:
        happen(live.storage, "d")
        assert [*(each["kind"] for each in page["events"]), *stream.kinds(2)] == ["a", "b", "c", "d"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ({}, ["order.fill", "tick.failed", "order.open", "last"]),
        ({"kind": "order."}, ["order.fill", "order.open"]),
        ({"kind": "order.open"}, ["order.open"]),
        ({"automation": "two"}, ["order.open"]),
        ({"automation": "two", "kind": "tick."}, []),
    ],
)
@pytest.mark.parametrize("resumes", [False, True], ids=["live", "resumed"])
def test_filters_narrow_a_stream_and_a_page_alike(
    live: Live, query: dict[str, str], kinds: list[str], resumes: bool
) -> None:
    # Left by one that was deleted: it is still found by its id.
    happen(live.storage, "earlier", automation="two")
    start = live.client("ada").get("/events").json()["newer"]

    def all_happen() -> None:
        happen(live.storage, "order.fill", "tick.failed")
        happen(live.storage, "order.open", automation="two")
        happen(live.storage, "last")

    if resumes:
        all_happen()
    with live.stream(after=start, **query) as stream:
        if not resumes:
            all_happen()
        assert stream.kinds(len(kinds)) == kinds
    page = live.client("ada").get("/events", params={"after": start, **query}).json()
    assert [each["kind"] for each in page["events"]] == kinds


def test_nobody_gets_what_is_another_s_not_even_what_a_deleted_automation_left(live: Live) -> None:
    happen(live.storage, "bobs", owner="bob", automation="gone")
    refused = live.client("ada").get("/automations/gone/events", headers={"accept": STREAM})
    with live.stream("ada") as adas, live.stream("root") as all_of_it, live.stream("root", own="true") as roots:
        happen(live.storage, "a", owner="bob", automation="gone")
        happen(live.storage, "b", owner="ada")
        happen(live.storage, "c", owner="root")
        seen = adas.kinds(1), all_of_it.kinds(3), roots.kinds(1)
    with live.stream("bob", "/automations/gone/events", after="0-0-0") as bobs:
        his = bobs.kinds(2)

    assert (refused.status_code, refused.json()["type"]) == (404, "urn:octobot-node:problem:not-found")
    assert (*seen, his) == (["b"], ["a", "b", "c"], ["c"], ["bobs", "a"])


def test_an_automation_is_followed_by_its_name(live: Live) -> None:
    bench = live.service.office.bench
    bench.automation("mine", lambda _tick: Decision())
    with live.stream("root", "/automations/mine/events", after="0-0-0") as stream:
        live.service.do("automations.pause", automation="mine")
        assert [(each["automation"], each["kind"]) for each in (stream.next()[1], stream.next()[1])] == [
            ("mine", "automation.created"),
            ("mine", "automation.paused"),
        ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "header", "why"),
    [
        ("/events", "4711", "the cursor is none that was given here"),
        ("/events", "0-0-99999999999999999999", "the cursor is none that was given here"),
        ("/events?after=x", None, "the cursor is none that was given here"),
        ("/events?limit=10", None, "query.limit: a stream has no pages"),
        ("/events?before=10", None, "query.before: a stream has no pages"),
        ("/events?kinds=a", None, "query.kinds: there is no such parameter"),
        ("/events?kind=A%20kind", None, "query.kind"),
    ],
)
def test_a_cursor_that_never_was_and_what_a_stream_has_not_are_refused(
    live: Live, path: str, header: str | None, why: str
) -> None:
    headers = {"accept": STREAM, **({} if header is None else {"last-event-id": header})}
    answer = live.client("ada").get(path, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert why in answer.json()["detail"]


# What is missing is said ---------------------------------------------------------------------------------------------


def cursors_of(live: Live, *kinds: str) -> list[str]:
    with live.stream() as stream:
        happen(live.storage, *kinds)
        return [stream.next()[1]["cursor"] for _ in kinds]


def test_a_reader_that_comes_after_its_events_were_deleted_is_told_so_and_gets_the_rest(live: Live) -> None:
    first, second, _ = cursors_of(live, "a", "b", "c")
    happen(live.storage, "d")
    with live.storage.write() as connection:
        assert retention.prune(connection, NOW + 1, 2) == 2
    with live.stream(after=first) as late, live.stream(after=second) as in_time:
        name, told = late.next()
        rest, all_of_it = late.kinds(2), in_time.kinds(2)
    page = live.client("ada").get("/events", params={"after": first}).json()

    assert (name, told["reason"]) == ("gap", "pruned")
    assert "keep_days" in told["detail"]
    assert (rest, all_of_it) == (["c", "d"], ["c", "d"])
    assert (page["gap"], [each["kind"] for each in page["events"]]) == (told["detail"], ["c", "d"])


def test_where_everything_was_deleted_nothing_is_missing_for_whoever_had_it_all(live: Live) -> None:
    *_, last = cursors_of(live, "a", "b")
    with live.storage.write() as connection:
        assert retention.prune(connection, NOW + 1, 10) == 2
    now = live.client("ada").get("/events").json()["newer"]
    with live.stream(after=last) as one, live.stream(after=now) as other, live.stream() as third:
        happen(live.storage, "c")
        assert (one.kinds(1), other.kinds(1), third.kinds(1)) == (["c"], ["c"], ["c"])


def test_a_cursor_from_before_a_backup_was_restored_is_a_gap(live: Live) -> None:
    *_, last = cursors_of(live, "a", "b")
    generation, _, rest = last.partition("-")
    with live.stream(after=f"{int(generation) + 1}-{rest}") as stream:
        name, told = stream.next()
        happen(live.storage, "c")
        assert (name, told["reason"], stream.kinds(1)) == ("gap", "restored", ["c"])


def test_a_cursor_that_this_database_does_not_know_is_a_gap(live: Live) -> None:
    happen(live.storage, "a")
    with live.stream(after="0-0-4711") as stream:
        name, told = stream.next()
        happen(live.storage, "b")
        assert (name, told["reason"], stream.kinds(1)) == ("gap", "unknown", ["b"])


def test_a_cursor_from_another_server_is_a_gap_where_transactions_have_other_numbers(live: Live) -> None:
    *_, middle, _ = cursors_of(live, "a", "b", "c")
    with live.storage.write() as connection:
        # What moving a database does.
        connection.execute(events.update().values(txid=0))
    with live.stream(after=middle) as stream:
        told = [stream.next()]
        if live.storage.shared:
            told.append(stream.next())
    names = [(name, data.get("reason", data.get("kind"))) for name, data in told]
    assert names == [("gap", "moved"), ("message", "c")] if live.storage.shared else [("message", "c")]


# Order ---------------------------------------------------------------------------------------------------------------


def test_what_commits_late_on_another_node_is_told_when_nothing_can_come_before_it(live: Live) -> None:
    if not live.storage.shared:
        return  # one writer after another: nothing is late
    insert = events.insert().values(owner="ada", account_id="account", automation_id="one", data="{}", at=NOW)
    engine = another_pool(live.storage.engine)
    long, late, early = engine.connect(), engine.connect(), engine.connect()
    with live.stream() as stream:
        # A transaction that wrote something else, and one that took the lower id, are still open.
        long.execute(sa.update(installation).values(moved_to=""))
        late.execute(insert.values(kind="late"))
        early.execute(insert.values(kind="early"))
        early.commit()
        happen(live.storage, "also.early")
        with live.stream() as meanwhile:
            late.commit()
            happen(live.storage, "between")
            long.commit()
            assert meanwhile.kinds(4) == ["late", "early", "also.early", "between"]
        cursor = stream.next()[1]["cursor"]
        rest = stream.kinds(3)
    with live.stream(after=cursor) as stream:
        assert (rest, stream.kinds(3)) == (["early", "also.early", "between"],) * 2
    for connection in (long, late, early):
        connection.close()
    engine.dispose()


def test_a_sign_of_life_moves_the_cursor_of_a_reader_that_wants_little(
    make_live: Callable[..., Live], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOBOT_EVENTS_KEEP_ALIVE", "0.2")
    live = make_live()
    with live.stream(kind="rare") as stream:
        happen(live.storage, *["frequent"] * 10)
        with live.stream(after="0-0-0") as other:
            cursor = [other.next()[1]["cursor"] for _ in range(10)][-1]
        for _ in itertools.count():
            if stream.last_id == cursor:
                break
            assert stream.told.empty()
    assert "alive" in stream.comments
    assert json.loads(live.client("ada").get("/events", params={"after": cursor}).text)["events"] == []
