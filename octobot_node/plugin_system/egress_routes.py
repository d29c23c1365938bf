"""Routes: the ways out that accounts name, each opened once, watched, and never replaced by another."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlsplit

import structlog

from octobot_node.contracts.proxies import Proxy, ProxyAddress, ProxyContext, ProxyKind, ProxyStanding
from octobot_node.egress import Egress
from octobot_node.egress.ways import CONNECTIONS
from octobot_node.errors import EgressRefused, InvalidSettings
from octobot_node.settings import ANY_TRAFFIC

if TYPE_CHECKING:
    from aiohttp import BaseConnector
    from pydantic import BaseModel

    from octobot_node.configuration import Configuration
    from octobot_node.plugin_system.registry import Registry
    from octobot_node.settings import Settings

__all__ = ["DIRECT", "OpenedRoute", "OpenedRoutes", "routes_of"]

log = structlog.get_logger(__name__)
M = TypeVar("M", bound="BaseModel")

DIRECT = "direct"
#: How long looking may take.
_LOOK_S = 9.0


class OpenedRoute:
    """One route; may be used from any thread. It is its connectors' ``Watch``."""

    #: For so many seconds what failed is believed to be down; then it is looked at again.
    believed: float = 5.0

    def __init__(self, name: str, kind: str, proxy: Proxy | None, refusal: str = "") -> None:
        self.name = name
        self.kind = kind
        self._proxy = proxy
        self._refusal = refusal
        self.shown = refusal if proxy is None else proxy.shown
        self._standing: ProxyStanding | None = None if proxy is not None else ProxyStanding("down", refusal)
        self._at = 0.0
        self._doubted = False
        self._looking = threading.Lock()
        self._looker: threading.Thread | None = None

    @property
    def standing(self) -> ProxyStanding | None:
        """How it stood when it was last used or looked at; None: neither yet."""
        return self._standing

    def opened(self) -> Proxy:
        """Return its proxy; raise EgressRefused where there is none."""
        if self._proxy is None:
            raise EgressRefused(f"egress: the route {self.name} cannot be used: {self._refusal}")
        return self._proxy

    def egress(self, isolation: str, *, private: bool) -> Egress:
        """Return it as a way out for one account, or for one purpose, to private hosts only if ``private``."""
        return _RouteEgress(self, isolation, private)

    def url(self, isolation: str) -> str:
        """Return its proxy's URL, with its secrets."""
        return self.opened().url(isolation)

    def problem(self) -> str:
        """Return why nothing can leave this way, as far as is known, or "", at once.

        One that failed, or is doubted, is looked at again now and then, in a thread of its own: this holds up nobody.
        """
        if self._proxy is None:
            return f"egress: the route {self.name} cannot be used: {self._refusal}"
        if self._is_stale() and self._looking.acquire(blocking=False):
            self._looker = threading.Thread(target=self._look_again, name="octobot-egress", daemon=True)
            self._looker.start()
        found = self._standing
        return self._said(found) if found is not None and found.status == "down" else ""

    def close(self) -> None:
        """Wait until nobody looks at it any more, which takes two or three seconds at most."""
        if self._looker is not None:
            self._looker.join(_LOOK_S)

    def look(self) -> ProxyStanding:
        """Look how it stands now; not on an event loop."""
        if self._proxy is None:
            return ProxyStanding("down", self._refusal, "mend OCTOBOT_EGRESS_ROUTES and restart the node")
        with self._looking:
            return self._look(thorough=True)

    # -- what its connectors tell

    def worked(self) -> None:
        """Take note of a connection that was made."""
        found = self._standing
        if found is None or found.status == "down":
            self._note(ProxyStanding("up", f"{self.shown} was used just now"))
        self._doubted = False

    def doubted(self) -> None:
        """Take note of one that was not."""
        self._doubted = self.kind != DIRECT

    def failed(self, reason: str) -> str:
        """Take note that the way out itself is not there; return what to tell of it."""
        found = ProxyStanding("down", reason, "" if self._proxy is None else self._proxy.cure)
        self._note(found)
        return self._said(found)

    def _is_stale(self) -> bool:
        found = self._standing
        if time.monotonic() - self._at < self.believed:
            return False
        return self._doubted or (found is not None and found.status == "down")

    def _look_again(self) -> None:
        try:
            self._look(thorough=False)
        finally:
            self._looking.release()

    def _look(self, *, thorough: bool) -> ProxyStanding:
        assert self._proxy is not None
        try:
            found = asyncio.run(asyncio.wait_for(self._proxy.look(thorough=thorough), _LOOK_S))
        except TimeoutError:
            found = ProxyStanding("down", f"{self.shown} does not answer", self._proxy.cure)
        except Exception as error:  # noqa: BLE001 - whatever a proxy's author raises, it cannot be relied on
            found = ProxyStanding(
                "down", f"{self.shown} cannot be looked at ({type(error).__name__})", self._proxy.cure
            )
        self._note(found)
        self._doubted = False
        return found

    def _note(self, found: ProxyStanding) -> None:
        before = self._standing
        self._standing, self._at = found, time.monotonic()
        was_down = before is not None and before.status == "down"
        if found.status == "down" and not was_down:
            log.warning("egress_down", route=self.name, error=found.detail)
        elif found.status != "down" and was_down:
            log.info("egress_up", route=self.name)

    def _said(self, found: ProxyStanding) -> str:
        cure = f": {found.cure}" if found.cure else ""
        return f"egress: the route {self.name} is down, {found.detail}, and nothing goes another way{cure}"


@dataclass(frozen=True, slots=True)
class _RouteEgress:
    route: OpenedRoute
    isolation: str
    private: bool

    def connector(self, *, limit: int = CONNECTIONS) -> BaseConnector:
        """Return the route's connector, which the route is told of."""
        from octobot_node.egress.connectors import GuardedConnector

        made = self.route.opened().connector(self.isolation, private=self.private, limit=limit)
        if isinstance(made, GuardedConnector):
            made.watch = self.route
        return made


class _Context:
    """What a proxy is lent when it is opened."""

    def __init__(self, settings: Settings, lend: Callable[[type[Any]], Any]) -> None:
        self.settings = settings
        self._lend = lend

    def plugin_settings(self, model: type[M]) -> M:
        """Return the settings that a plugin registered with this model."""
        found: M = self._lend(model)
        return found


class OpenedRoutes:
    """Every route of this node: those that the operator named, and each kind that needs no URL by its own name."""

    def __init__(
        self, kinds: Mapping[str, ProxyKind], settings: Settings, plugin_settings: Callable[[type[Any]], Any]
    ) -> None:
        self._kinds = kinds
        self._settings = settings
        self._context: ProxyContext = _Context(settings, plugin_settings)
        self._given = dict(_split(each.get_secret_value()) for each in settings.egress_routes)
        self._opened: dict[str, OpenedRoute] = {}
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Return the names of those that can be chosen, in order."""
        return sorted({*self._given, *(name for name, kind in self._kinds.items() if kind.alone)})

    def find(self, name: str) -> OpenedRoute:
        """Return a route; raise EgressRefused with what there is."""
        with self._lock:
            if name not in self._opened:
                if name not in self.names():
                    there = ", ".join(self.names()) or "none"
                    raise EgressRefused(
                        f"egress: there is no route {name!r} on this node, only {there}: name it in"
                        " OCTOBOT_EGRESS_ROUTES, or give the account another egress"
                    )
                self._opened[name] = self._open(name)
            return self._opened[name]

    def for_exchange(self, name: str) -> OpenedRoute:
        """Return a route for traffic with an exchange; raise EgressRefused for one that it may not take."""
        found, wanted = self.find(name), self._settings.exchange_traffic
        if wanted not in (ANY_TRAFFIC, found.kind):
            raise EgressRefused(
                f"egress: exchange traffic may only go through {wanted} (OCTOBOT_EXCHANGE_TRAFFIC), and the route"
                f" {name} is {found.kind or 'unusable'}: `octobot-node accounts edit NAME --egress {self.default()}`"
            )
        return found

    def close(self) -> None:
        """Leave nothing under way."""
        for each in list(self._opened.values()):
            each.close()

    def down(self) -> list[str]:
        """Return the names of those that are known to be down, without looking."""
        with self._lock:
            opened = list(self._opened.values())
        return sorted(each.name for each in opened if each.standing is not None and each.standing.status == "down")

    def refusal(self, egress: str, market_data_egress: str, *, simulated: bool) -> tuple[str, str] | None:
        """Return (field, why) of the first of an account's routes that it may not have; "" is the node's default."""
        # Orders that never leave may be given any; their prices come from somewhere.
        orders = self.find if simulated else self.for_exchange
        prices = self.for_exchange
        for field, name, find in (("egress", egress, orders), ("market_data_egress", market_data_egress, prices)):
            try:
                if name:
                    find(name)
            except EgressRefused as error:
                return field, str(error).removeprefix("egress: ")
        return None

    def default(self) -> str:
        """Return the route of an account that names none: direct, where exchange traffic may go so."""
        wanted = self._settings.exchange_traffic
        if wanted == ANY_TRAFFIC:
            return DIRECT
        kind = self._kinds.get(wanted)
        if kind is not None and kind.alone:
            return wanted
        schemes = () if kind is None else kind.schemes
        return next((name for name, url in sorted(self._given.items()) if _scheme(url) in schemes), wanted)

    def _open(self, name: str) -> OpenedRoute:
        url = self._given.get(name)
        if url is None:
            kind, address = self._kinds[name], None
        else:
            scheme = _scheme(url)
            found = next((each for each in self._kinds.values() if scheme in each.schemes), None)
            if found is None:
                schemes = ", ".join(sorted(scheme for each in self._kinds.values() for scheme in each.schemes))
                return OpenedRoute(
                    name, "", None, f"no plugin has proxies of its scheme; there are {schemes or 'none'}"
                )
            kind, address = found, address_of(url)
        try:
            return OpenedRoute(name, kind.name, kind.open(address, self._context))
        except InvalidSettings as error:
            return OpenedRoute(name, "", None, str(error))


def routes_of(configuration: Configuration, registry: Registry) -> OpenedRoutes:
    """Return the routes of a command that has no node."""

    def lend(model: type[Any]) -> Any:
        owned = next(each for each in registry.settings_models if each.model is model)
        return configuration.plugin_settings(owned)

    return OpenedRoutes(registry.proxies, configuration.settings, lend)


def address_of(url: str) -> ProxyAddress:
    """Return where a proxy's URL leads; it was checked by ``Settings``."""
    parts = urlsplit(url)
    return ProxyAddress(
        parts.scheme,
        str(parts.hostname),
        int(parts.port or 0),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def _split(given: str) -> tuple[str, str]:
    name, _, url = given.partition("=")
    return name, url


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower()
