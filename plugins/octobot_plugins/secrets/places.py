"""The places for secrets that are built in."""

from __future__ import annotations

from octobot_node.contracts.secrets import KeyKeeper, SecretContext, SecretPlace, SecretStore

__all__ = ["PLACES"]


def _file(context: SecretContext) -> KeyKeeper:
    from octobot_plugins.secrets.key_file import KeyFile

    return KeyFile(context.settings.secret_key_file, context.data_dir)


def _transit(context: SecretContext) -> KeyKeeper:
    from octobot_plugins.secrets.vault import TransitKey

    return TransitKey(context)


def _kv(context: SecretContext) -> SecretStore:
    from octobot_plugins.secrets.vault import KvStore

    return KvStore(context)


PLACES = (SecretPlace("file", keeper=_file), SecretPlace("vault", keeper=_transit, store=_kv))
