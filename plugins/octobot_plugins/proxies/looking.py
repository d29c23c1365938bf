"""How a proxy is looked at: whether it listens, speaks as it should, and which address others see behind it."""

from __future__ import annotations

import asyncio
import ipaddress
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from octobot_node.contracts.proxies import Proxy, ProxyAddress, ProxyStanding
from octobot_node.egress import HttpClient
from octobot_node.egress.ways import CONNECTIONS
from octobot_node.errors import EgressDown, ExchangeError

if TYPE_CHECKING:
    from aiohttp import BaseConnector

__all__ = ["LOOK", "connected", "greet", "unconnected", "with_exit_address"]

#: The isolation of what is looked at through a proxy: no account's.
LOOK = "octobot-look"
_CONNECT_S = 2.0
_GREET_S = 2.5
_ASK_S = 4.0


@dataclass(frozen=True, slots=True)
class _Way:
    proxy: Proxy

    def connector(self, *, limit: int = CONNECTIONS) -> BaseConnector:
        # The service is the operator's choice, and may be on their own network.
        return self.proxy.connector(LOOK, private=True, limit=limit)


@asynccontextmanager
async def connected(host: str, port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect to a proxy itself; raise EgressDown where that cannot be done."""
    try:
        async with asyncio.timeout(_CONNECT_S):
            reader, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        raise EgressDown("does not answer") from None
    except OSError as error:
        raise EgressDown(unconnected(error)) from None
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def unconnected(error: OSError) -> str:
    """Return why a proxy cannot be connected to, in the system's words, which asyncio's own would hide."""
    why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or type(error).__name__
    return f"cannot be connected to ({why})"


async def greet(address: ProxyAddress, user: str, password: str) -> None:
    """Speak SOCKS5 with a proxy as far as it asks who one is; raise EgressDown where it does not answer as one."""
    method = 2 if user else 0
    try:
        async with asyncio.timeout(_GREET_S), connected(address.host, address.port) as (reader, writer):
            writer.write(bytes((5, 1, method)))
            answer = await reader.readexactly(2)
            if answer[0] != 5:
                raise EgressDown("does not speak SOCKS5")
            if answer[1] != method:
                raise EgressDown("takes no user and password" if user else "wants a user and a password")
            if user:
                told = b"".join(bytes((len(each),)) + each.encode("ascii") for each in (user, password))
                writer.write(b"\x01" + told)
                if (await reader.readexactly(2))[1] != 0:
                    raise EgressDown("refuses the user or the password")
    except TimeoutError:
        raise EgressDown("does not answer") from None
    except (asyncio.IncompleteReadError, OSError):
        raise EgressDown("closed the connection without an answer") from None


async def with_exit_address(proxy: Proxy, found: ProxyStanding, check_url: str) -> ProxyStanding:
    """Return a standing with the address that others see, where a service that says it is set and answers."""
    if not check_url or found.status == "down":
        return found
    try:
        async with HttpClient(_Way(proxy)) as client:
            answer = await client.request("GET", check_url, within=_ASK_S, most=10_000)
        address = _address_in(answer.text() if answer.ok else "")
    except EgressDown as error:
        return ProxyStanding("down", str(error), found.cure)
    except (ExchangeError, ValueError) as error:
        return _doubtful(found, f"the check of its exit address failed: {error}")
    if not address:
        return _doubtful(found, "the service that is to say its exit address does not")
    return replace(found, exit_address=address, detail=f"{found.detail}; others see {address}")


def _doubtful(found: ProxyStanding, why: str) -> ProxyStanding:
    cure = found.cure or "see whether OCTOBOT_PROXIES_CHECK_URL answers, through this proxy and without it"
    return ProxyStanding("doubtful", f"{found.detail}; {why}", cure)


def _address_in(text: str) -> str:
    import json

    with suppress(ValueError, AttributeError):
        told = json.loads(text)
        text = str(next((told[name] for name in ("ip", "IP", "origin", "address") if told.get(name)), ""))
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return ""
