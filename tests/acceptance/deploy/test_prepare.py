"""`./prepare`: what cannot run is refused before anything is made, each with its cure; what is there stays."""

from __future__ import annotations

import base64
import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

DOCKER = Path(__file__).parents[3] / "deploy" / "docker"
URL = "postgresql://octobot@db.example:5432/octobot?sslmode=verify-full&sslrootcert=/run/secrets/database_ca.crt"
#: Stands for Docker: what it says of itself.
ENGINE = """#!/bin/sh
case "$*" in
  "version "*) [ "$ENGINE" != none ] || exit 1; echo "$ENGINE" ;;
  "compose version"*) [ "$COMPOSE" != none ] || exit 1; echo "$COMPOSE" ;;
  "info "*) echo / ;;
  "volume inspect"*) [ "${*##* }" = octobot-node_data ] && [ -n "$VOLUME" ] && echo "$VOLUME" ;;
esac
"""
#: Stands for what only root may.
FREE = "#!/bin/sh\nexit 0\n"
#: Stand for the clock of the machine, and for the room on Docker's disk in MB.
CLOCK = "#!/bin/sh\necho ${CLOCK_IS_KEPT-yes}\n"
DISK = "#!/bin/sh\necho Avail\necho ${ROOM-50000}\n"

Prepare = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    folder = tmp_path / "stack"
    folder.mkdir()
    for name in ("prepare", ".env.example"):
        shutil.copy(DOCKER / name, folder)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in {"docker": ENGINE, "chown": FREE, "timedatectl": CLOCK, "df": DISK}.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    return folder


@pytest.fixture
def prepare(stack: Path, tmp_path: Path) -> Prepare:
    def run(**settings: str) -> subprocess.CompletedProcess[str]:
        # High ports that nobody has, so that what else runs on this machine does not matter.
        ports = {"API_PORT": "61801", "WEB_UI_PORT": "61802", "HTTP_PORT": "61803", "HTTPS_PORT": "61804"}
        environment = {
            "ENGINE": "27.3.1",
            "COMPOSE": "2.30.0",
            "VOLUME": "",
            "DATABASE_PORT": "61805",
            **ports,
            **settings,
        }
        # As root or not: `EUID` is the shell's own.
        script = (stack / "prepare").read_text().replace("$EUID == 0", "${ROOT:-0} == 0")
        (stack / "prepare").write_text(script)
        return subprocess.run(
            ["bash", str(stack / "prepare")],
            env={"PATH": f"{tmp_path / 'tools'}:{os.environ['PATH']}:/usr/sbin:/sbin", **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_what_is_made_once_is_private_and_stays(stack: Path, prepare: Prepare) -> None:
    first = prepare()
    assert (first.returncode, first.stderr) == (0, "")
    secrets = {path.name: path.read_bytes() for path in (stack / "state" / "secrets").iterdir()}
    assert {*secrets} == {
        *("admin_password", "database_password", "database_ca.crt", "database_ca.key", "database_ca.srl"),
        *("database_server.crt", "database_server.key", "database_server.names", "secret_key"),
    }
    assert len(secrets["admin_password"]) == 32
    # As the node takes it: 32 bytes.
    assert len(base64.urlsafe_b64decode(secrets["secret_key"])) == 32
    assert stat.S_IMODE((stack / "state" / "secrets").stat().st_mode) == 0o700
    private = {
        "admin_password": 0o400,
        "database_password": 0o440,
        "database_ca.key": 0o400,
        "database_server.key": 0o400,
        "secret_key": 0o400,
    }
    assert {name: stat.S_IMODE((stack / "state" / "secrets" / name).stat().st_mode) for name in private} == private
    # No secret is said, and what is there is left.
    assert secrets["admin_password"].decode() not in first.stdout
    assert prepare().returncode == 0
    assert {path.name: path.read_bytes() for path in (stack / "state" / "secrets").iterdir()} == secrets


def test_the_node_s_settings_are_for_the_node_alone(stack: Path, prepare: Prepare) -> None:
    config = stack / "state" / "config"
    assert prepare().returncode == 0
    (config / "octobot-node.toml").write_text("[notify]\n")
    (config / "octobot-node.toml").chmod(0o644)
    assert prepare().returncode == 0
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (config, config / "octobot-node.toml")]
    assert modes == [0o700, 0o600]


def test_the_database_s_certificate_has_the_names_that_consumers_call_it_by(stack: Path, prepare: Prepare) -> None:
    secrets = stack / "state" / "secrets"
    assert prepare().returncode == 0
    authority = (secrets / "database_ca.crt").read_bytes()
    assert prepare(DATABASE_HOSTS="db.example,192.0.2.7").returncode == 0

    said = subprocess.run(
        ["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", str(secrets / "database_server.crt")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "DNS:postgres, DNS:localhost, DNS:db.example, IP Address:192.0.2.7" in said
    # Of the same authority: what consumers have goes on to hold.
    assert (secrets / "database_ca.crt").read_bytes() == authority
    subprocess.run(
        ["openssl", "verify", "-CAfile", str(secrets / "database_ca.crt"), str(secrets / "database_server.crt")],
        capture_output=True,
        check=True,
    )


@pytest.mark.parametrize(
    ("settings", "cure"),
    [
        ({"ROOT": "1"}, "give it as root (sudo ./prepare)"),
        ({"ENGINE": "none"}, "no Docker engine answers: install it"),
        ({"ENGINE": "19.3.0"}, "Docker 19.3.0 is too old: 20.10.24 or newer"),
        ({"COMPOSE": "none"}, "there is no Docker Compose v2: apt-get install docker-compose-plugin"),
        ({"COMPOSE": "1.29.2"}, "Docker Compose 1.29.2 is too old: 2.24.0 or newer"),
        ({"ROOM": "2047"}, "only 2047 MB are free for Docker (/), 2,048 are needed: free some (docker image prune)"),
        (
            {"CLOCK_IS_KEPT": "no"},
            "the clock of this machine is not synchronised, and exchanges refuse requests of anot",
        ),
        ({"EXCHANGE_TRAFFIC": "tor", "COMPOSE_PROFILES": "tor", "ENGINE": "24.0.7"}, "CVE-2024-29018"),
        ({"EXCHANGE_TRAFFIC": "tor", "COMPOSE_PROFILES": "tor", "ENGINE": "25.0.3"}, "take 26.0.0 or newer"),
        ({"EXCHANGE_TRAFFIC": "tor"}, "there is no Tor: add tor to COMPOSE_PROFILES"),
        ({"EXCHANGE_TRAFFIC": "vpn"}, "EXCHANGE_TRAFFIC is 'vpn': write any or tor"),
        ({"OCTOBOT_ROLE": "slave"}, "write standalone, master or consumer"),
        ({"OCTOBOT_ROLE": "master"}, "a master needs a database: OCTOBOT_DATABASE_URL"),
        ({"OCTOBOT_ROLE": "consumer"}, "a consumer needs its master's database: OCTOBOT_DATABASE_URL=postgresql://"),
        (
            {"OCTOBOT_ROLE": "consumer", "OCTOBOT_DATABASE_URL": URL},
            "the master's state/secrets/database_ca.crt: copy it",
        ),
        (
            {"OCTOBOT_ROLE": "consumer", "OCTOBOT_DATABASE_URL": URL, "COMPOSE_PROFILES": "nginx,postgres"},
            "take postgres out of COMPOSE_PROFILES, or make this node the master",
        ),
        ({"COMPOSE_PROFILES": "postgres"}, "there is a PostgreSQL that no node uses: set OCTOBOT_DATABASE_URL"),
        (
            {"OCTOBOT_ROLE": "master", "OCTOBOT_DATABASE_URL": "postgresql://octobot@db.example/octobot"},
            "goes without checking who answers: add ?sslmode=verify-full",
        ),
        ({"OCTOBOT_TENTACLES": "my-momentum"}, "names what nothing installs: add tentacles to COMPOSE_PROFILES"),
        ({"COMPOSE_PROFILES": "acme"}, "the profile acme needs SERVER_NAME"),
        (
            {"COMPOSE_PROFILES": "acme", "SERVER_NAME": "a.example", "ACME_EMAIL": "a@a.example"},
            "needs the profile nginx",
        ),
    ],
)
def test_what_cannot_run_is_refused_with_its_cure_and_nothing_is_made(
    stack: Path, prepare: Prepare, settings: dict[str, str], cure: str
) -> None:
    found = prepare(**settings)
    assert found.returncode == 1
    assert cure in found.stderr
    assert found.stderr.endswith("prepare: nothing was changed\n")
    assert {path.name for path in stack.iterdir()} == {"prepare", ".env.example"}


def test_settings_are_read_as_compose_reads_them(stack: Path, prepare: Prepare) -> None:
    (stack / ".env").write_text("#EXCHANGE_TRAFFIC=any\nEXCHANGE_TRAFFIC='vpn'  # a remark\nOCTOBOT_ROLE=standalone\n")
    assert "EXCHANGE_TRAFFIC is 'vpn'" in prepare().stderr
    # The environment goes before the file.
    assert prepare(EXCHANGE_TRAFFIC="any").returncode == 0


def test_a_port_in_use_is_said_with_who_may_have_it(prepare: Prepare) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        found = prepare(API_PORT=port)
    assert found.returncode == 1
    assert f"port {port} is in use (ss -ltnp 'sport = :{port}' says by whom): end that, or set API_PORT" in found.stderr


def test_a_volume_of_another_user_is_said_with_the_command_that_mends_it(prepare: Prepare, tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    # A fresh one takes its owner from the image.
    assert prepare(VOLUME=str(volume)).returncode == 0
    (volume / "octobot.db").touch()
    found = prepare(VOLUME=str(volume))
    assert found.returncode == 1
    assert f"chown -R 10001:10001 {volume}" in found.stderr
