"""What an answer to a write means is said by its status and the exchange's own code, never by ccxt's class."""

from __future__ import annotations

import json
from typing import Any

import pytest

from octobot_node.errors import NotSent, OrderRefused, RequestExpired, Unresolved
from octobot_plugins.ccxt.exchanges import VOUCHED, record_of
from octobot_plugins.ccxt.exchanges.record import ExchangeRecord, Meaning, Said
from octobot_plugins.ccxt.verdicts import KeyRefused, Reply, error_of, judge

SHAPES: dict[str, Any] = {
    "binance": lambda code: {"code": int(code), "msg": "words"},
    "mexc": lambda code: {"code": int(code), "msg": "words"},
    "kraken": lambda code: {"error": [code]},
    "coinbase": lambda code: {"success": False, "error_response": {"error": code, "message": "words"}},
    "bybit": lambda code: {"retCode": int(code), "retMsg": "words", "result": {}},
    "okx": lambda code: {"code": "1", "data": [{"sCode": code, "sMsg": "words"}], "msg": ""},
    "kucoin": lambda code: {"code": code, "msg": "words"},
    "gate": lambda code: {"label": code, "message": "words"},
    "bitget": lambda code: {"code": code, "msg": "words", "data": None},
    "htx": lambda code: {"status": "error", "err-code": code, "err-msg": "words", "data": None},
    "hyperliquid": lambda code: {"status": "ok", "response": {"data": {"statuses": [{"error": code}]}}},
    "cryptocom": lambda code: {"code": int(code), "message": "words"},
}
MEANINGS = {
    Meaning.REFUSED: OrderRefused,
    Meaning.KEY: KeyRefused,
    Meaning.EXPIRED: RequestExpired,
    Meaning.CLOCK: RequestExpired,
    Meaning.LIMITED: NotSent,
    Meaning.MAINTENANCE: NotSent,
    Meaning.UNKNOWN: Unresolved,
    # Of these two the connector asks further.
    Meaning.MISSING: Unresolved,
    Meaning.DUPLICATE: Unresolved,
}


def reply(body: Any, status: int = 200, **headers: str) -> Reply:
    text = body if isinstance(body, str) else json.dumps(body)
    return Reply(status, headers, text, None if isinstance(body, str) else body)


def came_of(exchange: str, body: Any, status: int = 200) -> type[Exception] | None:
    record = record_of(exchange)
    verdict = judge(record, reply(body, status))
    return None if verdict.meaning is None else type(error_of(record, verdict))


@pytest.mark.parametrize("record", VOUCHED, ids=lambda record: record.id)
def test_every_code_of_a_table_means_what_the_table_says(record: ExchangeRecord) -> None:
    for meaning, codes in record.codes.items():
        for code in codes:
            plain, _, words = code.partition(" ")
            if record.id == "hyperliquid" or (words and record.id != "kraken"):
                assert record.meaning(Said(plain, words)) is meaning
            else:
                assert came_of(record.id, SHAPES[record.id](code)) is MEANINGS[meaning], code


@pytest.mark.parametrize("record", VOUCHED, ids=lambda record: record.id)
@pytest.mark.parametrize("status", [200, 400])
def test_a_code_that_no_table_has_is_unknown(record: ExchangeRecord, status: int) -> None:
    strange = "987654" if record.id in ("binance", "mexc", "bybit", "cryptocom") else "A_CODE_OF_TOMORROW"
    if record.id == "hyperliquid":
        body: Any = {"status": "err", "response": strange}
    else:
        body = SHAPES[record.id](strange)
    assert came_of(record.id, body, status) is Unresolved


@pytest.mark.parametrize("record", VOUCHED, ids=lambda record: record.id)
def test_whatever_a_server_that_failed_says_is_unknown(record: ExchangeRecord) -> None:
    refused = next(iter(record.codes[Meaning.REFUSED]))
    plain = refused.partition(" ")[0] if record.id != "kraken" else refused
    assert came_of(record.id, SHAPES[record.id](plain), 503) is Unresolved
    for body, status in (("<html>maintenance</html>", 200), ("<html>bad gateway</html>", 502), ("", 504), ("", 404)):
        assert came_of(record.id, body, status) is Unresolved


@pytest.mark.parametrize("record", VOUCHED, ids=lambda record: record.id)
def test_a_429_was_not_looked_at_and_says_when_to_come_back(record: ExchangeRecord) -> None:
    verdict = judge(record, Reply(429, {"retry-after": "7"}, "slow down", None))
    error = error_of(record, verdict)
    assert isinstance(error, NotSent)
    assert error.retry_after == 7.0


def test_bans_and_firewalls_are_before_the_exchange() -> None:
    assert came_of("binance", {"code": -1003, "msg": "banned"}, 418) is NotSent
    assert came_of("binance", "<html>", 403) is NotSent
    assert came_of("bybit", "<html>", 403) is NotSent
    assert came_of("gate", "<html>", 403) is Unresolved


def test_words_decide_where_one_code_has_several_meanings() -> None:
    binance = record_of("binance")
    assert binance.meaning(Said("-2010", "Duplicate order sent.")) is Meaning.DUPLICATE
    assert binance.meaning(Said("-2010", "Account has insufficient balance for requested action.")) is Meaning.REFUSED
    # A code is not the beginning of another one.
    assert binance.meaning(Said("-10130", "")) is None
    kraken = record_of("kraken")
    assert kraken.meaning(Said("EOrder:Insufficient funds")) is Meaning.REFUSED
    assert kraken.meaning(Said("EGeneral:Invalid arguments:volume")) is Meaning.REFUSED
    assert kraken.meaning(Said("EService:Market in cancel_only mode")) is Meaning.MAINTENANCE


def test_of_several_failures_one_that_is_unknown_makes_all_unknown() -> None:
    assert came_of("kraken", {"error": ["EOrder:Insufficient funds", "EGeneral:Internal error"]}) is Unresolved
    assert came_of("kraken", {"error": []}) is None


def test_an_exchange_that_nobody_vouches_for_has_no_codes() -> None:
    other = record_of("bitstamp")
    assert not other.vouched
    assert (other.capabilities.dedupe, other.capabilities.lookup.reach) == ("none", "none")
    assert judge(other, reply({"error": "not enough money"}, 400)).meaning is Meaning.UNKNOWN


def test_exact_are_those_that_always_come_to_an_answer() -> None:
    exact = {record.id for record in VOUCHED if record.capabilities.exact}
    assert exact == {"binance", "kraken", "okx", "bybit", "coinbase"}
