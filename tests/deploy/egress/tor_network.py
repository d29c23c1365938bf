"""A Tor network of our own on this machine: three authorities, three exits, and clients. No Internet is needed.

Traffic really crosses three hops and leaves through an exit, which reaches servers of this machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["BASE", "TorClient", "TorNetwork"]

#: Ports from here on are this process's own; the first fifty are the network's.
BASE = 15_000 + os.getpid() % 40 * 100

_COMMON = """\
TestingTorNetwork 1
PathsNeededToBuildCircuits 0.67
TestingDirAuthVoteExit *
TestingDirAuthVoteHSDir *
TestingDirAuthVoteGuard *
V3AuthNIntervalsValid 2
DataDirectory {folder}
PidFile {folder}/pid
Log notice file {folder}/notice.log
ShutdownWaitLength 1
"""
_AUTHORITY = """\
ControlPort 0
Nickname a{number}
Address 127.0.0.1
ORPort 127.0.0.1:{or_port}
DirPort 127.0.0.1:{dir_port}
SocksPort 0
AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
ContactInfo a{number}@test.test
AssumeReachable 1
AuthDirMaxServersPerAddr 0
TestingV3AuthInitialVotingInterval 20
TestingV3AuthInitialVoteDelay 4
TestingV3AuthInitialDistDelay 4
V3AuthVotingInterval 20
V3AuthVoteDelay 4
V3AuthDistDelay 4
ExitRelay 0
ExitPolicy reject *:*
"""
_EXIT = """\
ControlPort 0
Nickname r{number}
Address 127.0.0.1
ORPort 127.0.0.1:{or_port}
SocksPort 0
AssumeReachable 1
ExitRelay 1
ExitPolicy accept *:*
ServerDNSDetectHijacking 0
ServerDNSAllowBrokenConfig 1
ContactInfo r{number}@test.test
"""
_CLIENT = """\
SocksPort {socks}
ControlPort {control}
CookieAuthentication 1
CookieAuthFile {folder}/control.cookie
SafeLogging 1
ClientOnly 1
"""
_READY_S = 120.0


class _Tor:
    def __init__(self, folder: Path, configuration: str) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / "torrc").write_text(_COMMON.format(folder=folder) + configuration)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["tor", "--quiet", "-f", self.folder / "torrc"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class TorClient(_Tor):
    """Tor as a user has it: a SOCKS port, and a control port that lets in by cookie."""

    def __init__(self, folder: Path, authorities: str, socks: str, control: str) -> None:
        super().__init__(folder, authorities + _CLIENT.format(folder=folder, socks=socks, control=control))
        self.socks, self.control = socks, control
        self.cookie = folder / "control.cookie"

    def start(self) -> None:
        """Start it; it is not ready at once."""
        (self.folder / "notice.log").unlink(missing_ok=True)
        super().start()

    def wait(self) -> None:
        """Wait until it has found its way into the network."""
        ends = time.monotonic() + _READY_S
        log = self.folder / "notice.log"
        while "Bootstrapped 100%" not in (log.read_text() if log.exists() else ""):
            assert time.monotonic() < ends, log.read_text() if log.exists() else "tor did not start"
            time.sleep(0.2)


class TorNetwork:
    """The network without a client."""

    def __init__(self, folder: Path, base: int = BASE) -> None:
        self._folder = folder
        self._base = base
        self.authorities = "".join(self._authority(number) for number in range(3))
        self._nodes = [
            _Tor(folder / f"a{number}", self.authorities + _AUTHORITY.format(**self._ports(number)))
            for number in range(3)
        ] + [
            _Tor(folder / f"r{number}", self.authorities + _EXIT.format(number=number, or_port=base + 10 + number))
            for number in range(3)
        ]

    def _ports(self, number: int) -> dict[str, int]:
        return {"number": number, "or_port": self._base + number, "dir_port": self._base + 20 + number}

    def _authority(self, number: int) -> str:
        """Make an authority's keys; return the line that tells others of it."""
        ports, folder = self._ports(number), self._folder / f"a{number}"
        keys = folder / "keys"
        keys.mkdir(parents=True, mode=0o700)
        folder.chmod(0o700)
        certificate = keys / "authority_certificate"
        subprocess.run(
            [
                *("tor-gencert", "--create-identity-key", "-m", "12", "-a", f"127.0.0.1:{ports['dir_port']}"),
                *("-i", keys / "authority_identity_key", "-s", keys / "authority_signing_key", "-c", certificate),
                *("--passphrase-fd", "0"),
            ],
            input=b"pw\n",
            check=True,
            capture_output=True,
        )
        empty = self._folder / "empty"
        empty.touch()
        subprocess.run(
            [
                *("tor", "--quiet", "--list-fingerprint", "--DataDirectory", folder, "-f", empty),
                *("--ORPort", str(ports["or_port"]), "--Nickname", f"a{number}"),
                *("--DirAuthority", f"x 127.0.0.1:1 {'f' * 40}"),
            ],
            check=True,
            capture_output=True,
        )
        lines = certificate.read_text().splitlines()
        identity = next(line.split()[1] for line in lines if line.startswith("fingerprint "))
        fingerprint = (folder / "fingerprint").read_text().split()[1]
        return (
            f"DirAuthority a{number} orport={ports['or_port']} no-v2 v3ident={identity}"
            f" 127.0.0.1:{ports['dir_port']} {fingerprint}\n"
        )

    @classmethod
    @contextmanager
    def running(cls, folder: Path) -> Iterator[TorNetwork]:
        """Start one, and end it with all its processes."""
        lacks = [each for each in ("tor", "tor-gencert") if shutil.which(each) is None]
        assert not lacks, f"{', '.join(lacks)}: apt-get install tor"
        made = cls(folder)
        try:
            for each in made._nodes:
                each.start()
            yield made
        finally:
            for each in made._nodes:
                with suppress(OSError):
                    each.stop()

    @contextmanager
    def client(self, name: str, socks: str, control: str) -> Iterator[TorClient]:
        """Start a client, and wait until it is ready."""
        made = TorClient(self._folder / name, self.authorities, socks, control)
        made.start()
        try:
            made.wait()
            yield made
        finally:
            made.stop()
