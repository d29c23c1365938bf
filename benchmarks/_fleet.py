"""A large fleet in a data folder, and what happens to it: ``python -m benchmarks._fleet fill|push FOLDER``.

For whatever looks at a node from outside, such as the dashboard's journeys. ``fill`` makes N automations of built-in
types on an account with play money, which wait for tomorrow; half of them hold something, each another amount, and have
traded. ``push`` writes events as they trade, so many a second, into the database of a node that runs.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks._baseline import create_in_chunks
from benchmarks._common import settings_for
from benchmarks.lists import DAY_MS, fill, make_them_differ, open_folder
from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.ids import new_id
from octobot_node.store.sql.bulk_statements import insert_many
from octobot_node.store.standings.standing_changes import note_changed
from octobot_node.store.tables import automations, events, schedule

_CONFIGS: dict[str, dict[str, Any]] = {
    "dca": {"symbol": "BTC/USD", "amount": "10", "every": "1d"},
    "rebalance": {"quote": "USD", "weights": {"BTC": "50", "USD": "50"}, "threshold": "5"},
    "price_alert": {"symbol": "BTC/USD", "above": "1000000"},
}
#: How often what is pushed is written.
_BEAT_S = 0.25


def main() -> None:
    """Fill a folder, or push events into it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    filling = commands.add_parser("fill")
    filling.add_argument("folder", type=Path)
    filling.add_argument("--automations", type=int, default=100_000, metavar="N")
    filling.add_argument("--events", type=int, default=300_000, metavar="N")
    pushing = commands.add_parser("push")
    pushing.add_argument("folder", type=Path)
    pushing.add_argument("--rate", type=int, default=60, metavar="N", help="events a second")
    pushing.add_argument("--seconds", type=int, default=60, metavar="N")
    options = parser.parse_args()
    if options.command == "fill":
        fill_folder(options.folder, options.automations, options.events)
    else:
        print(push(options.folder, options.rate, options.seconds))


def fill_folder(folder: Path, count: int, happened: int) -> None:
    """Make a folder whose node has so many automations, and as many events of the past."""
    money = {"balances": {"USD": str(1_000 * (count + 1))}}
    account = NewAccount("paper", "simulated", "paper", {"seed": 7}, money)
    with open_folder(settings_for(folder, disk_reserve_mb=0)) as context:
        create_in_chunks(context.commands, account, [_automation(number) for number in range(count)])
        with context.core.storage.write() as connection:
            far = context.core.clock.now() + DAY_MS
            connection.execute(schedule.update().values(next_run_at=far, due_at=far))
        fill(context, count, happened)
        make_them_differ(context)


def _automation(number: int) -> NewAutomation:
    kind = list(_CONFIGS)[number % len(_CONFIGS)]
    budget = {} if kind == "price_alert" else {"USD": Decimal(1_000)}
    return NewAutomation(f"{kind}-{number:06}", kind, "", budget, _CONFIGS[kind])


def push(folder: Path, rate: int, seconds: int) -> int:
    """Write events of fills and orders, spread over a thousand automations; return how many there were."""
    written, dice, began = 0, random.Random(11), time.monotonic()
    # Beside the node, whose folder nobody else opens.
    engine = sa.create_engine(f"sqlite:///{folder / 'octobot.db'}", connect_args={"timeout": 60})
    with engine.connect() as connection:
        columns = automations.c
        some = sa.select(columns.id, columns.account_id).order_by(columns.id).limit(1_000)
        owners = [(row.id, row.account_id) for row in connection.execute(some)]
    while written < rate * seconds:
        due = min(int((time.monotonic() - began + _BEAT_S) * rate), rate * seconds) - written
        rows = [_event(*dice.choice(owners), dice, int(time.time() * 1_000)) for _ in range(due)]
        with engine.begin() as connection:
            insert_many(connection, events, rows)
            note_changed(connection, {row["automation_id"] for row in rows})
        written += due
        time.sleep(_BEAT_S)
    engine.dispose()
    return written


def _event(automation: str, account: str, dice: random.Random, now: int) -> dict[str, Any]:
    kind = dice.choice(("order.planned", "order.fill", "order.filled"))
    data: dict[str, str] = {"symbol": "BTC/USD", "side": dice.choice(("buy", "sell"))}
    if kind == "order.fill":
        data |= {"order": new_id(), "amount": "0.00184", "price": str(dice.randint(40_000, 60_000)), "fee": "0.1"}
        data |= {"fee_asset": "USD", "tag": ""}
    else:
        data |= {"id": new_id(), "filled": "0", "reason": "", "type": "limit", "amount": "0.00184", "price": "1"}
    of = {"owner": "local", "account_id": account, "automation_id": automation}
    return {**of, "kind": kind, "data": json.dumps(data), "at": now}


if __name__ == "__main__":
    main()
