"""The one way to connect: for the pool, for announcements, for whatever asks the server beside them.

What the node relies on (how long it waits, when a frozen transaction is ended, what a transaction sees, that a commit
is on disk, whose tables a name means) is set for the session, over whatever a role is set to. Where a pooler is in
between, which may give this connection another session at any time, it is said again at the beginning of every
transaction, in the message that begins it: no round trip, but a tenth of a millisecond of the server's and the
driver's, which a connection of its own need not pay.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import generators, sql
from psycopg.abc import PQGen
from psycopg.pq import ExecStatus, TransactionStatus

from octobot_node.store.queries.event_horizon import SESSIONS
from octobot_plugins.postgres.address import Address
from octobot_plugins.postgres.certificates import REFUSED, why_refused
from octobot_plugins.postgres.sockets import Sockets

__all__ = ["APPLICATION", "NO_ANSWER", "Connector", "NodeConnection"]

#: How a node's connections are told from everybody else's; what a URL asks for beside it is appended.
APPLICATION = SESSIONS
NO_ANSWER = "it took the connection, and gave no answer"
#: What a URL may say otherwise.
_USUAL = {
    "connect_timeout": "5",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "8000",
}
_FIRST_ANSWER_S = 5.0
#: That a URL's ``options`` arrived: a pooler may be told to throw them away without a word.
_ARRIVED = "octobot.options"
#: For what is asked outside of a transaction, and whatever a role could make another answer of.
_SESSION = {
    "idle_session_timeout": "0",
    "extra_float_digits": "1",
    "standard_conforming_strings": "on",
    "datestyle": "ISO",
}
_SINCE_17 = {"transaction_timeout": "0"}


class NodeConnection(psycopg.Connection[Any]):
    """A connection whose transactions begin with the node's own settings."""

    #: Returns what follows BEGIN.
    own: Callable[[], tuple[bytes, ...]] = tuple
    #: Which server it is, and since when it runs.
    server: str = ""
    #: The number of its process there, which a pooler's own is not.
    process: int = 0

    def _get_tx_start_command(self) -> bytes:
        # A role's default_transaction_isolation would let writers fail where they are meant to wait.
        level = "READ COMMITTED" if self.isolation_level is None else self.isolation_level.name.replace("_", " ")
        # Never READ WRITE: where the server is set to read only, somebody has a reason.
        return f"BEGIN ISOLATION LEVEL {level}{' READ ONLY' if self.read_only else ''}".encode()

    def _start_query(self) -> PQGen[None]:
        # The driver's own, with more to say. Private: tests/integration/plugins/postgres/test_sessions.py holds it.
        if self._autocommit or self.pgconn.transaction_status != TransactionStatus.IDLE:
            return
        commands = (self._get_tx_start_command(), *self.own())
        if self._pipeline is None:
            self._check_connection_ok()
            self.pgconn.send_query(b"; ".join(commands))
            for result in (yield from generators.execute(self.pgconn)):
                if result.status != ExecStatus.COMMAND_OK:
                    raise psycopg.errors.error_from_result(result)
            return
        # There, each is a message of its own; all of them still go out together.
        for command in commands:
            yield from self._exec_command(command)
        yield from self._pipeline._sync_gen()  # noqa: SLF001 - as the driver's own does


class Connector:
    """Connects to one database, the same way for whoever asks."""

    def __init__(self, address: Address, sockets: Sockets, lease_ttl: float) -> None:
        self._sockets = sockets
        self._keywords: dict[str, Any] = {**_USUAL, **address.keywords}
        named = self._keywords.get("application_name", "")
        self._keywords["application_name"] = f"{APPLICATION} {named}".strip()
        self._keywords["client_encoding"] = "utf8"
        if address.options:
            self._keywords["options"] = f"{address.options} -c {_ARRIVED}=yes"
        # A frozen node's session is ended by the server before its lease is over: what it had locked is free then.
        idle_ms = int(max(lease_ttl * 0.8, 1) * 1000)
        self._settings = {
            "idle_in_transaction_session_timeout": f"{idle_ms}ms",
            "lock_timeout": "20s",
            "statement_timeout": "0",
            # The server may crash while the node lives on, and remembers.
            "synchronous_commit": "on",
            "timezone": "UTC",
        }
        self._own = tuple(_set("SET LOCAL", name, value) for name, value in self._settings.items())

    def use_schema(self, schema: str) -> None:
        """Have every name mean what is in this schema, from now on and whatever a role's search_path comes to be."""
        if "search_path" not in self._settings:
            self._settings["search_path"] = sql.Identifier(schema).as_string(None)
            self._own = (*self._own, _set("SET LOCAL", "search_path", self._settings["search_path"]))

    def connect(self, *, autocommit: bool = False) -> NodeConnection:
        """Return a connection that the server has answered on."""
        # Any of a pooler's connections may be prepared for another's statement.
        try:
            made = NodeConnection.connect("", autocommit=True, prepare_threshold=None, **self._keywords)
        except psycopg.OperationalError as error:
            if REFUSED not in str(error):
                raise
            raise psycopg.OperationalError(f"{REFUSED}: {why_refused(self._keywords)}") from None
        try:
            self._sockets.add(made)
            self._begin(made)
            made.process, made.server = _server_of(made)
            # Somebody is in between who said the number of a process that is not the server's.
            if made.process != made.info.backend_pid:
                made.own = lambda: self._own
            made.autocommit = autocommit
        except BaseException:
            self._sockets.forget(made)
            made.close()
            raise
        return made

    def options_arrived(self, connection: NodeConnection) -> bool:
        """Whether the URL's ``options`` reached the server, where it has any."""
        if "options" not in self._keywords:
            return True
        row = connection.execute("SELECT current_setting(%s, true)", [_ARRIVED]).fetchone()
        return row is not None and row[0] == "yes"

    def _begin(self, made: NodeConnection) -> None:
        session = {**self._settings, **_SESSION, **(_SINCE_17 if made.info.server_version >= 170_000 else {})}
        session["application_name"] = self._keywords["application_name"]
        statement = b"; ".join(_set("SET", name, value) for name, value in session.items())
        silent = threading.Event()

        def give_up() -> None:
            silent.set()
            self._sockets.shut(made)

        # A pooler takes connections by itself, and lets them wait for one to the server.
        timer = threading.Timer(_FIRST_ANSWER_S, give_up)
        timer.daemon = True
        timer.start()
        try:
            made.execute(statement)
        except psycopg.OperationalError:
            if silent.is_set():
                raise psycopg.OperationalError(f"{NO_ANSWER} for {_FIRST_ANSWER_S:g} s") from None
            raise
        finally:
            timer.cancel()


def _set(how: str, name: str, value: str) -> bytes:
    # A list of names is not one name.
    given = sql.SQL(value) if name == "search_path" else sql.Literal(value)
    return sql.SQL(how + " {} = {}").format(sql.Identifier(name), given).as_bytes(None)


def _server_of(made: NodeConnection) -> tuple[int, str]:
    """Return the number of the server's process, and when the server was started, which is no other's moment."""
    row = made.execute("SELECT pg_backend_pid(), extract(epoch FROM pg_postmaster_start_time())::text").fetchone()
    assert row is not None
    return int(row[0]), str(row[1])
