"""The process that sends, ``python -m octobot_plugins.notify.sender``: a request a line in, a reply a line out.

It is apart from the node so that it may hang, leak or crash without harm, and so that its egress rules hold for it
alone. The first line says the rules. URLs are secrets: they come through stdin, and no reply contains any part of one.
"""

from __future__ import annotations

import json
import logging
import os
import re
import resource
import select
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from octobot_plugins.notify.egress import Egress

__all__ = ["IDLE_S", "main", "why"]

#: Without a request for this long it ends; the next one starts another.
IDLE_S = 30.0
_MEMORY = 1 << 30
_TIMEOUT_S = 10.0
_CODE = re.compile(r"error[=:]\s*(\d{3})\b")
#: What a library's message says -> what is told of it; nothing else of a message may leave, it may hold the URL.
_MEANINGS = (
    (("certificate", "ssl"), "its TLS certificate is not accepted"),
    (("resolve", "getaddrinfo", "name or service", "nodename"), "its host's name cannot be looked up: check the URL"),
    (("socks", "proxy", "tunnel"), "the proxy does not let it through: check the proxy"),
    (("timed out", "timeout"), "it did not answer in time"),
    (("refused",), "nothing listens there: check host and port"),
    (("unreachable",), "there is no way to its network"),
    (("reset", "aborted", "remote end closed"), "it closed the connection"),
    (("connection", "socket"), "it cannot be connected to"),
)
_NO_URL = "it is not a URL that Apprise understands"
_LEVELS = {"warning": "warning", "error": "failure", "critical": "failure", "success": "success"}


def main() -> None:
    """Answer requests until there are no more, or none comes for a while."""
    # A crash must leave no copy of what is in memory.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError, OSError):  # not every system has this limit
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    replies = _keep_stdout()
    lines = _lines(0)
    rules = json.loads(next(lines, "null"))
    if rules is None:
        return
    proxy = rules["proxy"]
    _use_proxy(proxy)
    egress = Egress(proxy, allow_private=rules["allow_private"])
    egress.enforce()
    heard = _Heard()
    for line in lines:
        request = json.loads(line)
        if egress.proxy_is_unknown and request["do"] != "check":
            # The next process looks again.
            _reply(replies, _failed("the proxy's own name cannot be looked up: check the proxy"))
            return
        egress.refusal, heard.meaning = "", ""
        _reply(replies, _carry_out(request, egress, heard))


def _carry_out(request: Mapping[str, Any], egress: Egress, heard: _Heard) -> dict[str, Any]:
    actions = {"tell": _tell, "check": _check, "fetch": _fetch}
    try:
        return actions[request["do"]](request, egress, heard)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - only what is known to hold no URL is told
        return _failed(egress.refusal or why(str(error)) or "its library broke down")


def _tell(request: Mapping[str, Any], egress: Egress, heard: _Heard) -> dict[str, Any]:
    from apprise import Apprise, NotifyFormat, NotifyType

    service = _instance(request["url"])
    if service is None:
        return _failed(egress.refusal or _NO_URL)
    apprise = Apprise(asset=_asset())
    apprise.add(service)
    level = NotifyType(_LEVELS.get(request["level"], "info"))
    sent = apprise.notify(
        body=request["body"], title=request["title"], notify_type=level, body_format=NotifyFormat.TEXT
    )
    if sent:
        return _ok(service)
    return _failed(egress.refusal or heard.meaning or "the service did not take it") | {"service": _name(service)}


def _check(request: Mapping[str, Any], egress: Egress, heard: _Heard) -> dict[str, Any]:
    del heard
    service = _instance(request["url"])
    return _failed(egress.refusal or _NO_URL) if service is None else _ok(service)


def _fetch(request: Mapping[str, Any], egress: Egress, heard: _Heard) -> dict[str, Any]:
    import requests

    del egress, heard
    with requests.get(request["url"], timeout=_TIMEOUT_S, stream=True) as response:
        code = response.status_code
    return {"ok": True, "error": "", "service": "heartbeat"} if code < 400 else _failed(f"it answered HTTP {code}")


def _instance(url: str) -> Any:
    from apprise import Apprise

    return Apprise.instantiate(url, asset=_asset(), suppress_exceptions=True)


def _asset() -> Any:
    from apprise import AppriseAsset, PersistentStoreMode

    # Nothing of it is written to disk, nobody's code is loaded from there, and keys are not made up.
    return AppriseAsset(
        app_id="OctoBot Node",
        app_desc="OctoBot Node",
        app_url="",
        plugin_paths=[],
        storage_mode=PersistentStoreMode.MEMORY,
        async_mode=False,
        pgp_autogen=False,
        pem_autogen=False,
        service_timeout=_TIMEOUT_S,
    )


def _name(service: Any) -> str:
    return str(service.service_name)


def _ok(service: Any) -> dict[str, Any]:
    return {"ok": True, "error": "", "service": _name(service)}


def _failed(error: str) -> dict[str, Any]:
    return {"ok": False, "error": error, "service": ""}


def why(message: str) -> str:
    """Return what a library's message means, in words of our own, or ""."""
    code = _CODE.search(message)
    if code is not None:
        return f"it answered HTTP {code[1]}"
    lower = message.lower()
    return next((meaning for words, meaning in _MEANINGS if any(word in lower for word in words)), "")


class _Heard(logging.Handler):
    """Listens to what Apprise logs, and keeps what it means."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.meaning = ""
        logger = logging.getLogger("apprise")
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Take the most telling message: a later one explains an earlier one."""
        text = record.getMessage()
        if record.levelno >= logging.WARNING or text.startswith("Socket Exception"):
            self.meaning = why(text) or self.meaning


def _keep_stdout() -> int:
    """Return a private copy of stdout; what libraries print goes nowhere."""
    replies = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return replies


def _use_proxy(proxy: str) -> None:
    # Only what is set here counts: the machine's own proxy and credentials are not this process's.
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        for variable in (name, name.upper()):
            os.environ.pop(variable, None)
            if proxy and name != "no_proxy":
                os.environ[variable] = proxy
    os.environ["NETRC"] = os.devnull


def _lines(descriptor: int) -> Iterator[str]:
    waiting = b""
    while True:
        while b"\n" in waiting:
            line, _, waiting = waiting.partition(b"\n")
            yield line.decode()
        if not select.select([descriptor], [], [], IDLE_S)[0]:
            return
        read = os.read(descriptor, 65_536)
        if not read:
            return
        waiting += read


def _reply(replies: int, answer: Mapping[str, Any]) -> None:
    data = json.dumps(answer).encode() + b"\n"
    while data:
        data = data[os.write(replies, data) :]


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        sys.exit(1)
