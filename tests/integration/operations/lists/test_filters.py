"""Automations found, sorted, paged and jumped through, as many as there may be."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, MarketOrder, Tick, Wake
from octobot_node.engine.commands.commands import NewAccount
from octobot_node.engine.standings.sorts import SORTS
from octobot_node.errors import UsageError
from tests.integration.operations.conftest import Office

HOURLY = Wake(every=timedelta(hours=1), align=True)


def idle(_tick: Tick[Any, Any]) -> Decision:
    return Decision(wake=HOURLY)


def trading(dice: random.Random) -> Any:
    """Buy, sell and rest at random."""

    def decide(tick: Tick[Any, Any]) -> Decision:
        symbol = tick.config.symbols[0]
        held = tick.positions[symbol].amount if symbol in tick.positions else Decimal(0)
        amount = Decimal(dice.randint(1, 40)) / 20
        if held and dice.random() < 0.5:
            return Decision(orders=[MarketOrder(symbol, "sell", amount=min(amount, held))], wake=HOURLY)
        return Decision(orders=[MarketOrder(symbol, "buy", amount=amount)], wake=HOURLY)

    return decide


def filled(office: Office, count: int = 14) -> None:
    """Make automations that differ in all that lists are sorted and narrowed by."""
    dice = random.Random(5)
    other = office.bench.commands.create_account(NewAccount("beta", "fake", "fake", {}, {}))
    for number in range(count):
        symbol = ("BTC/USDT", "ETH/USDT", "BTC/EUR")[number % 3]
        office.bench.automation(
            f"{dice.choice('abcXYZ')}-{number}",
            trading(dice) if number % 4 else idle,
            symbols=(symbol,),
            budget={symbol.partition("/")[2]: str(500 + number * 10)},
            account=other if number % 2 else None,
        )
    for _ in range(4):
        office.bench.trading.will(office.bench.trading.fill_at_once)
        office.bench.settle()
        office.bench.market.prices["BTC/USDT"] = Decimal(dice.randint(80, 130))
        office.bench.market.prices["ETH/USDT"] = Decimal(dice.randint(8, 13))
        office.bench.advance(3_600_000)
    names = [row.name for row in office.do("automations.list").automations]
    for name in names[:3]:
        office.do("automations.pause", automation=name)
    office.do("automations.edit", automation=names[4], tags=["swing", "my own"])
    office.do("automations.edit", automation=names[5], tags=["swing"], name="renamed")


def pages(office: Office, **wanted: Any) -> list[Any]:
    found, cursor = [], None
    while True:
        page = office.do("automations.list", limit=3, cursor=cursor, **wanted)
        found += page.automations
        cursor = page.next_cursor
        if cursor is None:
            assert page.total == len(found)
            return found


def shown(row: Any, sort: str) -> Any:
    """Return what a row is sorted by, as the row itself tells it."""
    told = {"created": row.id, "since": row.status_since, "symbol": row.symbols[0], "start": row.start_equity}
    return told[sort] if sort in told else getattr(row, sort)


def test_every_column_sorts_both_ways_page_by_page_and_leaves_out_nothing(office: Office) -> None:
    filled(office)
    everything = {row.id for row in office.do("automations.list", limit=500).automations}
    for sort in SORTS:
        for descending in (False, True):
            rows = pages(office, sort=sort, descending=descending)
            assert {row.id for row in rows} == everything, sort
            values = [shown(row, sort) for row in rows]
            known = [value for value in values if value is not None]
            if sort == "type":
                known = [value.rpartition(".")[2] for value in known]
            # The order is by floats, the figures are exact.
            assert known == sorted(known, reverse=descending), sort
            assert values[len(known) :] == [None] * (len(values) - len(known)), sort


def test_filters_narrow_what_is_listed_alone_and_together(office: Office) -> None:
    filled(office)
    rows = office.do("automations.list", limit=500).automations
    paused = {row.name for row in rows if row.status == "paused"}

    def names(**wanted: Any) -> set[str]:
        return {row.name for row in pages(office, **wanted)}

    assert len(paused) == 3
    assert names(status="paused") == names(status=["paused", "stopped"]) == paused
    assert names(status=["paused", "active"]) == {row.name for row in rows}
    assert names(symbol="ETH/USDT") == {row.name for row in rows if row.symbols == ["ETH/USDT"]}
    assert names(tag="swing") == {rows[4].name, "renamed"}
    assert names(tag=["my own", "swing"]) == {rows[4].name}
    assert names(search="RENAMED") == names(search="swing btc/eur") == {"renamed"}
    assert names(search="scripted eth") == names(symbol="ETH/USDT")
    assert names(account="beta", status=["paused"]) == paused & {row.name for row in rows if row.account == "beta"}
    assert names(paper=False) == {row.name for row in rows}
    assert names(paper=True) == names(search="nothing of that") == set()


def test_anchors_jump_to_every_500th_row_of_what_is_found(office: Office) -> None:
    for number in range(1_003):
        office.bench.automation(f"n{number:04}", idle)
    for sort, first in (("created", "n0500"), ("name", "n0500")):
        page = office.do("automations.list", limit=1, sort=sort, anchors=True)
        assert (page.total, len(page.anchors)) == (1_003, 2)
        jumped = office.do("automations.list", limit=2, sort=sort, cursor=page.anchors[0])
        assert [row.name for row in jumped.automations] == [first, "n0501"]
        last = office.do("automations.list", limit=500, sort=sort, cursor=page.anchors[1])
        assert [row.name for row in last.automations] == ["n1000", "n1001", "n1002"]
        assert last.next_cursor is None
    assert office.do("automations.list", limit=1).anchors is None


def test_a_row_tells_what_it_is_worth_at_prices_whose_time_it_tells(office: Office) -> None:
    def buys(tick: Tick[Any, Any]) -> Decision:
        return Decision(orders=[] if tick.number else [MarketOrder("BTC/USDT", "buy", amount=Decimal(2))], wake=HOURLY)

    office.bench.automation("a", buys)
    office.bench.trading.will(office.bench.trading.fill_at_once)
    office.bench.settle()
    office.bench.advance(60_000)
    office.bench.market.prices["BTC/USDT"] = Decimal(110)
    (row,) = office.do("automations.list").automations
    told = row.model_dump(mode="json")
    assert {name: told[name] for name in ("asset", "start_equity", "equity", "realised", "unrealised", "pnl")} == {
        "asset": "USDT",
        "start_equity": "1000",
        "equity": "1020.0000",
        "realised": "0",
        "unrealised": "20",
        "pnl": "20.0000",
    }
    assert (told["pnl_ratio"], told["today"], told["budget"]) == ("0.02000000", "20.0000", {"USDT": "1000"})
    assert (row.symbols, row.paper, row.account, told["as_of"]) == (
        ["BTC/USDT"],
        False,
        "main",
        "2026-01-01T00:01:00Z",
    )
    office.bench.market.fault = RuntimeError("on fire")
    office.bench.advance(601_000)
    (row,) = office.do("automations.list").automations
    assert (row.equity, row.unrealised, row.pnl, row.today, row.realised) == (None, None, None, None, Decimal(0))


def test_what_was_changed_a_moment_ago_is_listed_as_it_is_now(office: Office) -> None:
    filled(office, 6)
    assert office.do("automations.list", sort="name", search="newcomer").total == 0
    made = office.bench.automation("newcomer", idle)
    assert office.do("automations.list", sort="name", search="newcomer").total == 1
    office.do("automations.stop", automation="newcomer")
    office.bench.run(2_000)
    (row,) = office.do("automations.list", sort="name", search="newcomer").automations
    assert (row.id, row.status) == (made, "stopped")
    assert office.do("automations.list", sort="name", status=["stopped"]).total == 1
    office.do("automations.delete", automation="newcomer")
    assert office.do("automations.list", sort="name", search="newcomer").total == 0
    assert office.do("automations.list", sort="name", descending=True).total == 6


def test_a_command_for_many_reaches_those_that_are_searched_for_and_counts_them_before(office: Office) -> None:
    filled(office)
    dry = office.do("automations.bulk", command="pause", search="btc/usdt", dry_run=True, limit=2)
    assert (dry.total, len(dry.done) + len(dry.refused)) == (5, 2)
    assert [(each.reason, each.count) for each in dry.reasons] == [("is paused already", 1)]
    whole = office.do("automations.bulk", command="pause", search="btc/usdt")
    assert len(whole.done) == 4
    assert {row.status for row in pages(office, search="btc/usdt")} == {"paused"}
    office.do("automations.bulk", command="resume", tag=["swing"])
    with pytest.raises(UsageError, match="which automations to pause"):
        office.do("automations.bulk", command="pause", search=" ")


def test_a_cursor_of_another_order_is_refused_or_finds_its_place(office: Office) -> None:
    filled(office, 6)
    with pytest.raises(UsageError, match="the cursor is none that was given here"):
        office.do("automations.list", sort="pnl", cursor="x y")
    page = office.do("automations.list", sort="name", limit=2)
    office.do("automations.edit", automation=page.automations[1].id, name="zz")
    rest = office.do("automations.list", sort="name", limit=500, cursor=page.next_cursor)
    assert [row.name for row in rest.automations][-1] == "zz"
    assert len(rest.automations) == 5


def test_tags_are_words_each_once_in_order_and_go_along_with_a_clone_and_an_export(office: Office) -> None:
    office.bench.automation("a", idle)
    office.do("automations.edit", automation="a", tags=["swing", "btc", "swing"])
    assert office.do("automations.show", automation="a").tags == ["btc", "swing"]
    assert "tags:" in office.do("automations.export", automations=["a"]).text
    for tags in (["x" * 33], ["a\x1b"], [str(number) for number in range(21)]):
        with pytest.raises(UsageError, match="tags"):
            office.do("automations.edit", automation="a", tags=tags)
    office.do("automations.edit", automation="a", tags=[])
    assert office.do("automations.show", automation="a").tags == []


def test_a_plain_list_is_the_same_out_of_the_database_and_out_of_memory(office: Office) -> None:
    filled(office)
    board: Any = office.bench.core.standings.board
    for wanted in ({}, {"status": "paused"}, {"account": "beta"}, {"type": "scripted", "status": "active"}):
        board.rest(after=0.0)
        out_of_database = pages(office, **wanted)
        assert not board.awake
        office.do("totals.show")
        assert board.awake
        assert pages(office, **wanted) == out_of_database
