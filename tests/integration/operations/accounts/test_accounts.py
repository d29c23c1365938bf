"""Accounts: what they are made of, making them, changing them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from octobot_node import Decision, LimitOrder, Tick, Wake
from octobot_node.contracts.exchanges import TradingFactory
from octobot_node.engine.commands.commands import NewAccount
from octobot_node.errors import CommandRefused, UnknownName, UsageError
from octobot_node.operations.perform import perform_named
from octobot_node.store import automations
from octobot_node.store.tables import events
from tests.integration.operations.conftest import Office

PAPER = {
    "name": "paper",
    "market_data": {"use": "simulated", "seed": 7},
    "trading": {"use": "paper", "fee": "0.002"},
    "balances": {"USD": "1000.50"},
    "limits": {"max_order_notional": 500, "max_data_age": "30s"},
}


def buying(_tick: Tick[Any, Any]) -> Decision:
    orders = [LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90))]
    return Decision(orders=orders, wake=Wake(every=timedelta(hours=1), align=True))


def test_an_account_is_created_and_shown(office: Office) -> None:
    made = office.do("accounts.create", **PAPER)
    assert office.do("accounts.show", account="paper").model_dump() == made.model_dump(exclude={"unchecked"})
    plain = made.model_dump(mode="json")
    assert {name: plain[name] for name in ("owner", "name", "market_data", "trading", "simulated", "automations")} == {
        "owner": "local",
        "name": "paper",
        "market_data": "simulated",
        "trading": "paper",
        "simulated": True,
        "automations": 0,
    }
    assert made.market_data_settings == {"seed": 7}
    assert made.trading_settings == {"fee": "0.002", "balances": {"USD": "1000.50"}}
    assert made.limits == {"max_order_notional": "500", "max_data_age": "PT30S"}
    assert (made.capabilities.dedupe, made.capabilities.lookup, made.problem) == ("forever", "all", "")
    event = office.do("events.list", kind="account.").events[-1]
    assert (event.kind, event.automation, event.data["name"]) == ("account.created", "", "paper")
    # And it trades.
    spec = {"name": "dca", "type": "dca", "account": "paper", "budget": {"USD": 10}}
    spec["config"] = {"symbol": "BTC/USD", "amount": 1, "every": "1h"}
    office.do("automations.create", **spec)
    assert office.do("accounts.show", account="paper").funds == {"USD": Decimal(10)}


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"name": "main"}, CommandRefused, "an account is called 'main' already: choose another name"),
        ({"name": " "}, UsageError, "name: "),
        (
            {"market_data": {"use": "simulatd"}},
            UsageError,
            "market_data.use: there is no connector 'simulatd': .*simulated",
        ),
        ({"market_data": {"use": "simulated", "seed": "x"}}, UsageError, "market_data.seed: must be a whole number"),
        ({"market_data": {"use": "simulated", "sed": 1}}, UsageError, "market_data.sed: there is no field 'sed'.*seed"),
        ({"market_data": {"use": "replay"}}, UsageError, "market_data"),
        ({"trading": {"use": "paper", "fee": 2}}, UsageError, "trading.fee: must be less than 1, not 2"),
        ({"trading": {"use": "fake"}}, UsageError, "balances: fake is not paper trading"),
        ({"balances": {"USD": -1}}, UsageError, "balances.USD: must be greater than 0"),
        ({"limits": {"max_open_orders": 0}}, UsageError, "limits.max_open_orders: must be greater than or equal to 1"),
        ({"colour": 1}, UsageError, "colour: there is no field 'colour'"),
    ],
)
def test_an_account_that_cannot_be_is_refused_with_the_field(
    office: Office, change: dict[str, Any], error: type[Exception], said: str
) -> None:
    before = office.database()
    with pytest.raises(error, match=said):
        office.do("accounts.create", **(PAPER | change))
    assert office.database() == before


class Vault(BaseModel):
    key: SecretStr
    place: str = "here"


def test_secrets_of_an_account_are_not_told(office: Office) -> None:
    office.bench.registry.trading["vault"] = TradingFactory("vault", Vault, lambda *_: office.bench.trading)  # type: ignore[index]
    trading = {"use": "vault", "key": "s3cret", "place": "there"}
    made = office.do("accounts.create", name="live", market_data={"use": "fake"}, trading=trading)
    assert (made.trading_settings, made.secrets) == ({"place": "there"}, ["trading.key"])
    assert "s3cret" not in made.model_dump_json()
    assert "s3cret" not in office.do("events.list").model_dump_json()


def test_settings_of_a_connector_that_is_gone_are_not_told_and_not_called_secrets(office: Office) -> None:
    vault = TradingFactory("vault", Vault, lambda *_: office.bench.trading)
    office.bench.registry.trading["vault"] = vault  # type: ignore[index]
    trading = {"use": "vault", "key": "s3cret", "place": "there"}
    office.do("accounts.create", name="live", market_data={"use": "fake"}, trading=trading)
    del office.bench.registry.trading["vault"]  # type: ignore[attr-defined]
    office.bench.core.accounts._open.clear()
    shown = office.do("accounts.show", account="live")
    assert (shown.trading_settings, shown.secrets) == ({}, [])
    assert shown.problem.startswith("no plugin registers the trading connector 'vault'")


def test_what_keeps_an_account_from_being_opened_is_shown(office: Office) -> None:
    office.bench.commands.create_account(NewAccount("broken", "fake", "paper", {}, {"fee": "much"}))
    shown = office.do("accounts.show", account="broken")
    assert (shown.capabilities, shown.problem.startswith("account 'broken', trading: fee: ")) == (None, True)


def test_new_limits_of_an_account_hold_for_the_next_order(office: Office) -> None:
    office.bench.automation("a", buying)
    office.bench.settle()
    assert office.bench.statuses() == ["open"]
    edited = office.do("accounts.edit", account="main", limits={"max_order_notional": 50}, name="first")
    assert (edited.name, edited.limits) == ("first", {"max_order_notional": "50"})
    office.bench.advance(3_600_000)
    office.bench.settle()
    assert [(row.status, row.reason) for row in office.bench.intents()][1:] == [
        ("refused", "90 USDT is above the limit of 50 an order")
    ]
    assert office.bench.core.accounts.get(office.bench.account).name == "first"
    event = office.do("events.list", kind="account.edited").events[0]
    assert event.data == {
        "account": "main",
        "name": {"before": "main", "after": "first"},
        "limits": {"before": {}, "after": {"max_order_notional": "50"}},
    }
    office.do("accounts.edit", account="first", limits={})
    assert office.do("accounts.show", account="first").limits == {}


def test_limits_that_another_node_changed_hold_though_the_account_is_open_here(office: Office) -> None:
    office.bench.automation("a", buying)
    office.bench.core.accounts.get(office.bench.account)
    with office.bench.core.storage.write() as connection:
        automations.update_account(connection, office.bench.account, {"limits": {"max_orders_per_minute": 1}})
    office.bench.settle()
    office.do("automations.run_now", automation="a")
    office.bench.advance(1_000)
    office.bench.tick()
    office.bench.send()
    assert office.bench.statuses() == ["open", "planned"]
    assert office.bench.intents()[1].reason == "1 orders in the last minute; the limit is 1"


def test_an_edit_of_an_account_that_cannot_be_changes_nothing(office: Office) -> None:
    office.bench.commands.create_account(NewAccount("other", "fake", "fake", {}, {}))
    before = office.database()
    for arguments, error, said in (
        ({}, UsageError, "an edit changes nothing: give a name, limits or an egress"),
        ({"name": "other"}, CommandRefused, "an account is called 'other' already"),
        ({"limits": {"price_collar": -1}}, UsageError, "limits.price_collar: must be greater than 0"),
    ):
        with pytest.raises(error, match=said):
            office.do("accounts.edit", account="main", **arguments)
    assert office.database() == before


def test_an_account_is_deleted_once_no_automation_is_on_it(office: Office) -> None:
    found = office.bench.automation("a", buying)
    with pytest.raises(CommandRefused, match="1 automations are on 'main': delete them first"):
        office.do("accounts.delete", account="main")
    office.do("automations.stop", automation=found)
    office.bench.run(2_000)
    office.do("automations.delete", automation=found)
    gone = office.do("accounts.delete", account="main")
    assert (gone.id, gone.name) == (office.bench.account, "main")
    with pytest.raises(UnknownName, match="there is no account 'main'"):
        office.do("accounts.show", account="main")
    assert office.do("events.list", limit=1).events[0].kind == "account.deleted"


def test_exchanges_are_listed_with_what_they_guarantee(office: Office) -> None:
    exchanges = {row.name: row for row in office.do("exchanges.list").exchanges}
    assert set(exchanges) >= {"paper", "fake"}
    paper = exchanges["paper"]
    assert (paper.simulated, paper.plugin, paper.accounts) == (True, "octobot_plugins.paper", 0)
    assert (paper.capabilities.dedupe, paper.capabilities.lookup_seconds) == ("forever", None)
    assert "fee" in paper.settings["properties"]
    assert (exchanges["fake"].capabilities, exchanges["fake"].accounts) == (None, 1)
    # Those that one connector reaches, each with what it guarantees by itself.
    offers = {row.name: row for row in exchanges["ccxt"].offers}
    assert len(offers) == 12
    assert (offers["binance"].settings, offers["binance"].market_data) == (
        {"exchange": "binance"},
        {"use": "ccxt", "exchange": "binance"},
    )
    assert (offers["binance"].capabilities.exact, offers["htx"].capabilities.exact) == (True, False)
    assert (offers["okx"].needs, offers["kraken"].needs) == (["password"], [])
    assert all(each.title and each.vouched for each in offers.values())
    bobs: Any = perform_named(office.context(owner="bob"), "exchanges.list", {})
    assert {row.accounts for row in bobs.exchanges} == {0}


def test_an_account_has_the_routes_that_it_is_given_and_an_edit_gives_it_others(
    open_office: Callable[..., Office],
) -> None:
    office = open_office(egress_routes=("vps=socks5://me:s3cret@192.0.2.1:1080",))
    halves = {"market_data": {"use": "fake"}, "trading": {"use": "fake"}}
    made = office.do("accounts.create", name="one", egress="vps", **halves)
    assert (made.egress, made.market_data_egress, made.egress_problem) == ("vps", "vps", "")
    assert office.do("accounts.create", name="two", **halves).egress == "direct"
    apart = office.do("accounts.create", name="three", egress="vps", market_data_egress="direct", **halves)
    assert (apart.egress, apart.market_data_egress, apart.source) == ("vps", "direct", "fake")
    # Prices go as orders do, unless they were given a way of their own.
    for name, prices in (("one", "tor"), ("three", "direct")):
        edited = office.do("accounts.edit", account=name, egress="tor")
        assert (edited.egress, edited.market_data_egress) == ("tor", prices)
    assert office.do("accounts.edit", account="three", market_data_egress="vps").market_data_egress == "vps"
    told = [json.loads(row.data) for row in office.bench.rows(events) if row.kind == "account.edited"]
    assert told[0]["egress"] == {"before": "vps", "after": "tor"}


def test_a_route_that_is_not_there_or_not_allowed_is_refused_at_its_field(open_office: Callable[..., Office]) -> None:
    office = open_office(exchange_traffic="tor")
    halves = {"market_data": {"use": "fake"}, "trading": {"use": "fake"}}
    office.do("accounts.create", name="one", **halves)
    before = office.database()
    for name, given, said in (
        ("accounts.create", {"name": "two", "egress": "vps", **halves}, "egress: there is no route 'vps' on this node"),
        ("accounts.create", {"name": "two", "egress": "direct", **halves}, "egress: exchange traffic may only go"),
        ("accounts.edit", {"account": "one", "egress": "direct"}, "egress: exchange traffic may only go through tor"),
        ("accounts.edit", {"account": "one", "market_data_egress": "vps"}, "market_data_egress: there is no route"),
        ("accounts.edit", {"account": "one", "egress": "Not A Route"}, "egress"),
    ):
        with pytest.raises(UsageError, match=said) as refused:
            office.do(name, **given)
        assert refused.value.field in ("egress", "market_data_egress")
    assert office.database() == before


def test_an_edit_of_a_route_moves_the_automations_to_its_prices(office: Office) -> None:
    account = office.do("accounts.create", name="one", market_data={"use": "fake"}, trading={"use": "fake"})
    wakes = Decision(wake=Wake(above={"BTC/USDT": Decimal(200)}))
    automation = office.bench.automation("who", lambda _tick: wakes, account=account.id)
    office.bench.tick()
    office.bench.crossed()
    assert office.bench.row(automation).source == "fake"
    source = office.do("accounts.edit", account="one", egress="tor").source
    office.bench.crossed()
    assert (source != "fake", office.bench.row(automation).source) == (True, source)
    assert set(office.bench.core.hub.levels.watched()) == {source}


def test_routes_are_listed_with_who_leaves_by_them_and_no_secret(open_office: Callable[..., Office]) -> None:
    office = open_office(egress_routes=("vps=socks5://me:s3cret@192.0.2.1:1080",), exchange_traffic="tor")
    office.do("accounts.create", name="one", market_data={"use": "fake"}, trading={"use": "fake"})
    office.bench.commands.create_account(NewAccount("two", "fake", "fake", {}, {}, egress="lost"))
    page = office.do("egress.list")
    assert [(row.name, row.kind, row.status, row.exchange_traffic, row.accounts) for row in page.routes] == [
        ("direct", "direct", "unknown", False, 0),
        ("lost", "", "down", False, 1),
        ("tor", "tor", "unknown", True, 2),
        ("vps", "socks5", "unknown", False, 0),
    ]
    assert "s3cret" not in page.model_dump_json() + str(office.do("settings.list"))
