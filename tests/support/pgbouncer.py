"""A real PgBouncer in front of a test's server; Debian's package ``pgbouncer`` brings it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Literal

import psycopg

from octobot_node.errors import UsageError
from tests.support.postgres import Server

__all__ = ["PgBouncer"]

_START_S = 20


class PgBouncer:
    """Passes clients on to a server; a context manager.

    ``mode`` is what it lends a connection for, ``pool_size`` how many it has for each user and database.
    """

    def __init__(
        self, server: Server, mode: Literal["session", "transaction", "statement"], *, port: int = 0, **settings: object
    ) -> None:
        self._server = server
        self.folder = Path(tempfile.mkdtemp(prefix="octobot-pgbouncer-", dir="/tmp"))
        self.port = port or _free_port()
        self._settings = {"pool_mode": mode, **settings}

    def __enter__(self) -> PgBouncer:
        program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None:
            raise UsageError("a test wants PgBouncer: `apt install pgbouncer` brings it")
        self._write()
        # It refuses root.
        user = "nobody" if os.geteuid() == 0 else None
        if user is not None:
            for path in (self.folder, *self.folder.iterdir()):
                shutil.chown(path, user)
        self._process = subprocess.Popen(
            [program, "--quiet", str(self.folder / "ini")], user=user, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder,
        )  # fmt: skip
        self._await()
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, url: str) -> str:
        """Return the URL of a database of the server's, through here."""
        return url.replace(f":{self._server.port}/", f":{self.port}/")

    def command(self, statement: str) -> None:
        """Have the pooler itself do something, such as RECONNECT."""
        with psycopg.connect(self.url(self._server.url("pgbouncer")), autocommit=True) as connection:
            done = connection.pgconn.exec_(statement.encode())
            assert done.status == psycopg.pq.ExecStatus.COMMAND_OK, done.get_error_message()

    def _write(self) -> None:
        self.folder.chmod(0o755)
        # As the server's own superuser, whose password it is told.
        (self.folder / "users").write_text(f'"octobot" "{self._server.password}"\n')
        rows = {
            "listen_addr": "127.0.0.1", "listen_port": self.port, "auth_type": "scram-sha-256",
            "auth_file": self.folder / "users", "logfile": self.folder / "log", "unix_socket_dir": "",
            "admin_users": "octobot", "max_client_conn": 500, **self._settings,
        }  # fmt: skip
        lines = [f"{name} = {value}" for name, value in rows.items()]
        databases = f"[databases]\n* = host=127.0.0.1 port={self._server.port}\n"
        (self.folder / "ini").write_text(databases + "[pgbouncer]\n" + "\n".join(lines) + "\n")

    def _await(self) -> None:
        until = time.monotonic() + _START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                if time.monotonic() > until or self._process.poll() is not None:
                    log = self.folder / "log"
                    raise RuntimeError(f"pgbouncer did not start: {log.read_text() if log.exists() else ''}") from None
                time.sleep(0.05)
            else:
                return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
