"""All orders that rest are read, however many pages an exchange tells of them in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.plugins.ccxt.conftest import Open
from tests.integration.plugins.ccxt.shown import KEYS, SHOWN
from tests.support.exchange_site import Answer, Asked

#: Where an exchange's open orders come in pages: what one holds, the name of where the next one begins, and how an
#: answer with these orders is made, with where it ended.
PAGES: dict[str, tuple[int, str, Callable[[list[Any], str], Any]]] = {
    "bybit": (50, "cursor", lambda rows, last: {"retCode": 0, "result": {"list": rows, "nextPageCursor": last}}),
    "coinbase": (100, "cursor", lambda rows, last: {"orders": rows, "has_next": bool(last), "cursor": last or "x"}),
    "bitget": (100, "idLessThan", lambda rows, _last: {"code": "00000", "data": rows}),
    "htx": (500, "from", lambda rows, _last: {"status": "ok", "data": rows}),
    "okx": (100, "after", lambda rows, _last: {"code": "0", "data": rows}),
}
ITS_ID = {"bybit": "orderId", "coinbase": "order_id", "bitget": "orderId", "htx": "id", "okx": "ordId"}


@pytest.mark.parametrize("exchange", PAGES)
def test_open_orders_are_read_to_their_last_page(exchange: str, bench: Open) -> None:
    most, begins, answer = PAGES[exchange]
    name = ITS_ID[exchange]
    body = SHOWN[exchange]
    found = body.get("data") or body.get("orders") or body["result"]["list"]
    order = found if isinstance(found, dict) else found[-1]
    orders = [{**order, name: 10_000 - each} for each in range(2 * most + 1)]
    asked: list[str | None] = []

    def script(about: Asked) -> Answer:
        if about.path.endswith("/accounts"):
            return Answer({"status": "ok", "data": [{"id": 77, "type": "spot"}]})
        begin = about.params.get(begins)
        asked.append(begin)
        left = [each for each in orders if begin is None or each[name] < int(begin)]
        shown = [{**each, name: str(each[name]) if exchange != "htx" else each[name]} for each in left[:most]]
        return Answer(answer(shown, str(left[most - 1][name]) if len(left) > most else ""))

    async def use() -> Any:
        async with bench(exchange, script, **KEYS.get(exchange, {})) as opened:
            return await opened.trading.open_orders()

    shown = asyncio.run(use())
    assert [each.id for each in shown] == [str(each[name]) for each in orders]
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("how_many", "paged", "pages"), [(49, True, 1), (120, True, 3), (100, True, 3), (120, False, 1), (50, False, 2)]
)
def test_all_that_is_open_at_kraken_is_read_whether_it_comes_in_pages_or_at_once(
    how_many: int, paged: bool, pages: int, bench: Open
) -> None:
    asked: list[int] = []
    order = SHOWN["kraken"]["result"]["open"]["28"]
    orders = {f"O{each}": {**order, "cl_ord_id": f"o{each}"} for each in range(how_many)}

    def script(about: Asked) -> Answer:
        begin = int(about.params.get("ofs", 0))
        asked.append(begin)
        shown = list(orders.items())[begin : begin + 50] if paged else orders.items()
        return Answer({"error": [], "result": {"open": dict(shown)}})

    async def use() -> Any:
        async with bench("kraken", script) as found:
            return await found.trading.open_orders()

    assert {each.id for each in asyncio.run(use())} == set(orders)
    assert len(asked) == pages
