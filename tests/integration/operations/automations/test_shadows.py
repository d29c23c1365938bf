"""A shadow as it is asked for and told: by operation, over HTTP, by command."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, MarketOrder, Tick, Wake
from octobot_node.errors import Conflict, InvalidRunFile, UnknownName
from octobot_node.market import from_ms
from octobot_node.operations.automations.models.shadows import ShadowMoney, ShadowQuote
from octobot_node.run_files.apply import go_on
from octobot_node.run_files.checks import check_automations
from octobot_node.run_files.run_file import read_run_files
from octobot_node.shadow_ids import shadow_of
from octobot_node.specs import AccountSpec
from tests.integration.operations.conftest import Office
from tests.support.views import SilentView

D = Decimal
BTC = "BTC/USDT"


def buying(tick: Tick[Any, Any]) -> Decision:
    order = MarketOrder(BTC, "buy", amount=D(1), tag="buy")
    wake = Wake(every=timedelta(hours=1), align=True)
    return Decision(orders=[order] if tick.scheduled_at else [], wake=wake)


@pytest.fixture
def shadowed(office: Office) -> Office:
    """One that bought once, live for 101 and on paper for 100.01, with a shadow since before that."""
    bench = office.bench
    bench.market.prices[BTC] = D(100)
    bench.automation("a", buying)
    office.do("shadows.add", automation="a")
    bench.tick()
    bench.trading.will(lambda request: _filled(bench.trading, request))
    bench.send()
    watch(office)
    return office


def _filled(trading: Any, request: Any) -> Any:
    order = trading.accept(request)
    trading.fill(order.id, price="101", fee="0.5")
    return trading.orders[-1]


def watch(office: Office) -> None:
    office.bench.settle()
    office.bench.event_loop.call(office.bench.watcher.watch(shadow_of(office.bench.account)))
    office.bench.settle()


def test_drift_is_told_as_figures_with_their_unit(shadowed: Office) -> None:
    found = shadowed.do("shadows.show", automation="a")
    assert (found.shadow, found.status, found.observing, found.left_out) == (True, "active", False, 0)
    assert found.began_at == found.compared_since == from_ms(shadowed.bench.clock.now())
    assert found.quotes == [
        ShadowQuote(
            asset="USDT", pairs=1, both=1, missed=0, missed_cost=D(0), live_only=0, waits=0, unknown=0, live_alone=0,
            paper_alone=0, slippage=D("0.99"), slippage_bps=D("98.9901"), fee=found.quotes[0].fee, fee_unknown=0,
            later_ms=0,
        )
    ]  # fmt: skip
    (pair,) = found.orders
    paper = sum((fee * (1 if asset == "USDT" else pair.paper.price) for asset, fee in pair.paper.fees.items()), D(0))
    assert found.quotes[0].fee == pair.fee == D("0.5") - paper
    assert (pair.outcome, pair.side, pair.tag, pair.slippage) == ("both", "buy", "buy", D("0.99"))
    (money,) = found.money
    assert isinstance(money, ShadowMoney)
    assert money.live_equity is not None
    assert money.paper_equity is not None
    assert money.pnl == money.live_equity - money.paper_equity < 0


def test_what_has_no_price_is_not_known(shadowed: Office) -> None:
    del shadowed.bench.market.prices[BTC]
    shadowed.bench.advance(120_000)
    (money,) = shadowed.do("shadows.show", automation="a").money
    assert (money.live_equity, money.paper_equity, money.pnl) == (None, None, None)


def test_so_many_pairs_are_listed_as_are_asked_for(shadowed: Office) -> None:
    for _ in range(2):
        shadowed.bench.advance(3_600_000)
        watch(shadowed)
    found = shadowed.do("shadows.show", automation="a", orders=1)
    assert (len(found.orders), found.left_out, found.quotes[0].pairs) == (1, 2, 3)


def test_it_is_begun_with_its_automation_and_taken_away(office: Office) -> None:
    bench = office.bench
    bench.market.prices[BTC] = D(100)
    bench.type.scripts["a"] = buying
    new = {"name": "a", "type": "scripted", "account": "main", "budget": {"USDT": "1000"}, "config": {"who": "a"}}
    made = office.do("automations.create", **new, shadow=True)
    assert office.do("automations.show", automation="a").shadow
    with pytest.raises(Conflict):
        office.do("shadows.remove", automation="a", revision=made.revision + 1)
    told = office.do("shadows.remove", automation="a", revision=made.revision)
    assert (told.automation, told.shadow) == ("a", False)
    watch(office)
    found = office.do("shadows.show", automation="a")
    assert (found.shadow, found.began_at, found.money, found.quotes, found.orders) == (False, None, [], [], [])
    assert not office.do("automations.show", automation="a").shadow
    kinds = [event.kind for event in office.do("events.list", kind="automation.").events]
    assert kinds == ["automation.created", "automation.shadow_began", "automation.shadow_ended"]


def test_a_shadow_is_found_by_nobody(shadowed: Office) -> None:
    original = shadowed.do("automations.show", automation="a").id
    with pytest.raises(UnknownName):
        shadowed.do("automations.show", automation=shadow_of(original))
    assert [row.name for row in shadowed.do("automations.list").automations] == ["a"]
    assert [row.name for row in shadowed.do("accounts.list").accounts] == ["main"]
    assert shadowed.do("node.status").automations == {"active": 1}
    assert len(shadowed.do("fills.list").fills) == 1
    totals = shadowed.do("totals.show")
    assert totals.automations == 1


def test_on_an_account_that_observes_paper_alone_trades(office: Office) -> None:
    office.do("accounts.observe", account="main")
    office.bench.market.prices[BTC] = D(100)
    office.bench.automation("a", buying)
    office.do("shadows.add", automation="a")
    watch(office)
    found = office.do("shadows.show", automation="a")
    assert (found.observing, found.quotes[0].missed, found.quotes[0].both) == (True, 1, 0)
    assert "only observes" in found.orders[0].live.reason
    assert office.bench.trading.requests == []


def has_shadow(office: Office, name: str) -> bool:
    found: bool = office.do("shadows.show", automation=name).shadow
    return found


def test_a_run_file_and_a_clone_may_ask_for_a_shadow_and_an_export_says_who_has_one(office: Office) -> None:
    office.bench.automation("a", buying)
    office.bench.automation("plain", buying)
    office.do("shadows.add", automation="a")
    text = office.do("automations.export", automations=["a", "plain"]).text
    assert [line.strip() for line in text.splitlines() if "shadow" in line] == ["shadow: true"]
    imported = text.replace("name: a", "name: again").replace("name: plain", "name: plainly")
    office.do("automations.import", files=[{"name": "all.yaml", "text": imported}])
    office.do("automations.clone", automation="plain", name="b", shadow=True)
    office.do("automations.clone", automation="a", name="c")
    assert [name for name in ("again", "plainly", "b", "c") if has_shadow(office, name)] == ["again", "b"]


def test_a_run_file_gives_one_that_is_there_its_shadow_and_takes_none_away(office: Office) -> None:
    office.bench.automation("a", buying)
    spec = AccountSpec.model_validate({"market_data": {"use": "fake"}, "trading": {"use": "fake"}})
    view = SilentView()
    for wanted in ("true", "true", "false"):
        text = (
            "automations: [{name: a, type: tests.scripted, account: main, budget: {USDT: 1000}, config: {who: a},"
            f" shadow: {wanted}}}]"
        )
        run_file = read_run_files([("a.yaml", text)], {"main": spec})
        configs = check_automations(run_file, office.bench.registry)
        go_on(office.bench.core, office.bench.commands, run_file, configs, view)
        assert has_shadow(office, "a")
    assert view.messages == ["a has a shadow from now on, as the file says"]


def test_a_shadow_of_what_is_on_paper_is_refused_with_its_line(office: Office) -> None:
    text = """\
accounts:
  play: {market_data: {use: simulated}, trading: {use: paper}, balances: {USD: 100}}
automations:
  - name: a
    type: dca
    account: play
    shadow: true
"""
    with pytest.raises(InvalidRunFile) as caught:
        office.do("automations.import", files=[{"name": "a.yaml", "text": text}])
    assert str(caught.value) == (
        "a.yaml, line 7: automations[0].shadow: its account 'play' fills orders by itself: a shadow shows how a real"
        " exchange differs from paper, so leave it out"
    )
