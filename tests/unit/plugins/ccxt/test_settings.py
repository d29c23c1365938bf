"""What an account on a real exchange takes, and how a mistake is said."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from octobot_node.text.validation_messages import first_mistake
from octobot_plugins.ccxt import settings as module
from octobot_plugins.ccxt.settings import CcxtMarketSettings, CcxtTradingSettings

KEYS: dict[str, Any] = {"api_key": "k3y-of-mine", "secret": "s3cret-of-mine"}


def mistake(model: Any, **given: Any) -> str:
    with pytest.raises(ValidationError) as error:
        model(**given)
    return first_mistake(error.value, model)[1]


@pytest.mark.parametrize("name", ["binance", "kraken", "bitstamp"])
def test_every_exchange_of_ccxt_may_be_named(name: str) -> None:
    assert CcxtMarketSettings(exchange=name).exchange == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("binnance", "did you mean 'binance'"),
        ("../binance", "is no exchange of ccxt"),
        ("base", "is no exchange of ccxt"),
    ],
)
def test_one_that_there_is_not_is_told_with_the_nearest(name: str, said: str) -> None:
    assert said in mistake(CcxtMarketSettings, exchange=name)


def test_without_ccxt_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_exchanges", frozenset)
    assert "pip install 'octobot-node[ccxt]'" in mistake(CcxtMarketSettings, exchange="binance")


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("http://127.0.0.1:9001", True),
        ("http://localhost:9001/", True),
        ("https://api.example.com", True),
        # A signed order in clear text over the Internet.
        ("http://api.example.com", False),
        ("https://me:word@api.example.com", False),
        ("https://api.example.com/?key=1", False),
        ("ftp://api.example.com", False),
        ("api.example.com", False),
    ],
)
def test_another_address_is_one_that_an_exchange_could_be_at(url: str, right: bool) -> None:
    if right:
        assert CcxtMarketSettings(exchange="binance", base_url=url).base_url == url.rstrip("/")
    else:
        assert mistake(CcxtMarketSettings, exchange="binance", base_url=url)


def test_a_test_network_that_there_is_not_is_refused() -> None:
    assert "Kraken has no test network" in mistake(CcxtMarketSettings, exchange="kraken", sandbox=True)
    assert CcxtMarketSettings(exchange="binance", sandbox=True).sandbox


@pytest.mark.parametrize("name", ["okx", "kucoin", "bitget"])
def test_a_passphrase_is_asked_for_where_keys_have_one(name: str) -> None:
    assert "passphrase" in mistake(CcxtTradingSettings, exchange=name, **KEYS)
    given = CcxtTradingSettings(exchange=name, password="w0rd", **KEYS)
    assert given.password.get_secret_value() == "w0rd"


def test_no_secret_is_shown() -> None:
    shown = CcxtTradingSettings(exchange="binance", password="pa55word", **KEYS)
    told = f"{shown!r} {shown} {shown.model_dump_json()} {mistake(CcxtTradingSettings, exchange='nope', **KEYS)}"
    for secret in ("k3y-of-mine", "s3cret-of-mine", "pa55word"):
        assert secret not in told


def test_networks_and_addresses_of_one_exchange_are_kept_apart() -> None:
    keys = {
        module_key(CcxtMarketSettings(exchange="binance")),
        module_key(CcxtMarketSettings(exchange="binance", sandbox=True)),
        module_key(CcxtMarketSettings(exchange="binance", base_url="http://127.0.0.1:1")),
        module_key(CcxtMarketSettings(exchange="binance", base_url="http://127.0.0.1:2")),
    }
    assert len(keys) == 4


def module_key(settings: CcxtMarketSettings) -> str:
    from octobot_plugins.ccxt import markets

    return markets._key(settings)
