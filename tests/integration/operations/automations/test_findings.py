"""What types find in configs: told where automations are made, edited and planned, and at their first tick."""

from __future__ import annotations

from typing import Any

import pytest

from octobot_node.errors import DataUnavailable, InvalidRunFile, UsageError
from octobot_node.store import tables
from tests.integration.operations.conftest import Office

ACCOUNT = """\
accounts:
  paper:
    market_data: {use: simulated, seed: 7}
    trading: {use: paper, fee: 0.001}
    balances: {USD: 10000}
"""
LOSES = "0.015 % above the average cost does not cover the fee of selling, 0.1 %: each sale loses"
TOLD = [("take_profit", "warning")]


def importing(office: Office, config: str, kind: str = "dca", name: str = "t", budget: str = "1000") -> Any:
    text = (
        f"{ACCOUNT}automations:\n  - name: {name}\n    type: {kind}\n    account: paper\n"
        f"    budget: {{USD: {budget}}}\n    config: {config}\n"
    )
    return office.do("automations.import", files=[{"name": "run.yaml", "text": text}])


def places(rows: Any) -> list[tuple[str, str]]:
    return [(each.field, each.severity) for each in rows]


def notices(office: Office) -> list[tuple[str, str]]:
    return [(row.level, row.message) for row in office.bench.rows(tables.notices, tables.notices.c.id)]


def test_a_take_profit_that_fees_eat_is_told_at_creation_and_once_as_a_notice(office: Office) -> None:
    made = importing(office, "{symbol: BTC/USD, amount: 100, every: 1h, take_profit: 0.015}")
    (finding,) = made.automations[0].findings
    assert (finding.field, finding.severity) == ("take_profit", "warning")
    assert finding.text.startswith(LOSES)
    office.bench.settle()
    ((level, message),) = notices(office)
    assert (level, message.startswith(f"take_profit: {LOSES}")) == ("warning", True)
    for _ in range(3):
        office.bench.advance(3_600_000)
        office.bench.settle()
    assert len(notices(office)) == 1


def reported(office: Office, name: str) -> list[tuple[str, str]]:
    report = office.do("automations.show", automation=name, include=["report"]).report
    assert report is not None
    return [(each.field, each.severity) for each in report.findings]


def test_the_report_has_what_is_found_in_the_config_of_now(office: Office) -> None:
    importing(office, "{symbol: BTC/USD, amount: 100, take_profit: 0.015}")
    office.bench.settle()
    assert reported(office, "t") == TOLD
    # Another name changes nothing in it, another config does, once a tick has seen it.
    office.do("automations.edit", automation="t", name="u")
    assert reported(office, "u") == TOLD
    office.do("automations.edit", automation="u", changes={"take_profit": "3"})
    office.bench.advance(1_000)
    office.bench.settle()
    assert reported(office, "u") == []
    office.do("automations.edit", automation="u", changes={"take_profit": "0.1"})
    office.bench.advance(1_000)
    office.bench.settle()
    assert reported(office, "u") == TOLD


def test_the_account_s_own_fee_counts(office: Office) -> None:
    dear = ACCOUNT.replace("fee: 0.001", "fee: 0.02")
    text = (
        f"{dear}automations:\n  - {{name: t, type: dca, account: paper, budget: {{USD: 1000}},"
        " config: {symbol: BTC/USD, amount: 100, take_profit: 1.5}}\n"
    )
    made = office.do("automations.import", files=[{"name": "run.yaml", "text": text}])
    assert places(made.automations[0].findings) == TOLD


def test_creating_editing_cloning_and_planning_tell_it_too(office: Office) -> None:
    importing(office, "{symbol: BTC/USD, amount: 100, take_profit: 3}")
    office.bench.settle()
    assert notices(office) == []
    edited = office.do("automations.edit", automation="t", changes={"take_profit": "0.1"})
    assert places(edited.findings) == TOLD
    assert places(office.do("automations.plan", automation="t", at_once=True).findings) == TOLD
    office.bench.advance(1_000)
    office.bench.settle()
    assert [level for level, _ in notices(office)] == ["warning"]
    # Of what is no edit of the config nothing is said again.
    renamed = office.do("automations.edit", automation="t", name="u")
    assert places(renamed.findings) == []
    cloned = office.do("automations.clone", automation="u", name="v", changes={"take_profit": "0.01"})
    assert places(cloned.automations[0].findings) == TOLD
    config = {"symbol": "BTC/USD", "amount": "100", "take_profit": "0.015"}
    created = office.do(
        "automations.create", name="w", type="dca", account="paper", budget={"USD": "1000"}, config=config
    )
    assert places(created.findings) == TOLD


GRID = "{symbol: BTC/USD, around: 20, levels: 21, spend: 100}"


def test_a_grid_that_cannot_be_paid_is_refused_and_nothing_is_made(office: Office) -> None:
    with pytest.raises(InvalidRunFile) as refused:
        importing(office, GRID, "grid", budget="50")
    assert str(refused.value).startswith("run.yaml, line 11: automations[0].config.spend: not one level can be paid: ")
    assert office.do("automations.list").automations == []
    assert [row.name for row in office.do("accounts.list").accounts] == ["main"]
    importing(office, GRID, "grid")
    new = {"type": "grid", "account": "paper", "budget": {"USD": "50"}}
    config = {"symbol": "BTC/USD", "around": "20", "levels": 21, "spend": "100"}
    with pytest.raises(UsageError, match=r"^config\.spend: not one level can be paid: ") as wrong:
        office.do("automations.create", name="small", config=config, **new)
    assert wrong.value.field == "config.spend"
    before = office.do("automations.show", automation="t")
    with pytest.raises(UsageError, match=r"^config: the gap between the levels "):
        office.do("automations.edit", automation="t", changes={"around": "0.05"})
    assert office.do("automations.show", automation="t").revision == before.revision


def test_a_market_that_does_not_answer_keeps_nobody_from_creating(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: Any) -> Any:
        raise DataUnavailable("the market does not answer")

    hub = office.bench.core.hub
    monkeypatch.setattr(hub, "snapshot", silent)
    made = importing(office, "{symbol: BTC/USD, amount: 100, take_profit: 0.015}")
    assert made.automations[0].findings == []
    monkeypatch.undo()
    office.bench.settle()
    # Its first tick tells it.
    assert [level for level, _ in notices(office)] == ["warning"]
