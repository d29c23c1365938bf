"""Markets as automations see them, and what automations can be."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from octobot_node.contracts.exchanges import MarketDataFactory
from octobot_node.errors import DataUnavailable, PluginError, UnknownName, UnknownType, UsageError
from octobot_node.operations.perform import perform_named
from tests.integration.operations.conftest import Office

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_ticker_is_the_hub_s_and_missing_ones_are_said_to_be(office: Office) -> None:
    found = office.do("markets.ticker", account="main", symbol="BTC/USDT")
    assert found.model_dump() == {
        "symbol": "BTC/USDT",
        "last": Decimal(100),
        "bid": Decimal("99.99"),
        "ask": Decimal("100.01"),
        "at": NOW,
        "as_of": NOW,
    }
    with pytest.raises(DataUnavailable, match="there is no price of NO/SUCH"):
        office.do("markets.ticker", account="main", symbol="NO/SUCH")
    with pytest.raises(UsageError, match="is not a valid symbol"):
        office.do("markets.ticker", account="main", symbol="BTC")
    with pytest.raises(UnknownName, match="there is no account 'other'"):
        office.do("markets.ticker", account="other", symbol="BTC/USDT")
    office.bench.market.fault = RuntimeError("on fire")
    office.bench.advance(1)
    with pytest.raises(DataUnavailable, match="fake failed: on fire"):
        office.do("markets.ticker", account="main", symbol="BTC/USDT")


def test_candles_are_closed_ones_and_those_that_automations_see(office: Office) -> None:
    found = office.do("markets.candles", account="main", symbol="BTC/USDT", timeframe="1h", count=3)
    start = int(NOW.timestamp() * 1000)
    assert found.candles == [(start - n * 3_600_000, 100.0, 100.0, 100.0, 100.0, 100.0) for n in (3, 2, 1)]
    assert (found.stale, found.as_of) == (False, NOW)
    with pytest.raises(DataUnavailable, match="there are no 1h candles of NO/SUCH now: try again"):
        office.do("markets.candles", account="main", symbol="NO/SUCH", timeframe="1h")
    with pytest.raises(UsageError, match="timeframe: 'day' is not a valid timeframe"):
        office.do("markets.candles", account="main", symbol="BTC/USDT", timeframe="day")
    with pytest.raises(UsageError, match="count: must be less than or equal to 5000"):
        office.do("markets.candles", account="main", symbol="BTC/USDT", count=5_001)


def test_symbols_go_page_by_page_with_their_rules(office: Office) -> None:
    first = office.do("markets.symbols", account="main", limit=2)
    assert ([row.symbol for row in first.symbols], first.complete) == (["BTC/EUR", "BTC/USDT"], True)
    assert first.symbols[0].model_dump(mode="json") == {
        "symbol": "BTC/EUR",
        "base": "BTC",
        "quote": "EUR",
        "price_step": "0.01",
        "amount_step": "0.0001",
        "min_amount": "0.001",
        "min_notional": "1",
        "taker_fee": "0.001",
        "maker_fee": "0.001",
        "fee_in": "received",
    }
    rest = office.do("markets.symbols", account="main", limit=2, cursor=first.next_cursor)
    assert ([row.symbol for row in rest.symbols], rest.next_cursor) == (["ETH/USDT"], None)
    assert [row.symbol for row in office.do("markets.symbols", account="main", search="eth").symbols] == ["ETH/USDT"]


def test_a_market_that_has_any_symbol_lists_those_that_people_look_for(office: Office) -> None:
    market_data = {"use": "simulated", "prices": {"XYZ/USD": 3}}
    office.do("accounts.create", name="paper", market_data=market_data, trading={"use": "paper"})
    found = office.do("markets.symbols", account="paper")
    assert found.complete is False
    assert {"BTC/USD", "XYZ/USD"} <= {row.symbol for row in found.symbols}


class Silent:
    """A market that lists nothing."""

    async def close(self) -> None:
        pass


def test_a_market_that_lists_no_symbols_says_so(office: Office) -> None:
    class NoSettings(BaseModel):
        pass

    silent = MarketDataFactory("silent", NoSettings, lambda *_: Silent())
    office.bench.registry.market_data["silent"] = silent  # type: ignore[index]
    office.do("accounts.create", name="silent", market_data={"use": "silent"}, trading={"use": "paper"})
    with pytest.raises(DataUnavailable, match="silent does not list its symbols"):
        office.do("markets.symbols", account="silent")


def test_sources_say_which_accounts_use_them(office: Office) -> None:
    office.do("accounts.create", name="paper", market_data={"use": "simulated"}, trading={"use": "paper"})
    sources = {row.name: row for row in office.do("markets.sources").sources}
    assert (sources["fake"].accounts, sources["simulated"].accounts) == (["main"], ["paper"])
    assert (sources["simulated"].used_by, sources["simulated"].plugin) == (1, "octobot_plugins.simulated")
    assert (sources["simulated"].replay, sources["replay"].replay) == (False, True)
    assert "seed" in sources["simulated"].settings["properties"]
    bobs: Any = perform_named(office.context(owner="bob"), "markets.sources", {})
    assert {(tuple(row.accounts), row.used_by) for row in bobs.sources} == {((), 0)}


def test_types_are_listed_with_their_packages(office: Office) -> None:
    types = {row.type: row for row in office.do("types.list").types}
    dca = types["octobot_tentacles.dca"]
    assert (dca.name, dca.package, dca.plugin, dca.version) == (
        *("dca", "octobot_tentacles", "octobot_tentacles.dca"),
        office.bench.registry.automations["octobot_tentacles.dca"].version,
    )
    assert (dca.plugin_version != "", dca.summary != "") == (True, True)
    assert (types["tests.scripted"].live_edit, types["tests.live_scripted"].live_edit) == (False, True)
    assert list(types) == sorted(types)


def test_a_type_is_shown_with_what_fills_in_its_form(office: Office) -> None:
    shown = office.do("types.show", type="dca")
    assert shown == office.do("types.show", type="octobot_tentacles.dca")
    assert set(shown.required) == set(shown.config["required"])
    assert set(shown.defaults) | set(shown.required) == set(shown.config["properties"])
    assert shown.field_examples["symbol"] == shown.config["properties"]["symbol"]["examples"]
    assert shown.documentation.startswith(shown.summary)
    with pytest.raises(UnknownType, match="no plugin registers the automation type 'dcb'"):
        office.do("types.show", type="dcb")


def test_a_config_without_a_schema_is_said_to_be_its_author_s(office: Office) -> None:
    class Odd(BaseModel):
        model_config = {"arbitrary_types_allowed": True}
        what: object = object()
        lock: Silent

    office.bench.type.Config = Odd  # type: ignore[misc, assignment]
    with pytest.raises(PluginError, match=r"the config of tests\.scripted has no JSON schema"):
        office.do("types.show", type="tests.scripted")
