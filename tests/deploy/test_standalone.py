"""One node in a container: how large, how soon well, what it may, and what is left of it when it is killed."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from tests.deploy.conftest import Make
from tests.deploy.stacks import Stack, docker, more_than, until
from tests.support.wheels import make_wheel

LARGEST_MB = 300
#: Of the CPU: what else the machine does must not count.
SOON_S = 5.0
CPU = (
    "cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null"
    " || sed -n 's/usage_usec \\(.*\\)/\\1000/p' /sys/fs/cgroup/cpu.stat"
)


#: What is packed, what was made smaller, and what the base had.
LOADS = """
import os
from importlib import import_module
from zoneinfo import ZoneInfo
import psycopg
from octobot_plugins.ccxt.exchanges import VOUCHED
from octobot_plugins.ccxt.settings import CcxtMarketSettings
os.chdir(os.path.dirname(os.path.dirname(psycopg.__file__)))
for folder, _, files in os.walk("."):
    if ".libs" not in folder:
        for name in (each for each in files if each.endswith(".so")):
            import_module(os.path.join(folder, name.split(".")[0])[2:].replace("/", "."))
for exchange in (*(record.id for record in VOUCHED), "bitstamp"):
    getattr(import_module(f"ccxt.async_support.{exchange}"), exchange)
    getattr(import_module(f"ccxt.pro.{exchange}"), exchange)
    CcxtMarketSettings(exchange=exchange)
import_module("pygments.lexers").get_lexer_by_name("python")
print(ZoneInfo("Europe/Berlin"), flush=True)
os.environ["TZ"] = "Europe/Berlin"
os.execv("/bin/date", ["date", "--date", "2026-07-01T00:00Z", "+%z"])
"""


@pytest.fixture(scope="module")
def stack(make_stack: Make) -> Stack:
    stack = make_stack("alone")
    stack.up()
    stack.sign_in()
    return stack


def test_the_image_is_small_says_what_it_is_and_runs_as_nobody(node_image: str) -> None:
    image = json.loads(docker("image", "inspect", node_image))[0]
    assert image["Size"] / 1_000_000 < LARGEST_MB
    config = image["Config"]
    assert (config["User"], config["StopSignal"]) == ("10001:10001", "SIGTERM")
    assert config["Labels"]["org.opencontainers.image.version"] == "1.2.3"
    assert config["Labels"]["org.opencontainers.image.revision"] == "abc"
    assert config["Healthcheck"]["Test"][:3] == ["CMD", "octobot-node", "health"]
    listed = docker("run", "--rm", "--entrypoint", "cat", node_image, "/opt/octobot/sbom.cdx.json")
    parts = {each["name"]: each["version"] for each in json.loads(listed)["components"]}
    assert {"octobot-node", "dbos", "sqlalchemy", "fastapi"} <= {name.lower() for name in parts}
    # Nothing that could fetch or build code.
    assert docker("run", "--rm", "--entrypoint", "ls", node_image, "/opt/octobot/bin").count("pip") == 0


def test_all_that_a_node_may_come_to_load_is_in_the_image(node_image: str) -> None:
    said = docker("run", "--rm", "--read-only", "--entrypoint", "python", node_image, "-c", LOADS)
    assert said.split() == ["Europe/Berlin", "+0200"]
    # Nothing is left to compile at each start, which could not be kept.
    script = (
        "import os, sys, octobot_node.live.node\n"
        "kept = [getattr(each, '__cached__', None) for each in list(sys.modules.values())]\n"
        "print([path for path in kept if path and not os.path.exists(path) and '.zip/' not in path])\n"
    )
    assert docker("run", "--rm", "--entrypoint", "python", node_image, "-c", script) == "[]"


def test_a_node_is_well_within_five_seconds_of_its_start_on_an_empty_volume(stack: Stack) -> None:
    stack.compose("down", "--volumes")
    stack.compose("up", "--detach", "--no-build")
    began = time.monotonic()
    stack.healthy("octobot")
    took = time.monotonic() - began
    used = int(stack.inside("octobot", "sh", "-c", CPU)) / 1e9
    print(f"healthy after {took:.1f} s, {used:.1f} of them at work")
    assert used < SOON_S
    stack.sign_in()


def test_what_it_may(stack: Stack) -> None:
    status = dict(line.split(":\t", 1) for line in stack.inside("octobot", "cat", "/proc/1/status").splitlines())
    assert {status[name].strip() for name in ("CapEff", "CapBnd", "CapPrm")} == {"0" * 16}
    assert (status["NoNewPrivs"].strip(), status["Uid"].split()[0]) == ("1", "10001")
    script = (
        "import os\n"
        "for path in ('/x', '/opt/octobot/x', '/etc/x', '/usr/x', '/run/secrets/x'):\n"
        "    try: open(path, 'w')\n"
        "    except OSError as error: print(error.errno in (30, 13), end=' ')\n"
        "    else: print(path)\n"
        "open('/tmp/x', 'w').write('#!/bin/sh\\n'); os.chmod('/tmp/x', 0o755)\n"
        "try: os.execv('/tmp/x', ['x'])\n"
        "except PermissionError: print('noexec')\n"
    )
    assert stack.python(script).split() == ["True"] * 5 + ["noexec"]
    limits = stack.inspect("octobot")["HostConfig"]
    assert (limits["Memory"], limits["PidsLimit"], limits["NanoCpus"]) == (512 * 2**20, 256, 2_000_000_000)
    assert limits["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "5"}


def test_its_secrets_are_files_and_nowhere_else(stack: Stack) -> None:
    shown = json.dumps(stack.inspect("octobot")) + stack.inside("octobot", "env") + stack.logs()
    for name in ("admin_password", "database_password", "secret_key"):
        secret = (stack.folder / "state" / "secrets" / name).read_text()
        assert secret not in shown
        assert stack.inside("octobot", "cat", f"/run/secrets/{name}") == secret
    answer = stack.ask(
        "POST",
        "/api/v1/session",
        {"user": "admin", "password": (stack.folder / "state/secrets/admin_password").read_text()},
    )
    assert answer.status == 200


def test_its_settings_are_in_a_file_of_the_operator_s(stack: Stack) -> None:
    (stack.folder / "state" / "config" / "octobot-node.toml").write_text(
        'keep_days = 77\n[notify]\nurls = ["json://a"]\n'
    )
    stack.prepare()
    stack.compose("restart", "octobot")
    stack.healthy("octobot")
    shown = json.loads(stack.inside("octobot", "octobot-node", "settings", "--json"))["settings"]
    assert [each["value"] for each in shown if each["variable"] == "OCTOBOT_KEEP_DAYS"] == ["77.0"]


def test_its_ports_are_on_loopback_alone(stack: Stack) -> None:
    bound = stack.inspect("octobot")["NetworkSettings"]["Ports"]
    assert {each["HostIp"] for ports in bound.values() for each in ports} == {"127.0.0.1"}
    assert stack.ask("GET", "/health/live").status == 200
    assert "<html" in stack.ask("GET", "/", port=int(stack.settings["WEB_UI_PORT"]), Accept="text/html").text


def test_it_trades_and_one_that_is_killed_returns_with_nothing_lost(stack: Stack) -> None:
    stack.trade(3)
    until(lambda: len(stack.fills()) >= 6, what="trading")
    before = stack.fills()
    stack.kill("octobot")
    after = more_than(stack, len(before) + 6)
    assert after[: len(before)] == before
    assert len(set(after)) == len(after)
    # Idle or nearly so; the table in docs/deployment.md is of this.
    print(docker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}} {{.PIDs}}"))


def test_it_ends_in_its_time_and_not_by_being_killed(stack: Stack) -> None:
    stack.compose("stop")
    assert stack.inspect("octobot")["State"]["ExitCode"] == 0
    stack.up()


def test_a_volume_of_another_user_is_one_sentence_with_its_cure(stack: Stack) -> None:
    stack.compose("stop")
    volume = f"{stack.name}_data"
    docker(
        "run",
        "--rm",
        "--user",
        "0",
        "--volume",
        f"{volume}:/data",
        "--entrypoint",
        "chown",
        stack.settings["OCTOBOT_IMAGE"],
        "-R",
        "4711",
        "/data",
    )
    assert "chown -R 10001:10001" in stack.prepare(fails=True)
    docker(
        "run",
        "--rm",
        "--user",
        "0",
        "--volume",
        f"{volume}:/data",
        "--entrypoint",
        "chown",
        stack.settings["OCTOBOT_IMAGE"],
        "-R",
        "10001:10001",
        "/data",
    )
    stack.up()


def test_a_tentacle_is_installed_into_its_volume_with_no_index_and_the_node_has_it(stack: Stack) -> None:
    make_wheel(stack.folder / "wheels", "my-momentum", requires=("octobot-node>=0.1", "pydantic>=2"))
    wheels = ["--volume", f"{stack.folder / 'wheels'}:/wheels:ro"]
    install = ["tentacles", "install", "my-momentum", "--wheelhouse", "/wheels", "--json"]
    lock = json.loads(stack.compose("run", "--rm", "--no-deps", *wheels, "octobot", *install))
    assert [each["name"] for each in lock["packages"]] == ["my-momentum"]
    stack.compose("up", "--detach", "--no-build", "--force-recreate")
    stack.healthy("octobot")
    assert "my_momentum" in stack.inside("octobot", "octobot-node", "plugins")


def test_a_tentacle_that_cannot_be_had_stops_a_first_start(make_stack: Make) -> None:
    first = make_stack("first", COMPOSE_PROFILES="tentacles", OCTOBOT_TENTACLES="octobot-node-never-heard-of")
    first.compose("up", "--detach", "--no-build", "--wait", "--wait-timeout", "60", check=False)
    assert "cannot be installed beside this version of the node" in first.logs("tentacles")
    said = until(lambda: first.logs("octobot"), what="the node's word")
    assert "OCTOBOT_TENTACLES names octobot-node-never-heard-of, and no tentacle was ever installed here" in said
    assert first.inspect("octobot")["State"].get("Health", {}).get("Status") != "healthy"
    volume = json.loads(docker("volume", "inspect", f"{first.name}_data"))[0]["Mountpoint"]
    assert not (Path(volume) / "octobot.db").exists()
    # What was meant is written, and it starts.
    first.write(COMPOSE_PROFILES="", OCTOBOT_TENTACLES="")
    first.up()
    first.down()


def test_a_secret_that_is_gone_stops_the_start_and_prepare_makes_it_again(stack: Stack) -> None:
    stack.compose("stop", "octobot")
    path = stack.folder / "state" / "secrets" / "database_password"
    path.unlink()
    done = subprocess.run(
        ["docker", "compose", "up", "--detach", "--no-build", "--force-recreate", "octobot"],
        cwd=stack.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "bind source path does not exist" in done.stderr
    assert str(path) in done.stderr
    # By nobody's hand a folder came to be in its place, as older ways to mount would have made.
    assert not path.exists()
    assert "made state/secrets/database_password" in stack.prepare()
    stack.up()


def test_a_tentacle_that_cannot_be_had_is_said_and_the_node_goes_on_with_those_that_it_has(stack: Stack) -> None:
    # Whether or not an index can be reached from here, none has it.
    stack.write(COMPOSE_PROFILES="tentacles", OCTOBOT_TENTACLES="octobot-node-never-heard-of")
    # To Compose, what a profile brings is no reason to end: what there is beside it goes on.
    stack.compose("up", "--detach", "--no-build")
    said = stack.compose("logs", "--no-log-prefix", "tentacles")
    assert "cannot be installed beside this version of the node: octobot-node-never-heard-of" in said
    assert "nothing was changed" in said
    stack.write(COMPOSE_PROFILES="")
    stack.healthy("octobot")
    # In a new container, since its variables changed; with the tentacles that it had.
    assert "my_momentum" in stack.inside("octobot", "octobot-node", "plugins")
