"""What a newcomer sees first."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_half_a_minute_into_the_demo_automations_of_six_types_are_alive(tmp_path: Path) -> None:
    assert "examples/demo.yaml" in (ROOT / "Makefile").read_text().partition("\nrun:")[2].partition("\n\n")[0]
    command = [sys.executable, "-m", "octobot_node", "run", "examples/demo.yaml", "--for", "15s", "--json"]
    ran = subprocess.run(
        [*command, "--data-dir", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    automations = json.loads(ran.stdout)["automations"]
    # A trade may have reached its targets by then; whatever else ends has gone wrong.
    assert {found["status"] for found in automations} <= {"active", "completed"}
    alive = {found["type"].rpartition(".")[2] for found in automations if found["ticks"]}
    assert alive == {"dca", "grid", "rebalance", "smart_trade", "stop_loss_guard", "price_alert"}
    assert sum(found["fills"] for found in automations) >= 4
