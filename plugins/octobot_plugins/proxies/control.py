"""What Tor says of itself on its control port: the few lines of its protocol that this takes.

A library for all of it, stem, has had no release since 2023; these questions are three of its hundreds.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from octobot_node.errors import EgressDown
from octobot_plugins.proxies.settings import ProxySettings, host_and_port

__all__ = ["ControlPort", "Told"]

_ASK_S = 2.0
_LINE_MAX = 65_536
_LINES_MAX = 1_000
_SERVER_KEY = b"Tor safe cookie authentication server-to-controller hash"
_CLIENT_KEY = b"Tor safe cookie authentication controller-to-server hash"
_QUESTIONS = "GETINFO version status/bootstrap-phase status/circuit-established"


class Told(NamedTuple):
    """What Tor said: how far its start is (per cent), whether it has circuits, and its SOCKS ports with their flags."""

    version: str
    progress: int
    summary: str
    warning: str
    has_circuits: bool
    socks_ports: tuple[str, ...]

    def flags(self, port: int) -> frozenset[str]:
        """Return the flags of the SOCKS port with this number; of all of them where none has it."""
        split = [each.split() for each in self.socks_ports if each]
        mine = [each for each in split if each[0].rpartition(":")[2] == str(port)]
        return frozenset(flag for each in mine or split for flag in each[1:])


@dataclass(frozen=True, slots=True)
class ControlPort:
    """Where Tor's control port is, and how one is let in."""

    where: str
    password: str = field(default="", repr=False)
    cookie: str = ""

    @classmethod
    def of(cls, settings: ProxySettings) -> ControlPort | None:
        """Return the one that is set, or None."""
        if not settings.tor_control:
            return None
        return cls(settings.tor_control, settings.tor_control_password.get_secret_value(), settings.tor_control_cookie)

    async def ask(self) -> Told:
        """Ask Tor how it is; raise EgressDown where it cannot be asked."""
        try:
            async with asyncio.timeout(_ASK_S):
                reader, writer = await self._open()
                try:
                    return await self._asked(_Talk(reader, writer))
                finally:
                    writer.close()
                    with suppress(OSError):
                        await writer.wait_closed()
        except TimeoutError:
            raise EgressDown("it does not answer") from None
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, LookupError):
            raise EgressDown("what it answers is not Tor's control protocol") from None
        except OSError as error:
            raise EgressDown(f"it cannot be used ({error.strerror or type(error).__name__})") from None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.where.startswith("/"):
            return await asyncio.open_unix_connection(self.where, limit=_LINE_MAX)
        return await asyncio.open_connection(*host_and_port(self.where), limit=_LINE_MAX)

    async def _asked(self, talk: _Talk) -> Told:
        await self._enter(talk)
        told = dict(line.partition("=")[::2] for line in await talk.ask(_QUESTIONS) if "=" in line)
        ports = [line.partition("=")[2].strip('"') for line in await talk.ask("GETCONF SocksPort")]
        phase = told["status/bootstrap-phase"]
        return Told(
            version=told.get("version", "?"),
            progress=int(_in(phase, "PROGRESS") or 0),
            summary=_in(phase, "SUMMARY") or _in(phase, "TAG"),
            warning=_in(phase, "WARNING"),
            has_circuits=told.get("status/circuit-established") == "1",
            socks_ports=tuple(ports),
        )

    async def _enter(self, talk: _Talk) -> None:
        if self.password:
            escaped = self.password.replace("\\", "\\\\").replace('"', '\\"')
            await talk.ask(f'AUTHENTICATE "{escaped}"')
            return
        offered = next((line for line in await talk.ask("PROTOCOLINFO 1") if line.startswith("AUTH ")), "")
        methods = (_in(offered, "METHODS") or "").split(",")
        if "NULL" in methods:
            await talk.ask("AUTHENTICATE")
        elif "SAFECOOKIE" in methods:
            await self._enter_by_cookie(talk, self.cookie or _in(offered, "COOKIEFILE"))
        else:
            raise EgressDown("it wants a password: OCTOBOT_PROXIES_TOR_CONTROL_PASSWORD")

    async def _enter_by_cookie(self, talk: _Talk, path: str) -> None:
        try:
            cookie = await asyncio.to_thread(Path(path).read_bytes)
        except OSError as error:
            raise EgressDown(f"its cookie file {path} cannot be read ({error.strerror})") from None
        ours = os.urandom(32)
        (answer,) = await talk.ask(f"AUTHCHALLENGE SAFECOOKIE {ours.hex()}")
        theirs, proof = (bytes.fromhex(_in(answer, name)) for name in ("SERVERNONCE", "SERVERHASH"))
        both = cookie + ours + theirs
        # It knows the cookie, too: what else listens there learns nothing of it.
        if not hmac.compare_digest(hmac.new(_SERVER_KEY, both, hashlib.sha256).digest(), proof):
            raise EgressDown("what listens there does not know Tor's cookie")
        await talk.ask(f"AUTHENTICATE {hmac.new(_CLIENT_KEY, both, hashlib.sha256).hexdigest()}")


class _Talk:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, command: str) -> list[str]:
        """Return the lines of the answer without their codes; raise EgressDown for a refusal."""
        self._writer.write(f"{command}\r\n".encode())
        found: list[str] = []
        while len(found) < _LINES_MAX:
            line = (await self._reader.readuntil(b"\r\n")).decode("utf-8", "replace").rstrip("\r\n")
            code, kind, rest = line[:3], line[3:4], line[4:]
            if code != "250":
                raise EgressDown(f"it refuses ({code})" if code.isdecimal() else "it is not Tor's control port")
            if kind == "+":
                while (await self._reader.readuntil(b"\r\n")) != b".\r\n":
                    pass
            if rest != "OK":
                found.append(rest)
            if kind == " ":
                return found
        raise ValueError("the answer does not end")


def _in(line: str, name: str) -> str:
    """Return the value of NAME=value or NAME="value" in a line, or ""."""
    found = re.search(rf'(?:^|\s){name}=(?:"((?:[^"\\]|\\.)*)"|(\S*))', line)
    if found is None:
        return ""
    return re.sub(r"\\(.)", r"\1", found[1]) if found[1] is not None else found[2]
