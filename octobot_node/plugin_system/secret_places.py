"""Where secrets are kept, opened: the keeper of the master key that is wanted, and the stores that there are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from octobot_node.contracts.secrets import KeyKeeper, SecretPlace
from octobot_node.egress import HttpClient, NoEgress
from octobot_node.errors import EgressRefused, SecretsLocked
from octobot_node.plugin_system.egress_routes import DIRECT, OpenedRoutes
from octobot_node.sealing.sealing import Sealing

if TYPE_CHECKING:
    from pydantic import BaseModel

    from octobot_node.configuration import Configuration
    from octobot_node.contracts.storage import Storage
    from octobot_node.plugin_system.registry import Registry

__all__ = ["open_keeper", "open_sealing"]

M = TypeVar("M", bound="BaseModel")


def open_sealing(storage: Storage, registry: Registry, configuration: Configuration) -> Sealing:
    """Return what seals and opens the secrets of a database; keeper and stores are opened when they are needed."""
    context = _Context(registry, configuration)
    stores = {name: partial(place.store, context) for name, place in registry.secrets.items() if place.store}
    return Sealing(storage, lambda: _keeper(registry, context), stores)


def open_keeper(registry: Registry, configuration: Configuration) -> KeyKeeper:
    """Return who has the master key, without a database; raise SecretsLocked where no plugin does."""
    return _keeper(registry, _Context(registry, configuration))


def _keeper(registry: Registry, context: _Context) -> KeyKeeper:
    wanted = context.settings.secret_keeper
    place: SecretPlace | None = registry.secrets.get(wanted)
    if place is None or place.keeper is None:
        there = ", ".join(sorted(name for name, each in registry.secrets.items() if each.keeper)) or "none"
        raise SecretsLocked(
            f"no plugin has the master key as {wanted!r} (OCTOBOT_SECRET_KEEPER), there are {there}: install it"
        )
    return place.keeper(context)


class _Context:
    """What a place is lent when it is opened."""

    def __init__(self, registry: Registry, configuration: Configuration) -> None:
        self.settings = configuration.settings
        self._registry = registry
        self._configuration = configuration
        self._routes: OpenedRoutes | None = None

    @property
    def data_dir(self) -> Path:
        """The data folder."""
        return self.settings.data_dir

    def plugin_settings(self, model: type[M]) -> M:
        """Return the settings that a plugin registered with this model."""
        owned = next(each for each in self._registry.settings_models if each.model is model)
        return cast("M", self._configuration.plugin_settings(owned))

    def http(self, egress: str = DIRECT, *, isolation: str = "secrets") -> HttpClient:
        """Return a client whose requests leave by a route, or not at all."""
        lend = cast("Callable[[type[Any]], Any]", self.plugin_settings)
        self._routes = self._routes or OpenedRoutes(self._registry.proxies, self.settings, lend)
        try:
            route = self._routes.find(egress)
        except EgressRefused as error:
            return HttpClient(NoEgress(str(error)))
        return HttpClient(route.egress(f"octobot-{isolation}", private=self.settings.egress_allow_private))
