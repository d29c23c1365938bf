"""A newcomer's whole story, by the REST API alone and with nothing but Python's own library.

Which types there are → what one would do first → create it paused → start it → watch it → what it was worth → replay
the same config on the candles of its market, and a variation of it → compare the two → export its fills as CSV.

    octobot-node start
    KEY=$(octobot-node keys add admin newcomer --json --scope automations:read --scope automations:write \
      --scope accounts:read --scope accounts:write --scope markets:read --scope events:read --scope orders:read \
      --scope replays:read --scope replays:write | jq -r .token)
    OCTOBOT_KEY=$KEY python examples/newcomer.py http://127.0.0.1:8000
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

NODE = f"{sys.argv[1] if len(sys.argv) > 1 else 'http://127.0.0.1:8000'}/api/v1"
KEY = os.environ.get("OCTOBOT_KEY") or sys.exit("OCTOBOT_KEY is not set: make a key as the beginning of this file says")
CONFIG = {"symbol": "BTC/USD", "amount": "100", "every": "10m"}
BUDGET = {"USD": "500"}


def main() -> None:
    """Tell the story."""
    types = {row["name"]: row for row in ask("GET", "/types")["types"]}
    dca = "dca"
    say("types", len(types), types[dca]["title"])

    account = {"market_data": {"use": "simulated", "seed": 7}, "trading": {"use": "paper"}, "balances": {"USD": "1000"}}
    ask("POST", "/accounts", {"name": "newcomer", **account})
    money = ask("GET", "/accounts/newcomer/money")["assets"][0]
    say("budget at most", money["most"], money["asset"])

    draft = {"account": "newcomer", "budget": BUDGET, "config": CONFIG}
    plan = ask("POST", f"/types/{dca}/plan", draft)
    (order,) = plan["orders"]
    say("would", order["side"], order["symbol"], "for", order["spend"], "of", plan["needs_funds"])

    made = ask("POST", "/automations", {"name": "first", "type": dca, "start": False, **draft})
    say("created", made["status"], made["ticks"])

    place = f"/automations/{made['id']}"
    told = watch(f"/live?mode=events&kind=order.&automation={made['id']}", lambda: ask("POST", f"{place}/resume"))
    fill = next(event for event in told if event["kind"] == "order.fill")
    say("watched", fill["message"])

    course = ask("GET", f"{place}/course")
    last = course["points"][-1]
    say("worth", last["equity"], course["asset"], "beside", last["held"], "held")

    rows = ask("GET", "/markets/candles?account=newcomer&symbol=BTC/USD&timeframe=1m&count=600")["candles"]
    csv = "".join(f"{','.join(str(value) for value in [row[0] // 1000, *row[1:]])}\n" for row in rows)
    stored = send("/candles?symbol=BTC/USD&file_name=newcomer.csv", csv.encode())
    variations = ({"type": dca, "config": CONFIG}, {"type": dca, "config": {**CONFIG, "amount": "50"}})
    replays = [replay({"candles": [stored["id"]], "budget": BUDGET, **each}) for each in variations]
    report = ask("GET", f"/replays/{replays[0]}/report")["report"]["automations"][0]
    say("replayed", report["fills"], "fills, largest fall", report["max_drawdown_ratio"])
    compared = ask("GET", f"/replays/compare?{urllib.parse.urlencode([('replays', each) for each in replays])}")
    say("compared", len(compared["replays"]))

    exported = fetch(f"/exports/fills?automation={made['id']}").decode()
    say("exported", len(exported.splitlines()) - 1, "fills")
    sys.stdout.write(exported)


def replay(what: dict[str, Any]) -> str:
    """Start a replay, follow it to its end, and return its id."""
    started = ask("POST", "/replays", what)
    for progress in stream(f"/replays/{started['id']}/progress"):
        if progress["status"] not in {"queued", "running"}:
            assert progress["status"] == "finished", progress
    return str(started["id"])


def watch(path: str, begin: Any) -> list[dict[str, Any]]:
    """Follow a stream from before something is begun until the first fill; return what was told."""
    told = []
    for event in stream(path, begin):
        told.append(event)
        if event["kind"] == "order.fill":
            break
    return told


def stream(path: str, begin: Any = None) -> Iterator[dict[str, Any]]:
    """Yield the data of each server-sent event; ``begin`` is called once the node listens."""
    with open_url("GET", path, accept="text/event-stream") as answer:
        for raw in answer:
            line = raw.decode().rstrip("\n")
            if line.startswith("id: ") and begin is not None:
                begin, called = None, begin
                called()
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def ask(method: str, path: str, body: Any = None) -> Any:
    """Return the JSON that the node answers with."""
    data = None if body is None else json.dumps(body).encode()
    return json.loads(fetch(path, method=method, data=data))


def send(path: str, content: bytes) -> Any:
    """Send a file as it is."""
    return json.loads(fetch(path, method="POST", data=content, kind="application/octet-stream"))


def fetch(path: str, *, method: str = "GET", data: bytes | None = None, kind: str = "application/json") -> bytes:
    """Return what the node answers; a request that is refused for its rate is made again when its time has come."""
    while True:
        try:
            with open_url(method, path, data=data, kind=kind) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            if error.code != 429:
                raise SystemExit(f"{method} {path}: {error.read().decode()}") from None
            time.sleep(float(error.headers.get("Retry-After", "1")))


def open_url(
    method: str, path: str, *, data: bytes | None = None, kind: str = "application/json", accept: str = "*/*"
) -> Any:
    """Open an address of the node with the key."""
    headers = {"authorization": f"Bearer {KEY}", "accept": accept, "content-type": kind}
    request = urllib.request.Request(f"{NODE}{path}", data=data, method=method, headers=headers)  # noqa: S310 - NODE
    return urllib.request.urlopen(request, timeout=60)  # noqa: S310 - NODE again


def say(*words: Any) -> None:
    """Print a line of the story."""
    sys.stdout.write(f"{words[0]}: {' '.join(str(word) for word in words[1:])}\n")


if __name__ == "__main__":
    main()
