"""What a simulated account holds is given once, however many ask for it at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest

from octobot_node.errors import InvalidRunFile, OctoBotError, Overdrawn, UsageError
from octobot_node.operations.automations.creating import drafts
from octobot_node.store import tables
from tests.integration.operations.conftest import Office

ACCOUNT = """\
accounts:
  paper:
    market_data: {use: simulated, seed: 7}
    trading: {use: paper}
    balances: {USD: 100}
"""
CONFIG = {"symbol": "BTC/USD", "amount": "10", "every": "1h"}
OVER = "with it the budgets on account 'paper' are 200 USD, but it has 100 USD: lower the budget, or "
TEXT = f"{OVER}use an account that holds more: one keeps what it was created with"


def run_file(*names: str) -> str:
    rows = "".join(
        f"  - {{name: {name}, type: dca, account: paper, budget: {{USD: 100}}, "
        "config: {symbol: BTC/USD, amount: 10, every: 1h}}\n"
        for name in names
    )
    return f"{ACCOUNT}automations:\n{rows}" if names else f"{ACCOUNT}automations: []\n"


def create(office: Office, name: str, budget: str = "100") -> Any:
    return office.do(
        "automations.create", name=name, type="dca", account="paper", budget={"USD": budget}, config=CONFIG
    )


def imported(office: Office, text: str) -> Any:
    return office.do("automations.import", files=[{"name": "run.yaml", "text": text}])


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Do something in as many threads, begun together; return what came of each, or what it raised."""
    barrier = Barrier(count)

    def one(number: int) -> Any:
        barrier.wait(timeout=60)
        try:
            return act(number)
        except OctoBotError as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.fixture
def paper(office: Office) -> Office:
    imported(office, run_file("first"))
    office.bench.commands.stop(office.do("automations.show", automation="first").id)
    office.bench.settle()
    office.do("automations.delete", automation="first")
    return office


def given(office: Office) -> Decimal:
    rows = office.bench.rows(tables.postings)
    alive = {row.id for row in office.bench.rows(tables.automations)}
    return sum((row.amount for row in rows if row.kind == "budget" and row.automation_id in alive), Decimal(0))


@pytest.mark.parametrize(("budget", "created"), [("100", 1), ("30", 3)])
def test_of_eight_created_at_once_only_those_are_that_there_is_money_for(
    paper: Office, budget: str, created: int
) -> None:
    found = at_once(8, lambda number: create(paper, f"a{number}", budget))
    refused = [each for each in found if isinstance(each, OctoBotError)]
    assert (len(found) - len(refused), given(paper)) == (created, Decimal(budget) * created)
    assert {(type(each), getattr(each, "field", "")) for each in refused} == {(UsageError, "budget.USD")}


def test_of_eight_run_files_at_once_only_one_is_created(paper: Office) -> None:
    found = at_once(8, lambda number: imported(paper, run_file(f"a{number}")))
    refused = [each for each in found if isinstance(each, OctoBotError)]
    assert (len(refused), given(paper)) == (7, 100)
    for each in refused:
        assert isinstance(each, InvalidRunFile)
        assert "automations[0].budget.USD: " in str(each)
        assert OVER in str(each)


def test_what_is_found_in_the_transaction_names_the_field_as_what_is_found_before(
    paper: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(paper, "a")
    with pytest.raises(UsageError) as before:
        create(paper, "b")
    # As if the other one had come between the look and the transaction.
    monkeypatch.setattr(drafts, "_look_at_budget", lambda *_: None)
    with pytest.raises(UsageError) as inside:
        create(paper, "b")
    assert (str(inside.value), inside.value.field, inside.value.reason) == (f"budget.USD: {TEXT}", "budget.USD", TEXT)
    assert (str(before.value), before.value.field) == (str(inside.value), inside.value.field)


def test_the_command_itself_says_whose_budget_it_is(paper: Office) -> None:
    from octobot_node.engine.commands.commands import NewAutomation

    account = next(row.id for row in paper.bench.rows(tables.accounts) if row.name == "paper")
    many = [NewAutomation(name, "dca", account, {"USD": Decimal(100)}, CONFIG) for name in ("a", "b")]
    with pytest.raises(Overdrawn) as refused:
        paper.bench.commands.create_many(many)
    assert (str(refused.value), refused.value.index) == (f"automation 'b': budget.USD: {TEXT}", 1)
    assert given(paper) == 0
