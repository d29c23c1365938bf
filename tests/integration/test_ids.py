"""Identifiers."""

from __future__ import annotations

import os
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from octobot_node.ids import client_order_id, new_id


def test_ids_are_uuids_of_version_7_that_grow() -> None:
    ids = [new_id() for _ in range(20_000)]
    assert ids == sorted(set(ids))
    assert {(uuid.UUID(one).version, uuid.UUID(one).variant) for one in ids} == {(7, uuid.RFC_4122)}


def test_threads_never_share_an_id() -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = [one for part in pool.map(lambda _: [new_id() for _ in range(2_000)], range(8)) for one in part]
    assert len(set(ids)) == 16_000


@pytest.mark.process
def test_a_forked_process_draws_other_ids() -> None:
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, new_id().encode())
        os._exit(0)
    os.wait()
    theirs = os.read(reading, 100).decode()
    # The random part differs even where the clock does not.
    assert theirs[-12:] != new_id()[-12:]
    os.close(reading)
    os.close(writing)


def test_a_client_order_id_is_a_function_of_the_intent_in_this_installation_and_generation() -> None:
    base = client_order_id("installation", 0, "intent", 32)
    assert base == client_order_id("installation", 0, "intent", 32)
    assert len(base) == 32
    assert base.isalnum()
    assert base[0].isalpha()
    assert (
        len({base, *(client_order_id(*args, 32) for args in (("other", 0, "intent"), ("installation", 1, "intent")))})
        == 3
    )
    assert client_order_id("installation", 0, "intent", 16) == base[:16]
