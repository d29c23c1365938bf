"""The stack as Compose reads it: every combination of profiles, and what settings make of it."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from collections.abc import Collection
from typing import Any

import pytest

from tests.deploy.stacks import DOCKER

pytestmark = pytest.mark.usefixtures("engine")
PROFILES = ["nginx", "tor", "postgres", "acme", "backup", "tentacles"]
COMBINATIONS = [set(each) for size in range(len(PROFILES) + 1) for each in itertools.combinations(PROFILES, size)]
#: Nothing else of the environment: it goes before the file.
KEPT = ("PATH", "DOCKER_HOST", "DOCKER_CONFIG", "HOME")


def configured(profiles: Collection[str] = (), **environment: str) -> dict[str, Any]:
    """Return the stack as Compose reads it."""
    found = subprocess.run(
        ["docker", "compose", "--file", str(DOCKER / "compose.yaml"), "--env-file", "/dev/null"]
        + [part for each in sorted(profiles) for part in ("--profile", each)]
        + ["config", "--format", "json"],
        env={**{name: os.environ[name] for name in KEPT if name in os.environ}, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    # A variable without a default, a key that there is not: both are warnings.
    assert "warning" not in found.stderr.lower()
    read: dict[str, Any] = json.loads(found.stdout)
    return read


def test_every_combination_of_profiles_is_a_stack() -> None:
    for profiles in COMBINATIONS:
        assert set(configured(profiles)["services"]) == {"octobot", *profiles}, profiles


def test_exchange_traffic_says_which_way_out_the_node_has() -> None:
    def networks(**environment: str) -> set[str]:
        return set(configured({"tor"}, **environment)["services"]["octobot"]["networks"])

    assert networks() == {"inside", "database", "any"}
    assert networks(EXCHANGE_TRAFFIC="tor") == {"inside", "database", "tor"}


def test_limits_are_what_the_settings_say() -> None:
    service = configured(set(), OCTOBOT_MEM_LIMIT="1g", OCTOBOT_CPU_LIMIT="0.5")["services"]["octobot"]
    limits = service["deploy"]["resources"]["limits"]
    assert limits == {"cpus": 0.5, "memory": str(2**30), "pids": 256}
