"""Accounts and their connectors, opened when first used and then kept."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from octobot_node.contracts.exchanges import (
    ConnectorContext,
    Fees,
    MarketData,
    RequestBudget,
    Trading,
)
from octobot_node.contracts.streams import StreamState
from octobot_node.engine.counters import Counters
from octobot_node.engine.market.account import Account, Closed, source_key
from octobot_node.engine.market.contacts import Contact
from octobot_node.engine.market.lent_context import (
    Lender,
    LentContext,
    ShadowContext,
    parse_settings,
    saying_nothing_of,
)
from octobot_node.engine.market.metered_connectors import (
    MeteredTrading,
    budgets_of,
    metered_market_data,
    streams_of,
)
from octobot_node.engine.market.request_gates import RequestGates
from octobot_node.errors import (
    EgressRefused,
    SecretsLocked,
    StorageUnavailable,
    UsageError,
)
from octobot_node.limits import Limits
from octobot_node.plugin_system.egress_routes import DIRECT, OpenedRoutes
from octobot_node.plugin_system.registry import Registry
from octobot_node.sealing import named
from octobot_node.sealing.connector_settings import half_place, opened, secret_texts
from octobot_node.sealing.named import references_in
from octobot_node.settings import ANY_TRAFFIC
from octobot_node.shadow_ids import is_shadow, original_of, shadow_of
from octobot_node.store import automations
from octobot_node.store.tables import accounts
from octobot_node.text.said_once import SaidOnce

if TYPE_CHECKING:
    from octobot_node.clock import Clock
    from octobot_node.contracts.storage import Storage
    from octobot_node.sealing.sealing import Sealing
    from octobot_node.settings import Settings
    from octobot_node.store.rows.node import AccountRow

__all__ = ["Accounts"]

log = structlog.get_logger(__name__)
#: No request is under way for so long.
_REPLACED_S = 120.0


class Accounts:
    """Opens connectors from the rows of ``accounts``. Lends them the clock, the storage and market data."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        settings: Settings,
        registry: Registry,
        counters: Counters,
        routes: OpenedRoutes,
        sealing: Sealing,
    ) -> None:
        self.storage = storage
        self.clock = clock
        self.settings = settings
        self.routes = routes
        self.gates = RequestGates(storage, clock)
        self.sealing = sealing
        #: Called where others on the database have the key to its secrets, and this node has not.
        self.without_key: Callable[[str], None] = lambda _why: None
        self._counters = counters
        self._open: dict[str, Account] = {}
        self._sources: dict[str, MarketData] = {}
        self._closed: dict[str, Closed] = {}
        #: Connectors that others took the place of, and when (monotonic seconds): a request may be under way on them.
        self._replaced: list[tuple[float, Trading]] = []
        self._doubted: set[str] = set()
        self._said = SaidOnce()
        #: What connectors are lent, the plugins' connectors among it.
        self.lender = Lender(clock, storage, settings, registry, routes, self.gates, self.source, self._fees)
        # Re-entrant: opening paper trading asks for its market data.
        self._lock = threading.RLock()

    def get(self, account_id: str) -> Account:
        """Return the account, opened; raise UnknownType or InvalidSettings when its connector cannot be."""
        with self._lock:
            found = self._open.get(account_id)
            if found is None:
                found = self._open[account_id] = self._open_account(account_id)
            return found

    def opened(self, account_id: str) -> Account | None:
        """Return an account as it is opened now, without opening it."""
        return self._open.get(account_id)

    def why_closed(self, account_id: str) -> Closed | None:
        """Open the account where it is not, and return why that cannot be done, or why nothing can leave its way; said
        once in the log.

        Not inside a transaction: a connector may write, too.
        """
        opened = self._open.get(account_id)
        if opened is not None and not self._closed and self._goes_directly(opened):
            return None
        try:
            problem = self._egress_problem(self.get(account_id))
        except StorageUnavailable:
            raise
        except SecretsLocked as error:
            # Others that share the database have the key: they go on with it, without this node.
            is_mine = error.lasting and self.storage.shared and bool(self.sealing.problem())
            closed = Closed(f"its account cannot be opened: {error}", lasting=error.lasting and not is_mine)
            if is_mine:
                self.without_key(str(error))
        except UsageError as error:
            # No plugin has its connector, or that does not take the account's settings: trying again changes nothing.
            cure = "see `octobot-node doctor`, mend it and restart the node"
            closed = Closed(f"its account cannot be opened: {error}: {cure}", lasting=True)
        except Exception as error:  # noqa: BLE001 - whatever a connector raises is why its account is closed
            closed = Closed(f"its account cannot be opened: {str(error) or type(error).__name__}", lasting=False)
        else:
            if problem:
                return self._shut(account_id, Closed(problem, lasting=False))
            self._closed.pop(account_id, None)
            if self._said.is_over(account_id):
                log.info("account_opened", account=account_id)
            return None
        return self._shut(account_id, closed)

    def _shut(self, account_id: str, closed: Closed) -> Closed:
        self._closed[account_id] = closed
        if self._said.is_news(account_id, closed.reason):
            log.warning("account_closed", account=account_id, error=closed.reason)
        return closed

    def last_closed(self, account_id: str) -> Closed | None:
        """Return what ``why_closed`` answered last, without trying: for inside a transaction."""
        return self._closed.get(account_id)

    def egress_problem(self, account_id: str) -> str:
        """Return why nothing can leave by an opened account's routes, as far as is known, or ""."""
        found = self._open.get(account_id)
        return "" if found is None else self._egress_problem(found)

    def _goes_directly(self, account: Account) -> bool:
        any_way = self.settings.exchange_traffic == ANY_TRAFFIC
        return any_way and account.egress == account.market_data_egress == DIRECT

    def _egress_problem(self, account: Account) -> str:
        """Return why nothing can leave by an account's routes, or ""."""
        if self._goes_directly(account):
            return ""
        try:
            # What is simulated sends no order: only its prices may come from elsewhere.
            ways = [] if account.simulated else [self.routes.for_exchange(account.egress)]
            if account.market_data_egress != DIRECT:
                ways.append(self.routes.for_exchange(account.market_data_egress))
        except EgressRefused as error:
            return str(error)
        return next((problem for way in ways if (problem := way.problem())), "")

    def _open_account(self, account_id: str) -> Account:
        with self.storage.read() as connection:
            row = automations.account(connection, account_id)
        if row is None:
            raise LookupError(f"account {account_id} is gone")
        # A shadow's prices are its original's: the same source, by the same route and with the same keys.
        priced = self._original(row)
        source = source_key(priced.market_data, priced.market_data_settings, priced.market_data_egress)
        self._open_source(source, priced)
        factory, contact = self.lender.registry.trading_factory(row.trading), Contact(noted_at=row.contacted_at or 0)
        given, versions = self._opened(row, "trading"), self._versions(row)
        trading = self._open_trading(row, given, priced)
        # A replay asks nobody, and its connectors are more than these calls.
        if not self.lender.registry.market_data_factory(priced.market_data).replay:
            hidden = secret_texts(factory.Settings, given)
            trading = MeteredTrading(row.trading, self._counters, trading, contact, self.clock, hidden)
        return Account(
            id=row.id,
            owner=row.owner,
            name=row.name,
            source=source,
            route=f"{row.trading}/{row.egress}",
            egress=row.egress,
            market_data_egress=priced.market_data_egress,
            trading=trading,
            capabilities=trading.capabilities,
            limits=Limits.model_validate(row.limits),
            simulated=factory.simulated,
            contact=contact,
            opened_with=row.trading_settings,
            versions=versions,
            charged=(lambda: self.get(priced.id).trading) if priced is not row else None,
        )

    def settings_of(self, row: AccountRow) -> dict[str, Any]:
        """Return an account's settings of both halves, opened and not used; raise SecretsLocked, SecretUnknown."""
        return {
            half: opened(
                self.sealing, row.owner, half_place(row.id, half), getattr(row, f"{half}_settings"), used=False
            )
            for half in ("market_data", "trading")
        }

    def _opened(self, row: AccountRow, half: str) -> dict[str, Any]:
        """Return the settings of an account's connector as that is given them."""
        kept: Mapping[str, Any] = getattr(row, f"{half}_settings")
        return opened(self.sealing, row.owner, half_place(row.id, half), kept)

    def _versions(self, row: AccountRow) -> Mapping[str, int]:
        """Return which values those secrets have that an account points to."""
        names = references_in(row.trading_settings)
        if not names:
            return {}
        with self.storage.read() as connection:
            return named.versions(connection, row.owner, names)

    def _original(self, row: AccountRow) -> AccountRow:
        """Return the account that a shadow's account is beside; any other one as it is."""
        if not is_shadow(row.id):
            return row
        with self.storage.read() as connection:
            found = automations.account(connection, original_of(row.id))
        if found is None:
            raise LookupError(f"account {original_of(row.id)} is gone, whose shadow this is")
        return found

    def _open_trading(self, row: AccountRow, given: Mapping[str, Any], priced: AccountRow | None = None) -> Trading:
        factory, by = self.lender.registry.trading_factory(row.trading), priced or row
        source = source_key(by.market_data, by.market_data_settings, by.market_data_egress)
        kind = ShadowContext if is_shadow(row.id) else LentContext
        lent = kind(self.lender, source, row.id, (row.trading,), row.egress)
        with saying_nothing_of(secret_texts(factory.Settings, given)):
            settings = parse_settings(factory.Settings, given, f"account {row.name!r}, trading")
            made: Trading = factory.open(settings, row.id, lent)
        return made

    def open_beside(self, account_id: str, settings: Mapping[str, Any]) -> Trading:
        """Open an account's trading connector a second time, with other settings as it is given them; whoever asks
        closes it.

        Raises as ``get`` does.
        """
        with self._lock:
            self.get(account_id)
            with self.storage.read() as connection:
                row = automations.account(connection, account_id)
            if row is None:
                raise LookupError(f"account {account_id} is gone")
            return self._open_trading(row, settings)

    def open_source_beside(self, account_id: str, settings: Mapping[str, Any]) -> MarketData:
        """Open an account's market data a second time, with other settings as it is given them; whoever asks closes
        it.
        """
        with self._lock:
            with self.storage.read() as connection:
                row = automations.account(connection, account_id)
            if row is None:
                raise LookupError(f"account {account_id} is gone")
            name = row.market_data
            factory = self.lender.registry.market_data_factory(name)
            with saying_nothing_of(secret_texts(factory.Settings, settings)):
                parsed = parse_settings(factory.Settings, settings, f"market data {name!r}")
                made: MarketData = factory.open(
                    parsed, LentContext(self.lender, name, "", (name,), row.market_data_egress)
                )
            return made

    def lend(self, account_id: str) -> ConnectorContext:
        """Return what a connector of an account is lent, for one that is opened beside it."""
        opened = self.get(account_id)
        return LentContext(self.lender, opened.source, account_id, ("a test",), opened.egress)

    def contact_of(self, account_id: str) -> Contact | None:
        """Return what this process knows of an account's exchange; None where it has not opened the account."""
        found = self._open.get(account_id)
        return None if found is None else found.contact

    def note_contact(self, account_id: str) -> None:
        """Write down when an account's exchange answered last."""
        found = self._open.get(account_id)
        if found is not None and found.contact.answered_at > found.contact.noted_at:
            found.contact.noted_at = found.contact.answered_at
            with self.storage.write() as connection:
                automations.update_account(connection, account_id, {"contacted_at": found.contact.noted_at})

    def renew(self, account_id: str) -> None:
        """Take over an account's name and limits as they are now.

        One that has other settings or routes by now is opened anew when it is used next.
        """
        with self._lock:
            self._closed.pop(account_id, None)
            # Opened anew with its prices as they are then; of what is on paper nothing is under way.
            self._open.pop(shadow_of(account_id), None)
            found = self._open.get(account_id)
            if found is None:
                return
            with self.storage.read() as connection:
                row = automations.account(connection, account_id)
            if row is None:
                return
            is_rerouted = (row.egress, row.market_data_egress) != (found.egress, found.market_data_egress)
            is_other = row.trading_settings != found.opened_with or self._versions(row) != found.versions
            if is_rerouted or is_other:
                del self._open[account_id]
                # By the old route nothing more may leave, not even what is under way.
                self._replaced.append((-math.inf if is_rerouted else time.monotonic(), found.trading))
                return
            self._open[account_id] = replace(found, name=row.name, limits=Limits.model_validate(row.limits))

    def doubt(self, account_id: str) -> None:
        """Have an account be taken over by ``renew_doubted``: it was changed elsewhere."""
        self._doubted.add(account_id)

    def doubt_all(self) -> None:
        """Have every opened account be taken over: what was said of them may have been missed."""
        self._doubted.update(list(self._open))

    def renew_doubted(self) -> bool:
        """Take over the doubted accounts as they are now; return whether a connector is left to be closed.

        Raises StorageUnavailable; those that could not be taken over stay doubted.
        """
        while self._doubted:
            account_id = self._doubted.pop()
            try:
                self.renew(account_id)
            except BaseException:
                self._doubted.add(account_id)
                raise
        return bool(self._replaced)

    async def close_replaced(self) -> None:
        """Close those connectors that others took the place of a while ago, or that had another route."""
        with self._lock:
            over = [each for each in self._replaced if time.monotonic() - each[0] > _REPLACED_S]
            self._replaced = [each for each in self._replaced if each not in over]
        for _, trading in over:
            try:
                await trading.close()
            except Exception:
                # A connector's own: others are closed all the same.
                log.exception("connector_not_closed")

    async def forget(self, account_id: str) -> None:
        """Close an account that was deleted, if it is open."""
        with self._lock:
            found = self._open.pop(account_id, None)
        if found is not None:
            await found.trading.close()

    def _open_source(self, key: str, row: AccountRow) -> MarketData:
        name = row.market_data
        if key not in self._sources:
            factory = self.lender.registry.market_data_factory(name)
            given = self._opened(row, "market_data")
            hidden = secret_texts(factory.Settings, given)
            lent = LentContext(self.lender, key, "", (name,), row.market_data_egress)
            with saying_nothing_of(hidden):
                settings = parse_settings(factory.Settings, given, f"market data {name!r}")
                made: MarketData = factory.open(settings, lent)
            self._sources[key] = made if factory.replay else metered_market_data(name, self._counters, made, hidden)
        return self._sources[key]

    def source(self, key: str) -> MarketData:
        """Return market data by its key, opening it from any account that uses it."""
        with self._lock:
            if key not in self._sources:
                with self.storage.read() as connection:
                    rows = connection.execute(sa.select(accounts)).all()
                for row in rows:
                    if source_key(row.market_data, row.market_data_settings, row.market_data_egress) == key:
                        return self._open_source(key, row)
                raise LookupError(f"no account uses the market data {key!r}")
            return self._sources[key]

    def _fees(self, account_id: str, symbols: Collection[str]) -> dict[str, Fees]:
        return self.get(account_id).fees(symbols)

    def budgets(self) -> list[tuple[str, RequestBudget]]:
        """Return (connector, budget) of those open connectors that state their exchange's request budgets."""
        with self._lock:
            opened = [(account.route.partition("/")[0], account.trading) for account in self._open.values()]
            sources = [(key.partition(":")[0], source) for key, source in self._sources.items()]
        found = [(name, budget) for name, trading in opened for budget in budgets_of(trading)]
        return found + [(name, budget) for name, source in sources for budget in budgets_of(source)]

    def streams(self) -> list[tuple[str, str, StreamState]]:
        """Return (connector, what it is open for, stream) of those that listen: an account's name, or market data's
        key.
        """
        with self._lock:
            opened = [
                (each.route.partition("/")[0], each.name, streams_of(each.trading)) for each in self._open.values()
            ]
            sources = [(key.partition(":")[0], key, streams_of(source)) for key, source in self._sources.items()]
        return [(name, what, each) for name, what, streams in [*opened, *sources] for each in streams]

    async def close(self) -> None:
        """Close every connector."""
        for account in self._open.values():
            await account.trading.close()
        for _, replaced in self._replaced:
            await replaced.close()
        for source in self._sources.values():
            await source.close()
        self.routes.close()
