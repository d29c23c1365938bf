"""Ask the node that runs on a data folder, over the Unix socket in that folder; control_server.py answers.

One line of JSON each way: {"operation": …, "arguments": {…}}, then {"result": …} or
{"error": {"kind": …, "message": …}}.
Numbers are exact: what is not whole is read as Decimal.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from octobot_node import errors
from octobot_node.errors import NodeError, NodeSilent, OctoBotError
from octobot_node.text.exact_json import encode

__all__ = ["ANSWER_S", "REQUEST_LIMIT", "NoNode", "address", "ask", "holder", "socket_path"]

#: Bytes of a request at most; some thousand automations' run files.
REQUEST_LIMIT = 4_194_304
#: What the kernel's address of a Unix socket holds, on the systems that hold least.
_ADDRESS_MAX = 100
_CONNECT_S = 5.0
#: Longer than any operation takes on a node that is well.
ANSWER_S = 30.0


class NoNode(Exception):
    """No node answers on this data folder."""


def socket_path(data_dir: Path) -> Path:
    """Return where the node on this data folder listens."""
    return data_dir / "node.sock"


@contextmanager
def address(data_dir: Path) -> Iterator[str]:
    """Yield the socket's address for bind and connect; raise OSError where the folder's path is too long for one."""
    path = str(socket_path(data_dir))
    if len(os.fsencode(path)) <= _ADDRESS_MAX:
        yield path
        return
    # A socket's address is shorter than a path may be; through the open folder it is short, wherever that is.
    folder = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        through = Path(f"/proc/self/fd/{folder}")
        if not through.exists():
            raise OSError(f"{path} is too long for a socket's address: use a data folder with a shorter path")
        yield str(through / "node.sock")
    finally:
        os.close(folder)


def ask(data_dir: Path, operation: str, arguments: Mapping[str, Any], *, timeout: float = ANSWER_S) -> Any:
    """Let the node on this data folder carry out an operation and return its result as JSON.

    Raises NoNode where no node listens, NodeSilent where one does not answer within ``timeout`` seconds, and what the
    operation raised, of the same class as here.
    """
    with _connect(data_dir) as connection:
        connection.settimeout(timeout)
        try:
            line = _exchange(connection, f"{encode({'operation': operation, 'arguments': arguments})}\n".encode())
        except TimeoutError:
            raise NodeSilent(
                f"the node ({holder(data_dir)}) does not answer within {timeout:g} s: is it stopped, or overloaded?"
                " Whether the command was carried out is not known, so look first"
            ) from None
    try:
        answer = json.loads(line)
    except ValueError:
        _broken(f"answered {line[:80]!r}, which is not valid JSON")
    if "error" in answer:
        _raise(answer["error"])
    return answer["result"]


def _connect(data_dir: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_CONNECT_S)
    try:
        with address(data_dir) as path:
            connection.connect(path)
    except OSError as error:
        connection.close()
        # Permission: the folder is another user's; whoever opens it next says so.
        raise NoNode(str(error)) from None
    return connection


def _exchange(connection: socket.socket, request: bytes) -> bytes:
    try:
        # Refused before it was read: the answer says why.
        with suppress(BrokenPipeError):
            connection.sendall(request)
        with connection.makefile("rb") as file:
            line = file.readline()
    except TimeoutError:
        raise
    except OSError as error:
        _broken(f"broke the connection ({error.strerror or error})")
    if not line.endswith(b"\n"):
        _broken("ended before it answered")
    return line


def holder(data_dir: Path) -> str:
    """Return who wrote its name into the folder's lock: "process 4711"."""
    try:
        return (data_dir / "node.lock").read_text(encoding="utf-8").strip() or "another process"
    except (OSError, UnicodeDecodeError):
        return "another process"


def _broken(how: str) -> NoReturn:
    raise NodeSilent(
        f"the node on this data folder {how}: whether the command was carried out is not known, so look first"
    )


def _raise(error: Mapping[str, Any]) -> NoReturn:
    kind = getattr(errors, str(error.get("kind")), None)
    message = str(error.get("message"))
    if isinstance(kind, type) and issubclass(kind, OctoBotError):
        raise kind(message)
    raise NodeError(message)
