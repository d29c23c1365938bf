"""What can be done with candle sets: operations, with their routes and commands."""

from __future__ import annotations

from typing import Any

from octobot_node.contracts.operation import Command, Operation, Route
from octobot_plugins.replay.candle_sets.models import (
    CandleSetDeleted,
    CandleSetImported,
    CandleSetPage,
    CandleSetRow,
    ImportCandles,
    ListCandleSets,
    OneCandleSet,
    TakeCandles,
)

__all__ = ["IMPORT_CANDLES", "OPERATIONS", "TAKE_CANDLES"]

_HERE = "octobot_plugins.replay.candle_sets.sets"
_SET = f"{_HERE}:subject"
_READ, _WRITE, _TAG = "replays:read", "replays:write", "replays"

#: Without a route: it reads whatever file of the machine it is told. Over the API a file is sent.
IMPORT_CANDLES = Operation(
    "candles.import",
    ImportCandles,
    CandleSetImported,
    f"{_HERE}:import_file",
    writes=True,
    begins=True,
    description="Keep a file of candles, to replay on it.",
)

#: Its file is the body of a request, which a route writes to disk before.
TAKE_CANDLES = Operation(
    "candles.take",
    TakeCandles,
    CandleSetImported,
    f"{_HERE}:take_sent",
    writes=True,
    description="Keep a file of candles that was sent, to replay on it.",
)

OPERATIONS: tuple[Operation[Any, Any], ...] = (
    IMPORT_CANDLES,
    TAKE_CANDLES,
    Operation(
        "candles.list",
        ListCandleSets,
        CandleSetPage,
        f"{_HERE}:list_sets",
        description="List candle sets, newest first.",
        route=Route("GET", "/candles", _READ, "Candle sets", name="list_candle_sets", tag=_TAG),
        command=Command(
            "candles list",
            columns=("id", "name", "symbol", "timeframe", "candles", "start", "end", "missing", "source", "size"),
        ),
    ),
    Operation(
        "candles.show",
        OneCandleSet,
        CandleSetRow,
        f"{_HERE}:show",
        description="Tell what is in a candle set, and how it was read.",
        route=Route("GET", "/candles/{candles}", _READ, "A candle set", name="read_candle_set", tag=_TAG),
        command=Command("candles show"),
    ),
    Operation(
        "candles.delete",
        OneCandleSet,
        CandleSetDeleted,
        f"{_HERE}:delete",
        writes=True,
        subject=_SET,
        description="Delete a candle set that no replay waits for or runs on.",
        route=Route("DELETE", "/candles/{candles}", _WRITE, "Delete a candle set", name="delete_candle_set", tag=_TAG),
        command=Command("candles remove", confirm="delete the candle set {candles}?"),
    ),
)
