"""Testing an account's connection, and giving it other keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, Field, SecretStr

from octobot_node import Decision, LimitOrder, Tick, Wake
from octobot_node.contracts.exchanges import ConnectorContext, KeyFinding, MarketDataFactory, TradingFactory
from octobot_node.contracts.wrapping import WrappedTrading
from octobot_node.engine.commands.commands import NewAccount
from octobot_node.errors import CommandRefused, Conflict, InvalidSettings, NotSent, OrderRefused, UsageError
from octobot_node.sealing.sealing import is_sealed
from octobot_node.store import tables
from octobot_node.testing import FakeExchange
from tests.integration.operations.conftest import Office

DAILY = Wake(every=timedelta(days=1))
OLD = {"use": "vault", "key": "old-key-1", "secret": "old-secret-1", "place": "there"}


class Vault(BaseModel):
    key: SecretStr
    secret: SecretStr = Field(min_length=8)
    place: str = "here"


class Exchanges:
    """Each key is of an account of its own; another key of the same account is said to be so."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.by_key: dict[str, Any] = {"old-key-1": office.bench.trading}
        self.opened: list[str] = []

    def open(self, settings: Vault, _account: str, _context: ConnectorContext) -> Any:
        key = settings.key.get_secret_value()
        self.opened.append(key)
        if key not in self.by_key:
            fresh = FakeExchange(self.office.bench.clock).trading
            fresh.faults["balances"] = OrderRefused(f"invalid key {key} with {settings.secret.get_secret_value()}")
            return fresh
        return self.by_key[key]


@pytest.fixture
def exchanges(office: Office) -> Exchanges:
    found = Exchanges(office)
    office.bench.registry.trading["vault"] = TradingFactory("vault", Vault, found.open)  # type: ignore[index]
    office.do("accounts.create", name="live", market_data={"use": "fake"}, trading=OLD)
    return found


def resting(_tick: Tick[Any, Any]) -> Decision:
    return Decision(orders=[LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90))], wake=DAILY)


def test_a_connection_that_works_says_what_was_answered(office: Office) -> None:
    office.bench.trading.held = {"USDT": Decimal(5)}
    found = office.do("accounts.check", account="main")
    assert found.ok
    assert [(step.what, step.ok, step.detail) for step in found.steps] == [
        ("market_data", True, f"{len(office.bench.market.prices)} symbols"),
        ("balances", True, "1 asset"),
        ("open_orders", True, "0 orders rest"),
    ]
    assert office.do("accounts.show", account="main").last_contact is not None


def test_orders_that_nobody_decided_here_are_shown_and_left_alone(office: Office) -> None:
    office.bench.automation("a", resting)
    office.bench.settle()
    [ours] = office.bench.trading.requests
    other = replace(ours, client_order_id="by-hand", price=Decimal("80.5"))
    theirs = office.bench.trading.accept(other)
    checked = office.do("accounts.check", account="main")
    assert [(each.id, each.side, each.amount, each.price) for each in checked.strangers] == [
        (theirs.id, "buy", 1, Decimal("80.5"))
    ]
    assert (checked.ok, checked.steps[2].detail) == (True, "2 orders rest")
    office.bench.settle()
    assert office.bench.trading.cancels == []


def test_a_connection_that_does_not_work_says_why_and_no_secret(office: Office, exchanges: Exchanges) -> None:
    office.bench.trading.faults |= {
        "balances": OrderRefused("the key old-key-1 may not"),
        "open_orders": NotSent("connection refused"),
    }
    found = office.do("accounts.check", account="live")
    assert [(step.ok, step.detail) for step in found.steps][1:] == [
        (False, "the key ********** may not"),
        (False, "connection refused"),
    ]
    assert not found.ok
    assert "give others" in found.steps[1].cure
    assert "reachable" in found.steps[2].cure


class Rights(WrappedTrading):
    """An exchange that tells what keys may."""

    found: Sequence[KeyFinding] = ()

    async def check_keys(self) -> Sequence[KeyFinding]:
        return self.found


def test_what_the_keys_may_is_said_where_the_connector_can_say_it(office: Office, exchanges: Exchanges) -> None:
    told = Rights(office.bench.trading)
    exchanges.by_key["old-key-1"] = told
    told.found = [
        KeyFinding("permissions", False, "the key old-key-1 may withdraw", "make one that may not"),
        KeyFinding("clock", True, "0.004 s apart"),
    ]
    office.do("accounts.create", name="telling", market_data={"use": "fake"}, trading=OLD, check=False)
    found = office.do("accounts.check", account="telling")
    assert [(step.what, step.ok, step.detail, step.cure) for step in found.steps[3:]] == [
        ("permissions", False, "the key ********** may withdraw", "make one that may not"),
        ("clock", True, "0.004 s apart", ""),
    ]
    assert not found.ok
    # Such keys are not taken for others either, unless that is forced.
    exchanges.by_key["new-key-2"] = told
    keys = {"key": "new-key-2", "secret": "new-secret-2"}
    with pytest.raises(CommandRefused, match=r"permissions: .* may withdraw: make one that may not"):
        office.do("accounts.rotate_keys", account="telling", trading=keys)
    office.do("accounts.rotate_keys", account="telling", trading=keys, check=False)


def test_an_account_that_cannot_be_opened_says_so(office: Office) -> None:
    office.bench.commands.create_account(NewAccount("broken", "fake", "paper", {}, {"fee": "much"}))
    (step,) = office.do("accounts.check", account="broken").steps
    assert (step.what, step.ok, step.detail.startswith("account 'broken', trading: fee: ")) == ("open", False, True)


def test_other_keys_take_the_place_of_the_old_ones(office: Office, exchanges: Exchanges) -> None:
    account = office.do("accounts.show", account="live")
    office.bench.automation("a", resting, account=account.id)
    office.bench.settle()
    before = office.bench.core.accounts.get(account.id)
    # The same account at the exchange: its orders are there with the new keys, too.
    exchanges.by_key["new-key-2"] = exchanges.by_key["old-key-1"]
    keys = {"key": "new-key-2", "secret": "new-secret-2"}
    rotated = office.do("accounts.rotate_keys", account="live", trading=keys, revision=account.revision)
    assert (rotated.trading_settings, rotated.secrets) == ({"place": "there"}, ["trading.key", "trading.secret"])
    assert (rotated.id, rotated.automations, rotated.open_orders) == (account.id, 1, 1)
    assert rotated.revision == account.revision + 1
    assert office.bench.core.accounts.get(account.id) is not before
    # Opened for the account, to try the new ones, and with them.
    assert exchanges.opened == ["old-key-1", "new-key-2", "new-key-2"]
    event = office.do("events.list", kind="account.keys_rotated").events[0]
    assert event.data == {"account": "live", "fields": ["trading.key", "trading.secret"]}
    told = [office.do(name).model_dump_json() for name in ("audit.list", "events.list", "accounts.list")]
    told.append(rotated.model_dump_json())
    assert [
        word for word in ("new-key-2", "new-secret-2", "old-key-1", "old-secret") for text in told if word in text
    ] == []
    with pytest.raises(Conflict):
        office.do("accounts.rotate_keys", account="live", trading=keys, revision=account.revision)


def test_one_secret_of_several_can_be_replaced(office: Office, exchanges: Exchanges) -> None:
    office.do("accounts.rotate_keys", account="live", trading={"secret": "new-secret-2"})
    (row,) = [row for row in office.bench.rows(tables.accounts) if row.name == "live"]
    assert row.trading_settings["place"] == "there"
    assert {name: is_sealed(row.trading_settings[name]) for name in ("key", "secret")} == {"key": True, "secret": True}
    opened = office.bench.core.accounts.settings_of(row)["trading"]
    assert opened == {"key": "old-key-1", "secret": "new-secret-2", "place": "there"}


@pytest.mark.parametrize(
    ("trading", "error", "said"),
    [
        ({"place": "x"}, UsageError, "trading.place: is no secret of vault: there are key, secret; what is not secret"),
        ({"kye": "x"}, UsageError, "trading.kye: is no secret of vault: did you mean 'key'"),
        ({"secret": "sh0rt"}, UsageError, "trading.secret: "),
        ({}, UsageError, "no key is given: give those of trading, of market_data, or of both"),
        (
            {"key": "new-key-2", "secret": "new-secret-2"},
            CommandRefused,
            r"did not tell its balances: invalid key \*+ with \*+: mend the keys at the exchange",
        ),
        ({"key": "stranger"}, CommandRefused, "they are of another account: none of the 1 orders that rest here"),
    ],
)
def test_keys_that_cannot_be_are_refused_and_change_nothing(
    office: Office, exchanges: Exchanges, trading: dict[str, str], error: type[Exception], said: str
) -> None:
    exchanges.by_key["stranger"] = FakeExchange(office.bench.clock).trading
    office.bench.automation("a", resting, account=office.do("accounts.show", account="live").id)
    office.bench.settle()
    before = office.database()
    with pytest.raises(error, match=said) as caught:
        office.do("accounts.rotate_keys", account="live", trading=trading)
    assert office.database() == before
    assert "sh0rt" not in str(caught.value)


def test_keys_are_replaced_unchecked_where_somebody_says_so(office: Office, exchanges: Exchanges) -> None:
    keys = {"key": "new-key-2", "secret": "new-secret-2"}
    assert office.do("accounts.rotate_keys", account="live", trading=keys, check=False).problem == ""


def test_an_account_without_secrets_has_none_to_replace(office: Office) -> None:
    with pytest.raises(CommandRefused, match="'main' trades with fake, which has no secrets: there is none to replace"):
        office.do("accounts.rotate_keys", account="main", trading={"key": "x"})


def test_another_node_hears_of_other_keys_and_opens_the_account_anew(office: Office, exchanges: Exchanges) -> None:
    accounts, account = office.bench.core.accounts, office.do("accounts.show", account="live").id
    before = accounts.get(account)
    with office.bench.core.storage.write() as connection:
        from octobot_node.store import automations

        settings = {"key": "new-key-2", "secret": "new-secret-2"}
        automations.update_account(connection, account, {"trading_settings": settings})
    accounts.doubt_all()
    assert accounts.renew_doubted()
    assert accounts.get(account).trading is not before.trading
    # What is under way on the old connector ends there: it is closed later.
    office.bench.event_loop.call(accounts.close_replaced())
    assert [each for _, each in accounts._replaced] == [before.trading]


class Feed(BaseModel):
    token: SecretStr
    place: str = "here"


class Feeds:
    """Prices for whoever brings the right token."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.opened: list[str] = []

    def open(self, settings: Feed, _context: ConnectorContext) -> Any:
        token = settings.token.get_secret_value()
        self.opened.append(token)
        if token.startswith("wrong"):
            raise InvalidSettings(f"invalid token {token}")
        return self.office.bench.market


def test_keys_of_market_data_are_replaced_and_what_looks_at_it_looks_at_the_new_one(office: Office) -> None:
    feeds = Feeds(office)
    office.bench.registry.market_data["feed"] = MarketDataFactory("feed", Feed, feeds.open)  # type: ignore[index]
    feed = {"use": "feed", "token": "old-token-1"}
    account = office.do("accounts.create", name="fed", market_data=feed, trading={"use": "fake"})
    made = office.bench.automation("a", lambda _tick: Decision(wake=DAILY), account=account.id)
    office.bench.settle()
    before = office.bench.row(made).source
    rotated = office.do("accounts.rotate_keys", account="fed", market_data={"token": "new-token-2"})
    assert (rotated.secrets, rotated.revision) == (["market_data.token"], account.revision + 1)
    assert office.bench.row(made).source != before
    office.bench.advance(86_400_000)
    office.bench.settle()
    assert (office.bench.row(made).tick, office.bench.row(made).status) == (2, "active")
    assert feeds.opened == ["old-token-1", "new-token-2", "new-token-2"]
    event = office.do("events.list", kind="account.keys_rotated").events[0]
    assert event.data == {"account": "fed", "fields": ["market_data.token"]}
    told = [office.do(name).model_dump_json() for name in ("audit.list", "events.list", "accounts.list")]
    assert [word for word in ("new-token-2", "old-token-1") for text in told if word in text] == []
    (row,) = [row for row in office.bench.rows(tables.accounts) if row.name == "fed"]
    assert is_sealed(row.market_data_settings["token"])


def test_keys_of_market_data_that_give_no_prices_are_not_taken(office: Office) -> None:
    feeds = Feeds(office)
    office.bench.registry.market_data["feed"] = MarketDataFactory("feed", Feed, feeds.open)  # type: ignore[index]
    office.do(
        "accounts.create", name="fed", market_data={"use": "feed", "token": "old-token-1"}, trading={"use": "fake"}
    )
    with pytest.raises(CommandRefused, match=r"the market data does not open with them: invalid token \*+") as refused:
        office.do("accounts.rotate_keys", account="fed", market_data={"token": "wrong-token-3"})
    assert "wrong-token-3" not in str(refused.value)
    with pytest.raises(UsageError, match=r"market_data\.place: is no secret of feed"):
        office.do("accounts.rotate_keys", account="fed", market_data={"place": "there"})
    with pytest.raises(UsageError, match="no key is given"):
        office.do("accounts.rotate_keys", account="fed")
    with pytest.raises(CommandRefused, match="'fed' trades with fake, which has no secrets"):
        office.do("accounts.rotate_keys", account="fed", trading={"key": "x"})
    (row,) = [row for row in office.bench.rows(tables.accounts) if row.name == "fed"]
    assert office.bench.core.accounts.settings_of(row)["market_data"] == {"token": "old-token-1"}


def created(office: Office, **given: Any) -> Any:
    spec = {"market_data": {"use": "fake"}, "trading": {"use": "fake"}}
    return office.do("accounts.create", name="new", **spec, **given)


def test_an_account_whose_keys_are_well_is_created_as_it_was_asked_for(office: Office) -> None:
    made = created(office)
    assert (made.mode, made.unchecked) == ("live", "")
    office.do("accounts.delete", account="new")
    assert created(office, mode="observe").mode == "observe"


def test_one_whose_exchange_says_no_to_the_keys_is_not_created(office: Office) -> None:
    office.bench.trading.faults["balances"] = OrderRefused("invalid key")
    with pytest.raises(CommandRefused, match=r"is not created: .* balances is not well: invalid key: .*`--unchecked`"):
        created(office)
    assert [row.name for row in office.do("accounts.list").accounts] == ["main"]
    assert created(office, check=False).mode == "live"


def test_one_whose_exchange_does_not_answer_is_kept_and_observes(office: Office) -> None:
    office.bench.trading.faults["balances"] = NotSent("no connection")
    made = created(office)
    assert (made.mode, made.unchecked.partition(": see")[0]) == ("observe", "balances: no connection")
    assert office.do("accounts.show", account="new").mode == "observe"
