"""``python -m octobot_node.testing.hostile_exchange --port 0 --data DIR [--behaviour FILE.json]``."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from aiohttp import web

from octobot_node.testing.children import told_to_end
from octobot_node.testing.hostile_exchange.behaviour import Behaviour
from octobot_node.testing.hostile_exchange.book import Book
from octobot_node.testing.hostile_exchange.journal import Journal
from octobot_node.testing.hostile_exchange.server import HostileServer


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="python -m octobot_node.testing.hostile_exchange", description="A hostile exchange."
    )
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 for any that is free")
    parser.add_argument("--data", type=Path, required=True, help="folder of the journal; one that exists is continued")
    parser.add_argument("--behaviour", type=Path, help="JSON file of behaviour; without it the last one holds")
    parser.add_argument("--tied", action="store_true", help="end when standard input closes, with whoever started this")
    options = parser.parse_args()
    journal = Journal(options.data / "journal.jsonl")
    book = Book(journal)
    if options.behaviour is not None:
        book.behave(Behaviour.model_validate_json(options.behaviour.read_bytes()))
        book.commit()
    try:
        asyncio.run(_serve(HostileServer(book), options.port, tied=options.tied))
    finally:
        journal.close()


async def _serve(server: HostileServer, port: int, *, tied: bool) -> None:
    ended = told_to_end(tied=tied)
    # No shutdown grace: requests that sit in a delay are lost with the process, as those of a real exchange would be.
    runner = web.ServerRunner(web.Server(server, access_log=None), shutdown_timeout=0.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, backlog=1_024).start()
        address = runner.addresses[0]
        sys.stdout.write(json.dumps({"port": address[1]}) + "\n")
        sys.stdout.flush()
        await ended.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    main()
