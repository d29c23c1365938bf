"""A backup is sealed under the node's master key: who changes it without that key is found out where it is restored.

A key of the backup's own makes the code (HMAC-SHA256) of what the manifest says, which has the digest of each table. It
goes along wrapped by the master key, as the data keys of secrets do, so that a vault, too, may have that.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from octobot_node.contracts.secrets import KeyKeeper
from octobot_node.errors import SecretsLocked, UnusableBackup
from octobot_node.sealing.envelope import new_key
from octobot_node.transfer.archive import Manifest, Seal

__all__ = ["check_seal", "sealed"]

_SEAL = "seal"


def sealed(manifest: Manifest, open_keeper: Callable[[], KeyKeeper]) -> Manifest:
    """Return the manifest with its seal; without one where no master key is there."""
    try:
        keeper = open_keeper()
        master_key, key = keeper.current(), new_key()
        wrapped = keeper.wrap(key, _bound(manifest))
    except SecretsLocked:
        return manifest
    code = _code(key, json.loads(manifest.model_dump_json()))
    return manifest.model_copy(update={_SEAL: Seal(master_key=master_key, wrapped=wrapped, code=code)})


def check_seal(path: Path, manifest: Manifest, written: Mapping[str, Any], open_keeper: Callable[[], KeyKeeper]) -> str:
    """Return what is to be said of the seal; raise UnusableBackup where the backup is not as it was sealed.

    ``written`` is the manifest as the file has it, of whatever release.
    """
    seal = manifest.seal
    if seal is None:
        return "nothing shows that nobody changed it: it has no seal, as where no master key was when it was made"
    try:
        keeper = open_keeper()
        if not keeper.has(seal.master_key):
            raise SecretsLocked("another key is there")
    except SecretsLocked:
        return (
            f"nothing shows that nobody changed it: it was sealed under the master key {seal.master_key}, which is not"
            " here"
        )
    try:
        key = keeper.unwrap(seal.wrapped, _bound(manifest))
    except SecretsLocked:
        key = b""
    if not key or not hmac.compare_digest(_code(key, written), seal.code):
        raise UnusableBackup(
            f"{path} was changed after it was sealed under the master key {seal.master_key}: nothing was restored; use"
            " another backup, and find out who could write to it"
        )
    return f"it is as it was sealed under the master key {seal.master_key}"


def _code(key: bytes, written: Mapping[str, Any]) -> str:
    said = {name: value for name, value in written.items() if name != _SEAL}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _bound(manifest: Manifest) -> str:
    return f"octobot-node backup\n{manifest.installation}\n{manifest.created_at}"
