"""Watch an evaluation: what it calls that no pure function calls, and what it changes that is not its own."""

from __future__ import annotations

import gc
import json
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from types import FrameType
from typing import Any

from octobot_node.automation import Automation, Decision, Tick
from octobot_node.testing.checking.violation import Violation

__all__ = ["watched"]

_CLOCK = "asks the machine's clock"
_CHANCE = "draws from a random generator that is not its own"
_WORLD = "reaches out of the program"
_CURES = {
    _CLOCK: "use tick.now: a replay of last year has to decide as it would have then",
    _CHANCE: "use tick.random, which is seeded by the automation and the tick",
    _WORLD: "let needs() ask for market data, and put messages into Notify: an evaluation does no input or output",
}
_TIME = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "localtime", "gmtime")
_FILES = (
    *("open", "read", "write", "listdir", "scandir", "stat", "lstat", "mkdir", "rmdir", "remove", "unlink"),
    *("rename", "replace", "system", "getcwd", "access"),
)
#: Who may read files while an evaluation runs: what loads code and time zones, once.
_LOADERS = ("importlib", "zoneinfo", "linecache", "traceback", "warnings", "tokenize")


def watched(automation_type: type[Automation[Any, Any]], found: list[Violation]) -> type[Automation[Any, Any]]:
    """Return a subclass whose evaluations are watched; what they do wrong is appended to ``found``."""

    class Watched(automation_type):  # type: ignore[misc, valid-type]  # known at run time
        """The same, watched."""

        def evaluate(self, tick: Tick[Any, Any]) -> Decision:
            """Evaluate as the type does."""
            before, kept = _fingerprint(tick), repr(vars(self))
            with _listening(found):
                decision: Decision = super().evaluate(tick)
            after = _fingerprint(tick)
            found.extend(
                Violation(
                    f"evaluate() changes tick.{part} in place",
                    "make a copy, and return what is to be remembered as Decision(state=…)",
                )
                for part in before
                if before[part] != after[part]
            )
            if repr(vars(self)) != kept:
                found.append(
                    Violation(
                        f"evaluate() keeps {', '.join(vars(self))} on the instance",
                        "return it as Decision(state=…): an instance is shared by all its automations",
                    )
                )
            return decision

    Watched.__qualname__ = Watched.__name__ = automation_type.__name__
    return Watched


def _fingerprint(tick: Tick[Any, Any]) -> dict[str, str]:
    market = tick.market
    return {
        "config": repr(tick.config),
        "state": repr(tick.state),
        "balances": repr(tick.balances),
        "positions": repr(tick.positions),
        "open_orders": repr(tick.open_orders),
        "fills": repr(tick.fills),
        "results": repr(tick.results),
        "signals": json.dumps([signal.payload for signal in tick.signals], sort_keys=True, default=str),
        "market": repr((sorted(market.tickers), sorted(market.all_candles), sorted(market.all_rules))),
    }


@contextmanager
def _listening(found: list[Violation]) -> Iterator[None]:
    """Hear every call of a C function: a clock, a generator and a file cannot be used without one."""

    def hear(frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and (how := _kind(called)) is not None and not _is_loading(frame):
            name = getattr(called, "__name__", "?")
            what = f"evaluate() {how}: {name}() in {_place(frame)}"
            if all(violation.what != what for violation in found):
                found.append(Violation(what, _CURES[how]))

    before, collects = sys.getprofile(), gc.isenabled()
    # The collector calls back tools that read clocks: that is not the evaluation's doing.
    gc.disable()
    sys.setprofile(hear)
    try:
        yield
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()


def _kind(called: Any) -> str | None:
    name, owner = getattr(called, "__name__", ""), getattr(called, "__self__", None)
    if owner is time:
        return _CLOCK if name in _TIME or name == "sleep" else None
    if isinstance(owner, type):
        return _CLOCK if name in ("now", "utcnow", "today") and issubclass(owner, date) else None
    if owner is random._inst:  # noqa: SLF001 - the one behind random.random()
        return _CHANCE
    return _reaching(name, owner)


def _reaching(name: str, owner: Any) -> str | None:
    home = getattr(owner, "__name__", "")
    if home in ("posix", "nt"):
        return _CHANCE if name == "urandom" else _WORLD if name in _FILES else None
    # By name: an array compared with a module is an array.
    if home in ("builtins", "io", "_io"):
        return _WORLD if name in ("open", "print", "input", "open_code") else None
    kinds = ("_socket", "_sqlite3", "_posixsubprocess", "sqlite3")
    return _WORLD if home in kinds or type(owner).__module__ in kinds else None


def _is_loading(frame: FrameType | None) -> bool:
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(_LOADERS):
            return True
        if module == __name__:
            return False
        frame = frame.f_back
    return False


def _place(frame: FrameType) -> str:
    """Return the author's own line: the innermost that is neither the standard library's nor an installed package's."""
    inner: FrameType | None = frame
    while inner is not None and inner.f_globals.get("__name__") != __name__:
        file = inner.f_code.co_filename
        if not file.startswith((sys.base_prefix, "<")) and "site-packages" not in file:
            return f"{file}, line {inner.f_lineno}"
        inner = inner.f_back
    return f"{frame.f_code.co_filename}, line {frame.f_lineno}"
