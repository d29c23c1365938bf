"""A vault with HashiCorp's API, as its documentation has it, on a real server: it wraps data keys, and has secrets."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from octobot_node.errors import SecretsLocked, SecretUnknown
from octobot_node.sealing.rotation import rotate_master_key
from octobot_node.sealing.sealing import Sealing
from octobot_node.store import tables
from tests.integration.engine.conftest import opened_benches
from tests.integration.operations.conftest import Office, open_office, registry, template

__all__ = ["open_office", "registry", "template"]

TOKEN = "hvs.t0ken-that-nobody-sees"
_KEY, _KV = "transit/keys/octobot-node", "secret/data/octobot-node/"


class Vault(ThreadingHTTPServer):
    """https://developer.hashicorp.com/vault/api-docs/secret/transit and …/secret/kv/kv-v2, in a page."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.versions: list[bytes] = []
        self.kept: dict[str, str] = {}
        self.status = 0
        self.asked: list[str] = []

    def answer(self, what: str, body: dict[str, Any]) -> tuple[int, Any]:
        method, _, path = what.partition(" ")
        if method == "GET" and path.startswith(_KV):
            kept = self.kept.get(path.removeprefix(_KV))
            return (404, {"errors": []}) if kept is None else (200, {"data": {"data": json.loads(kept)}})
        if what == f"POST {_KEY}/rotate" or (what == f"POST {_KEY}" and not self.versions):
            self.versions.append(AESGCM.generate_key(256))
        if what in (f"POST {_KEY}/rotate", f"POST {_KEY}"):
            return 204, None
        return (200, {"data": self._of_key(what, body)}) if self.versions else (404, {"errors": []})

    def _of_key(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        """Raise InvalidTag for what does not open."""
        if what == f"GET {_KEY}":
            return {"latest_version": len(self.versions), "type": "aes256-gcm96"}
        if what == "POST transit/encrypt/octobot-node":
            nonce, number = os.urandom(12), len(self.versions)
            key = AESGCM(self.versions[-1])
            text = nonce + key.encrypt(nonce, _raw(body["plaintext"]), _raw(body["associated_data"]))
            return {"ciphertext": f"vault:v{number}:{base64.b64encode(text).decode()}"}
        assert what == "POST transit/decrypt/octobot-node"
        _, version, text = body["ciphertext"].split(":")
        raw, key = _raw(text), AESGCM(self.versions[int(version[1:]) - 1])
        plain = key.decrypt(raw[:12], raw[12:], _raw(body["associated_data"]))
        return {"plaintext": base64.b64encode(plain).decode()}


def _raw(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


class _Handler(BaseHTTPRequestHandler):
    server: Vault

    def do_GET(self) -> None:
        self._reply("GET")

    def do_POST(self) -> None:
        self._reply("POST")

    def _reply(self, method: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        given = json.loads(self.rfile.read(length)) if length else {}
        self.server.asked.append(f"{method} {self.path}")
        try:
            status, answer = self._found(f"{method} {self.path.removeprefix('/v1/')}", given)
        except InvalidTag:
            status, answer = 400, {"errors": [f"cannot decrypt {given['ciphertext']}"]}
        body = b"" if answer is None else json.dumps(answer).encode()
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def _found(self, what: str, given: dict[str, Any]) -> tuple[int, Any]:
        if self.headers["X-Vault-Token"] != TOKEN:
            return 403, {"errors": ["permission denied"]}
        if self.server.status:
            return self.server.status, {"errors": ["Vault is sealed"]}
        return self.server.answer(what, given)

    def log_message(self, *_args: Any) -> None:
        """Be quiet."""


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    server = Vault()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("OCTOBOT_VAULT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("OCTOBOT_VAULT_TOKEN", TOKEN)
    monkeypatch.setenv("OCTOBOT_EGRESS_ALLOW_PRIVATE", "true")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def office(vault: Vault, open_office: Callable[..., Office]) -> Office:
    return open_office(secret_keeper="vault", egress_allow_private=True)


def afresh(office: Office) -> Sealing:
    found: Any = office.context().plugin_context.secrets
    assert isinstance(found, Sealing)
    return found


@pytest.fixture(params=["sqlite"])
def make_bench(request: pytest.FixtureRequest, tmp_path: Any, template: Any, registry: Any) -> Iterator[Any]:
    with opened_benches(request, tmp_path, template, registry) as make:
        yield make


def test_the_vault_keeps_the_key_and_nothing_of_it_is_here(office: Office, vault: Vault) -> None:
    kept = afresh(office).seal("ada", "p", "x")
    assert afresh(office).unseal(kept, "ada", "p") == "x"
    assert not (office.bench.settings.data_dir / "secret-key").exists()
    (row,) = office.bench.rows(tables.data_keys)
    assert (row.wrapped.partition(":")[0], row.master_key) == ("vault", "octobot-node:v1")
    # Once it is open, the vault is asked no more.
    sealing, asked = afresh(office), len(vault.asked)
    for _ in range(5):
        sealing.unseal(kept, "ada", "p")
    assert len(vault.asked) == asked + 1


def test_another_version_of_the_key_wraps_all_anew(office: Office, vault: Vault) -> None:
    kept = afresh(office).seal("ada", "p", "x")
    done = rotate_master_key(office.bench.core.storage, afresh(office))
    assert (done.master_key, done.data_keys, "min_decryption_version" in done.left_to_do) == (
        "octobot-node:v2",
        1,
        True,
    )
    vault.versions[0] = AESGCM.generate_key(256)
    assert afresh(office).unseal(kept, "ada", "p") == "x"


def test_a_change_that_was_interrupted_makes_no_third_version(office: Office, vault: Vault) -> None:
    afresh(office).seal("ada", "p", "x")
    afresh(office).keeper.begin_rotation()
    assert rotate_master_key(office.bench.core.storage, afresh(office)).data_keys == 1
    assert len(vault.versions) == 2


def test_a_data_key_opens_only_as_what_it_is(office: Office, vault: Vault) -> None:
    keeper = afresh(office).keeper
    keeper.make()
    wrapped = keeper.wrap(b"k" * 32, "ada")
    assert keeper.unwrap(wrapped, "ada") == b"k" * 32
    with pytest.raises(SecretsLocked) as refused:
        keeper.unwrap(wrapped, "bob")
    # Not with what the vault says of it.
    assert (wrapped in str(refused.value), refused.value.lasting) == (False, True)


@pytest.mark.parametrize(
    ("status", "said", "lasting"), [(503, "it may be sealed, or down; unseal it", False), (403, "refuses", True)]
)
def test_a_vault_that_does_not_answer_is_said(
    office: Office, vault: Vault, status: int, said: str, lasting: bool
) -> None:
    kept = afresh(office).seal("ada", "p", "x")
    vault.status = status
    with pytest.raises(SecretsLocked, match=said) as locked:
        afresh(office).unseal(kept, "ada", "p")
    assert (locked.value.lasting, TOKEN in str(locked.value)) == (lasting, False)
    # What is open here stays open.
    vault.status = 0


def test_a_vault_that_is_not_there_is_waited_for(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOBOT_VAULT_URL", "http://127.0.0.1:9")
    with pytest.raises(SecretsLocked, match="cannot be asked") as locked:
        afresh(office).seal("ada", "p", "x")
    assert locked.value.lasting is False


def test_secrets_of_the_vault_are_pointed_to_by_name(office: Office, vault: Vault) -> None:
    vault.kept = {"ada/kraken/key": '{"value": "from the vault"}', "bob/other": '{"value": "bob\'s"}', "ada/no": "{}"}
    sealing = afresh(office)
    assert sealing.named("ada", {"secret": "vault:kraken/key"}) == "from the vault"
    for name in ("vault:nothing", "vault:no", "vault:../bob/other", "vault:a//b"):
        with pytest.raises(SecretUnknown):
            sealing.named("ada", {"secret": name})
    # An owner's name stays one part of the path.
    with pytest.raises(SecretUnknown):
        sealing.named("x/../bob", {"secret": "vault:other"})


def test_without_an_address_the_setting_is_named(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OCTOBOT_VAULT_URL")
    with pytest.raises(SecretsLocked, match="OCTOBOT_VAULT_URL"):
        afresh(office).seal("ada", "p", "x")


def test_a_place_that_is_not_there_is_said(open_office: Callable[..., Office]) -> None:
    with pytest.raises(SecretsLocked, match=r"no plugin has the master key as 'nowhere' .*there are file, vault"):
        afresh(open_office(secret_keeper="nowhere")).seal("ada", "p", "x")
