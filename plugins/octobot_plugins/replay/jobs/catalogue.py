"""What can be done with replays: operations, with their routes and commands."""

from __future__ import annotations

from typing import Any

from octobot_node.contracts.operation import Command, Operation, Route
from octobot_plugins.replay.jobs.models import (
    CompareReplays,
    Comparison,
    EditReplay,
    ListReplays,
    OneReplay,
    Progress,
    ReplayCurves,
    ReplayDeleted,
    ReplayDetail,
    ReplayFillPage,
    ReplayLog,
    ReplayPage,
    ReplayReport,
    ShowCurves,
    ShowPieces,
    StartReplay,
)

__all__ = ["OPERATIONS", "REPORT", "SHOW_PROGRESS", "START_REPLAY"]

_HERE = "octobot_plugins.replay.jobs"
_SHOWN = f"{_HERE}.shown"
_REPLAY = f"{_HERE}.jobs:subject"
_READ, _WRITE, _TAG = "replays:read", "replays:write", "replays"

START_REPLAY = Operation(
    "replays.start",
    StartReplay,
    ReplayDetail,
    f"{_HERE}.starting:start",
    writes=True,
    besides=f"{_HERE}.starting:mistakes_besides",
    description="Start a replay: it waits for its turn, and runs in a process of its own.",
    route=Route(
        "POST",
        "/replays",
        _WRITE,
        "Start a replay",
        name="start_replay",
        tag=_TAG,
        status=201,
        location="/replays/{id}",
    ),
)
SHOW_PROGRESS = Operation(
    "replays.progress", OneReplay, Progress, f"{_HERE}.jobs:progress", description="Tell how far a replay is."
)
REPORT = Operation(
    "replays.report",
    OneReplay,
    ReplayReport,
    f"{_HERE}.reports.results:report",
    description="Tell what a replay came to: its report, performance and assumptions.",
    route=Route("GET", "/replays/{replay}/report", _READ, "A replay's report", name="read_replay_report", tag=_TAG),
    command=Command("replays report", show=f"{_SHOWN}:print_replay_report"),
)

OPERATIONS: tuple[Operation[Any, Any], ...] = (
    START_REPLAY,
    SHOW_PROGRESS,
    REPORT,
    Operation(
        "replays.list",
        ListReplays,
        ReplayPage,
        f"{_HERE}.jobs:list_replays",
        description="List replays, newest first.",
        route=Route("GET", "/replays", _READ, "Replays", name="list_replays", tag=_TAG),
        command=Command("replays list", show=f"{_SHOWN}:print_replays"),
    ),
    Operation(
        "replays.compare",
        CompareReplays,
        Comparison,
        f"{_HERE}.reports.comparing:compare",
        description="Compare finished replays on one axis of time, with differences to the first.",
        # Before the one with an id in the same place.
        route=Route("GET", "/replays/compare", _READ, "Compare replays", name="compare_replays", tag=_TAG),
        command=Command("replays compare", show=f"{_SHOWN}:print_comparison"),
    ),
    Operation(
        "replays.show",
        OneReplay,
        ReplayDetail,
        f"{_HERE}.jobs:show",
        description="Tell what a replay is of, and how it stands.",
        route=Route("GET", "/replays/{replay}", _READ, "A replay", name="read_replay", tag=_TAG),
        command=Command("replays show", show=f"{_SHOWN}:print_replay"),
    ),
    Operation(
        "replays.edit",
        EditReplay,
        ReplayDetail,
        f"{_HERE}.jobs:edit",
        writes=True,
        subject=_REPLAY,
        description="Rename a replay, or change its notes; what is left out stays.",
        route=Route("PATCH", "/replays/{replay}", _WRITE, "Note something of a replay", name="edit_replay", tag=_TAG),
        command=Command("replays edit", show=f"{_SHOWN}:print_replay"),
    ),
    Operation(
        "replays.cancel",
        OneReplay,
        ReplayDetail,
        f"{_HERE}.jobs:cancel",
        writes=True,
        subject=_REPLAY,
        description="Cancel a replay that waits or runs.",
        route=Route("POST", "/replays/{replay}/cancel", _WRITE, "Cancel a replay", name="cancel_replay", tag=_TAG),
        command=Command("replays cancel", show=f"{_SHOWN}:print_replay"),
    ),
    Operation(
        "replays.delete",
        OneReplay,
        ReplayDeleted,
        f"{_HERE}.jobs:delete",
        writes=True,
        subject=_REPLAY,
        description="Delete a replay that is over, with what it came to.",
        route=Route("DELETE", "/replays/{replay}", _WRITE, "Delete a replay", name="delete_replay", tag=_TAG),
        command=Command("replays remove", confirm="delete the replay {replay} with its results?"),
    ),
    Operation(
        "replays.curves",
        ShowCurves,
        ReplayCurves,
        f"{_HERE}.reports.results:curves",
        description="Tell the equity, drawdown and holding of a replay's automations over time.",
        route=Route("GET", "/replays/{replay}/curves", _READ, "A replay's curves", name="read_replay_curves", tag=_TAG),
        command=Command("replays curves", show=f"{_SHOWN}:print_curves"),
    ),
    Operation(
        "replays.fills",
        ShowPieces,
        ReplayFillPage,
        f"{_HERE}.reports.results:fills",
        description="List what a replay's orders executed, oldest first.",
        route=Route("GET", "/replays/{replay}/fills", _READ, "A replay's fills", name="list_replay_fills", tag=_TAG),
        command=Command("replays fills"),
    ),
    Operation(
        "replays.log",
        ShowPieces,
        ReplayLog,
        f"{_HERE}.reports.results:log",
        description="Tell what happened in a replay, in words, oldest first.",
        route=Route("GET", "/replays/{replay}/log", _READ, "A replay's log", name="read_replay_log", tag=_TAG),
        command=Command("replays log"),
    ),
)
