"""What nginx itself, and programs that look for mistakes, say of the stack's files. Compose is in tests/deploy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCKER = ROOT / "deploy" / "docker"
BIN = Path(sys.executable).parent
CERTIFICATES = {"SERVER_NAME": "node.example"}


def program(name: str) -> str:
    """Return where a program of the machine is; one that is missing is a failure that says what to do."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert found, f"there is no {name}: apt-get install {name}"
    return found


@pytest.mark.parametrize("file", ["Dockerfile", "tor/Dockerfile", "acme/Dockerfile"])
def test_hadolint_finds_nothing(file: str) -> None:
    found = subprocess.run(
        [str(BIN / "hadolint"), "--failure-threshold", "style", str(DOCKER / file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout) == (0, "")


@pytest.mark.parametrize(
    "script",
    [
        "prepare",
        "update",
        "drain",
        "hand-over",
        "nginx/start.sh",
        "postgres/start.sh",
        "tor/health.sh",
        "acme/renew.sh",
        "backup/nightly.sh",
    ],
)
def test_a_script_is_one(script: str) -> None:
    path = DOCKER / script
    shell = path.read_text().partition("\n")[0].rpartition("/")[2].rpartition(" ")[2]
    subprocess.run([program(shell), "-n", str(path)], check=True)
    assert os.access(path, os.X_OK)


def rendered(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(DOCKER / "nginx" / "start.sh"), "render"],
        env={
            "PATH": f"{Path(program('nginx')).parent}:{os.environ['PATH']}",
            "TEMPLATE": str(DOCKER / "nginx" / "nginx.conf.template"),
            "MADE": str(folder),
            "TLS": str(folder / "tls"),
            "ACME": str(folder / "acme"),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def checked(folder: Path, environment: Mapping[str, str]) -> str:
    """Return nginx's configuration, which nginx itself takes."""
    found = rendered(folder, **environment)
    assert found.returncode == 0, found.stderr
    text = (folder / "nginx.conf").read_text()
    assert "@" not in text.replace("@limited", "").replace("@down", "")
    said = subprocess.run(
        [program("nginx"), "-e", "/dev/stderr", "-t", "-q", "-c", str(folder / "nginx.conf")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, "")
    return text


@pytest.mark.parametrize("environment", [{}, CERTIFICATES, {"EXPOSE_WEB_UI": "false", "EXPOSE_METRICS": "true"}])
def test_nginx_takes_the_configuration(tmp_path: Path, environment: dict[str, str]) -> None:
    text = checked(tmp_path, environment)
    shut = [line.strip() for line in text.splitlines() if "return 403" in line]
    assert len(shut) == 1
    assert f"server_name {environment.get('SERVER_NAME', '_')};" in text


@pytest.mark.parametrize(
    ("version", "lines"),
    [
        ("1.22.1", ["listen 8443 ssl http2 default_server;"]),
        ("1.25.0", ["listen 8443 ssl http2 default_server;"]),
        ("1.25.1", ["listen 8443 ssl default_server;", "http2 on;"]),
        ("1.28.0", ["listen 8443 ssl default_server;", "http2 on;"]),
    ],
)
def test_http2_is_asked_for_as_the_version_of_nginx_has_it(tmp_path: Path, version: str, lines: list[str]) -> None:
    (tmp_path / "nginx").write_text(f"#!/bin/sh\necho 'nginx version: nginx/{version}' >&2\n")
    (tmp_path / "nginx").chmod(0o755)
    assert rendered(tmp_path, PATH=f"{tmp_path}:{os.environ['PATH']}").returncode == 0
    text = (tmp_path / "nginx.conf").read_text()
    stripped = [line.strip() for line in text.splitlines()]
    assert [line for line in stripped if line.startswith(("listen 8443", "http2"))] == lines


def test_nginx_s_configuration_has_the_seed_s_figures_unless_told_otherwise(tmp_path: Path) -> None:
    text = checked(tmp_path, {})
    for line in (
        "zone=wide:5m rate=50r/s;",
        "limit_req zone=wide burst=20 nodelay;",
        "limit_req zone=wide burst=50 nodelay;",
        "max-age=63072000; includeSubDomains",
        "ssl_protocols TLSv1.2 TLSv1.3;",
        "server_tokens off;",
    ):
        assert line in text
    assert "zone=wide:5m rate=9r/s;" in checked(tmp_path, {"NGINX_RATE": "9r/s"})


def test_the_operator_s_certificate_goes_before_acme_s_and_that_before_a_self_signed_one(tmp_path: Path) -> None:
    assert f"{tmp_path}/self-signed/fullchain.pem" in checked(tmp_path, {})
    for folder in ("acme/live", "tls"):
        (tmp_path / folder).mkdir(parents=True)
        for name in ("fullchain.pem", "privkey.pem"):
            shutil.copy(tmp_path / "self-signed" / name, tmp_path / folder)
        assert f"ssl_certificate {tmp_path}/{folder}/fullchain.pem;" in checked(tmp_path, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [("SERVER_NAME", "a;b"), ("SERVER_NAME", "a b"), ("EXPOSE_WEB_UI", "yes"), ("EXPOSE_METRICS", "1")],
)
def test_a_setting_that_nginx_would_not_take_is_refused_with_what_to_write(
    tmp_path: Path, name: str, value: str
) -> None:
    found = rendered(tmp_path, **{name: value})
    assert found.returncode == 1
    assert found.stderr.startswith(f"nginx: {name} is '{value}': write ")
    assert not (tmp_path / "nginx.conf").exists()


def test_gixy_finds_nothing(tmp_path: Path) -> None:
    checked(tmp_path, CERTIFICATES)
    found = subprocess.run(
        [str(BIN / "gixy"), str(tmp_path / "nginx.conf"), "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert [(each["severity"], each["summary"]) for each in json.loads(found.stdout)] == []
