"""``octobot-node health``: whether the node is well, for whoever watches over its process.

A container asks every few seconds, for years: where the address is given nothing but the standard library is imported,
and ``examine_at_once`` does without what reads command lines, which takes two thirds of the time.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from octobot_node.errors import NodeError, UsageError

__all__ = ["TIMEOUT_S", "examine", "examine_at_once"]

#: For everything together.
TIMEOUT_S = 4.0

_LIVE, _READY = "/health/live", "/health/ready"
#: Of an answer; what says how the node is takes a few hundred bytes.
_READ_MAX = 65_536


def examine_at_once(arguments: Sequence[str]) -> int | None:
    """Do what a container's health check asks for, and return the exit code; None for anything else than that."""
    given = list(zip(arguments[1::2], arguments[2::2], strict=False))
    names = [name for name, _ in given]
    if (
        len(arguments) % 2 == 0
        or arguments[:1] != ["health"]
        or names[:1] != ["--url"]
        or not {*names[1:]} <= {"--page"}
    ):
        return None
    pages = [value for name, value in given if name == "--page"]
    try:
        examine(given[0][1], pages, live=False, timeout=TIMEOUT_S, data_dir=None, as_json=False)
    except (NodeError, UsageError) as error:
        sys.stderr.write(f"octobot-node: error: {error}\n")
        return 2 if isinstance(error, UsageError) else 1
    return 0


def examine(
    url: str | None, pages: Sequence[str], *, live: bool, timeout: float, data_dir: Path | None, as_json: bool
) -> None:
    """Print how the node is; raise NodeError, which is exit code 1, where it is not well.

    ``pages`` are further addresses that have to answer; ``timeout`` is in seconds, for everything together.
    """
    until = time.monotonic() + timeout
    base = (url or _own_address(data_dir)).rstrip("/")
    status, body = _ask(base + (_LIVE if live else _READY), until)
    for page in pages:
        answered, _ = _ask(page, until)
        if answered >= 400:
            raise NodeError(f"{page} answers {answered}: see the node's log")
    if status != 200:
        raise NodeError(f"the node is {_said(body, status)}: `octobot-node doctor` says what to do")
    sys.stdout.write(f"{body if as_json else _said(body, status)}\n")


def _own_address(data_dir: Path | None) -> str:
    """Return where the settings say that the API is; one that listens everywhere is asked on this machine."""
    from octobot_node.configuration import Configuration

    settings = Configuration.load(data_dir=data_dir).settings
    if not settings.api:
        raise UsageError("this node has no API (OCTOBOT_API=false): `octobot-node doctor` asks it by its socket")
    if settings.api_port == 0:
        raise UsageError("the API takes any port that is free (OCTOBOT_API_PORT=0): give --url with what its log says")
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - not what is listened on
    host = everywhere.get(settings.api_host, settings.api_host)
    return f"http://[{host}]:{settings.api_port}" if ":" in host else f"http://{host}:{settings.api_port}"


def _ask(url: str, until: float) -> tuple[int, str]:
    address = _checked(url)
    left = max(until - time.monotonic(), 0.1)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=left)
    try:
        connection.request("GET", address.path or "/", headers={"Accept": "text/html, */*"})
        response = connection.getresponse()
        return response.status, response.read(_READ_MAX).decode(errors="replace")
    except TimeoutError:
        raise NodeError(f"{url} does not answer in time: the node hangs, or has too much to do") from None
    except (OSError, http.client.HTTPException) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
        raise NodeError(f"{url} does not answer ({why}): the node starts, has ended, or listens elsewhere") from None
    finally:
        connection.close()


def _checked(url: str) -> SplitResult:
    try:
        address = urlsplit(url)
        known = address.scheme == "http" and bool(address.hostname) and address.port != 0
    except ValueError:
        known = False
    if not known:
        raise UsageError(f"{url!r} is not an address to ask: write http://127.0.0.1:8000")
    return address


def _said(body: str, status: int) -> str:
    """Return in a few words how the node is, with the checks that it is not ready for."""
    try:
        found = json.loads(body)
        failed = [each["name"] for each in found.get("checks", ()) if each["needed"] and each["status"] == "failed"]
        return f"{found['status']}: {', '.join(failed)}" if failed else str(found["status"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"not well (it answers {status})"
