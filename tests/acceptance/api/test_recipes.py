"""docs/api.md's recipes, run as they are written, against a node that is started as its page says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "api.md"
pytestmark = pytest.mark.timeout(240)


def recipes() -> dict[str, str]:
    """Return heading -> what is to be typed."""
    text = PAGE.read_text().partition("## Recipes")[2]
    found = {}
    for heading, body in re.findall(r"^### (.+?)$(.*?)(?=^### |\Z)", text, flags=re.MULTILINE | re.DOTALL):
        blocks = re.findall(r"^```(sh|python)\n(.*?)^```", body, flags=re.MULTILINE | re.DOTALL)
        found[heading] = "\n".join(
            typed if kind == "sh" else f"python3 - <<'END'\n{typed}END" for kind, typed in blocks
        )
    return found


@dataclass(frozen=True)
class Running:
    """A node that runs, for all that is typed here."""

    folder: Path
    environment: dict[str, str]
    url: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("recipes")
    environment = {
        **os.environ,
        "OCTOBOT_DATA_DIR": str(folder / "data"),
        "OCTOBOT_API_PORT": "0",
        "OCTOBOT_DISK_RESERVE_MB": "0",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    with (folder / "log").open("wb") as log:
        node = subprocess.Popen(
            [sys.executable, "-m", "octobot_node", "start", "--log", "json"], env=environment, stderr=log
        )
        try:
            yield Running(folder, environment, _url(folder / "log", node))
        finally:
            node.terminate()
            node.wait(30)


@pytest.fixture(scope="module")
def typed(running: Running) -> dict[str, str]:
    """Type every recipe into one shell; return heading -> what it printed."""
    return _type(running.folder, running.environment, running.url)


def _url(log: Path, node: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and node.poll() is None:
        found = re.search(r'"url": "(http://[^/"]+)', log.read_text())
        if found and '"node_started"' in log.read_text():
            return found[1]
        time.sleep(0.1)
    raise AssertionError(f"the node did not start: {log.read_text()}")


def _type(folder: Path, environment: dict[str, str], url: str) -> dict[str, str]:
    script = ["set -euo pipefail", f"NODE={url}"]
    for heading, typed in recipes().items():
        script += [f"echo; echo '=== {heading}'", typed]
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    parts = re.split(r"^=== (.+)$", done.stdout, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_recipe_has_something_to_type_and_was_typed(typed: dict[str, str]) -> None:
    assert set(typed) == set(recipes())
    assert len(typed) >= 8
    assert all(recipes().values())


def test_a_dca_is_created_planned_and_changed(typed: dict[str, str]) -> None:
    account, plan = json.loads(typed["Create a DCA"]), json.loads(typed["Plan one that there is"])

    assert account["name"] == "paper"
    assert (plan["outcome"], plan["orders"]) == ("decides", [{"side": "buy", "symbol": "BTC/USD", "spend": "100"}])
    assert plan["lacking_funds"] == {}
    first = json.loads(typed["Plan one that is not there yet"])
    assert {key: first[key] for key in ("outcome", "orders")} == {key: plan[key] for key in ("outcome", "orders")}
    assert set(plan["requests_used"]) == {"market_data", "trading"}
    assert json.loads(typed["Change one field of it"]) == "150"
    assert typed["Give it more money"].strip() == "5100"


def test_all_are_paused_and_one_goes_on(typed: dict[str, str]) -> None:
    done, _, status = typed["Pause all"].strip().rpartition("\n")

    assert json.loads(done) == {"done": 1, "refused": []}
    assert status == "active"


def test_events_are_followed_and_gone_on_with_after_the_last_one(typed: dict[str, str]) -> None:
    lines = [line.partition(":data: ") for line in typed["Follow events"].strip().splitlines()]
    kinds = [(file, json.loads(data)["kind"]) for file, _, data in lines]

    assert kinds == [("events.txt", "automation.paused"), ("later.txt", "automation.active")]


def test_an_alert_arrives(typed: dict[str, str]) -> None:
    status, taken = typed["A TradingView alert"].strip().splitlines()

    assert (status, json.loads(taken)) == ("active", {"accepted": True})


def test_signed_alerts_arrive_from_a_shell_and_from_python(typed: dict[str, str]) -> None:
    lines = re.findall(r"\{.*?\}", typed["A signed alert"])

    assert [json.loads(line) for line in lines] == [{"accepted": True}] * 2


def test_the_kill_switch_settles_and_is_released(typed: dict[str, str]) -> None:
    proof, _, in_force = typed["The kill switch, and its proof"].strip().rpartition("\n")

    assert json.loads(proof)["settled"] is True
    assert in_force == "false"


def test_a_newcomer_gets_from_the_types_to_a_csv_by_the_api_alone(running: Running, typed: dict[str, str]) -> None:
    """examples/newcomer.py, with the key that its first lines make. The recipes end with a kill switch released."""
    del typed
    script = PAGE.parents[1] / "examples" / "newcomer.py"
    scopes = re.findall(r"--scope (\S+)", script.read_text())
    made = subprocess.run(
        [*("octobot-node", "keys", "add", "admin", "newcomer", "--json"), *(f"--scope={scope}" for scope in scopes)],
        env=running.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    done = subprocess.run(
        [sys.executable, str(script), running.url],
        env={**running.environment, "OCTOBOT_KEY": json.loads(made.stdout)["token"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    story = dict(line.split(": ", 1) for line in done.stdout.splitlines()[:9])
    assert story["budget at most"] == "1000 USD"
    assert story["would"].startswith("buy BTC/USD for 100 of {'USD': ")
    assert story["created"] == "paused 0"
    assert story["watched"].startswith("bought ")
    assert (story["compared"], story["exported"]) == ("2", "1 fills")
    assert int(story["replayed"].split()[0]) > 1
    header, row = done.stdout.splitlines()[9:]
    assert len(header.split(",")) == len(row.split(","))
