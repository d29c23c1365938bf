"""Machines for Ansible: containers with systemd, ssh and a Docker engine of their own, on a network with addresses."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.stacks import ROOT, Stack, docker, until

__all__ = ["Fleet", "Machine", "Played"]

ANSIBLE = ROOT / "deploy" / "ansible"
STACK = "/opt/octobot-node/stack"
PLAYED_S = 900


@dataclass(frozen=True, slots=True)
class Machine:
    """A container that is a machine."""

    name: str
    address: str

    @classmethod
    def start(cls, name: str, address: str, network: str, image: str, key: Path, images: Path) -> Machine:
        plugins = json.loads(docker("info", "--format", "{{json .ClientInfo.Plugins}}"))
        (compose,) = [each["Path"] for each in plugins if each["Name"] == "compose"]
        docker(
            "run", "--detach", "--name", name, "--hostname", name, "--network", network, "--ip", address,
            "--cgroupns=host", "--cap-add=SYS_ADMIN", "--cap-add=NET_ADMIN", "--security-opt", "seccomp=unconfined",
            # Its engine looks into containers of other users.
            "--cap-add=SYS_PTRACE",
            "--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp", "--env", "container=docker",
            "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw", "--volume", "/var/lib/docker",
            "--volume", f"{compose}:/usr/libexec/docker/cli-plugins/docker-compose:ro",
            "--volume", f"{images}:/images:ro", image,
        )  # fmt: skip
        machine = cls(name, address)
        docker("cp", str(key.with_suffix(".pub")), f"{name}:/home/deploy/.ssh/authorized_keys")
        # What apt knows is as new as the image, and nobody looks for newer.
        machine.run(
            "chown deploy:deploy /home/deploy/.ssh/authorized_keys;"
            " touch /var/lib/apt/lists /var/lib/apt/periodic/update-success-stamp"
        )
        until(
            lambda: machine.run("docker version --format {{.Server.Version}}", check=False),
            what=f"the engine of {name}",
        )
        return machine

    def run(self, command: str, *, check: bool = True) -> str:
        return docker("exec", self.name, "bash", "-c", command, check=check)

    def load(self, *archives: str) -> None:
        for each in archives:
            self.run(f"docker load --quiet --input /images/{each}.tar")

    def compose(self, command: str) -> str:
        return self.run(f"cd {STACK} && docker compose {command}")

    def nodes(self) -> dict[str, str]:
        """Return the nodes' states as this one knows them; none while it starts."""
        said = self.run(f"cd {STACK} && docker compose exec --no-TTY octobot octobot-node nodes --json", check=False)
        return {each["host"]: each["state"] for each in json.loads(said)["nodes"]} if said else {}

    def reaches(self, address: str, port: int) -> bool:
        """Say whether a connection is taken."""
        return self.run(f"timeout 5 bash -c 'exec 3<>/dev/tcp/{address}/{port}' && echo yes", check=False) == "yes"

    def remove(self) -> None:
        docker("rm", "--force", "--volumes", self.name, check=False)


@dataclass(frozen=True, slots=True)
class Played:
    """What a playbook did."""

    code: int
    text: str

    @property
    def changed(self) -> dict[str, int]:
        return {
            name: int(count)
            for name, count in re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", self.text, re.MULTILINE)
        }


@dataclass(slots=True)
class Fleet:
    """Machines with an inventory."""

    folder: Path
    key: Path
    master: Machine
    consumers: list[Machine]
    stranger: Machine
    variables: dict[str, Any]
    asked: Stack
    hosts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def machines(self) -> list[Machine]:
        return [self.master, *self.consumers]

    def write(self, consumers: list[Machine]) -> None:
        """Write the inventory: the master, and these consumers."""

        def listed(machines: list[Machine]) -> dict[str, Any]:
            return {
                "hosts": {
                    each.name: {"ansible_host": each.address, **self.hosts.get(each.name, {})} for each in machines
                }
            }

        nodes = {"master_nodes": listed([self.master]), "consumer_nodes": listed(consumers)}
        inventory = {"octobot_nodes": {"children": nodes, "vars": self.variables}}
        (self.folder / "hosts.yml").write_text(yaml.safe_dump(inventory))

    def play(self, playbook: str, *options: str, fails: bool = False, **extra: str) -> Played:
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "--inventory", str(self.folder / "hosts.yml")]
        command += ["--private-key", str(self.key), *options]
        command += [part for name, value in extra.items() for part in ("-e", f"{name}={value}")]
        done = subprocess.run(
            [*command, str(ANSIBLE / "playbooks" / f"{playbook}.yml")],
            cwd=ANSIBLE,
            env=environment(self.folder),
            capture_output=True,
            text=True,
            check=False,
            timeout=PLAYED_S,
        )
        text = f"{done.stdout}\n{done.stderr}"
        assert (done.returncode != 0) is fails, text[-6_000:]
        return Played(done.returncode, text)


def environment(folder: Path) -> Mapping[str, str]:
    return {
        **os.environ,
        "ANSIBLE_HOME": str(folder / ".ansible"),
        # They are made for this test, and gone after it.
        "ANSIBLE_HOST_KEY_CHECKING": "false",
        "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=/dev/null",
        "ANSIBLE_NOCOLOR": "1",
    }
