"""DCA, grid and smart trade on exchanges that speak the real protocols, while something goes wrong and once it is over.

What each trouble leaves behind is held against the exchange's own records, as in the crash rounds; here without a
process, one trouble at a time.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from benchmarks.crash.exchanges import BooksOf
from benchmarks.crash.verify import Verdict, verify_books
from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.engine.market import request_gates
from octobot_node.plugin_system.registry import Registry
from octobot_node.testing.exchange_emulators import EMULATORS, Emulator
from octobot_node.testing.exchange_emulators.web.faults import Faults
from tests.integration.engine.conftest import registry, template
from tests.integration.engine.test_egress import until_it_is_back
from tests.integration.plugins.ccxt.test_every_strike import beside, settings
from tests.support.bench import Bench
from tests.support.proxies import SocksServer

__all__ = ["registry", "template"]

SYMBOL, QUOTE = "BTC/USDT", "USDT"
#: Where the proxy's connections come from: one from elsewhere went around it.
PROXY = "127.0.0.2"
CONFIGS: dict[str, dict[str, Any]] = {
    "dca": {"amount": "100", "every": "1m", "take_profit": "0.9"},
    "grid": {"lower": "39000", "upper": "41000", "levels": 6, "amount": "0.002"},
    "smart_trade": {"spend": "100", "take_profits": [{"percent": "0.9"}], "stop_loss": {"percent": "5"}},
}


@dataclass
class Scene:
    """Three automations on one live account, behind one proxy."""

    bench: Bench
    exchange: Emulator
    proxy: SocksServer
    bots: dict[str, str]

    def pass_by(self, seconds: int, step: int = 20) -> None:
        """Let time pass, in steps longer than what is kept of a pause."""
        self.bench.run(seconds * 1_000, step * 1_000)

    def told(self) -> str:
        """Return what a person reads: why orders are not there, and why automations wait."""
        rows = [*self.bench.intents(), *(self.bench.row(id_) for id_ in self.bots.values())]
        return "\n".join(row.reason for row in rows if row.reason)

    def books(self) -> Verdict:
        """Return what the exchange's own orders and executions, and the balances that follow of them, say of ours."""
        with self.bench.core.storage.read() as connection:
            return verify_books(connection, BooksOf(self.exchange, connection), all_known=True, order_each_tick=False)

    def bought(self) -> int:
        """Return how many of the DCA's scheduled buys were executed."""
        rows = self.bench.intents()
        return sum(row.status == "filled" for row in rows if row.tag == "scheduled")


@pytest.fixture
def scene(
    request: pytest.FixtureRequest, tmp_path: Path, template: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    name: str = request.param
    with SocksServer(leaves_from=PROXY) as proxy:
        ways = {
            "egress_allow_private": True,
            "egress_routes": (SecretStr(f"proxy=socks5://127.0.0.1:{proxy.port}"),),
        }
        bench = Bench(tmp_path / "node", template, registry, **ways, hub_deadline=60, request_timeout=30)
        with beside(
            EMULATORS[name](
                prices={SYMBOL: 40_000}, balances={QUOTE: 100_000, "BTC": 1}, clock=bench.clock.now, ban_s=60
            )
        ) as exchange:

            async def wait(seconds: float) -> None:
                bench.advance(int(seconds * 1_000) + 1)

            # Whoever waits for a turn moves the clock, which stands still otherwise.
            patched = SimpleNamespace(sleep=wait, to_thread=asyncio.to_thread)
            monkeypatch.setattr(request_gates, "asyncio", patched)
            prices = {"exchange": name, "base_url": exchange.url, "streams": False}
            trading = {**settings(exchange), "streams": False}
            bench.account = bench.commands.create_account(
                NewAccount(name, "ccxt", "ccxt", prices, trading, egress="proxy")
            )
            bots = {
                kind: bench.commands.create(
                    NewAutomation(kind, kind, bench.account, {QUOTE: Decimal(2_000)}, {"symbol": SYMBOL, **config})
                )
                for kind, config in CONFIGS.items()
            }
            try:
                yield Scene(bench, exchange, proxy, bots)
            finally:
                bench.close()


Do = Callable[[Scene], object]
EVERYWHERE = ("binance", "kraken", "okx")


@dataclass(frozen=True)
class Trouble:
    """How something goes wrong and is well again, and what a person is told of it; "" where nothing need be.

    ``after`` is how long (s) it takes until everything goes on by itself. Where each protocol says it in another way it
    is tried ``at`` each of them.
    """

    begin: Do
    end: Do
    told: str
    after: int = 80
    at: tuple[str, ...] = EVERYWHERE


def faults(**wrong: Any) -> tuple[Do, Do]:
    """Return what sets faults, and what takes them back."""
    right = {name: value for name, value in Faults().model_dump().items() if name in wrong}
    return lambda scene: scene.exchange.set(**wrong), lambda scene: scene.exchange.set(**right)


def between_decision_and_sending(**rules: Any) -> tuple[Do, Do]:
    """Return what changes a market's rules once a buy was decided, and what takes it back."""

    def change(scene: Scene) -> None:
        scene.bench.advance(60_000)
        scene.bench.tick()
        scene.exchange.change(SYMBOL, **rules)
        scene.bench.send()

    right = {"status": "trading", "min_amount": "0.00001", "min_notional": "1"}
    return change, lambda scene: scene.exchange.change(SYMBOL, **right)


def _take_the_money(scene: Scene) -> None:
    scene.exchange.deposit({QUOTE: -scene.exchange.exchange.account("main").free[QUOTE]})


def _start_the_proxy(scene: Scene) -> None:
    scene.proxy.start()
    # It is looked at again by the machine's own seconds.
    route = scene.bench.core.accounts.routes.find("proxy")
    route.believed = 0.0
    until_it_is_back(route)


EVERYTHING = ["create", "cancel", "read", "public"]
#: A grid's level whose order was refused is tried again after an hour, as its page says.
HOUR = 3_700
NOT_TAKEN = "it does not take the key: see there whether it holds"
TROUBLES = {
    "a storm of 429": Trouble(
        *faults(rate_limited=1.0, strikes=EVERYTHING, retry_after_s=9), "Too Many|Rate limit|lets nothing more be asked"
    ),
    "a ban": Trouble(
        lambda scene: scene.exchange.strike("banned", on=["read", "create", "public"]),
        lambda scene: scene.exchange.pardon(),
        "lets nothing more be asked for|403 Forbidden|Temporary lockout",
    ),
    "maintenance": Trouble(*faults(maintenance="down"), "no longer available|[Uu]navailable"),
    "cancels alone": Trouble(*faults(maintenance="cancel_only"), "cancel_only|Systems are busy", at=("kraken", "okx")),
    "pages of HTML": Trouble(
        *faults(html=1.0, strikes=["create", "cancel", "read"]), "the exchange cannot be asked", at=("kraken",)
    ),
    "a key that is revoked": Trouble(
        lambda scene: scene.exchange.revoke(), lambda scene: scene.exchange.restore(), NOT_TAKEN, after=HOUR
    ),
    "orders rejected": Trouble(
        _take_the_money,
        lambda scene: scene.exchange.deposit({QUOTE: 100_000}),
        "insufficient balance",
        after=HOUR,
        at=("binance",),
    ),
    "a market that is halted": Trouble(
        *between_decision_and_sending(status="halted"),
        "Market is closed|Order placement function is blocked",
        after=HOUR,
        at=("binance", "okx"),
    ),
    "filters that change": Trouble(
        *between_decision_and_sending(min_amount="0.5", min_notional="5000"),
        "Filter failure: NOTIONAL|minimum",
        after=HOUR,
        at=("binance", "okx"),
    ),
    "a clock that falls behind": Trouble(*faults(clock_drift_ms=-20_000), "", at=("binance",)),
    "a clock that runs ahead": Trouble(*faults(clock_drift_ms=20_000), "", at=("okx",)),
    "a proxy that dies": Trouble(
        lambda scene: scene.proxy.stop(), _start_the_proxy, "the route proxy is down", at=("okx",)
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scene", "trouble"),
    [pytest.param(name, trouble, id=f"{name}, {what}") for what, trouble in TROUBLES.items() for name in trouble.at],
    indirect=["scene"],
)
def test_nothing_is_doubled_or_lost_and_what_waits_says_why_and_goes_on(scene: Scene, trouble: Trouble) -> None:
    scene.pass_by(20)
    trouble.begin(scene)
    scene.exchange.price(SYMBOL, 39_500)
    scene.pass_by(80)
    # What comes by itself, such as a look at another clock, need not be told.
    assert re.search(trouble.told, scene.told())
    trouble.end(scene)
    bought = scene.bought()
    scene.exchange.price(SYMBOL, 40_500)
    scene.pass_by(trouble.after, step=20 if trouble.after < HOUR else 600)

    books = scene.books()
    assert (books.duplicates, books.losses, books.unknown, books.problems) == (0, 0, 0, [])
    report = scene.exchange.report()
    assert (set(report.connections), report.redirects_followed) == ({PROXY}, 0)
    # The DCA goes on buying, and of the grid every level waits for its price again.
    assert scene.bought() > bought
    assert {scene.bench.row(id_).status for id_ in scene.bots.values()} <= {"active", "completed"}
    resting = Counter(
        row.tag.partition("-")[0] for row in scene.bench.intents() if row.status == "open" and row.type == "limit"
    )
    assert resting["buy"] + resting["sell"] == 5
