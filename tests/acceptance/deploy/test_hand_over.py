"""`./drain` and `./hand-over`: what they do in which order, and what they leave where something fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCKER = Path(__file__).parents[3] / "deploy" / "docker"
#: Stands for Docker: says what the test's environment does, and writes down what it is told.
ENGINE = """#!/bin/bash
echo "$*" >>"$TOLD"
case "$*" in
  "compose config"*) printf '  "name": "fleet",\\n        "OCTOBOT_STANDBY": "%s",\\n' "$STANDBY" ;;
  "compose ps"*) echo "$RUNS" ;;
  "ps "*) echo successor ;;
  "exec $RUNS octobot-node nodes --json") echo '{"nodes": [{"id": "7", "this": false}, {"id": "9", "this": true}]}' ;;
  "exec --interactive"*) shift 4; exec "$PYTHON" "$@" ;;
  "logs "*"$DIES") ;;
  "logs "*) echo '{"event": "standing_by"}' ;;
  *"RestartPolicy.Name"*) echo unless-stopped ;;
  *"State.Status"*) if [ "${@: -1}" = "$DIES" ]; then echo exited 0; else echo running 0; fi ;;
esac
"""


def give(folder: Path, script: str, **environment: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Give a script, and return what it says and what Docker was told to do."""
    for name in ("drain", "hand-over"):
        shutil.copy(DOCKER / name, folder)
    (folder / "tools").mkdir()
    (folder / "tools" / "docker").write_text(ENGINE)
    (folder / "tools" / "docker").chmod(0o755)
    given = {
        "STANDBY": "true",
        "RUNS": "old",
        "DIES": "nobody",
        "PYTHON": sys.executable,
        "PATIENCE": "60",
        **environment,
    }
    done = subprocess.run(
        ["bash", str(folder / script)],
        env={"PATH": f"{folder / 'tools'}:{os.environ['PATH']}", "TOLD": str(folder / "told"), **given},
        capture_output=True,
        text=True,
        check=False,
    )
    told = (folder / "told").read_text().splitlines()
    asked = r"compose (config|ps)|inspect|logs|ps |exec --interactive|exec \w+ octobot-node nodes --json"
    return done, [line for line in told if not re.match(asked, line)]


def test_a_node_is_drained_by_its_own_id_and_docker_does_not_start_it_again(tmp_path: Path) -> None:
    done, told = give(tmp_path, "drain")
    assert (done.returncode, done.stderr) == (0, "")
    assert told == [
        "update --restart no old",
        "exec old octobot-node nodes drain 9",
        "wait old",
        "update --restart unless-stopped old",
    ]


def test_where_no_node_runs_there_is_nothing_to_drain(tmp_path: Path) -> None:
    done, told = give(tmp_path, "drain", RUNS="")
    assert (done.returncode, done.stdout, told) == (0, "drain: the node does not run\n", [])


TAKEN_AWAY = ["stop --time 45 fleet-standby", "rm --force fleet-standby", "volume rm --force fleet-standby"]


def test_a_second_master_leads_until_the_first_one_s_successor_stands_by(tmp_path: Path) -> None:
    done, told = give(tmp_path, "hand-over")
    assert (done.returncode, done.stderr) == (0, "")
    begins = "compose run --detach --no-deps --quiet-pull --name fleet-standby --volume fleet-standby:/data octobot"
    drained = ["update --restart no old", "exec old octobot-node nodes drain 9", "wait old"]
    assert [line for line in told if line != "update --restart unless-stopped old"] == [
        # One that was left by a run that was broken off.
        *TAKEN_AWAY,
        begins,
        *drained,
        "compose up --detach --no-build octobot",
        *TAKEN_AWAY,
        # As whatever happens.
        *TAKEN_AWAY,
    ]


def test_the_old_master_is_not_touched_where_the_new_one_does_not_stand_by(tmp_path: Path) -> None:
    done, told = give(tmp_path, "hand-over", DIES="fleet-standby")
    assert done.returncode == 1
    assert done.stderr == "hand-over: the new one did not come to stand by; the old one was not touched\n"
    assert [line for line in told if "old" in line or "compose up" in line] == []
    assert told[-3:] == TAKEN_AWAY


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"STANDBY": "false"}, "set OCTOBOT_STANDBY=true in .env"), ({"RUNS": ""}, "the node does not run")],
)
def test_what_cannot_be_handed_over_is_refused_before_anything_is_done(
    wrong: dict[str, str], said: str, tmp_path: Path
) -> None:
    done, told = give(tmp_path, "hand-over", **wrong)
    assert (done.returncode, told) == (1, [])
    assert said in done.stderr
