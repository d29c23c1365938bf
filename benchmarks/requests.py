"""What N automations on M symbols ask of an exchange: ``python -m benchmarks.requests``.

A node's automations tick every minute on prices of Binance, whose emulator, in a process of its own, counts the
requests that arrive and what they weigh by Binance's table. Once all are spread over the minute and once all are due at
its beginning, as a node runs them; and once each fetches for itself: evaluated alone, with nothing that another one
fetched. Limits are lifted: what would be asked is counted, not how it is held back.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks._common import empty_folder, in_fresh_process, parse_options, settings_for, wait_until, write_numbers
from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.engine.market import hub
from octobot_node.live.node import Node
from octobot_node.store.tables import schedule
from octobot_node.testing.exchange_emulators.process import EmulatorProcess

#: What Binance allows in a minute.
ALLOWED = 6_000


def main() -> None:
    """Run all and print."""
    options = parse_options(__doc__, automations=1_000, symbols=50, every=60, seconds=60)
    size = options.automations, options.symbols, options.every, options.seconds
    figures: dict[str, object] = {"automations": options.automations, "symbols": options.symbols}
    each_weighs: dict[str, float] = {}
    with empty_folder(options.keep) as folder:
        for name, align, alone in (
            ("spread", False, False),
            ("at once", True, False),
            ("each for itself", False, True),
        ):
            found = in_fresh_process(measure, folder / name.replace(" ", "-"), *size, align, alone)
            minute = 60 / found["seconds"]
            figures |= {
                f"{name}: ticks a minute": found["ticks"] * minute,
                f"{name}: requests a minute": found["requests"] * minute,
                f"{name}: weight a minute": found["weight"] * minute,
                f"{name}: of what is allowed, %": 100 * found["weight"] * minute / ALLOWED,
            }
            # By tick: on a busy machine not all come that are due.
            each_weighs[name] = found["requests"] / max(found["ticks"], 1)
    figures["the ratio"] = "requests a tick, each for itself by at once"
    figures["each for itself by spread"] = each_weighs["each for itself"] / each_weighs["spread"]
    write_numbers(options, figures, each_weighs["each for itself"] / each_weighs["at once"])


def measure(
    folder: Path, automations: int, symbols: int, every: int, seconds: int, align: bool, alone: bool
) -> Mapping[str, float]:
    """Return what was asked while all ticked for so long."""
    names = [f"C{number}/USDT" for number in range(symbols)]
    changes: dict[str, Any] = {"batch_size": 1, "batch_workers": 16} if alone else {}
    if alone:
        # Nothing that was fetched is fresh for another.
        hub._TICKER_MS = -1
    folder.mkdir(parents=True)
    with EmulatorProcess.start("binance", prices=dict.fromkeys(names, 100)) as exchange:
        exchange.limit(weight=10**9)
        settings = settings_for(folder, egress_allow_private=True, evaluate_memory_mb=1_024, **changes)
        with Node(settings) as node:
            market = {"exchange": "binance", "base_url": exchange.url}
            account = node.commands.create_account(
                NewAccount("bench", "ccxt", "paper", market, {"balances": {"USDT": "1000000000"}})
            )
            node.commands.create_many(
                [
                    NewAutomation(
                        f"a{number}",
                        "bench_steady",
                        account,
                        {"USDT": Decimal(1)},
                        {"symbol": names[number % symbols], "every": every, "align": align},
                    )
                    for number in range(automations)
                ]
            )
            node.hurry()
            wait_until(lambda: _slowest(node) >= 1, seconds=600, what="every automation's first tick")
            before, ticks, began = exchange.report(), node.core.counters.ticks, time.monotonic()
            time.sleep(seconds)
            after, ticked, took = exchange.report(), node.core.counters.ticks - ticks, time.monotonic() - began
    asked = sum(after.requests.values()) - sum(before.requests.values())
    return {"requests": asked, "weight": after.weight - before.weight, "ticks": ticked, "seconds": took}


def _slowest(node: Node) -> int:
    with node.core.storage.read() as connection:
        return connection.scalar(sa.select(sa.func.min(schedule.c.tick))) or 0


if __name__ == "__main__":
    main()
