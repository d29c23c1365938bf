"""The control socket of a running node: whoever may write to its data folder may give it operations."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import socket
import stat
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import structlog
from pydantic import BaseModel

from octobot_node.errors import NodeError, OctoBotError, UsageError
from octobot_node.live.control_client import REQUEST_LIMIT, address, socket_path
from octobot_node.text.exact_json import decode

__all__ = ["ControlServer", "peer_uid"]

log = structlog.get_logger(__name__)
#: Operations at once; more wait for their turn.
_WORKERS = 4
_CLIENTS = 64
#: A client that asks nothing, or does not read its answer, is let go after this (s).
_IDLE_S = 300.0
_WRITE_S = 30.0
#: How long a node that stops waits for operations under way; none takes longer.
_END_S = 30.0
#: macOS: struct xucred by getsockopt(SOL_LOCAL, LOCAL_PEERCRED).
_SOL_LOCAL, _LOCAL_PEERCRED = 0, 1

#: From 3.13 on Python would remove the socket itself, by a name that holds no longer: see ``address``.
_KEPT: dict[str, Any] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}

#: (operation, arguments, who asks) -> result.
Perform = Callable[[str, Mapping[str, Any], str], BaseModel]


class ControlServer:
    """Answers on ``<data_dir>/node.sock``: one thread for every client's bytes, a few for the operations themselves.

    The caller holds the data folder's lock, so that a socket which is there already is nobody's.
    """

    def __init__(
        self, data_dir: Path, perform: Perform, *, peer: Callable[[socket.socket], int | None] | None = None
    ) -> None:
        self._data_dir = data_dir
        self._perform = perform
        self._peer = peer or peer_uid
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._stopping = asyncio.Event()
        self._thread: threading.Thread | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to answer. A node that cannot listen runs on without: the log says why."""
        try:
            listener = self._listen()
        except OSError as error:
            log.warning("no_control_socket", path=str(socket_path(self._data_dir)), error=str(error))
            return
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(listener)), name="octobot-control")
        self._thread.daemon = True
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Take no more requests, let those under way end, and remove the socket."""
        if self._thread is None:
            return
        with suppress(OSError):
            socket_path(self._data_dir).unlink()
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = None

    def _listen(self) -> socket.socket:
        path = socket_path(self._data_dir)
        with suppress(FileNotFoundError):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise FileExistsError(f"{path} is not a socket: move it away")
            path.unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with address(self._data_dir) as place:
                listener.bind(place)
            path.chmod(0o600)
            listener.listen(_CLIENTS)
        except BaseException:
            listener.close()
            raise
        return listener

    async def _serve(self, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="octobot-operation") as workers:
            self._loop.set_default_executor(workers)
            server = await asyncio.start_unix_server(self._client, sock=listener, limit=REQUEST_LIMIT, **_KEPT)
            try:
                await self._stopping.wait()
            finally:
                server.close()
                for idle in self._open - self._busy:
                    idle.cancel()
                if self._open:
                    await asyncio.wait(self._open, timeout=_END_S)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._open.add(task)
        try:
            uid = self._peer(writer.get_extra_info("socket"))
            refusal = self._refusal(uid)
            if refusal is not None:
                await _send(writer, _error(refusal))
                return
            await self._answer_all(task, reader, writer, _user(uid))
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # Gone, silent, not reading; or the node stops.
        finally:
            self._open.discard(task)
            self._busy.discard(task)
            writer.close()

    def _refusal(self, uid: int | None) -> OctoBotError | None:
        if uid not in (None, os.geteuid()):
            ours = _user(os.geteuid())
            return UsageError(f"the node on this data folder is {ours}'s: give the command as {ours}")
        if len(self._open) > _CLIENTS:
            return NodeError(f"the node has {_CLIENTS} clients already: try again in a moment")
        return None

    async def _answer_all(
        self, task: asyncio.Task[None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter, by: str
    ) -> None:
        while not self._stopping.is_set():
            async with asyncio.timeout(_IDLE_S):
                try:
                    line = await reader.readline()
                except ValueError:
                    # What follows is the rest of it: nothing more can be understood.
                    await _send(writer, _error(UsageError(f"a request takes {REQUEST_LIMIT:,} bytes at most")))
                    return
            if not line.endswith(b"\n"):
                return
            self._busy.add(task)
            await _send(writer, await asyncio.to_thread(self._answer, line, by))
            self._busy.discard(task)

    def _answer(self, line: bytes, by: str) -> bytes:
        try:
            operation, arguments = _request(line)
            result = self._perform(operation, arguments, by)
            return b'{"result":%s}\n' % result.model_dump_json().encode()
        except OctoBotError as error:
            return _error(error)
        except Exception as error:
            log.exception("operation_failed")
            said = f"{type(error).__name__}: {error}"
            return _error(NodeError(f"the node failed at this ({said}): its log has the traceback; please report it"))


def _request(line: bytes) -> tuple[str, Mapping[str, Any]]:
    try:
        request = decode(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the request is not valid JSON ({error}): send one object a line") from None
    if not isinstance(request, dict) or not isinstance(request.get("operation"), str):
        raise UsageError('the request names no operation: send {"operation": …, "arguments": {…}}')
    arguments = request.get("arguments", {})
    if not isinstance(arguments, dict):
        raise UsageError("the request's arguments are not an object: send {} for none")
    return request["operation"], arguments


def _error(error: OctoBotError) -> bytes:
    return json.dumps({"error": {"kind": type(error).__name__, "message": str(error)}}).encode() + b"\n"


async def _send(writer: asyncio.StreamWriter, answer: bytes) -> None:
    writer.write(answer)
    async with asyncio.timeout(_WRITE_S):
        await writer.drain()


def peer_uid(connection: socket.socket) -> int | None:
    """Return who is at the other end, None where the system does not say: the socket's mode keeps others away, too."""
    if hasattr(socket, "SO_PEERCRED"):
        given = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", given)[1])
    with suppress(OSError, struct.error):
        given = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 76)
        return int(struct.unpack_from("2I", given)[1])
    return None


def _user(uid: int | None) -> str:
    if uid is None:
        return "somebody"
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
