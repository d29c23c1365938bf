"""A stack of containers for a test: files of its own, ports and addresses that no other has, and what it is asked."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

__all__ = ["DOCKER", "ROOT", "Answer", "Stack", "docker", "more_than", "until"]

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "deploy" / "docker"
SCOPES = ("automations:read", "automations:write", "accounts:write", "events:read", "orders:read", "node:read")
#: What takes seconds takes minutes on two cores that thirty others want.
PATIENCE_S = 240.0
OVERRIDE = """
services:
  octobot:
    volumes: ["./plugins:/data/plugins:ro"]
  nginx:
    environment: {LOOK_S: "1"}
"""


def docker(*arguments: str, check: bool = True, timeout: float = 600) -> str:
    """Run docker and return what it says."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=timeout)
    assert done.returncode == 0 or not check, f"docker {' '.join(arguments[:4])}: {done.stderr[-3_000:]}"
    return done.stdout.strip()


def until(condition: Callable[[], Any], seconds: float = PATIENCE_S, what: str = "it") -> Any:
    """Return what ``condition`` returns once that is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen in {seconds:g} s"
        time.sleep(0.2)
    return found


def free_ports(count: int) -> list[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()


def more_than(stack: Stack, count: int) -> list[str]:
    """Return a stack's fills once there are more than so many."""
    found: list[str] = until(lambda: fills if len(fills := stack.fills()) > count else None, what="trading on")
    return found


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(slots=True)
class Stack:
    """One project of Compose; ``number`` keeps its addresses apart from those of others."""

    name: str
    folder: Path
    number: int
    settings: dict[str, str] = field(default_factory=dict)
    token: str = ""
    #: Where it is asked, and whether through nginx unless something else is said.
    host: str = "127.0.0.1"
    tls: bool = False

    def make(self, before: Callable[[Stack], None] | None = None) -> None:
        """Copy the stack's files, put there what somebody brings (``before``), and let ``prepare`` make the rest."""
        shutil.copytree(DOCKER, self.folder, ignore=shutil.ignore_patterns("state", ".env"))
        # The traders of the crash tests, as a plugin of whoever runs the stack; nginx looks for certificates often.
        (self.folder / "plugins").mkdir(mode=0o755)
        shutil.copy(ROOT / "benchmarks" / "crash" / "trader.py", self.folder / "plugins" / "crash_trader.py")
        (self.folder / "compose.override.yaml").write_text(OVERRIDE)
        if before is not None:
            before(self)
        api, web, http_port, https_port, database = free_ports(5)
        first = {
            "COMPOSE_PROJECT_NAME": self.name,
            "API_PORT": str(api),
            "WEB_UI_PORT": str(web),
            "HTTP_PORT": str(http_port),
            "HTTPS_PORT": str(https_port),
            "DATABASE_PORT": str(database),
            "INSIDE_SUBNET": f"10.201.{self.number}.0/24",
            "INSIDE_RANGE": f"10.201.{self.number}.128/25",
            "NGINX_ADDRESS": f"10.201.{self.number}.10",
            "DATABASE_SUBNET": f"10.202.{self.number}.0/24",
            "NODE_NAME": self.name,
            "HEALTH_INTERVAL": "2s",
        }
        self.settings = {**first, **self.settings}
        self.write()
        self.prepare()

    def write(self, **settings: str) -> None:
        """Write .env, with what is changed."""
        self.settings.update(settings)
        (self.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in self.settings.items()))

    def prepare(self, *, fails: bool = False) -> str:
        """Let it make what lacks, and return what it says."""
        done = subprocess.run(["bash", "prepare"], cwd=self.folder, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is not fails, done.stderr
        return done.stdout + done.stderr

    def compose(self, *arguments: str, check: bool = True, given: str = "") -> str:
        done = subprocess.run(
            ["docker", "compose", *arguments],
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0 or not check, f"{arguments}: {done.stderr[-2_000:]}\n{self.logs()}"
        return done.stdout

    def up(self, *services: str) -> float:
        """Bring it up, wait for everybody's health, and return how long that took."""
        began = time.monotonic()
        self.compose("up", "--detach", "--no-build", "--wait", "--wait-timeout", "240", *services)
        return time.monotonic() - began

    def down(self) -> None:
        self.compose("--profile", "*", "down", "--volumes", "--timeout", "5", check=False)

    def logs(self, *services: str) -> str:
        return subprocess.run(
            ["docker", "compose", "logs", "--no-log-prefix", "--tail", "400", *services],
            cwd=self.folder, capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip

    def container(self, service: str) -> str:
        return self.compose("ps", "--all", "--quiet", service).strip()

    def inspect(self, service: str) -> Any:
        return json.loads(docker("inspect", self.container(service)))[0]

    def inside(self, service: str, *command: str, check: bool = True) -> str:
        """Run a command in a container, as its user."""
        return self.compose("exec", "--no-TTY", service, *command, check=check)

    def python(self, script: str, service: str = "octobot") -> str:
        return self.inside(service, "/opt/octobot/bin/python", "-c", script).strip()

    def kill(self, service: str) -> None:
        """End a container's first process as a crash does: what is told to Docker would not be started again."""
        before = self.inspect(service)["State"]
        os.kill(before["Pid"], signal.SIGKILL)
        until(lambda: self.inspect(service)["State"]["StartedAt"] != before["StartedAt"], what=f"{service}'s return")
        self.healthy(service)

    def healthy(self, service: str, seconds: float = PATIENCE_S) -> None:
        until(
            lambda: self.inspect(service)["State"].get("Health", {}).get("Status") == "healthy",
            seconds,
            f"the health of {service}",
        )

    def sign_in(self) -> None:
        """Make a key of the admin's for the API."""
        wanted = [part for scope in SCOPES for part in ("--scope", scope)]
        made = self.inside("octobot", "octobot-node", "keys", "add", "admin", "test", *wanted, "--json")
        self.token = json.loads(made)["token"]

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        tls: bool = False,
        port: int | None = None,
        host: str = "",
        **headers: str,
    ) -> Answer:
        """Ask the API, at its own port or through nginx; ``headers`` with _ for -."""
        host, tls = host or self.host, tls or self.tls
        connection: http.client.HTTPConnection
        if tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = http.client.HTTPSConnection(
                host, port or int(self.settings["HTTPS_PORT"]), context=context, timeout=20
            )
        else:
            connection = http.client.HTTPConnection(host, port or int(self.settings["API_PORT"]), timeout=20)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            given.setdefault("Authorization", f"Bearer {self.token}")
        try:
            connection.request(
                method,
                path,
                None if body is None else json.dumps(body),
                {**given, **({} if body is None else {"Content-Type": "application/json"})},
            )
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read().decode(errors="replace"))
        finally:
            connection.close()

    def trade(self, count: int = 1, *, tls: bool = False) -> None:
        """Create a paper account and automations that order every second."""
        account = {
            "name": "paper",
            "market_data": {"use": "simulated", "seed": 7},
            "trading": {"use": "paper"},
            "balances": {"USD": "1000000"},
        }
        made = self.ask("POST", "/api/v1/accounts", account, tls=tls)
        assert made.status == 201, made.text
        for number in range(count):
            automation = {
                "name": f"trader-{number}",
                "type": "crash_trader",
                "account": "paper",
                "budget": {"USD": "10000"},
                "config": {"symbol": "BTC/USD", "every": 1, "planned_only": True},
            }
            made = self.ask("POST", "/api/v1/automations", automation, tls=tls)
            assert made.status == 201, made.text

    def fills(self, *, tls: bool = False) -> list[str]:
        """Return the ids of all fills, oldest first."""
        return [each["id"] for each in self._all("fills", tls=tls)]

    def lateness(self, since: float) -> list[float]:
        """Return how late each order from then on was decided, in seconds; its tag says when its tick was due.

        An order of a tick that another order is of as well fails: no tick is repeated.
        """
        orders = [each for each in self._all("orders") if "@" in each["tag"]]
        ticks = [(each["automation"], each["tag"]) for each in orders]
        assert len(set(ticks)) == len(ticks)
        times = [
            (datetime.fromisoformat(each["created_at"]).timestamp(), int(each["tag"].partition("@")[2]) / 1_000)
            for each in orders
        ]
        return [decided - due for decided, due in times if due >= since]

    def _all(self, what: str, *, tls: bool = False) -> list[Any]:
        found: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            more = f"&cursor={cursor}" if cursor else ""
            page = self.ask("GET", f"/api/v1/{what}?limit=500{more}", tls=tls)
            assert page.status == 200, page.text
            found += page.json[what]
            cursor = page.json["next_cursor"]
        return found[::-1]
