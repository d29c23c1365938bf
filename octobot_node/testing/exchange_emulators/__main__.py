"""``python -m octobot_node.testing.exchange_emulators binance --port 0``, or ``my_package.emulator:MyEmulator``."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from octobot_node.testing.children import told_to_end
from octobot_node.testing.exchange_emulators import EMULATORS
from octobot_node.testing.exchange_emulators.emulator import Emulator
from octobot_node.testing.exchange_emulators.web.admin import admin_door


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="python -m octobot_node.testing.exchange_emulators",
        description="A real exchange's protocol, on this machine.",
    )
    parser.add_argument("exchange", help=f"{', '.join(sorted(EMULATORS))}, or one of your own as module:Class")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 for any that is free")
    parser.add_argument("--admin", type=int, default=0, help="port of the methods for whoever tests")
    parser.add_argument("--data", type=Path, help="folder of the journal of what really happened")
    parser.add_argument("--price", action="append", metavar="BTC/USDT=40000", help="a market; may be given again")
    parser.add_argument("--balance", action="append", metavar="USDT=1000", help="money of the account `main`; the same")
    parser.add_argument("--tied", action="store_true", help="end when standard input closes, with whoever started this")
    options = parser.parse_args()
    given: dict[str, Any] = {"port": options.port, "data": options.data}
    for name, pairs in (("prices", options.price), ("balances", options.balance)):
        if pairs:
            given[name] = _pairs(parser, pairs)
    asyncio.run(_serve(_kind(parser, options.exchange)(**given), options.admin, tied=options.tied))


def _kind(parser: argparse.ArgumentParser, name: str) -> type[Emulator]:
    if name in EMULATORS:
        return EMULATORS[name]
    module, _, kind = name.partition(":")
    try:
        found = getattr(import_module(module), kind) if kind else None
    except (ImportError, AttributeError) as error:
        parser.error(f"{name} cannot be imported: {error}")
    if not (isinstance(found, type) and issubclass(found, Emulator)):
        parser.error(f"{name} is no emulator: take {', '.join(sorted(EMULATORS))}, or module:Class of an Emulator")
    return found


async def _serve(emulator: Emulator, admin_port: int, *, tied: bool) -> None:
    ended, admin = told_to_end(tied=tied), admin_door(emulator.controls())
    async with emulator as exchange:
        await admin.open(admin_port)
        try:
            said = {
                "url": exchange.url,
                "admin": admin.port,
                "key": exchange.key,
                "secret": exchange.secret,
                "passphrase": exchange.passphrase,
                "urls": exchange.urls,
            }
            sys.stdout.write(json.dumps(said) + "\n")
            sys.stdout.flush()
            await ended.wait()
        finally:
            await admin.close()


def _pairs(parser: argparse.ArgumentParser, texts: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    if not all(name and amount for name, _, amount in pairs):
        parser.error(f"{' '.join(texts)}: write NAME=AMOUNT")
    return {name: amount for name, _, amount in pairs}


if __name__ == "__main__":
    main()
