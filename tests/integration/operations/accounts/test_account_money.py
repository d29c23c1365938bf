"""What an account has at its exchange, what of it automations have, and what is left for budgets."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, LimitOrder, MarketOrder, Tick, Wake
from octobot_node.errors import NotSent, UnknownName, UsageError
from octobot_node.operations.perform import perform_named
from tests.integration.operations.conftest import Office

DAILY = Wake(every=timedelta(days=1))
PAPER = {"name": "play", "market_data": {"use": "simulated", "seed": 7}, "trading": {"use": "paper"}}


def resting(_tick: Tick[Any, Any]) -> Decision:
    return Decision(orders=[LimitOrder("BTC/USDT", "buy", amount=Decimal(2), price=Decimal(90))], wake=DAILY)


def test_what_the_exchange_has_stands_beside_what_automations_have(office: Office) -> None:
    office.bench.market.prices |= {"BTC/USDT": Decimal(100)}
    office.bench.automation("a", resting, budget={"USDT": "1000"})
    office.bench.settle()
    office.bench.trading.held = {"USDT": Decimal("1500.5"), "BTC": Decimal(3), "DUST": Decimal(7), "GONE": Decimal(0)}
    found = office.do("accounts.money", account="main", currency="USDT")
    assert [tuple(row.model_dump().values()) for row in found.assets] == [
        ("USDT", Decimal("1500.5"), Decimal(820), Decimal(180), Decimal("500.5"), Decimal("500.5"), Decimal("1500.5")),
        ("BTC", Decimal(3), Decimal(0), Decimal(0), Decimal(3), Decimal(3), Decimal(300)),
        ("DUST", Decimal(7), Decimal(0), Decimal(0), Decimal(7), Decimal(7), None),
    ]
    assert (found.value, found.unallocated_value, found.unvalued) == (Decimal("1800.5"), Decimal("800.5"), ["DUST"])
    assert (found.currency, found.problem, found.rates[1].symbols) == ("USDT", "", ["BTC/USDT"])
    # Two who look are one request.
    office.do("accounts.money", account="main")
    assert office.bench.trading.questions.count("balances") == 1


def test_automations_that_count_on_more_than_there_is_are_told_as_less_than_nothing(office: Office) -> None:
    office.bench.automation("a", resting, budget={"USDT": "1000"})
    office.bench.trading.held = {"USDT": Decimal(400)}
    (row,) = office.do("accounts.money", account="main").assets
    assert (row.unallocated, row.most) == (Decimal(-600), Decimal(0))


def test_an_exchange_that_does_not_answer_is_not_nothing(office: Office) -> None:
    office.bench.automation("a", resting, budget={"USDT": "1000"})
    office.bench.trading.faults["balances"] = NotSent("no connection, secret=hunter22")
    found = office.do("accounts.money", account="main", currency="USDT")
    (row,) = found.assets
    assert (row.exchange, row.unallocated, row.most, row.value) == (None, None, None, Decimal(1000))
    assert (found.problem, found.unallocated_value) == ("no connection, secret=**********", None)
    shown = office.do("accounts.show", account="main")
    assert (shown.last_contact, shown.contact_problem) == (None, "no connection, secret=**********")
    office.bench.advance(4_000)
    office.bench.trading.faults.clear()
    assert office.do("accounts.money", account="main").problem == ""
    shown = office.do("accounts.show", account="main")
    assert (shown.last_contact.timestamp() * 1000, shown.contact_problem) == (office.bench.clock.now(), "")
    # Another process knows it, too.
    office.bench.core.accounts._open.clear()
    assert office.do("accounts.list").accounts[0].last_contact == shown.last_contact


def test_the_most_of_a_budget_is_what_creating_takes(office: Office) -> None:
    """Of play money: what was gained is the automation's, and is not given out again."""
    office.do("accounts.create", **PAPER, balances={"USD": "1000"})
    spec = {"type": "dca", "account": "play", "config": {"symbol": "BTC/USD", "amount": 10, "every": "1h"}}
    office.do("automations.create", name="one", budget={"USD": "400.5"}, **spec)
    (row,) = office.do("accounts.money", account="play", currency="USD").assets
    assert (row.exchange, row.unallocated, row.most) == (Decimal(1000), Decimal("599.5"), Decimal("599.5"))
    with pytest.raises(UsageError, match=r"budget\.USD"):
        office.do("automations.create", name="two", budget={"USD": "599.51"}, **spec)
    office.do("automations.create", name="two", budget={"USD": str(row.most)}, **spec)
    assert office.do("accounts.money", account="play").assets[0].most == 0


def test_what_was_bought_is_at_the_exchange_and_with_its_automation(office: Office) -> None:
    office.bench.market.prices["BTC/USDT"] = Decimal(100)
    buying = Decision(orders=[MarketOrder("BTC/USDT", "buy", amount=Decimal(2))], wake=DAILY)
    office.bench.trading.will(office.bench.trading.fill_at_once)
    office.bench.automation("a", lambda _tick: buying, budget={"USDT": "1000"})
    office.bench.settle()
    office.bench.trading.held = {"USDT": Decimal(800), "BTC": Decimal(2)}
    found = office.do("accounts.money", account="main", currency="USDT")
    assert {row.asset: row.unallocated for row in found.assets} == {"USDT": 0, "BTC": 0}


def test_polling_writes_down_when_an_exchange_answered_last(office: Office) -> None:
    office.bench.automation("a", resting)
    office.bench.settle()
    office.bench.watch()
    first = office.bench.clock.now()
    office.bench.core.accounts._open.clear()
    assert office.do("accounts.show", account="main").last_contact.timestamp() * 1000 == first


def test_somebody_elses_account_is_not_there(office: Office) -> None:
    for name in ("accounts.money", "accounts.check"):
        with pytest.raises(UnknownName, match="there is no account 'main'"):
            perform_named(office.context(owner="bob"), name, {"account": "main"})
