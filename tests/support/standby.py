"""A standby of a test's server, that can be cut off from it and take its place."""

from __future__ import annotations

import shutil
import time

import psycopg

from tests.support.postgres import Server

__all__ = ["Standby"]


class Standby(Server):
    """Follows a server, which knows it by the name ``standby``; a context manager."""

    def __init__(self, primary: Server) -> None:
        self._primary = primary
        super().__init__(fsync=False)
        self.password = primary.password

    def cut_off(self) -> None:
        """Let nothing more of the primary's arrive."""
        self._set("primary_conninfo", "")

    def promote(self) -> None:
        """Take the primary's place."""
        self._run("pg_ctl", "-D", str(self.data), "-w", "-t", "30", "promote")

    def catch_up(self) -> None:
        """Wait until everything is here that the primary has."""
        with psycopg.connect(self._primary.url()) as connection:
            (there,) = connection.execute("SELECT pg_current_wal_lsn()").fetchone() or ("",)
        with psycopg.connect(self.url(), autocommit=True) as connection:
            while connection.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [there]).fetchone() != (True,):
                time.sleep(0.05)

    def _initialise(self) -> None:
        self.password = self._primary.password
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        conninfo = f"host=127.0.0.1 port={self._primary.port} user=octobot password={self.password}"
        self._run(
            "pg_basebackup", "-D", str(self.data), "-d", f"{conninfo} application_name=standby", "-R", "-X", "stream",
            "-c", "fast", "--no-sync",
        )  # fmt: skip
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(f"port = {self.port}\nhot_standby = on\n")

    def _set(self, name: str, value: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
            connection.execute("SELECT pg_reload_conf()")
        time.sleep(0.5)
