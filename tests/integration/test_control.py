"""The control socket: what it answers, whom, and what nobody can do to it."""

from __future__ import annotations

import json
import os
import pwd
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from octobot_node import errors
from octobot_node.errors import CommandRefused, NodeError, NotSent, OctoBotError, UsageError
from octobot_node.live import control_client
from octobot_node.live.control_client import REQUEST_LIMIT, NoNode, ask, socket_path
from octobot_node.live.control_server import ControlServer, peer_uid
from octobot_node.text.exact_json import decode, encode


class Echo(BaseModel):
    operation: str
    arguments: str
    by: str


def echo(operation: str, arguments: Mapping[str, Any], by: str) -> BaseModel:
    return Echo(operation=operation, arguments=repr(dict(arguments)), by=by)


@contextmanager
def serving(folder: Path, perform: Any = echo, **more: Any) -> Iterator[ControlServer]:
    server = ControlServer(folder, perform, **more)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def raising(error: Exception) -> Callable[..., BaseModel]:
    def perform(_operation: str, _arguments: Mapping[str, Any], _by: str) -> BaseModel:
        raise error

    return perform


@contextmanager
def connected(folder: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as connection, control_client.address(folder) as place:
        connection.settimeout(20)
        connection.connect(place)
        yield connection


def read_line(connection: socket.socket) -> Any:
    with connection.makefile("rb") as file:
        return json.loads(file.readline())


def test_an_operation_is_asked_with_exact_numbers_by_whoever_asks(tmp_path: Path) -> None:
    with serving(tmp_path):
        answer = ask(tmp_path, "x.y", {"amount": Decimal("0.10"), "n": 3, "names": ["é", None, True, 1e-7]})
    user = pwd.getpwuid(os.geteuid()).pw_name
    assert answer == {
        "operation": "x.y",
        "arguments": "{'amount': Decimal('0.10'), 'n': 3, 'names': ['é', None, True, Decimal('1E-7')]}",
        "by": user,
    }


@pytest.mark.parametrize(
    "value", [Decimal("0.10"), Decimal("1E+3"), Decimal("-0"), 0, "€\n", [], {}, {"a": [1, {"b": Decimal("0.1")}]}]
)
def test_what_is_encoded_is_decoded_as_it_was(value: Any) -> None:
    assert decode(encode(value)) == value


def test_what_json_has_not_is_refused() -> None:
    for value, said in (
        (Decimal("NaN"), "NaN is not a number"),
        (Decimal("Infinity"), "Infinity is not a number"),
        (float("nan"), "Out of range float values are not JSON compliant"),
        (object(), "object is not JSON serializable"),
    ):
        with pytest.raises((ValueError, TypeError), match=said):
            encode(value)
    with pytest.raises(ValueError, match="NaN is not a number"):
        decode("[NaN]")


def test_every_error_comes_back_as_what_it_was(tmp_path: Path) -> None:
    named = [getattr(errors, name) for name in errors.__all__]
    kinds = [kind for kind in named if issubclass(kind, OctoBotError)]
    # What is wrong in one place is no error: several of them make one.
    assert set(named) - set(kinds) == {errors.Mistake}
    for kind in kinds:
        failing = serving(tmp_path, raising(kind("what is wrong: what to do")))
        with failing, pytest.raises(OctoBotError) as caught:
            ask(tmp_path, "x", {})
        assert (type(caught.value), str(caught.value)) == (kind, "what is wrong: what to do")
    assert issubclass(NotSent, OctoBotError)


def test_an_unexpected_error_is_told_as_the_nodes_own(tmp_path: Path) -> None:
    said = r"the node failed at this \(ZeroDivisionError: by zero\): its log has"
    with serving(tmp_path, raising(ZeroDivisionError("by zero"))), pytest.raises(NodeError, match=said):
        ask(tmp_path, "x", {})


def test_the_socket_is_private_and_goes_with_the_node(tmp_path: Path) -> None:
    with pytest.raises(NoNode):
        ask(tmp_path, "x", {})
    with serving(tmp_path):
        assert socket_path(tmp_path).stat().st_mode & 0o777 == 0o600
        ask(tmp_path, "x", {})
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NoNode):
        ask(tmp_path, "x", {})


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead, control_client.address(tmp_path) as place:
        dead.bind(place)
    with pytest.raises(NoNode):
        ask(tmp_path, "x", {})
    with serving(tmp_path):
        assert ask(tmp_path, "x", {})["operation"] == "x"


def test_a_node_that_cannot_listen_runs_on_without(tmp_path: Path) -> None:
    socket_path(tmp_path).write_text("somebody's file")
    with serving(tmp_path), pytest.raises(NoNode):
        ask(tmp_path, "x", {})
    assert socket_path(tmp_path).read_text() == "somebody's file"
    with serving(tmp_path / "gone"):
        pass


def test_a_folder_with_a_path_longer_than_a_sockets_address_works(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120) / ("y" * 120)
    folder.mkdir(parents=True)
    with serving(folder):
        assert socket_path(folder).is_socket()
        assert ask(folder, "x", {})["operation"] == "x"
    assert list(folder.iterdir()) == []


def test_a_caller_of_another_user_is_refused(tmp_path: Path) -> None:
    another = serving(tmp_path, peer=lambda _connection: os.geteuid() + 1)
    with another, pytest.raises(UsageError, match=r"the node on this data folder is .*'s: give the command as "):
        ask(tmp_path, "x", {})
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert peer_uid(ours) == os.geteuid()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"hello\n", "the request is not valid JSON"),
        (b"[1]\n", "the request names no operation"),
        (b'{"operation": 5}\n', "the request names no operation"),
        (b'{"operation": "x", "arguments": [1]}\n', "the request's arguments are not an object"),
        (b'{"operation": "x", "arguments": {"a": NaN}}\n', "the request is not valid JSON (NaN is not a number"),
        (b'{"operation": "x", "operation": "y"}\n', "the request is not valid JSON ('operation' is there twice"),
        (b"[" * 100_000 + b"\n", "the request is not valid JSON"),
        (b"\xff\xfe\n", "the request is not valid JSON"),
    ],
)
def test_what_is_no_request_is_refused_and_the_next_one_is_answered(tmp_path: Path, sent: bytes, said: str) -> None:
    with serving(tmp_path), connected(tmp_path) as connection:
        connection.sendall(sent)
        error = read_line(connection)["error"]
        assert error["kind"] == "UsageError"
        assert error["message"].startswith(said)
        connection.sendall(b'{"operation": "next"}\n')
        assert read_line(connection)["result"]["operation"] == "next"


def test_a_request_that_is_too_large_is_refused_by_name(tmp_path: Path) -> None:
    with serving(tmp_path):
        with pytest.raises(UsageError, match=f"a request takes {REQUEST_LIMIT:,} bytes at most"):
            ask(tmp_path, "x", {"text": "a" * REQUEST_LIMIT})
        assert ask(tmp_path, "x", {"text": "a" * (REQUEST_LIMIT - 100)})["operation"] == "x"


class Large(BaseModel):
    text: str


def test_clients_that_send_or_read_nothing_hold_up_nobody(tmp_path: Path) -> None:
    def large(_operation: str, _arguments: Mapping[str, Any], _by: str) -> BaseModel:
        return Large(text="x" * 3_000_000)

    with (
        serving(tmp_path, large),
        connected(tmp_path) as silent,
        connected(tmp_path) as half,
        connected(tmp_path) as deaf,
    ):
        half.sendall(b'{"operation": ')
        deaf.sendall(b'{"operation": "x"}\n' * 20)
        for _ in range(3):
            assert len(ask(tmp_path, "x", {}, timeout=10)["text"]) == 3_000_000
        half.sendall(b'"y"}\n')
        assert len(read_line(half)["result"]["text"]) == 3_000_000
        silent.sendall(b'{"operation": "z"}\n')
        assert len(read_line(silent)["result"]["text"]) == 3_000_000


def test_operations_of_several_clients_run_side_by_side_and_end_before_the_node_does(tmp_path: Path) -> None:
    meeting, ended = threading.Barrier(3), []

    def meet(_operation: str, arguments: Mapping[str, Any], _by: str) -> BaseModel:
        meeting.wait(timeout=20)
        ended.append(arguments["n"])
        return Echo(operation="x", arguments="", by="")

    server = ControlServer(tmp_path, meet)
    server.start()
    answers: list[Any] = []
    clients = [threading.Thread(target=lambda n=n: answers.append(ask(tmp_path, "x", {"n": n}))) for n in range(2)]
    for client in clients:
        client.start()
    meeting.wait(timeout=20)
    server.stop()
    for client in clients:
        client.join()
    assert (sorted(ended), len(answers)) == ([0, 1], 2)


def test_too_many_clients_are_told_so(tmp_path: Path) -> None:
    with serving(tmp_path):
        connections = []
        for _ in range(64):
            connection = socket.socket(socket.AF_UNIX)
            with control_client.address(tmp_path) as place:
                connection.connect(place)
            connection.sendall(b'{"operation": "x"}\n')
            read_line(connection)
            connections.append(connection)
        with pytest.raises(NodeError, match="the node has 64 clients already: try again in a moment"):
            ask(tmp_path, "x", {})
        for connection in connections:
            connection.close()


def test_a_node_that_dies_before_it_answers_leaves_the_outcome_open(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener, control_client.address(tmp_path) as place:
        listener.bind(place)
        listener.listen()

        def hang_up() -> None:
            connection, _ = listener.accept()
            connection.recv(100)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(NodeError, match="whether the command was carried out is not known, so look first"):
            ask(tmp_path, "x", {})
        thread.join()


@pytest.mark.parametrize(("lock", "holder"), [("process 4711", "process 4711"), ("", "another process")])
def test_a_node_that_accepts_and_says_nothing_is_given_up(tmp_path: Path, lock: str, holder: str) -> None:
    (tmp_path / "node.lock").write_text(lock)
    with socket.socket(socket.AF_UNIX) as silent, control_client.address(tmp_path) as place:
        silent.bind(place)
        silent.listen()
        # A request that fits into the socket, and one that does not.
        for text in ("x", "x" * 3_000_000):
            with pytest.raises(NodeError) as caught:
                ask(tmp_path, "x", {"text": text}, timeout=0.05)
            assert str(caught.value) == (
                f"the node ({holder}) does not answer within 0.05 s: is it stopped, or overloaded?"
                " Whether the command was carried out is not known, so look first"
            )


def test_a_refusal_is_not_taken_for_another_class(tmp_path: Path) -> None:
    with serving(tmp_path, raising(CommandRefused("no"))), connected(tmp_path) as connection:
        connection.sendall(b'{"operation": "x"}\n')
        assert read_line(connection) == {"error": {"kind": "CommandRefused", "message": "no"}}
