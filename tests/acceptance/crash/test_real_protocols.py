"""A few rounds of ``python -m benchmarks.crash --exchange``: nodes trade by ccxt on what speaks the real protocols."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.crash.harness import POINTS, CrashRun
from tests.support.postgres import Server

pytestmark = pytest.mark.timeout(580)

LONG = (pytest.mark.long, pytest.mark.timeout(1_700))
#: Every trouble that an exchange may come to, and each point of the send fence.
WHOLE = ("point", "kill") * len(POINTS)


@pytest.mark.parametrize(
    ("exchange", "kinds", "seed"),
    [
        pytest.param("binance", ("kill", "point"), 3, id="binance"),
        pytest.param("binance", WHOLE, 5, marks=LONG, id="binance, whole"),
        pytest.param("okx", WHOLE, 9, marks=LONG, id="okx, whole"),
    ],
)
def test_no_order_is_sent_twice_and_none_is_lost_and_the_ledger_is_the_exchange_s(
    tmp_path: Path, exchange: str, kinds: tuple[str, ...], seed: int
) -> None:
    run = CrashRun(tmp_path, automations=8, strong=True, seed=seed, every=1.0, exchange=exchange)
    result = run.run(len(kinds), kinds)
    verdict = result.verdict

    assert (verdict.duplicates, verdict.losses, verdict.unknown, verdict.problems) == (0, 0, 0, [])
    assert result.by_kind == Counter(kinds)
    assert verdict.orders > 10 + len(kinds)
    assert verdict.trades > len(kinds)


@pytest.mark.long
@pytest.mark.timeout(1_700)
def test_on_postgresql_the_same_holds_when_the_server_loses_its_power_with_the_node(tmp_path: Path) -> None:
    kinds = ("power", "kill", "point", "freeze") * 2
    with Server() as server:
        run = CrashRun(tmp_path, automations=8, strong=True, seed=7, every=1.0, exchange="okx", server=server)
        verdict = run.run(len(kinds), kinds).verdict

    assert (verdict.duplicates, verdict.losses, verdict.unknown, verdict.problems) == (0, 0, 0, [])
    assert verdict.orders > 10 + len(kinds)
