"""What an account's keys may is asked for, and what an exchange does not tell is said as that."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from octobot_node.contracts.exchanges import KeyFinding
from octobot_plugins.ccxt.verdicts import KeyRefused
from tests.integration.plugins.ccxt.conftest import Open
from tests.support.exchange_site import Answer, Asked

OKX = {"code": "0", "msg": "", "data": [{"perm": "read_only,trade", "ip": "192.0.2.1"}]}
BYBIT = {"retCode": 0, "retMsg": "", "result": {"readOnly": 0, "ips": ["*"]}}


def okx(perm: str) -> dict[str, Any]:
    return {**OKX, "data": [{"perm": perm, "ip": ""}]}


def found(bench: Open, exchange: str, answer: Answer, **given: Any) -> Sequence[KeyFinding]:
    async def ask() -> Sequence[KeyFinding]:
        async with bench(exchange, lambda _: answer, **given) as one:
            result: Sequence[KeyFinding] = await one.trading.check_keys()
            return result

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("exchange", "body", "ok", "detail"),
    [
        ("okx", OKX, True, "the key: may trade, may not withdraw"),
        ("okx", okx("read_only,trade"), True, "the key: may trade, may not withdraw, holds from any address"),
        ("okx", okx("read_only,trade,withdraw"), False, "the key may withdraw"),
        ("okx", okx("read_only"), False, "the key may not trade"),
        (
            "binance",
            {"enableWithdrawals": True, "enableSpotAndMarginTrading": True, "ipRestrict": True},
            False,
            "the key may withdraw",
        ),
        (
            "kraken",
            {"error": [], "result": {"permissions": ["query-funds", "withdraw-funds"]}},
            False,
            "the key may withdraw",
        ),
        (
            "kraken",
            {"error": [], "result": {"permissions": ["query-funds", "modify-trades"], "ipAllowlist": ["192.0.2.1"]}},
            True,
            "the key: whether it may trade is not told, may not withdraw",
        ),
        ("coinbase", {"can_view": True, "can_trade": True, "can_transfer": True}, False, "the key may withdraw"),
        (
            "bybit",
            {**BYBIT, "result": {**BYBIT["result"], "permissions": {"Wallet": ["Withdraw"], "Spot": ["SpotTrade"]}}},  # type: ignore[dict-item]
            False,
            "the key may withdraw",
        ),
        (
            "kucoin",
            {"code": "200000", "data": {"permission": "General,Spot", "ipWhitelist": "192.0.2.1"}},
            True,
            "the key: may trade, may not withdraw",
        ),
    ],
)
def test_rights_are_read_as_each_exchange_tells_them(
    bench: Open, exchange: str, body: dict[str, Any], ok: bool, detail: str
) -> None:
    permissions = found(bench, exchange, Answer(body))[0]
    assert (permissions.what, permissions.ok, permissions.detail) == ("permissions", ok, detail)
    assert permissions.cure or ok


def test_a_key_that_may_withdraw_passes_where_that_is_meant(bench: Open) -> None:
    permissions = found(bench, "okx", Answer(okx("read_only,trade,withdraw")), allow_withdrawals=True)[0]
    assert (permissions.ok, permissions.detail) == (
        True,
        "the key: may trade, may withdraw, as is allowed here, holds from any address",
    )


@pytest.mark.parametrize(
    ("exchange", "answer"),
    [
        ("gate", Answer({})),
        ("mexc", Answer({})),
        ("binance", Answer("not found", 404)),
        ("okx", Answer({"code": "0", "data": [], "msg": ""})),
    ],
)
def test_what_is_not_told_cannot_be_known_and_is_said_so(bench: Open, exchange: str, answer: Answer) -> None:
    permissions = found(bench, exchange, answer)[0]
    assert permissions.ok
    assert permissions.detail.startswith("what the key may cannot be known: ")
    assert "may not withdraw" in permissions.cure


def test_a_key_that_is_not_taken_is_an_error_that_says_so(bench: Open) -> None:
    async def ask() -> None:
        refused = Answer({"code": "50111", "msg": "Invalid OK-ACCESS-KEY"}, 401)
        async with bench("okx", lambda _: refused) as one:
            await one.trading.check_keys()

    with pytest.raises(KeyRefused, match=r"50111.*whether it holds"):
        asyncio.run(ask())


@pytest.mark.parametrize(
    ("ahead_ms", "ok", "cure"), [(900, True, False), (-3_000, True, True), (120_000, False, True)], ids=str
)
def test_clocks_that_are_apart_are_told_with_what_to_do(bench: Open, ahead_ms: int, ok: bool, cure: bool) -> None:
    async def ask() -> KeyFinding:
        def script(asked: Asked) -> Answer:
            if asked.path == "/api/v3/time":
                return Answer({"serverTime": one_clock.now() + ahead_ms})
            return Answer({"enableWithdrawals": False})

        async with bench("binance", script) as one:
            one_clock = one.context.clock
            del one.trading.remote._with_time
            clock: KeyFinding = (await one.trading.check_keys())[1]
            return clock

    clock = asyncio.run(ask())
    assert (clock.what, clock.ok, bool(clock.cure)) == ("clock", ok, cure)
    assert ("behind" if ahead_ms < 0 else "ahead of") in clock.detail
