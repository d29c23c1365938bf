"""A master and two consumers as machines, a stranger beside them, and the inventory that names the first three."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.deploy.ansible.machines import Fleet, Machine
from tests.deploy.conftest import NGINX, POSTGRES, build
from tests.deploy.stacks import ROOT, Stack, docker

MACHINE = "octobot-test-machine:local"
NEWER, BROKEN = "octobot-test-fleet:newer", "octobot-test-fleet:broken"


@pytest.fixture(scope="session")
def archives(images: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the images, for machines that can fetch none."""
    build(ROOT / "tests" / "deploy" / "images", MACHINE, "--target", "machine")
    folder = tmp_path_factory.mktemp("images")
    node = images["OCTOBOT_IMAGE"]
    for tag, line in ((NEWER, "LABEL org.opencontainers.image.version=1.2.4"), (BROKEN, 'ENTRYPOINT ["/bin/false"]')):
        subprocess.run(
            ["docker", "build", "--quiet", "--tag", tag, "-"], input=f"FROM {node}\n{line}", text=True, check=True
        )
    # Together: what they share is in it once.
    docker("save", "--output", str(folder / "node.tar"), node, NEWER, BROKEN)
    docker("save", "--output", str(folder / "postgres.tar"), POSTGRES)
    docker("save", "--output", str(folder / "nginx.tar"), NGINX)
    return folder


@pytest.fixture(scope="module")
def fleet(archives: Path, images: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    mark, folder = secrets.token_hex(2), tmp_path_factory.mktemp("fleet")
    network, part = f"octobot-test-fleet-{mark}", os.getpid() % 250
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    docker("network", "create", "--subnet", f"10.204.{part}.0/24", network)
    names = ["master", "one", "two", "stranger"]
    try:
        with ThreadPoolExecutor() as at_once:
            machines = list(
                at_once.map(
                    lambda each: Machine.start(
                        f"{each[1]}-{mark}", f"10.204.{part}.{10 + each[0]}", network, MACHINE, key, archives
                    ),
                    enumerate(names),
                )
            )
            master, one, two, stranger = machines
            list(
                at_once.map(
                    lambda each: each.load("node", *(["postgres"] if each is master else [])), [master, one, two]
                )
            )
        # The traders of the crash tests, as a plugin of whoever runs the stack.
        for each in (master, one, two):
            each.run("install -d -m 755 /srv/plugins")
            docker("cp", str(ROOT / "benchmarks" / "crash" / "trader.py"), f"{each.name}:/srv/plugins/crash_trader.py")
        fleet = Fleet(
            folder, key, master, [one, two], stranger,
            variables={
                "ansible_user": "deploy",
                "enable_replica_mode": True,
                "octobot_image": images["OCTOBOT_IMAGE"],
                "nginx_image": NGINX,
                "postgres_image": POSTGRES,
                "health_interval": "2s",
                "octobot_node_pause": 1,
                "octobot_node_override": {"services": {"octobot": {"volumes": ["/srv/plugins:/data/plugins:ro"]}}},
            },
asked=Stack(f"fleet-{mark}", folder, 0, {"HTTPS_PORT": "443"}, host=master.address, tls=True),
            hosts={master.name: {"enable_nginx": True, "octobot_node_image_archives": [str(archives / "nginx.tar")]}},
        )  # fmt: skip
        fleet.write([one])
        yield fleet
    finally:
        for name in names:
            docker("rm", "--force", "--volumes", f"{name}-{mark}", check=False)
        docker("network", "rm", network, check=False)
