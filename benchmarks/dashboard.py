"""How long one waits for what on the dashboard, and what a tab holds: ``python -m benchmarks.dashboard``.

Two of the dashboard's journeys, in Chromium, on a real node: N automations are painted, searched, ordered, opened,
jumped and scrolled through, where a blank row fails it; and three tabs hear an hour of events ten times as fast, the
page's own timers with them, after which they must hold no more than before. Needs ``make ui``.

The ratio is the p95 of a jump by that of the list's first telling.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks._common import empty_folder, parse_options, write_numbers

_ROOT = Path(__file__).parents[1]
_PLAYWRIGHT = _ROOT / "ui/node_modules/.bin/playwright"
_JUMP, _FIRST = "a jump until every row that is seen is told, ms, p95", "the list told, ms, p95"


def main() -> None:
    """Walk through both, and print."""
    options = parse_options(__doc__, automations=100_000, jumps=60, frames=600, loads=10, minutes=60, rate=60)
    given = {
        "MANY": options.automations,
        "JUMPS": options.jumps,
        "FRAMES": options.frames,
        "LOADS": options.loads,
        "MINUTES": options.minutes,
        "RATE": options.rate,
    }
    figures: dict[str, object] = {"automations": options.automations, **walk(given)}
    write_numbers(options, figures, float(str(figures[_JUMP])) / float(str(figures[_FIRST])))


def walk(given: dict[str, int]) -> dict[str, object]:
    """Return what the journeys measured; raise where one of them failed."""
    with empty_folder(None) as folder:
        figures = folder / "figures"
        environment = {
            **os.environ,
            **{name: str(value) for name, value in given.items()},
            "FIGURES": str(figures),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        }
        command = [str(_PLAYWRIGHT), "test", "many", "hour", "--workers", "1"]
        subprocess.run(command, cwd=_ROOT / "ui", env=environment, check=True, stdout=sys.stderr)
        return dict(json.loads(line) for line in figures.read_text().splitlines())


if __name__ == "__main__":
    main()
