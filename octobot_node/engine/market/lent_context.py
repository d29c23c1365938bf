"""What a connector is lent: the clock, the storage, market data, gates for its requests, and its account's way out."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from octobot_node.contracts.exchanges import Fees, MarketData, RequestGate, RequestLimit, Trading
from octobot_node.egress import Egress, HttpClient, NoEgress, WebSocketClient, open_session
from octobot_node.engine.market.request_gates import RequestGates
from octobot_node.engine.market.shadow_market import ShadowMarket
from octobot_node.errors import EgressRefused, InvalidSettings, PluginError
from octobot_node.plugin_system.egress_routes import DIRECT, OpenedRoutes
from octobot_node.plugin_system.registry import Registry
from octobot_node.sealing.scrubbing import scrub
from octobot_node.shadow_ids import original_of
from octobot_node.text.validation_messages import sentence

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from octobot_node.clock import Clock
    from octobot_node.contracts.storage import Storage
    from octobot_node.settings import Settings

__all__ = ["Lender", "LentContext", "ShadowContext", "parse_settings", "saying_nothing_of"]


@dataclass(frozen=True, slots=True)
class Lender:
    """What there is to lend. ``source``: market data by its key; ``fees``: what an account pays on symbols."""

    clock: Clock
    storage: Storage
    settings: Settings
    registry: Registry
    routes: OpenedRoutes
    gates: RequestGates
    source: Callable[[str], MarketData]
    fees: Callable[[str, Collection[str]], dict[str, Fees]]


class LentContext:
    """The ``ConnectorContext`` of one account: an empty source name means its own market data.

    ``around`` are the connectors that wrap the one which it is lent to, outermost first, and that one.
    """

    def __init__(self, lender: Lender, source: str, account_id: str, around: tuple[str, ...], egress: str) -> None:
        self.clock = lender.clock
        self.storage = lender.storage
        self.settings = lender.settings
        self._lender = lender
        self._source = source
        self._account_id = account_id
        self._around = around
        self._egress = egress

    def market_data(self, source: str) -> MarketData:
        """Return an opened market data source."""
        return self._lender.source(source or self._source)

    def http(self) -> HttpClient:
        """Return a client whose requests leave by the account's route."""
        return HttpClient(self._way(private=False))

    def websockets(self) -> WebSocketClient:
        """Return a client whose websockets leave by the account's route."""
        return WebSocketClient(self._way(private=False))

    def session(self, *, private: bool = False, **options: Any) -> ClientSession:
        """Return a session whose connections leave by the account's route."""
        return open_session(self._way(private=private), **options)

    def request_gate(self, limit: RequestLimit, key: str = "") -> RequestGate:
        """Return the gate of a limit."""
        # A proxy is one address, whoever goes through it; what goes straight out has its machine's.
        address = self.settings.egress_address or socket.gethostname()
        who = key if limit.per == "key" else address if self._egress == DIRECT else f"route {self._egress}"
        return self._lender.gates.gate(limit, who)

    def _way(self, *, private: bool) -> Egress:
        # Market data of one source is everybody's who shares it, and of no account.
        whose = self._account_id or f"market-{self._source.replace(':', '-')}"
        try:
            route = self._lender.routes.for_exchange(self._egress)
        except EgressRefused as error:
            return NoEgress(str(error))
        return route.egress(f"octobot-{whose}", private=private or self.settings.egress_allow_private)

    def trading(self, name: str, settings: Mapping[str, Any]) -> Trading:
        """Open another trading connector for the same account."""
        if not self._account_id:
            raise PluginError(f"{self._around[-1]} is market data, of no account, and opens no trading connector")
        factory, lent = self._lender.registry.trading_factory(name), self._inside(name)
        parsed = parse_settings(factory.Settings, settings, f"trading {name!r} inside {self._around[-1]!r}")
        opened: Trading = factory.open(parsed, self._account_id, lent)
        return opened

    def open_market_data(self, name: str, settings: Mapping[str, Any]) -> MarketData:
        """Open other market data."""
        factory, lent = self._lender.registry.market_data_factory(name), self._inside(name)
        parsed = parse_settings(factory.Settings, settings, f"market data {name!r} inside {self._around[-1]!r}")
        opened: MarketData = factory.open(parsed, lent)
        return opened

    def _inside(self, name: str) -> LentContext:
        if name in self._around:
            raise PluginError(f"{' around '.join((*self._around, name))}: a connector cannot be inside itself")
        return LentContext(self._lender, self._source, self._account_id, (*self._around, name), self._egress)


class ShadowContext(LentContext):
    """What the paper exchange of shadows is lent: its original's prices, and what that one pays on them."""

    def market_data(self, source: str) -> MarketData:
        """Return the original's market data, charging what the original pays."""
        original = original_of(self._account_id)
        return ShadowMarket(super().market_data(source), lambda it: self._lender.fees(original, it), self.clock)


@contextmanager
def saying_nothing_of(hidden: Collection[str]) -> Iterator[None]:
    """Raise what is raised without these secrets."""
    try:
        yield
    except Exception as error:
        clean = scrub(error, hidden)
        if clean is not error:
            raise clean from None
        raise


def parse_settings(model: Any, given: Mapping[str, Any], where: str) -> Any:
    """Return ``given`` as the connector's settings model; raise InvalidSettings naming the field."""
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        raise InvalidSettings(f"{where}: {sentence(error)}") from None
