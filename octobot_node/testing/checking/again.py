"""The same ticks once more in a fresh process, whose strings hash otherwise.

``elsewhere`` starts it as ``python -m octobot_node.testing.checking.again``.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from operator import attrgetter
from typing import Any

from octobot_node.automation import Automation
from octobot_node.engine.evaluating.evaluation import Outcome, TickInput, evaluate
from octobot_node.market import Market

__all__ = ["Recorded", "digest", "elsewhere"]

#: A tick, the market that it saw, and a digest of what came of it.
Recorded = tuple[TickInput, Market, str]
_TIMEOUT_S = 60
_SEEDS = ("1", "4711")
_UNKNOWN = ["unknown"]


def digest(outcome: Outcome) -> str:
    """Return a digest of what an evaluation came to."""
    return hashlib.sha256(repr(outcome).encode()).hexdigest()


def elsewhere(automation_type: type[Automation[Any, Any]], ticks: Sequence[Recorded]) -> int | None:
    """Return the index of the first tick that another process decides differently, None if there is none.

    A class that cannot be imported by its name, as one made inside a function, is not tried.
    """
    name = (automation_type.__module__, automation_type.__qualname__)
    if "<locals>" in name[1] or name[0] == "__main__":
        return None
    # One pickle: a market that many ticks share is written once.
    given = pickle.dumps((sys.path, name, [(tick, market) for tick, market, _ in ticks]))
    # Two that differ from each other, whatever the hashes of this process are.
    with ThreadPoolExecutor(len(_SEEDS)) as pool:
        answers = list(pool.map(lambda seed: _run(given, seed), _SEEDS))
    if answers[0] == _UNKNOWN:
        return None
    here = [digest for _, _, digest in ticks]
    differing = [index for index, each in enumerate(zip(here, *answers, strict=True)) if len(set(each)) > 1]
    return differing[0] if differing else None


def _run(given: bytes, seed: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=given,
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    if done.returncode:
        raise RuntimeError(f"the other process failed: {done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout.decode().split()


def main() -> None:
    """Read ticks, evaluate each, print the digests."""
    path, (module, qualified), ticks = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - written by ``elsewhere``
    sys.path[:] = path
    try:
        automation = attrgetter(qualified)(import_module(module))()
    except (ImportError, AttributeError):
        sys.stdout.write(f"{_UNKNOWN[0]}\n")
        return
    for tick, market in ticks:
        sys.stdout.write(f"{digest(evaluate({tick.type: automation}, tick, market, None))}\n")


if __name__ == "__main__":
    main()
