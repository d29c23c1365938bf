"""A whole session with failures, and secrets that are recognised wherever they come out: nothing written has one."""

from __future__ import annotations

import base64
import hmac
import json
import os
import resource
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from octobot_node.live import control_client
from tests.support.nodes import PATIENCE_S, ROOT, until

PASSWORD, WRONG = "correct-horse-Zq7", "wrong-horse-Zq7!"
#: What takes a secret -> the secret.
SECRETS = {
    "an account's setting that is secret by its type": "four-words-Zq7-of-mine",
    "one that is secret by its name": "api-key-Zq7-of-mine",
    "one inside another": "passphrase-Zq7-inside",
    "one of its market data": "market-token-Zq7-mine",
    "keys that the exchange refuses": "new-key-Zq7-refused",
    "a secret by name": "named-Zq7-secret",
    "another value of it": "named-Zq7-second",
    "a secret where its name belongs": "misplaced-Zq7-secret",
    "a password": PASSWORD,
    "a wrong password": WRONG,
    "a notifier's address": "notifier-token-Zq7",
    "a proxy's password": "proxy-password-Zq7",
    "a target's address": "target-token-Zq7",
    "a run file's account": "run-file-key-Zq7",
    "where somebody wants to be told": "target-of-one-Zq7",
}
_S = list(SECRETS.values())
ACCOUNT: dict[str, Any] = {
    "market_data": {"use": "leaky", "api_key": _S[3]},
    "trading": {"use": "leaky", "words": _S[0], "api_key": _S[1], "inside": {"passphrase": _S[2]}},
    "egress": "office",
}
RUN_FILE = f"""
accounts:
  filed:
    market_data: {{use: simulated}}
    trading: {{use: leaky, api_key: {_S[13]}, no_such: 1}}
automations: []
"""


class Session:
    """A node at work in a folder of its own, and everything that was said by it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, folder / "state"
        self.told: list[str] = []
        for name, text in (("urls", f"json://127.0.0.1:9/{_S[10]}"), ("admin", PASSWORD)):
            (folder / name).write_text(text)
            (folder / name).chmod(0o600)
        (folder / "routes").write_text(f"office=socks5://me:{_S[11]}@127.0.0.1:9")
        (folder / "targets").write_text(f"desk=http://127.0.0.1:9/?token={_S[12]}")
        for name in ("routes", "targets"):
            (folder / name).chmod(0o600)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("OCTOBOT_")},
            "PYTHONPATH": str(ROOT),
            "OCTOBOT_API_PORT": "0",
            "OCTOBOT_DASHBOARD_PORT": "0",
            "OCTOBOT_DISK_RESERVE_MB": "0",
            "OCTOBOT_EXTRA_PLUGINS": "tests.acceptance.secrets.leaky",
            "OCTOBOT_NOTIFY_URLS_FILE": str(folder / "urls"),
            "OCTOBOT_ADMIN_PASSWORD_FILE": str(folder / "admin"),
            "OCTOBOT_EGRESS_ROUTES_FILE": str(folder / "routes"),
            "OCTOBOT_ACTIONS_TARGETS_FILE": str(folder / "targets"),
        }
        with (folder / "out").open("wb") as out:
            self.process = subprocess.Popen(
                [*self._program(), "start", "--data-dir", str(self.state), "--log", "json"],
                env=self.environment, stdout=out, stderr=out,
            )  # fmt: skip
        self.root = ""

    def begin(self) -> None:
        """Wait until the node works."""
        until(lambda: self._address() != "")
        self.root = self._address()

    def _program(self) -> list[str]:
        return [sys.executable, "-m", "octobot_node"]

    def _lines(self) -> list[dict[str, Any]]:
        assert self.process.poll() is None, (self.folder / "out").read_text()[-2_000:]
        return [
            json.loads(line)
            for line in (self.folder / "out").read_text().splitlines(keepends=True)
            if line[-1:] == "\n" and line[:1] == "{"
        ]

    def _address(self) -> str:
        found = [line for line in self._lines() if line["event"] == "api_started"]
        ready = any(line["event"] == "node_started" for line in self._lines())
        return str(found[0]["url"]).removesuffix("/api/v1") if found and ready else ""

    def ask(self, operation: str, **arguments: Any) -> Any:
        """Carry out an operation over the socket; what it says is what somebody reads."""
        try:
            found = control_client.ask(self.state, operation, arguments)
        except Exception as error:
            self.told.append(f"{type(error).__name__}: {error}")
            return None
        self.told.append(json.dumps(found, default=str))
        return found

    def http(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        given = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(f"{self.root}{path}", data, given, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return answer.status, (json.loads(answer.read() or b"null"), answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                self.told.append(error.read().decode())
                return error.code, None

    def command(self, *arguments: str, given: str = "") -> str:
        """Give a command in a process of its own; its arguments are what `ps` shows."""
        done = subprocess.run(
            [*self._program(), *arguments, "--data-dir", str(self.state)],
            input=given, env=self.environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip
        self.told += [done.stdout, done.stderr, " ".join(arguments)]
        return done.stdout

    def processes(self) -> list[str]:
        """Return the command lines of the node and of whatever it started."""
        shown = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _is_ours(path, self.folder)]
        return [line.replace(b"\0", b" ").decode() for line in shown]

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)


def _is_ours(path: Path, folder: Path) -> bool:
    with suppress(OSError):
        return (
            str(folder).encode() in path.read_bytes() or str(folder).encode() in (path.parent / "environ").read_bytes()
        )
    return False


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    found = Session(tmp_path)
    try:
        found.begin()
        yield found
    finally:
        found.end()


def test_nothing_that_is_written_or_told_has_a_secret(session: Session, tmp_path: Path) -> None:
    found = dict(SECRETS)
    # Somebody signs in, at the second try, and makes a user.
    session.http("POST", "/api/v1/session", {"user": "admin", "password": WRONG})
    status, (opened, headers) = session.http("POST", "/api/v1/session", {"user": "admin", "password": PASSWORD})
    assert status == 200
    cookie = headers["Set-Cookie"].partition(";")[0]
    known = {"Cookie": cookie, "X-CSRF-Token": opened["csrf_token"]}
    found["a session"] = cookie.partition("=")[2]
    _, (enrolled, _) = session.http("POST", "/api/v1/session/second-factor", None, known)
    found["an authenticator's secret"] = enrolled["secret"]
    _, (key, _) = session.http("POST", "/api/v1/keys", {"name": "k", "scopes": ["accounts:read"]}, known)
    found["an API key"] = key["token"]
    session.http("POST", "/api/v1/session/second-factor/confirm", {"code": "000000"}, known)
    # Secrets by name, one of them in a process of its own.
    session.command("secrets", "set", "mine", "--file", "-", given=f"{_S[5]}\n")
    assert session.http("POST", "/api/v1/secrets/mine/rotate", {"value": _S[6]}, known)[0] == 200
    session.http("POST", "/api/v1/secrets", {"name": "no name at all", "value": _S[6]}, known)
    # An account whose connectors fail at everything, in words that have its secrets.
    assert session.http("POST", "/api/v1/accounts", {"name": "live", **ACCOUNT}, known)[0] == 201
    wrong = {**ACCOUNT, "trading": {**ACCOUNT["trading"], "fails": ["not a text"]}}
    session.http("POST", "/api/v1/accounts", {"name": "wrong", **wrong}, known)
    session.ask("accounts.create", name="never", **{**ACCOUNT, "trading": {**ACCOUNT["trading"], "fails": "open"}})
    misplaced = {**ACCOUNT, "trading": {"use": "leaky", "api_key": {"secret": _S[7]}}}
    session.http("POST", "/api/v1/accounts", {"name": "misplaced", **misplaced}, known)
    pointing = {**ACCOUNT, "trading": {"use": "leaky", "api_key": {"secret": "mine"}}, "egress": "direct"}
    session.ask("accounts.create", name="pointing", **pointing)
    session.ask("automations.import", files=[{"name": "run.yaml", "text": RUN_FILE}])
    for name in ("live", "never", "pointing"):
        session.ask("accounts.check", account=name)
        session.ask("accounts.show", account=name)
        session.ask("accounts.money", account=name)
    session.ask("accounts.rotate_keys", account="live", trading={"words": _S[4]})
    # Automations on them that trade, or would.
    made = []
    for name in ("live", "pointing"):
        config = {"symbol": "BTC/USD", "amount": 10, "every": "1d"}
        given = {"name": f"on-{name}", "type": "dca", "account": name, "budget": {"USD": 100}, "config": config}
        made.append(session.ask("automations.create", **given))
        session.ask("types.plan", type="dca", account=name, budget={"USD": 100}, config=config)
        session.ask("automations.run_now", automation=f"on-{name}")
    hooked = session.ask("hooks.create", automation="on-live", name="desk", signed=True)
    assert hooked is not None, session.told[-1]
    session.told.pop()
    found |= {"an address's token": hooked["token"], "what signals are signed with": hooked["secret"]}
    signature = base64.b64encode(hmac.digest(b"another", b"x", "sha256")).decode()
    signed = {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": f"v1,{signature}"}
    session.http("POST", hooked["path"], {"side": "buy"}, signed)
    session.ask("notifications.test", message="hello")
    told_there = {"name": "mine", "url": f"json://127.0.0.1:9/{_S[14]}"}
    assert session.http("POST", "/api/v1/notifications/targets", told_there, known)[0] == 201
    session.http("POST", "/api/v1/notifications/targets", {**told_there, "url": f"nothing://{_S[14]}"}, known)
    # The master key is changed, everything is listed and exported, and a backup is made.
    session.ask("secrets.rotate_key")
    for operation in ("audit.list", "events.list", "accounts.list", "secrets.list", "node.doctor", "settings.list"):
        assert session.ask(operation) is not None, session.told[-1]
    session.ask("automations.export")
    session.told += session.processes()
    session.command("db", "backup", str(tmp_path / "backup.zip"))
    limits = Path(f"/proc/{session.process.pid}/limits").read_text()
    assert [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core file size")] == [["0", "0"]]
    session.end()
    assert session.process.returncode == 0

    given_by_us = {"urls", "admin", "routes", "targets"}
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.name not in given_by_us}
    assert {"octobot.db", "out", "backup.zip", "secret-key"} <= {path.name for path in files}
    files[tmp_path / "backup.zip"] = _unpacked(tmp_path / "backup.zip")
    files[tmp_path / "told"] = "\n".join(session.told).encode()
    # The failures were there to leak, and nothing was asked for that there is not.
    assert b"knows no operation" not in files[tmp_path / "told"]
    assert b"balances with" in files[tmp_path / "told"]
    leaks = [
        f"{what} is in {path.name}"
        for what, secret in found.items()
        for path, content in files.items()
        if any(form in content for form in _forms(secret))
    ]
    assert leaks == []
    # The node's key is in one file alone.
    keys = (session.state / "secret-key").read_bytes().split()
    assert [path.name for path, content in files.items() if any(key in content for key in keys)] == ["secret-key"]


def _forms(secret: str) -> list[bytes]:
    """Return a secret as it may be written."""
    plain = secret.encode()
    return [plain, quote(secret, safe="").encode(), base64.b64encode(plain).rstrip(b"=")[:-1], plain.hex().encode()]


def _unpacked(path: Path) -> bytes:
    import gzip
    import zipfile

    with zipfile.ZipFile(path) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    return b"\n".join(gzip.decompress(raw) if name.endswith(".gz") else raw for name, raw in members)


def test_a_process_that_has_secrets_open_leaves_no_core() -> None:
    script = (
        "from octobot_node.live.undumped import keep_out_of_dumps\n"
        "import ctypes, resource\n"
        "keep_out_of_dumps()\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=PATIENCE_S
    )
    assert done.stdout == "(0, 0) 0\n"
    assert resource.RLIMIT_CORE >= 0
