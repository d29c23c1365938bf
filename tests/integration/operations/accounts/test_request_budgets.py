"""What an automation would ask of its exchange is shown, and refused where the exchange allows less."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, LimitOrder, MarketOrder, Tick, Wake
from octobot_node.contracts.exchanges import AskedFor, RequestCost, RequestLimit
from octobot_node.errors import CommandRefused, InvalidRunFile, UsageError
from octobot_node.run_files.apply import go_on
from octobot_node.run_files.checks import check_automations
from octobot_node.run_files.run_file import read_run_files
from octobot_node.specs import AccountSpec
from octobot_node.testing.fakes import OpenGate
from tests.integration.operations.conftest import Office
from tests.support.views import SilentView

#: 300 a minute, of which a fifth is kept: 240.
LIMIT = RequestLimit("fake", "requests", 300, 60.0)


@dataclass
class Counted:
    """What the fake exchange says that things take, in weight; one request each."""

    gate: OpenGate
    tickers: float = 2.0
    candles: float = 2.0
    polling: float = 6.0
    orders: float = 1.0


@pytest.fixture
def counted(office: Office, monkeypatch: pytest.MonkeyPatch) -> Counted:
    found = Counted(OpenGate(LIMIT, office.bench.clock))

    async def cost(what: AskedFor, symbols: int = 1) -> RequestCost:
        weight = getattr(found, what) * (20 if symbols > 20 else 1)
        return RequestCost("Fake", found.gate, 1, weight)

    # Of these two alone: whether a class has a method is remembered for all of it.
    for connector in (office.bench.market, office.bench.trading):
        monkeypatch.setattr(connector, "request_cost", cost, raising=False)
    return found


def every(seconds: float, *orders: Any, align: bool = True) -> Callable[[Tick[Any, Any]], Decision]:
    wake = Wake(every=timedelta(seconds=seconds), align=align)
    return lambda tick: Decision(orders=orders if tick.number == 0 else (), wake=wake)


def budget_of(office: Office, name: str) -> dict[str, Any]:
    (row,) = office.do("automations.plan", automation=name).request_budgets
    found: dict[str, Any] = row.model_dump()
    return found


def test_a_plan_says_what_it_adds_beside_what_is_asked_already(office: Office, counted: Counted) -> None:
    del counted
    office.bench.automation("often", every(10, align=False))
    office.bench.settle()
    office.bench.automation("minutely", every(60, MarketOrder("BTC/USDT", "buy", spend=Decimal(10))))
    # Six fetches of weight 2 are asked; one more is added, and an order of weight 1.
    assert budget_of(office, "minutely") == {
        "exchange": "Fake",
        "per": "address",
        "egress": "direct",
        "adds_requests": pytest.approx(2, abs=0.05),
        "adds_percent": pytest.approx(100 * 3 / 240, abs=0.05),
        "used_percent": pytest.approx(100 * 12 / 240, abs=0.05),
    }


def test_prices_that_are_fetched_anyway_add_nothing_and_are_refused_nobody(office: Office, counted: Counted) -> None:
    counted.tickers = 5.0
    office.bench.automation("first", every(1))
    office.bench.settle()
    # All that is allowed is asked by it already, and more.
    office.bench.automation("second", every(5))
    plan = office.do("automations.plan", automation="second")
    (row,) = plan.request_budgets
    assert (row.adds_requests, row.adds_percent, row.used_percent) == (0, 0, 125)
    assert plan.findings == []


def test_orders_that_rest_are_looked_after_once_for_an_account(office: Office, counted: Counted) -> None:
    del counted
    resting = LimitOrder("BTC/USDT", "buy", amount=Decimal("0.1"), price=Decimal(50))
    office.bench.automation("a", every(3_600, resting))
    # Twelve looks a minute of weight 6.
    assert budget_of(office, "a")["adds_percent"] == pytest.approx(100 * 72 / 240, abs=1)
    office.bench.settle()
    office.bench.automation("b", every(3_600, resting))
    (more,) = office.do("automations.plan", automation="b").request_budgets
    assert (more.adds_percent < 1, more.used_percent) == (True, pytest.approx(30, abs=1))


def test_what_would_exceed_the_budget_is_refused_with_what_would_fit(office: Office, counted: Counted) -> None:
    counted.tickers = 10.0
    office.bench.type.scripts["new"] = every(1)
    draft = {"type": "scripted", "account": "main", "config": {"who": "new"}, "budget": {"USDT": "100"}}
    told = (
        "config: with it Fake is asked 250% of what it lets this address ask in a minute (0% without it): let it act"
        " every 5s at most"
    )
    before = office.database()
    for name in ("types.plan", "automations.create"):
        with pytest.raises(UsageError) as caught:
            office.do(name, name="new", **draft)
        assert told in str(caught.value)
    assert office.database() == before
    office.bench.type.scripts["new"] = every(3)
    made = office.do("automations.create", name="new", **draft)
    (finding,) = made.findings
    assert finding.severity == "warning"
    assert finding.text.startswith("with it Fake is asked 83% of what it lets this address ask in a minute (0%")


def test_an_edit_counts_in_the_place_of_what_was(office: Office, counted: Counted) -> None:
    counted.tickers = 10.0
    office.bench.automation("a", every(3))
    office.bench.settle()
    office.bench.type.scripts["a"] = every(2)
    with pytest.raises(UsageError, match=r"asked 125% of what it lets this address ask in a minute \(0% without it\)"):
        office.do("automations.edit", automation="a", changes={"candles": 0})
    office.bench.type.scripts["a"] = every(4)
    office.do("automations.edit", automation="a", changes={"candles": 0})


def test_going_live_says_what_looking_after_orders_will_take_and_is_refused_beyond_it(
    office: Office, counted: Counted
) -> None:
    office.do("accounts.observe", account="main")
    office.bench.automation("a", every(30))
    office.bench.settle()
    # Two fetches of weight 2, and twelve looks of weight 6.
    assert office.do("accounts.plan_go_live", account="main").will[-1] == (
        "With it Fake is asked 32% of what it lets this address ask in a minute (2% without it)."
    )
    counted.polling = 30.0
    with pytest.raises(CommandRefused, match=r"asked 152% .* \(2% without it\): stop automations there first"):
        office.do("accounts.go_live", account="main")
    counted.polling = 6.0
    assert office.do("accounts.go_live", account="main", check=False).changed


def file_of(*names: str, candles: int = 0) -> dict[str, Any]:
    lines = ["automations:"]
    for name in names:
        config = f"{{who: {name}, candles: {candles}}}"
        lines.append(
            f"  - {{name: {name}, type: tests.scripted, account: main, budget: {{USDT: 10}}, config: {config}}}"
        )
    return {"files": [{"name": "grids.yaml", "text": "\n".join(lines)}]}


def test_a_run_file_is_refused_what_one_that_is_created_would_be(office: Office, counted: Counted) -> None:
    counted.tickers = 10.0
    office.bench.type.scripts["new"] = every(1)
    before = office.database()
    with pytest.raises(InvalidRunFile) as caught:
        office.do("automations.import", **file_of("new"))
    assert str(caught.value) == (
        "grids.yaml, line 2: automations[0].config: with it Fake is asked 250% of what it lets this address ask in a"
        " minute (0% without it): let it act every 5s at most"
    )
    assert office.database() == before


def test_automations_of_a_run_file_are_counted_together(office: Office, counted: Counted) -> None:
    counted.tickers = 10.0
    # Neither is near by itself; they are evaluated at moments of their own.
    office.bench.type.scripts |= {"a": every(4, align=False), "b": every(5, align=False)}
    before = office.database()
    with pytest.raises(InvalidRunFile) as caught:
        office.do("automations.import", **file_of("a", "b"))
    assert str(caught.value) == (
        "grids.yaml, line 2: automations[0]: with these 2 automations Fake is asked 110% of what it lets this address"
        " ask in a minute (0% without them): let them act every 5s at most"
    )
    assert office.database() == before
    office.bench.type.scripts["a"] = every(6, align=False)
    made = office.do("automations.import", **file_of("a", "b")).automations
    assert [[finding.severity for finding in each.findings] for each in made] == [["warning"], []]
    assert made[0].findings[0].text.startswith("with these 2 automations Fake is asked 90% of what it lets")


def test_an_edit_by_a_run_file_is_refused_too(office: Office, counted: Counted) -> None:
    counted.tickers = 10.0
    office.bench.automation("a", every(5))
    office.bench.settle()
    office.bench.type.scripts["a"] = every(1)
    (file,) = file_of("a", candles=1)["files"]
    spec = AccountSpec.model_validate({"market_data": {"use": "fake"}, "trading": {"use": "fake"}})
    run_file = read_run_files([(file["name"], file["text"])], {"main": spec})
    configs = check_automations(run_file, office.bench.registry)
    with pytest.raises(InvalidRunFile, match=r"with it Fake is asked 250% .*: let it act every 5s at most"):
        go_on(office.bench.core, office.bench.commands, run_file, configs, SilentView())
