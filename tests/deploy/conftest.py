"""The images, built once, and stacks that are gone after their test."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.deploy.stacks import DOCKER, ROOT, Stack, docker

NODE, NGINX, POSTGRES, TOR, ACME, PEBBLE = (
    f"octobot-test-{name}:local" for name in ("node", "nginx", "postgres", "tor", "acme", "pebble")
)
_NUMBERS = count(os.getpid() % 200)


def build(context: Path, tag: str, *options: str) -> None:
    """Build an image on the host's network, with what the machine needs to reach its registries."""
    given = [
        part
        for name in ("PIP_INDEX_URL",)
        if (value := os.environ.get(name))
        for part in ("--build-arg", f"{name}={value}")
    ]
    # The base has the machine's own authorities; a system that is not Debian's finds none there and needs none.
    certificates = "/etc/ssl/certs/ca-certificates.crt"
    given += ["--build-arg", f"PIP_CERT={certificates}", "--build-arg", f"NODE_EXTRA_CA_CERTS={certificates}"]
    subprocess.run(
        ["docker", "build", "--quiet", "--network", "host", "--tag", tag, *given, *options, str(context)],
        check=True,
        env={**os.environ, "DOCKER_BUILDKIT": "1"},
        timeout=900,
    )


@pytest.fixture(scope="session")
def engine() -> None:
    """Everything here needs a Docker engine, Compose, and root."""
    assert shutil.which("docker"), (
        "there is no docker: install an engine and Compose, or run `make test`, which needs none"
    )
    assert docker("version", "--format", "{{.Server.Version}}", check=False), (
        "no Docker engine answers: start it, or set DOCKER_HOST"
    )
    assert docker("compose", "version", check=False), "there is no Docker Compose v2: install its plugin"
    assert os.geteuid() == 0, "the stack's files belong to the users in its containers: run this as root"


@pytest.fixture(scope="session")
def node_image(engine: None) -> str:
    images = ROOT / "tests" / "deploy" / "images"
    build(images, "octobot-test-python:local", "--target", "python")
    build(
        ROOT, NODE, "--file", str(DOCKER / "Dockerfile"), "--build-arg", "BASE=octobot-test-python:local",
        "--build-arg", "VERSION=1.2.3", "--build-arg", "REVISION=abc",
    )  # fmt: skip
    return NODE


@pytest.fixture(scope="session")
def images(node_image: str) -> dict[str, str]:
    """The settings that name every image of the stack."""
    folder = ROOT / "tests" / "deploy" / "images"
    build(folder, NGINX, "--target", "nginx")
    build(folder, POSTGRES, "--target", "postgres")
    build(DOCKER / "tor", TOR, "--build-arg", "BASE=debian:bookworm-slim")
    return {"OCTOBOT_IMAGE": node_image, "NGINX_IMAGE": NGINX, "POSTGRES_IMAGE": POSTGRES, "TOR_IMAGE": TOR}


Make = Callable[..., Stack]


@pytest.fixture(scope="module")
def make_stack(images: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Return what makes a stack; each is taken down, with its volumes, at the end."""
    made: list[Stack] = []

    def make(name: str, *, before: Callable[[Stack], None] | None = None, **settings: str) -> Stack:
        number = next(_NUMBERS) % 250
        folder = tmp_path_factory.mktemp(name) / "stack"
        # What is mounted into containers is read by their users.
        for parent in (folder.parent, *list(folder.parents)[1:4]):
            parent.chmod(parent.stat().st_mode | 0o011)
        stack = Stack(f"octobot-test-{name}-{os.getpid()}", folder, number, {**images, **settings})
        made.append(stack)
        stack.make(before)
        return stack

    yield make
    for stack in reversed(made):
        stack.down()
