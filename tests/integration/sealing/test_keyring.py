"""The example of a third party's place for secrets, with a keyring of a test's own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from octobot_node.errors import SecretsLocked, SecretUnknown
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.sealing.rotation import rotate_master_key
from octobot_node.sealing.sealing import Sealing
from tests.integration.operations.conftest import Office

EXAMPLES = str(Path(__file__).parents[3] / "examples")


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[tuple[str, str], str]]:
    kept: dict[tuple[str, str], str] = {}
    module: Any = ModuleType("keyring")
    module.get_password = lambda service, name: kept.get((service, name))
    module.set_password = lambda service, name, secret: kept.update({(service, name): secret})
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.syspath_prepend(EXAMPLES)
    yield kept
    sys.modules.pop("keyring_secrets", None)


def opened(office: Office) -> Sealing:
    loaded = load_plugins(["keyring_secrets"], discover=False, trusted=["keyring_secrets"])
    assert loaded.broken == ()
    core = office.bench.core
    core.registry = replace(core.registry, secrets=loaded.secrets)
    found: Any = office.context().plugin_context.secrets
    assert isinstance(found, Sealing)
    return found


def test_the_keyring_has_the_key_and_secrets_by_name(
    open_office: Callable[..., Office], keyring: dict[tuple[str, str], str]
) -> None:
    office = open_office(secret_keeper="keyring")
    kept = opened(office).seal("ada", "p", "x")
    assert opened(office).unseal(kept, "ada", "p") == "x"
    assert not (office.bench.settings.data_dir / "secret-key").exists()
    before = set(keyring)
    done = rotate_master_key(office.bench.core.storage, opened(office))
    assert (done.data_keys, len(set(keyring) - before)) == (1, 1)
    assert opened(office).unseal(kept, "ada", "p") == "x"
    keyring["octobot-node/owner/ada", "kraken"] = "from the keyring"
    assert opened(office).named("ada", {"secret": "keyring:kraken"}) == "from the keyring"
    for owner, name in (("bob", "kraken"), ("master-keys", "current"), ("../master-keys", "current")):
        with pytest.raises(SecretUnknown):
            opened(office).named(owner, {"secret": f"keyring:{name}"})
    keyring.clear()
    with pytest.raises(SecretsLocked):
        opened(office).unseal(kept, "ada", "p")


def test_it_is_left_out_unless_it_is_trusted_by_name(keyring: dict[tuple[str, str], str]) -> None:
    (broken,) = load_plugins(["keyring_secrets"], discover=False).broken
    assert "it implements register_secrets, which only a trusted plugin may" in broken.error
