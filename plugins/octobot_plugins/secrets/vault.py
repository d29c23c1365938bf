"""A vault with HashiCorp's HTTP API (Vault, OpenBao): transit keeps the master key and never lets go of it, KV 2 has
secrets by name.

https://developer.hashicorp.com/vault/api-docs/secret/transit and …/secret/kv/kv-v2
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from octobot_node.contracts.secrets import SecretContext
from octobot_node.egress import HttpResponse
from octobot_node.errors import NotSent, SecretsLocked, SecretUnknown, Unresolved
from octobot_plugins.secrets.settings import VaultSettings

__all__ = ["KvStore", "TransitKey"]

_BAD = (ValueError, KeyError, TypeError, AttributeError, binascii.Error)


class _Vault:
    """Asks; from any thread, also one whose event loop runs: the loop of a request is its own."""

    def __init__(self, context: SecretContext) -> None:
        self._context = context
        self.settings = context.plugin_settings(VaultSettings)
        self.shown = f"the vault {self.settings.url or 'that OCTOBOT_VAULT_URL does not name'}"

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> HttpResponse:
        """Return its answer; raise SecretsLocked where there is none that helps."""
        if not self.settings.url:
            raise SecretsLocked("the vault has no address: set OCTOBOT_VAULT_URL and OCTOBOT_VAULT_TOKEN_FILE")
        ended: list[HttpResponse | Exception] = []

        def run() -> None:
            try:
                ended.append(asyncio.run(self._request(method, path, body)))
            except Exception as error:  # noqa: BLE001 - it is told where it was asked for
                ended.append(error)

        thread = threading.Thread(target=run, name="octobot-vault", daemon=True)
        thread.start()
        thread.join()
        (found,) = ended
        if isinstance(found, NotSent | Unresolved | ValueError):
            raise SecretsLocked(f"{self.shown} cannot be asked: {found}", lasting=False)
        if isinstance(found, Exception):
            raise found
        return self._answered(found)

    async def _request(self, method: str, path: str, body: Mapping[str, Any] | None) -> HttpResponse:
        settings = self.settings
        headers = {"X-Vault-Token": settings.token.get_secret_value(), "X-Vault-Request": "true"}
        if settings.namespace:
            headers["X-Vault-Namespace"] = settings.namespace
        async with self._context.http(settings.egress) as client:
            url = f"{settings.url}/v1/{path}"
            return await client.request(method, url, headers=headers, json=body, within=settings.timeout)

    def _answered(self, answer: HttpResponse) -> HttpResponse:
        # Not with what it said: a server repeats in its answer what it was sent.
        if answer.status in (401, 403):
            raise SecretsLocked(
                f"{self.shown} refuses the node's token, or what it asks for: give another one"
                " (OCTOBOT_VAULT_TOKEN_FILE) with the rights that docs/secrets.md names"
            )
        if answer.status in (429, 472, 473, 503) or answer.status >= 500:
            raise SecretsLocked(
                f"{self.shown} answered {answer.status}: it may be sealed, or down; unseal it", lasting=False
            )
        return answer


class TransitKey:
    """A ``KeyKeeper``: data keys are sent to be wrapped and unwrapped, the master key stays in the vault."""

    def __init__(self, context: SecretContext) -> None:
        self._vault = _Vault(context)
        settings = self._vault.settings
        self.shown = f"the transit key {settings.key} of {self._vault.shown}"
        self._mount, self._name = settings.transit, settings.key

    def make(self) -> None:
        """Have the key made, unless it is there."""
        self._done(self._vault.ask("POST", f"{self._mount}/keys/{self._name}", {"type": "aes256-gcm96"}))

    def current(self) -> str:
        """Return the key's name with its newest version."""
        data = _data(self._done(self._vault.ask("GET", f"{self._mount}/keys/{self._name}")), self.shown)
        return self._called(data.get("latest_version"))

    def has(self, key: str) -> bool:
        """Whether it is a version of this key; whether the vault has that one it says when it is asked to open."""
        return key.startswith(self._called(""))

    def wrap(self, data_key: bytes, bound_to: str) -> str:
        """Return a data key as the vault wrapped it: ``vault:v1:…``."""
        body = {"plaintext": base64.b64encode(data_key).decode(), "associated_data": _bound(bound_to)}
        answer = self._done(self._vault.ask("POST", f"{self._mount}/encrypt/{self._name}", body))
        return str(_data(answer, self.shown)["ciphertext"])

    def unwrap(self, wrapped: str, bound_to: str) -> bytes:
        """Return a data key as the vault unwrapped it."""
        body = {"ciphertext": wrapped, "associated_data": _bound(bound_to)}
        data = _data(self._done(self._vault.ask("POST", f"{self._mount}/decrypt/{self._name}", body)), self.shown)
        try:
            return base64.b64decode(data["plaintext"], validate=True)
        except _BAD:
            raise SecretsLocked(f"{self.shown} gave back what is no key") from None

    def begin_rotation(self) -> None:
        """Have the vault make another version of the key."""
        self._done(self._vault.ask("POST", f"{self._mount}/keys/{self._name}/rotate"))

    def end_rotation(self) -> str:
        """Leave the earlier versions to the vault, and to who runs it."""
        return "earlier versions are the vault's: raise its min_decryption_version when no backup needs them"

    def _called(self, version: Any) -> str:
        return f"{self._name}:v{version}"[:64]

    def _done(self, answer: HttpResponse) -> HttpResponse:
        if not answer.ok:
            raise SecretsLocked(
                f"{self.shown} answered {answer.status}: see that the key is there, and that what is to be opened was"
                " wrapped by it"
            )
        return answer


class KvStore:
    """A ``SecretStore``: ``{prefix}/{owner}/{name}`` of a KV engine, version 2, in its field ``value``."""

    def __init__(self, context: SecretContext) -> None:
        self._vault = _Vault(context)
        self.shown = self._vault.shown

    def get(self, owner: str, name: str) -> str:
        """Return a secret; an owner's name with a slash stays in its place, and none leads out of it."""
        settings = self._vault.settings
        if any(part in ("", ".", "..") for part in name.split("/")):
            raise SecretUnknown(f"{self.shown} has no secret of such a name: write it without empty parts and dots")
        answer = self._vault.ask("GET", f"{settings.kv}/data/{settings.prefix}/{quote(owner, safe='')}/{quote(name)}")
        if answer.status == 404:
            raise SecretUnknown(f"{self.shown} has no secret of that name for {owner!r}: put it there")
        try:
            found = _data(answer, self.shown)["data"]["value"]
        except _BAD:
            raise SecretUnknown(
                f"{self.shown} has a secret of that name without the field `value`: put it there"
            ) from None
        return str(found)


def _bound(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _data(answer: HttpResponse, shown: str) -> dict[str, Any]:
    try:
        found = answer.json()["data"]
    except _BAD:
        found = None
    if not isinstance(found, dict):
        raise SecretsLocked(f"{shown} did not answer as a vault does: see OCTOBOT_VAULT_URL")
    return found
