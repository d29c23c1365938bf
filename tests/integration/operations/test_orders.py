"""Looking at orders, and settling those whose outcome only a person knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from octobot_node import Decision, LimitOrder, OrderResult, Tick, Wake
from octobot_node.contracts.exchanges import Capabilities, Lookup
from octobot_node.errors import CommandRefused, UnknownName, Unresolved
from octobot_node.store import tables
from tests.integration.operations.conftest import Office

HOURLY = Wake(every=timedelta(hours=1), align=True)


class Buyer:
    """Buys once, and remembers what it is told."""

    def __init__(self, orders: int = 1) -> None:
        self.told: list[OrderResult] = []
        self.filled: list[Decimal] = []
        self.orders = orders

    def __call__(self, tick: Tick[Any, Any]) -> Decision:
        self.told += tick.results
        self.filled += [fill.amount for fill in tick.fills]
        new = [LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90 - n)) for n in range(self.orders)]
        return Decision(orders=new if tick.number == 0 else [], wake=HOURLY)


def unknown_order(office: Office, buyer: Buyer, *, accepted: bool) -> str:
    """Let an order be sent into the dark, on an exchange that finds nothing by client id, until it is unknown."""
    trading = office.bench.trading
    trading.capabilities = Capabilities(lookup=Lookup("none"), visibility_lag_ms=1_000)
    trading.will(trading.accept_then_drop if accepted else Unresolved("the connection dropped"))
    trading.faults["open_orders"] = Unresolved("it says nothing")
    office.bench.automation("buyer", buyer)
    office.bench.settle()
    office.bench.run(60_000, step=5_000)
    trading.faults.clear()
    (row,) = office.do("orders.list", status="unknown").orders
    return str(row.id)


def funds(office: Office) -> dict[str, tuple[Decimal, Decimal]]:
    found: dict[str, tuple[Decimal, Decimal]] = office.bench.funds(office.bench.rows(tables.automations)[0].id)
    return found


def audit(office: Office) -> list[tuple[str, dict[str, Any]]]:
    kinds = {"order.adopted", "order.declared_not_sent"}
    return [(e.kind, e.data) for e in office.do("events.list", kind="order.").events if e.kind in kinds]


def test_orders_are_listed_newest_first_page_by_page(office: Office) -> None:
    office.bench.automation("buyer", Buyer(3))
    office.bench.automation("other", Buyer(1), symbols=("BTC/USDT", "ETH/USDT"))
    office.bench.settle()
    page = office.do("orders.list", limit=3)
    rest = office.do("orders.list", limit=3, cursor=page.next_cursor)
    assert [row.id for row in (*page.orders, *rest.orders)] == [row.id for row in reversed(office.bench.intents())]
    assert (len(page.orders), len(rest.orders), rest.next_cursor) == (3, 1, None)
    assert {row.automation for row in office.do("orders.list", automation="other").orders} == {"other"}
    assert len(office.do("orders.list", status="live").orders) == 4
    assert len(office.do("orders.list", status="open", symbol="BTC/USDT").orders) == 4
    assert office.do("orders.list", status="filled").orders == []
    assert office.do("orders.list", symbol="ETH/USDT").orders == []


def test_an_adopted_order_is_open_and_settles_as_if_it_had_been_found(office: Office) -> None:
    buyer = Buyer()
    order = unknown_order(office, buyer, accepted=True)
    office.bench.trading.fill("x1", "0.25")
    found = office.do("orders.adopt", order=order, exchange_order_id="x1").order
    assert (found.status, found.exchange_order_id, found.filled, found.reserved) == (
        "open",
        "x1",
        Decimal("0.25"),
        Decimal("67.5"),
    )
    assert audit(office) == [("order.adopted", {"id": order, "exchange_order_id": "x1", "by": "alice"})]
    office.bench.trading.fill("x1")
    office.bench.run(3_000)
    (done,) = office.do("orders.list").orders
    assert (done.status, done.filled, done.average) == ("filled", Decimal(1), Decimal(90))
    assert funds(office) == {"BTC": (Decimal(1), Decimal(0)), "USDT": (Decimal(910), Decimal(0))}
    # Each execution once, though both the person and the watcher brought it.
    assert buyer.filled == [Decimal("0.25"), Decimal("0.75")]
    assert len(office.hurried) == 1


def test_an_order_that_ended_meanwhile_is_adopted_and_ended_at_once(office: Office) -> None:
    order = unknown_order(office, Buyer(), accepted=True)
    office.bench.trading.fill("x1", "0.5")
    office.bench.trading.become("x1", "cancelled", "by hand")
    found = office.do("orders.adopt", order=order, exchange_order_id="x1").order
    assert (found.status, found.filled, found.reason, found.reserved) == (
        "cancelled",
        Decimal("0.5"),
        "by hand",
        Decimal(0),
    )
    assert funds(office) == {"BTC": (Decimal("0.5"), Decimal(0)), "USDT": (Decimal(955), Decimal(0))}


def test_without_an_id_the_exchange_is_asked_for_the_client_id(office: Office) -> None:
    order = unknown_order(office, Buyer(), accepted=True)
    # Though a clock was wrong by some seconds as it was made.
    office.bench.trading.redate("x1", -50_000)
    assert office.do("orders.adopt", order=order).order.exchange_order_id == "x1"


def test_another_order_is_not_adopted(office: Office) -> None:
    order = unknown_order(office, Buyer(), accepted=False)
    trading = office.bench.trading
    request = trading.requests[0]
    trading.accept(replace(request, price=Decimal(80)))
    trading.accept(replace(request, amount=Decimal(2)))
    trading.accept(replace(request, side="sell"))
    trading.accept(replace(request, client_order_id="somebody"))
    before = office.database()
    for wrong, said in (
        ("x1", "'x1' is another order (buy 1 BTC/USDT at 80) than this one (buy 1 BTC/USDT at 90"),
        ("x2", "'x2' is another order (buy 2 BTC/USDT at 90"),
        ("x3", "'x3' is another order (sell 1"),
        ("x4", "'x4' has another client id than this order: it is somebody else's"),
        ("x9", "'main' knows no order 'x9' on BTC/USDT: check the id"),
    ):
        with pytest.raises(CommandRefused) as caught:
            office.do("orders.adopt", order=order, exchange_order_id=wrong)
        assert str(caught.value).startswith(said), caught.value
    trading.faults["order"] = Unresolved("503")
    with pytest.raises(Unresolved, match="503"):
        office.do("orders.adopt", order=order, exchange_order_id="x1")
    with pytest.raises(UnknownName, match="there is no order 'nothing'"):
        office.do("orders.adopt", order="nothing", exchange_order_id="x1")
    assert office.database() == before


def test_the_order_of_another_intent_is_not_adopted(office: Office) -> None:
    order = unknown_order(office, Buyer(), accepted=False)
    with office.bench.core.storage.read() as connection:
        row = dict(connection.execute(tables.intents.select()).mappings().one())
    twin = {**row, "id": "twin", "client_order_id": "twin", "status": "open", "exchange_order_id": "x1"}
    with office.bench.core.storage.write() as connection:
        connection.execute(tables.intents.insert(), [twin])
    office.bench.trading.accept(office.bench.trading.requests[0])
    with pytest.raises(CommandRefused, match="'x1' is another order of this account already"):
        office.do("orders.adopt", order=order, exchange_order_id="x1")


def test_an_order_declared_not_sent_gives_its_funds_back_and_is_told_as_refused(office: Office) -> None:
    buyer = Buyer()
    order = unknown_order(office, buyer, accepted=False)
    assert funds(office) == {"USDT": (Decimal(910), Decimal(90))}
    found = office.do("orders.declare_not_sent", order=order).order
    assert (found.status, found.reason, found.reserved) == ("refused", "declared not sent by alice", Decimal(0))
    assert funds(office) == {"USDT": (Decimal(1000), Decimal(0))}
    assert audit(office) == [("order.declared_not_sent", {"id": order, "by": "alice"})]
    office.bench.run(2_000)
    assert [(told.order_id, told.status, told.reason) for told in buyer.told][-1] == (
        order,
        "refused",
        "declared not sent by alice",
    )
    with pytest.raises(CommandRefused, match="is refused: only one whose outcome is unknown can be settled so"):
        office.do("orders.declare_not_sent", order=order)
    with pytest.raises(CommandRefused, match="is refused: only one whose outcome is unknown"):
        office.do("orders.adopt", order=order, exchange_order_id="x1")


def test_an_order_that_the_exchange_forgot_is_declared_gone_and_keeps_its_fills(office: Office) -> None:
    office.bench.automation("buyer", Buyer())
    office.bench.settle()
    office.bench.trading.fill("x1", "0.5")
    office.bench.run(1_000)
    office.bench.trading.forget("x1")
    office.bench.run(60_000, step=5_000)
    (order,) = office.do("orders.list", status="unknown").orders
    found = office.do("orders.declare_not_sent", order=order.id).order
    assert (found.status, found.filled, found.reason) == ("cancelled", Decimal("0.5"), "declared gone by alice")
    assert funds(office) == {"BTC": (Decimal("0.5"), Decimal(0)), "USDT": (Decimal(955), Decimal(0))}


@pytest.mark.parametrize("status", ["open", "planned"])
def test_an_order_of_known_outcome_is_neither_adopted_nor_declared(office: Office, status: str) -> None:
    office.bench.automation("buyer", Buyer())
    office.bench.tick() if status == "planned" else office.bench.settle()
    (order,) = office.do("orders.list").orders
    assert order.status == status
    before = office.database()
    with pytest.raises(CommandRefused, match=f"is {status}: only one whose outcome is unknown"):
        office.do("orders.adopt", order=order.id, exchange_order_id="x1")
    with pytest.raises(CommandRefused, match=f"is {status}: only one whose outcome is unknown"):
        office.do("orders.declare_not_sent", order=order.id)
    assert office.database() == before
