"""A certificate by ACME: asked of a real authority for tests, proved through nginx, and taken up by it."""

from __future__ import annotations

import json
import secrets
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.conftest import ACME, PEBBLE, Make, build
from tests.deploy.stacks import DOCKER, OVERRIDE, ROOT, Stack, docker, until

#: nginx is found by the name that the certificate is for; who asks trusts the authority's own certificate.
MORE = """
    networks: {edge: {aliases: [node.example]}}
  acme:
    volumes: ["./pebble:/pebble:ro"]
"""


@pytest.fixture(scope="module")
def stack(make_stack: Make) -> Stack:
    build(ROOT / "tests" / "deploy" / "images", PEBBLE, "--target", "pebble")
    build(DOCKER / "acme", ACME, "--build-arg", "BASE=debian:bookworm-slim")

    def prepare(stack: Stack) -> None:
        (stack.folder / "compose.override.yaml").write_text(OVERRIDE.rstrip() + MORE)
        make_authority(stack.folder / "pebble")

    stack = make_stack(
        "acme",
        before=prepare,
        COMPOSE_PROFILES="nginx,acme",
        SERVER_NAME="node.example",
        ACME_EMAIL="somebody@node.example",
        ACME_SERVER="https://pebble:14000/dir",
        ACME_CA="/pebble/cert.pem",
        ACME_IMAGE=ACME,
    )
    stack.up("octobot", "nginx")
    return stack


def make_authority(folder: Path) -> None:
    """Make what pebble needs: its own certificate, and where it looks for answers."""
    folder.mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=pebble", "-newkey", "ec",
         "-pkeyopt", "ec_paramgen_curve:prime256v1", "-addext", "subjectAltName=DNS:pebble",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    listens = {"listenAddress": "0.0.0.0:14000", "managementListenAddress": "0.0.0.0:15000"}
    settings = {"certificate": "/pebble/cert.pem", "privateKey": "/pebble/key.pem", "httpPort": 8080, "tlsPort": 8443}
    (folder / "config.json").write_text(json.dumps({"pebble": {**listens, **settings}}))


@pytest.fixture(scope="module")
def authority(stack: Stack) -> Iterator[None]:
    name = f"octobot-test-pebble-{secrets.token_hex(3)}"
    # Its network is made by the service that asks.
    stack.compose("create", "--no-build", "acme")
    docker(
        "run", "--detach", "--name", name, "--network", f"{stack.name}_any", "--network-alias", "pebble",
        "--env", "PEBBLE_VA_NOSLEEP=1", "--volume", f"{stack.folder / 'pebble'}:/pebble:ro", PEBBLE,
        "-strict", "-config", "/pebble/config.json",
    )  # fmt: skip
    docker("network", "connect", f"{stack.name}_edge", name)
    address = docker(
        "inspect", "--format", f'{{{{(index .NetworkSettings.Networks "{stack.name}_any").IPAddress}}}}', name
    )
    try:
        # Who asks too early is told to come back in minutes.
        until(lambda: answers(address, 14_000), what="the authority")
        yield
    finally:
        docker("rm", "--force", name)


def answers(address: str, port: int) -> bool:
    with socket.socket() as asking:
        asking.settimeout(5)
        return asking.connect_ex((address, port)) == 0


def issuer(stack: Stack) -> str:
    """Return who signed what nginx serves."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", int(stack.settings["HTTPS_PORT"])), 20) as plain,
        context.wrap_socket(plain, server_hostname="node.example") as found,
    ):
        certificate = found.getpeercert(binary_form=True)
    assert certificate is not None
    command = ["openssl", "x509", "-inform", "der", "-noout", "-issuer"]
    return subprocess.run(command, input=certificate, capture_output=True, check=True).stdout.decode()


def test_a_certificate_is_asked_for_proved_and_taken_up_without_a_restart(stack: Stack, authority: None) -> None:
    began = stack.inspect("nginx")["State"]["StartedAt"]
    assert "Pebble" not in issuer(stack)
    stack.compose("up", "--detach", "--no-build", "--no-deps", "acme")
    assert until(lambda: "Pebble" in issuer(stack), what="the certificate")
    assert stack.inspect("nginx")["State"]["StartedAt"] == began
    live = stack.folder / "state" / "acme" / "live"
    assert {(path.name, path.stat().st_mode & 0o777, path.stat().st_uid) for path in live.iterdir()} == {
        ("fullchain.pem", 0o600, 101),
        ("privkey.pem", 0o600, 101),
    }
