"""Many readers, slow ones, and those who may not read any more."""

from __future__ import annotations

import queue
import random
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
import sqlalchemy as sa

from octobot_node.store import events as log
from octobot_node.store.events import Event
from octobot_node.store.tables import events
from tests.integration.plugins.api_events.conftest import STREAM, Live, Stream, another_pool, happen


def test_what_a_reader_got_over_many_connections_is_everything_once_in_order(live: Live) -> None:
    """Several nodes write at once, with transactions that overlap, take their time and are rolled back."""
    written = threading.Barrier(5)

    def write(number: int) -> None:
        # On PostgreSQL a pool of its own: what another node has.
        engine = another_pool(live.storage.engine) if live.storage.shared else live.storage.engine
        draw = random.Random(number)
        written.wait()
        for count in range(30):
            some = [Event("ada", "account", "one", f"of.{number}", {"count": count, "part": n}) for n in range(3)]
            if not live.storage.shared:
                with live.storage.write() as connection:
                    log.append(connection, some, 1)
                continue
            with engine.connect() as connection:
                log.append(connection, some[:1], 1)
                time.sleep(draw.random() / 50)
                log.append(connection, some[1:], 1)
                (connection.rollback if draw.random() < 0.2 else connection.commit)()
        if live.storage.shared:
            engine.dispose()

    got: list[int] = []
    cursor, draw = live.client("ada").get("/events").json()["newer"], random.Random(7)
    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, number) for number in range(4)]
        written.wait()
        while not all(each.done() for each in writers):
            with live.stream(after=cursor) as stream:
                for _ in range(draw.randrange(1, 25)):
                    try:
                        _, told = stream.told.get(timeout=1)  # type: ignore[misc]
                    except queue.Empty:  # nothing more was written
                        break
                    got.append(told["id"])
                    cursor = told["cursor"]
    for each in writers:
        each.result()
    with live.storage.read() as connection:
        columns = events.c
        order = (columns.txid, columns.id) if live.storage.shared else (columns.id,)
        everything = list(connection.scalars(sa.select(columns.id).where(columns.owner == "ada").order_by(*order)))
    with live.stream(after=cursor) as stream:
        got += [stream.next()[1]["id"] for _ in range(len(everything) - len(got))]
    assert len(everything) >= 180
    assert got == everything


@pytest.mark.slow
def test_a_reader_that_does_not_read_holds_up_nobody_and_gets_all_once_it_does(
    make_live: Callable[..., Live], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOBOT_EVENTS_REMEMBERED", "100")
    live = make_live()
    connection, unread = live.open(buffer=4_096)
    # More than the sockets between them hold.
    kinds = [f"kind.{number}" for number in range(40) for _ in range(50)]
    with live.stream() as quick:
        for start in range(0, len(kinds), 50):
            happen(live.storage, *kinds[start : start + 50], text="x" * 4_000)
            assert quick.kinds(50) == kinds[start : start + 50]
        ring = live.feed.ring
        assert ring is not None
        # Nothing of what the other lacks is kept for it.
        assert len(ring.after(ring.floor, 10_000)) == 100
        slow = Stream(unread)
        thread = threading.Thread(target=slow.read, daemon=True)
        thread.start()
        assert slow.kinds(len(kinds)) == kinds
    connection.shutdown(socket.SHUT_RDWR)
    thread.join(30)
    connection.close()


@pytest.mark.parametrize("quiet", [True, False])
def test_a_key_that_is_revoked_gets_nothing_any_more(
    make_live: Callable[..., Live], monkeypatch: pytest.MonkeyPatch, quiet: bool
) -> None:
    monkeypatch.setenv("OCTOBOT_EVENTS_CHECK_CALLERS", "0.2")
    live = make_live()
    made = live.service.do("keys.create", user="ada", name="short", scopes=["events:read"])
    live.service.keys["short"] = made.token
    with live.stream("short") as revoked, live.stream("ada") as other:
        happen(live.storage, "a")
        seen = revoked.kinds(1), other.kinds(1)
        live.service.do("keys.revoke", user="ada", key=made.id)
        while not quiet and revoked.told.empty():
            happen(live.storage, "b", owner="bob")
        assert revoked.ended()
        happen(live.storage, "c")
        assert (seen, other.kinds(1)) == ((["a"], ["a"]), ["c"])


def test_whoever_sees_something_else_from_now_on_begins_anew(
    make_live: Callable[..., Live], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOBOT_EVENTS_CHECK_CALLERS", "0.2")
    live = make_live()
    with live.stream("vera") as stream:
        live.service.do("users.edit", user="vera", owner="bob")
        assert stream.ended()
    with live.stream("vera") as stream:
        happen(live.storage, "adas", owner="ada")
        happen(live.storage, "bobs", owner="bob")
        assert stream.kinds(1) == ["bobs"]


def test_one_user_and_all_together_have_so_many_streams_and_a_seat_is_free_again_at_once(
    make_live: Callable[..., Live], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOBOT_EVENTS_STREAMS", "3")
    monkeypatch.setenv("OCTOBOT_EVENTS_STREAMS_PER_USER", "2")
    live = make_live()
    accept = {"accept": STREAM}
    with ExitStack() as stack:
        for user in ("ada", "ada", "bob"):
            stack.enter_context(live.stream(user))
        one_too_many = live.client("ada").get("/events", headers=accept)
        no_room = live.client("root").get("/events", headers=accept)
        assert live.feed.readers == 3
    told = [(each.status_code, each.headers["retry-after"], each.json()["type"]) for each in (one_too_many, no_room)]
    assert told == [
        (429, "5", "urn:octobot-node:problem:throttled"),
        (503, "5", "urn:octobot-node:problem:unavailable"),
    ]
    assert "OCTOBOT_EVENTS_STREAMS_PER_USER" in one_too_many.json()["detail"]
    while live.feed.readers:
        time.sleep(0.01)
    # Nobody reads the log for nobody.
    assert live.feed.ring is None
    with live.stream("ada") as one, live.stream("ada") as two:
        happen(live.storage, "a")
        assert one.kinds(1) + two.kinds(1) == ["a", "a"]


def test_a_node_that_stops_ends_its_streams_and_readers_go_on_at_the_next(live: Live) -> None:
    connection, _ = live.open()
    with live.stream() as stream:
        happen(live.storage, "a")
        first = stream.next()[1]
        live.server.stop()
        assert stream.ended()
    connection.close()
    happen(live.storage, "b")
    live.restart()
    with live.stream(after=first["cursor"]) as stream:
        assert stream.kinds(1) == ["b"]


@pytest.mark.slow
def test_a_hundred_readers_that_come_back_together_all_get_everything(
    make_live: Callable[..., Live], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOBOT_EVENTS_STREAMS_PER_USER", "100")
    live = make_live()
    start = live.client("ada").get("/events").json()["newer"]
    happen(live.storage, *["a"] * 250)
    with ExitStack() as stack:
        streams = [stack.enter_context(live.stream(after=start)) for _ in range(100)]
        # A request gets through meanwhile.
        assert live.client("root").get("/events", params={"limit": 1}).status_code == 200
        happen(live.storage, "b")
        assert [each.kinds(251)[-2:] for each in streams] == [["a", "b"]] * 100
