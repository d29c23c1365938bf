"""An operation context narrowed to one owner neither sees nor touches what is another's, whatever the operation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from octobot_node import Decision, LimitOrder, Tick, Wake
from octobot_node.engine.commands.commands import NewAccount
from octobot_node.errors import CommandRefused, UnknownName, UsageError
from octobot_node.operations.catalogue import OPERATIONS
from octobot_node.operations.perform import perform_named
from octobot_node.plugin_system.registry import Registry
from tests.integration.engine.conftest import opened_benches
from tests.integration.operations.conftest import Office

#: What alice's are called, where bob has none of that name.
NAMES = {"automation": "hers", "account": "purse", "name": "her-key"}
ACCOUNT = {"market_data": {"use": "simulated"}, "trading": {"use": "paper"}}
NEW = {"name": "new", "type": "scripted", "account": "purse", "config": {"who": "hers"}}
RUN_FILE = [{"name": "run.json", "text": json.dumps({"automations": [NEW]})}]

#: Operations that are about one thing: with alice's, by name or id, bob is told that there is none.
REFUSED: dict[str, list[dict[str, Any]]] = {
    "automations.show": [{"automation": "*"}],
    "automations.create": [NEW],
    "automations.import": [{"files": RUN_FILE}],
    "automations.edit": [{"automation": "*", "changes": {"candles": 1}}, {"automation": "*", "name": "his"}],
    "automations.pause": [{"automation": "*"}],
    "automations.resume": [{"automation": "*"}],
    "automations.stop": [{"automation": "*"}, {"automation": "*", "close": True}],
    "automations.run_now": [{"automation": "*"}],
    "automations.delete": [{"automation": "*"}],
    "automations.clone": [{"automation": "*", "name": "copy"}, {"automation": "his", "name": "copy", "account": "*"}],
    "automations.export": [{"automations": ["*"]}],
    "automations.plan": [{"automation": "*"}],
    "configs.list": [{"automation": "*"}],
    "configs.show": [{"automation": "*", "number": 1}],
    "configs.restore": [{"automation": "*", "number": 1}],
    "types.plan": [{"type": "scripted", "account": "purse", "config": {"who": "hers"}}],
    "automations.log": [{"automation": "*"}],
    "automations.list": [{"account": "*"}],
    "automations.bulk": [{"command": "pause", "account": "*"}],
    "events.list": [{"automation": "*"}],
    "orders.list": [{"automation": "*"}],
    "orders.show": [{"order": "*"}],
    "orders.adopt": [{"order": "*", "exchange_order_id": "x1"}],
    "orders.declare_not_sent": [{"order": "*"}],
    "kill_switch.throw": [{"scope": "automation", "target": "*", "reason": "mine"}],
    "kill_switch.show": [{"id": "*"}],
    "kill_switch.release": [{"id": "*"}],
    "signals.send": [{"automation": "*", "payload": 1}],
    "signals.list": [{"automation": "*"}],
    "budgets.plan": [{"automation": "*"}],
    "budgets.change": [{"automation": "*", "take": {"USDT": "1"}}],
    "shadows.show": [{"automation": "*"}],
    "shadows.add": [{"automation": "*"}],
    "shadows.remove": [{"automation": "*"}],
    "fills.list": [{"automation": "*"}, {"account": "*"}, {"order": "*"}],
    "ledger.list": [{"automation": "*"}],
    "ledger.balances": [{"automation": "*"}, {"account": "*"}],
    "equity.series": [{"automation": "*"}],
    "equity.course": [{"automation": "*"}],
    "equity.total": [{"account": "*"}],
    "exports.page": [{"what": "fills", "automation": "*"}, {"what": "tax", "account": "*"}],
    "automations.ticks": [{"automation": "*"}],
    "totals.show": [{"account": "*"}],
    "results.show": [{"account": "*"}],
    "accounts.show": [{"account": "*"}],
    "accounts.edit": [{"account": "*", "name": "his"}],
    "accounts.money": [{"account": "*"}],
    "accounts.check": [{"account": "*"}],
    "accounts.observe": [{"account": "*"}],
    "accounts.plan_go_live": [{"account": "*"}],
    "accounts.go_live": [{"account": "*"}],
    "accounts.rotate_keys": [{"account": "*", "trading": {"key": "his"}}],
    "accounts.delete": [{"account": "*"}],
    "secrets.rotate": [{"name": "*", "value": "his"}],
    "secrets.remove": [{"name": "*"}],
    "markets.symbols": [{"account": "*"}],
    "markets.ticker": [{"account": "*", "symbol": "BTC/USDT"}],
    "markets.candles": [{"account": "*", "symbol": "BTC/USDT"}],
}
#: Operations that tell of many things: nothing of alice's is among them.
SEEN: dict[str, list[dict[str, Any]]] = {
    "automations.list": [{}],
    "automations.bulk": [{"command": command, "everything": True} for command in ("pause", "stop_close", "delete")],
    "automations.export": [{}],
    "events.list": [{}, {"after": 0}, {"before": 10_000}],
    "orders.list": [{}, {"status": "live"}],
    "kill_switch.list": [{}, {"in_force": True}],
    "fills.list": [{}, {"symbol": "BTC/USDT"}],
    "ledger.balances": [{}],
    "equity.total": [{}],
    "equity.sparklines": [{"ids": ["hers"]}],
    "exports.page": [{"what": what} for what in ("fills", "ledger", "orders", "tax")],
    "totals.show": [{"by": ["owner", "account", "type", "status", "paper"]}, {}],
    "attention.show": [{}],
    "results.show": [{}],
    "accounts.list": [{}],
    "accounts.create": [{"name": "purse", **ACCOUNT}],
    "secrets.list": [{}],
    "secrets.set": [{"name": "his-key", "value": "his"}],
    "exchanges.list": [{}],
    "markets.sources": [{}],
    "node.status": [{}],
    "audit.list": [{}],
    "audit.own": [{"owner": "alice", "user": "alice"}],
}
#: The node itself, which is nobody's: what may look at it or change it is for whoever asks to decide.
OF_THE_NODE = {
    "packages.list",
    *("plugins.list", "settings.list", "nodes.list", "nodes.drain", "node.doctor", "types.list", "types.show"),
    "audit.verify",
    *("lag.show", "preferences.show", "preferences.change"),
    "egress.list",
    *("secrets.rotate_key", "secrets.start_anew"),
}


def resting(tick: Tick[Any, Any]) -> Decision:
    order = LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90))
    return Decision(orders=[] if tick.number else [order, order], wake=Wake(every=timedelta(hours=1), align=True))


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def left_alone(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, template: Path, registry: Registry
) -> Iterator[Office]:
    """An office for tests that change nothing in it: to make one takes longer than what they ask it."""
    with opened_benches(request, tmp_path_factory.mktemp("owners"), template, registry) as make:
        yield Office(make())


@pytest.fixture(scope="module")
def ids_there(left_alone: Office) -> dict[str, str]:
    return populated(left_alone)


@pytest.fixture
def ids(office: Office) -> dict[str, str]:
    return populated(office)


def populated(office: Office) -> dict[str, str]:
    """Give alice an account, an automation, orders, a fill and a signal, and bob an automation on one of his."""
    hers = office.bench.commands.create_account(NewAccount("purse", "fake", "fake", {}, {}, owner="alice"))
    his = office.bench.commands.create_account(NewAccount("pocket", "fake", "fake", {}, {}, owner="bob"))
    automation = office.bench.automation("hers", resting, account=hers, owner="alice")
    office.bench.automation("his", lambda _: Decision(), account=his, owner="bob")
    office.bench.settle()
    orders = [row.exchange_order_id for row in office.bench.intents()]
    office.bench.trading.fill(orders[0])
    office.bench.event_loop.call(office.bench.watcher.watch(hers))
    office.do("signals.send", automation=automation, payload="secret plan")
    thrown = {"scope": "automation", "target": automation, "reason": "hers"}
    switch: Any = perform_named(office.context(owner="alice"), "kill_switch.throw", thrown)
    perform_named(office.context(owner="alice"), "secrets.set", {"name": "her-key", "value": "hers alone"})
    found = {"automation": automation, "account": hers, "order": office.bench.intents()[1].id, "name": "her-key"}
    return {**found, "target": automation, "id": switch.switch.id}


def test_every_operation_is_held_to_owners_or_is_the_node_s() -> None:
    assert set(REFUSED) | set(SEEN) | OF_THE_NODE == set(OPERATIONS)
    assert OF_THE_NODE.isdisjoint({*REFUSED, *SEEN})


def filled_in(arguments: dict[str, Any], ids: dict[str, str], *, by_name: bool) -> dict[str, Any]:
    """Return arguments with each "*" as the id, or the name, of what is alice's."""
    found: dict[str, Any] = {}
    for field, value in arguments.items():
        kind = field.removesuffix("s")
        known = NAMES if by_name and kind in NAMES else ids
        found[field] = known[kind] if value == "*" else [known[kind]] if value == ["*"] else value
    return found


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_another_s_is_unknown(left_alone: Office, ids_there: dict[str, str], name: str) -> None:
    context = left_alone.context(owner="bob")
    before = left_alone.database()
    for arguments in REFUSED[name]:
        for by_name in (True, False):
            given = filled_in(arguments, ids_there, by_name=by_name)
            # A run file that names another's account is mistaken in that line.
            with pytest.raises(
                UsageError if name in {"automations.create", "automations.import", "types.plan"} else UnknownName,
                match="no ",
            ):
                perform_named(context, name, given)
    assert left_alone.database() == before


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_one_s_own_is_known(office: Office, ids: dict[str, str], name: str) -> None:
    """Whoever owns it is not told that there is none: the refusals above are about owners, not about the arguments."""
    context = office.context(owner="alice")
    for arguments in REFUSED[name]:
        if arguments.get("automation") == "his":
            continue
        # What the status of her automation or order refuses is about no owner; UnknownName is none of it.
        with suppress(CommandRefused):
            perform_named(context, name, filled_in(arguments, ids, by_name=False))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SEEN))
def test_nothing_of_another_s_is_among_what_is_told(office: Office, ids: dict[str, str], name: str) -> None:
    # What is made is called as hers, or says who gave the command, which is alice everywhere here.
    told_anyway = {"accounts.create": {"purse"}, "secrets.set": {"alice"}}
    traces = {*NAMES.values(), *ids.values(), "alice", "secret plan"} - told_anyway.get(name, set())
    for arguments in SEEN[name]:
        told = perform_named(office.context(owner="bob"), name, arguments).model_dump_json()
        assert [trace for trace in traces if f'"{trace}"' in told or f" {trace}\\n" in told] == [], told


#: Sums and counts, which name nobody.
NAMELESS = {"exchanges.list", "node.status", "attention.show", "results.show", "equity.total", "equity.sparklines"}


@pytest.mark.parametrize("name", sorted({*SEEN} - NAMELESS - {"accounts.create", "secrets.set"}))
def test_a_desk_that_is_not_narrowed_tells_of_everybody_s(
    left_alone: Office, ids_there: dict[str, str], name: str
) -> None:
    """There was something to hide."""
    arguments = SEEN[name][0] | ({"dry_run": True} if name == "automations.bulk" else {})
    told = perform_named(left_alone.context(), name, arguments).model_dump_json()
    traces = {*NAMES.values(), *ids_there.values(), "alice"}
    assert [trace for trace in traces if f'"{trace}"' in told or f" {trace}\\n" in told] != []


def test_counts_are_of_one_s_own(left_alone: Office, ids_there: dict[str, str]) -> None:
    del ids_there
    status: Any = perform_named(left_alone.context(owner="bob"), "node.status", {})
    totals: Any = perform_named(left_alone.context(owner="bob"), "totals.show", {})
    assert (totals.automations, sum(row.automations for row in totals.rows)) == (1, 1)
    assert perform_named(left_alone.context(), "totals.show", {}).automations == 2  # type: ignore[attr-defined]
    assert (status.automations, status.open_orders, status.unknown_orders) == ({"active": 1}, 0, 0)
    exchanges: Any = perform_named(left_alone.context(owner="bob"), "exchanges.list", {})
    assert {row.name: row.accounts for row in exchanges.exchanges}["fake"] == 1
