"""The node's end of the sending process: start it, give it a request, and kill it when it does not answer."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from octobot_node.errors import EgressRefused
from octobot_plugins.notify.settings import NotifySettings

__all__ = ["Courier", "Reply", "Undelivered", "open_courier"]

_COMMAND = (sys.executable, "-P", "-m", "octobot_plugins.notify.sender")
#: How long a request may take, the start of the process included, in seconds.
TIMEOUT_S = 25.0
_REPLY_MAX = 65_536
#: All that the process inherits: the rest of the environment may hold secrets, or proxies that are not ours.
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


class Undelivered(Exception):
    """A message that was not taken; the text says why, without any part of a URL."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a request, and what the service is called; ``broke`` says that the process itself failed."""

    ok: bool
    error: str
    service: str
    broke: bool = False


class Courier:
    """One sending process at a time; may be used from any thread. It is started for a request and ends when idle."""

    def __init__(
        self,
        settings: NotifySettings,
        *,
        timeout: float = TIMEOUT_S,
        command: Sequence[str] = _COMMAND,
        refusal: str = "",
    ) -> None:
        #: Why nothing may be sent, where it may not.
        self._refusal = refusal
        self._rules = {"proxy": settings.proxy.get_secret_value(), "allow_private": settings.allow_private}
        self._timeout = timeout
        self._command = command
        self._lock = threading.Lock()
        self._closed = False
        self._children: list[subprocess.Popen[bytes]] = []
        # Whoever forgets a courier leaves no process behind.
        self._ended = weakref.finalize(self, _end_all, self._children)

    def ask(self, request: Mapping[str, Any]) -> Reply:
        """Carry out a request and return what became of it; a process that hangs or crashes is a failure, too."""
        if self._refusal:
            return Reply(ok=False, error=self._refusal, service="")
        with self._lock:
            until = time.monotonic() + self._timeout
            used = bool(self._children)
            try:
                return self._exchange(request, until)
            except (OSError, EOFError, ValueError):
                self.end()
                if not used:
                    return _broke("the sending process broke down")
            # One that was started for an earlier request may have ended for want of work in this very moment.
            try:
                return self._exchange(request, until)
            except (OSError, EOFError, ValueError):
                self.end()
                return _broke("the sending process broke down")

    def end(self) -> None:
        """End the process; a request under way fails."""
        _end_all(self._children)

    def close(self) -> None:
        """End the process, and start no other."""
        self._closed = True
        self.end()

    def _exchange(self, request: Mapping[str, Any], until: float) -> Reply:
        child = self._started()
        assert child.stdin is not None
        child.stdin.write(json.dumps(request).encode() + b"\n")
        child.stdin.flush()
        line = _read_line(child, until)
        if line is None:
            self.end()
            return _broke(f"no answer within {self._timeout:g} s; its process was ended")
        answer = json.loads(line)
        return Reply(ok=answer["ok"], error=answer["error"], service=answer["service"])

    def _started(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise EOFError
        if self._children and self._children[0].poll() is not None:
            self.end()
        if not self._children:
            child = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _INHERITED if name in os.environ},
                cwd="/",
                # With a group of its own it is killed with whatever it started, and Ctrl-C is not its concern.
                start_new_session=True,
            )
            self._children.append(child)
            assert child.stdin is not None
            child.stdin.write(json.dumps(self._rules).encode() + b"\n")
        return self._children[0]


def open_courier(settings: NotifySettings, proxy_url: Callable[..., str]) -> Courier:
    """Return a courier that goes the way which the settings name; where there is none, one that sends nothing.

    ``proxy_url`` is ``PluginContext.proxy_url``.
    """
    if not settings.egress:
        return Courier(settings)
    try:
        url = proxy_url(settings.egress, isolation="notify")
    except EgressRefused as error:
        return Courier(settings, refusal=str(error))
    return Courier(settings.model_copy(update={"proxy": SecretStr(url)}))


def _broke(error: str) -> Reply:
    return Reply(ok=False, error=error, service="", broke=True)


def _read_line(child: subprocess.Popen[bytes], until: float) -> bytes | None:
    """Return a line of the child's, or None if none comes in time; raise EOFError when it ended."""
    assert child.stdout is not None
    descriptor, line = child.stdout.fileno(), b""
    while not line.endswith(b"\n"):
        if not select.select([descriptor], [], [], max(until - time.monotonic(), 0))[0]:
            return None
        read = os.read(descriptor, 4_096)
        if not read or len(line) > _REPLY_MAX:
            raise EOFError
        line += read
    return line


def _end_all(children: list[subprocess.Popen[bytes]]) -> None:
    while children:
        child = children.pop()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):
                assert pipe is not None
                pipe.close()
