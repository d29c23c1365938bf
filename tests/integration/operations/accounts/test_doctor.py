"""What `doctor` says of exchanges: accounts are asked about where that is wanted, streams are known without asking."""

from __future__ import annotations

from typing import Any

import pytest

from octobot_node.contracts.streams import StreamState
from octobot_node.errors import NotSent, OrderRefused
from tests.integration.operations.conftest import Office


def said(office: Office, **given: Any) -> dict[str, tuple[str, str, str]]:
    checkup = office.do("node.doctor", **given)
    return {each.name: (each.status, each.detail, each.cure) for each in checkup.checks}


def test_exchanges_are_asked_only_where_that_is_wanted(office: Office) -> None:
    office.bench.trading.faults["balances"] = OrderRefused("invalid key")
    assert "account main" not in said(office)


def test_an_account_that_is_well_is_told_with_what_its_exchange_said(office: Office) -> None:
    paper = {"market_data": {"use": "simulated"}, "trading": {"use": "paper"}, "balances": {"USD": "1"}}
    office.do("accounts.create", name="play", **paper)
    told = said(office, exchanges=True)
    assert [name for name in told if name.startswith("account")] == ["account main"]
    status, detail, cure = told["account main"]
    assert (status, cure) == ("ok", "")
    assert detail.endswith("open orders: 0 orders rest")


@pytest.mark.parametrize(
    ("error", "detail", "cure"),
    [
        (OrderRefused("invalid key"), "invalid key", "mend the keys at the exchange, or give others"),
        (NotSent("no connection"), "no connection", "see that the exchange is reachable from this machine"),
    ],
)
def test_what_is_wrong_with_several_things_is_said_once_with_its_cure(
    office: Office, error: Exception, detail: str, cure: str
) -> None:
    office.bench.trading.faults |= {"balances": error, "open_orders": error}
    status, told, mend = said(office, exchanges=True)["account main"]
    assert (status, told, mend.startswith(cure)) == ("failed", f"balances, open orders: {detail}", True)
    assert office.do("node.doctor", exchanges=True).status == "failed"


def test_a_stream_that_went_silent_is_a_warning_of_doctor_too(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    state = StreamState("orders", "down", since=0, reason="nothing came for 40 s")
    monkeypatch.setattr(office.bench.core.accounts, "streams", lambda: [("fake", "main", state)])
    assert said(office)["streams"] == (
        "warning",
        "streams are not heard, what they tell is asked for instead: main's orders: nothing came for 40 s",
        "they are opened again by themselves; see the way out and the keys where that goes on",
    )
    heard = StreamState("orders", "heard", since=0)
    monkeypatch.setattr(office.bench.core.accounts, "streams", lambda: [("fake", "main", heard)])
    assert said(office)["streams"][:2] == ("ok", "1 of 1 streams of exchanges are heard")
