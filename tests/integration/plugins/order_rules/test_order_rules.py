"""Which symbols may be traded and how large an order may be, whatever automations decide."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from octobot_node import Decision, LimitOrder, Market, MarketOrder, StopOrder, Ticker
from octobot_node.configuration import Configuration
from octobot_node.engine.replay import Replay
from octobot_node.market import from_ms
from octobot_node.orders import Order
from octobot_node.plugin_system.discovery import load_plugins
from octobot_plugins.order_rules.rules import refusal
from octobot_plugins.order_rules.settings import OrderRulesSettings
from tests.integration.engine.conftest import registry, template
from tests.support.bench import START, Bench

__all__ = ["registry", "template"]

NOW = from_ms(START)
MARKET = Market(NOW, {"BTC/USDT": Ticker("BTC/USDT", Decimal(100), Decimal(99), Decimal(101), NOW)})
BUY = MarketOrder("BTC/USDT", "buy", spend=Decimal(50))


def judge(order: Order, **settings: Any) -> str | None:
    return refusal(order, MARKET, OrderRulesSettings.model_validate(settings))


def test_without_rules_everything_is_allowed() -> None:
    assert judge(BUY) is None
    assert judge(MarketOrder("XYZ/EUR", "sell", amount=Decimal(10**9))) is None


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"allow": ["*/USDT"]}, None),
        ({"allow": ["ETH/*", "BTC/*"]}, None),
        ({"deny": ["ETH/*"]}, None),
        ({"allow": ["*/EUR", "ETH/*"]}, "BTC/USDT may not be traded: order_rules allow */EUR, ETH/*"),
        ({"allow": ["btc/usdt"]}, "BTC/USDT may not be traded: order_rules allow btc/usdt"),
        ({"deny": ["*/USDT"]}, "BTC/USDT may not be traded: '*/USDT' is denied by order_rules"),
        ({"allow": ["BTC/*"], "deny": ["*"]}, "BTC/USDT may not be traded: '*' is denied by order_rules"),
    ],
)
def test_symbols_are_allowed_and_denied_by_pattern(settings: dict[str, Any], reason: str | None) -> None:
    assert judge(BUY, **settings) == reason


@pytest.mark.parametrize(
    ("order", "size"),
    [
        (BUY, "50"),
        (MarketOrder("BTC/USDT", "sell", amount=Decimal("0.7")), "70"),
        (LimitOrder("BTC/USDT", "buy", Decimal("0.7"), Decimal(90)), "63"),
        (StopOrder("BTC/USDT", "sell", Decimal("0.7"), Decimal("80.5")), "56.35"),
    ],
)
def test_an_order_s_size_is_what_it_trades_in_quote(order: Order, size: str) -> None:
    assert judge(order, max_order_quote={"USDT": size}) is None
    below = Decimal(size) - Decimal("0.01")
    expected = f"{size} USDT is above the {below} USDT that order_rules allow an order"
    assert judge(order, max_order_quote={"USDT": str(below)}) == expected


def test_a_size_holds_for_its_own_quote_asset_alone() -> None:
    assert judge(BUY, max_order_quote={"EUR": "1"}) is None


def test_a_size_that_cannot_be_known_is_refused() -> None:
    unpriced = MarketOrder("ETH/USDT", "sell", amount=Decimal(1))
    reason = "there is no price to see whether it is above the 10 USDT that order_rules allow an order"
    assert judge(unpriced, max_order_quote={"USDT": "10"}) == reason


@pytest.mark.parametrize("size", ["NaN", "Infinity", "-1"])
def test_a_size_that_is_no_amount_is_no_setting(size: str) -> None:
    with pytest.raises(ValidationError) as refused:
        OrderRulesSettings.model_validate({"max_order_quote": {"USDT": size}})
    assert {error["loc"][0] for error in refused.value.errors()} == {"max_order_quote"}


def test_the_settings_of_the_environment_are_in_force_on_a_node(
    tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOBOT_ORDER_RULES_DENY", "DOGE/*,BTC/*")
    monkeypatch.setenv("OCTOBOT_ORDER_RULES_MAX_ORDER_QUOTE", '{"USDT": "20"}')
    bench = Bench(tmp_path / "node", template, load_plugins(discover=False))
    buy_eth = [MarketOrder("ETH/USDT", "buy", spend=Decimal(spend)) for spend in (20, 21)]
    bench.automation(
        "who",
        lambda _tick: Decision(orders=[BUY, *buy_eth], independent=True),
        symbols=("BTC/USDT", "ETH/USDT"),
    )
    bench.tick()
    found = [(row.status, row.reason) for row in bench.intents()]
    bench.close()
    assert found == [
        ("refused", "BTC/USDT may not be traded: 'BTC/*' is denied by order_rules"),
        ("planned", ""),
        ("refused", "21 USDT is above the 20 USDT that order_rules allow an order"),
    ]


def test_a_replay_reads_the_rules_of_the_settings_file(tmp_path: Path, template: Path) -> None:
    file = tmp_path / "octobot-node.toml"
    file.write_text('[order_rules]\ndeny = ["BTC/*"]\n')
    bench = Bench(tmp_path / "node", template, load_plugins(discover=False))
    bench.automation("who", lambda _tick: Decision(orders=[BUY], done=True))
    configuration = Configuration.load(data_dir=bench.settings.data_dir, config=file)
    replay = Replay(bench.base, START, START + 1_000, configuration)
    replay.run(lambda _now: None)
    replay.close()
    statuses = bench.statuses()
    bench.close()
    assert statuses == ["refused"]


@pytest.mark.parametrize("symbol", ["BTC/usdt", "btc/USDT", "Btc/Usdt", "BTC/\uff35\uff33\uff24\uff34"])
@pytest.mark.parametrize("pattern", ["*/USDT", "*/usdt", "BTC/*", "b?c/u[st]dt"])
def test_a_rule_holds_however_its_symbol_is_written(symbol: str, pattern: str) -> None:
    order = MarketOrder(symbol, "buy", spend=Decimal(50))
    assert judge(order, deny=[pattern]) == f"{symbol} may not be traded: {pattern!r} is denied by order_rules"


@pytest.mark.parametrize("asset", ["USDT", "usdt", "UsdT"])
def test_the_largest_order_holds_however_its_asset_is_written(asset: str) -> None:
    for symbol in ("BTC/USDT", "BTC/usdt"):
        quote = symbol.partition("/")[2]
        text = f"50 {quote} is above the 5 {quote} that order_rules allow an order"
        assert judge(MarketOrder(symbol, "buy", spend=Decimal(50)), max_order_quote={asset: "5"}) == text
