"""What a page of the documentation has an operator type, typed: SQL into psql, commands into a shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Self

from tests.support.nodes import PATIENCE_S, ROOT, until
from tests.support.postgres import Server

__all__ = ["PASSWORD", "Operator", "typed"]

#: The one that docs/replica.md gives the role.
PASSWORD = "a-long-random-password"


def typed(page: str, heading: str, language: str = "") -> list[str]:
    """Return what is to be typed in a part of a page, line by line; without a language, what is indented there."""
    part = (ROOT / "docs" / page).read_text().partition(f"# {heading}\n")[2]
    part = re.split(r"^##", part, maxsplit=1, flags=re.MULTILINE)[0]
    if not language:
        return re.findall(r"^ {4}(\S.*)$", part, re.MULTILINE)
    blocks = re.findall(rf"^```{language}\n(.*?)^```", part, flags=re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


class Operator:
    """Types what a page says, with a test's own places for those that it names; a context manager."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server
        self.places = {
            "db.example:5432": f"127.0.0.1:{server.port}",
            "/var/lib/octobot": str(folder / "data"),
            "/run/secrets/octobot-db": str(folder / "password"),
            "/backups": str(folder),
        }
        (folder / "data").mkdir(mode=0o700)
        secret = folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o600)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("OCTOBOT_")},
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            # A full disk, a port that is taken and a lease of nine seconds are not what is asked about.
            "OCTOBOT_DISK_RESERVE_MB": "0",
            "OCTOBOT_API_PORT": "0",
            "OCTOBOT_LEASE_TTL": "3",
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for process in self.running.values():
            if process.poll() is None:
                process.kill()
            process.wait(30)

    def psql(self, lines: list[str]) -> None:
        """Type into psql as the server's administrator."""
        done = subprocess.run(
            [self.server.program("psql"), "--no-psqlrc", "--set", "ON_ERROR_STOP=1", self.server.url()],
            input="\n".join(lines), capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")

    def type(self, line: str) -> str:
        """Type a line into a shell; return what it printed on stdout. A node is started and goes on."""
        for given, ours in self.places.items():
            line = line.replace(given, ours)
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").partition("=")
            self.environment[name] = value
            return ""
        if " start " in line:
            self._start(line)
            return ""
        done = subprocess.run(
            ["bash", "-c", line], cwd=self.folder, env=self.environment,
            capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def _start(self, line: str) -> None:
        name = line.rpartition("/")[2]
        log = self.folder / f"{name}.log"
        before = log.read_text().count("node_started") if log.exists() else 0
        with log.open("ab") as out:
            # In place of the shell: what is signalled is the node.
            command = f"env {line}"
            self.running[name] = subprocess.Popen(
                ["bash", "-c", f"exec {command}"], cwd=self.folder, env=self.environment, stderr=out
            )

        def started() -> bool:
            assert self.running[name].poll() is None, log.read_text()
            return log.read_text().count("node_started") > before

        until(started)
