"""Look at accounts, make them, change them; and what they can be made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from octobot_node.contracts.exchanges import Capabilities
from octobot_node.engine.market.opened_accounts import source_key
from octobot_node.errors import CommandRefused, UsageError
from octobot_node.limits import Limits
from octobot_node.operations.automations.export import secret_settings
from octobot_node.operations.automations.types import plugin_of
from octobot_node.operations.context import Desk
from octobot_node.operations.lookup import account_id
from octobot_node.operations.models import (
    AccountDetail,
    AccountGone,
    AccountPage,
    AccountRow,
    CapabilitiesRow,
    CreateAccount,
    EditAccount,
    ExchangePage,
    ExchangeRow,
    Nothing,
    OneAccount,
    Page,
)
from octobot_node.operations.serializers import account_row
from octobot_node.plugin_system.registry import Registry
from octobot_node.run_files.apply import new_account
from octobot_node.specs import ConnectorSpec
from octobot_node.store.queries import history, lists
from octobot_node.store.rows import node as node_rows
from octobot_node.text.validation_messages import first_mistake, nearest

__all__ = ["create", "delete", "edit", "list_accounts", "list_exchanges", "show"]


def list_accounts(desk: Desk, wanted: Page) -> AccountPage:
    """Return a page of accounts, oldest first."""
    with desk.core.storage.read() as connection:
        found = lists.account_page(connection, desk.owner, wanted.cursor, wanted.limit + 1)
        rows = found[: wanted.limit]
        sums = lists.account_sums(connection, [row.id for row in rows])
    return AccountPage(
        accounts=[account_row(desk.registry, row, *sums[row.id]) for row in rows],
        next_cursor=rows[-1].id if len(found) > wanted.limit else None,
    )


def show(desk: Desk, wanted: OneAccount) -> AccountDetail:
    """Return everything about an account but its secrets."""
    found = account_id(desk, wanted.account)
    row, summary = _read(desk, found)
    with desk.core.storage.read() as connection:
        funds = history.funds_of_account(connection, found)
    told, secrets = _told_settings(desk.registry, row)
    capabilities, problem = _opened(desk, found)
    return AccountDetail(
        **dict(summary),
        **told,
        secrets=secrets,
        source=source_key(row.market_data, row.market_data_settings),
        egress=row.egress,
        capabilities=capabilities,
        problem=problem,
        funds=funds,
    )


def _read(desk: Desk, found: str) -> tuple[node_rows.AccountRow, AccountRow]:
    with desk.core.storage.read() as connection:
        rows = lists.accounts_by_id(connection, [found])
        sums = lists.account_sums(connection, [found])
    if not rows:
        raise CommandRefused(f"the account {found} was deleted meanwhile")
    return rows[0], account_row(desk.registry, rows[0], *sums[found])


def _told_settings(registry: Registry, row: node_rows.AccountRow) -> tuple[dict[str, Any], list[str]]:
    """Return an account's settings by column without what is secret, and the places of that."""
    told: dict[str, Any] = {}
    secrets: list[str] = []
    for what, factories in (("market_data", registry.market_data), ("trading", registry.trading)):
        factory: Any = factories.get(getattr(row, what))
        settings = dict(getattr(row, f"{what}_settings"))
        hidden = secret_settings(None if factory is None else factory.Settings, settings)
        told[f"{what}_settings"] = {name: value for name, value in settings.items() if name not in hidden}
        secrets += [f"{what}.{name}" for name in hidden]
    return told, secrets


def _opened(desk: Desk, found: str) -> tuple[CapabilitiesRow | None, str]:
    try:
        return _capabilities(desk.core.accounts.get(found).capabilities), ""
    except Exception as error:  # noqa: BLE001 - whatever a connector raises is what is to be shown
        return None, str(error) or type(error).__name__


def _capabilities(found: Capabilities) -> CapabilitiesRow:
    return CapabilitiesRow(
        dedupe=found.dedupe,
        lookup=found.lookup.reach,
        lookup_seconds=found.lookup.recent_ms / 1000 if found.lookup.reach == "recent" else None,
        request_expiry=found.request_expiry,
        visibility_lag=found.visibility_lag_ms / 1000,
        client_id_length=found.client_id_length,
        market_spend=found.market_spend,
        native_stops=found.native_stops,
        post_only=found.post_only,
    )


def create(desk: Desk, wanted: CreateAccount) -> AccountDetail:
    """Create an account; raise UsageError naming the field that cannot be, CommandRefused for a name that is taken."""
    registry = desk.registry
    _check(wanted.market_data, "market_data", {name: each.Settings for name, each in registry.market_data.items()})
    if registry.market_data[wanted.market_data.use].replay:
        raise UsageError("market_data: it replays past candles: `octobot-node run` does that, in a folder of its own")
    _check(wanted.trading, "trading", {name: each.Settings for name, each in registry.trading.items()})
    if wanted.balances and not registry.trading[wanted.trading.use].simulated:
        raise UsageError(f"balances: {wanted.trading.use} is not paper trading: the exchange says what the account has")
    new = replace(new_account(wanted.name, wanted, registry), owner=desk.creator)
    made = desk.commands.add_account(new)
    return show(replace(desk, owner=desk.creator), OneAccount(account=made))


def _check(given: ConnectorSpec, field: str, models: Mapping[str, type[BaseModel]]) -> None:
    if given.use not in models:
        raise UsageError(f"{field}.use: there is no connector {given.use!r}: {nearest(given.use, sorted(models))}")
    try:
        models[given.use].model_validate(dict(given.settings))
    except ValidationError as error:
        place, text = first_mistake(error, models[given.use])
        raise UsageError(f"{'.'.join([field, *(str(part) for part in place)])}: {text}") from None


def edit(desk: Desk, wanted: EditAccount) -> AccountDetail:
    """Rename an account, or set its limits: they hold for the next order, on every node."""
    found = account_id(desk, wanted.account)
    if wanted.name is None and wanted.limits is None:
        raise UsageError("an edit changes nothing: give a name or limits")
    limits = None if wanted.limits is None else Limits.model_validate(wanted.limits.model_dump(exclude_none=True))
    desk.commands.edit_account(found, name=wanted.name, limits=limits, revision=wanted.revision)
    return show(desk, OneAccount(account=found))


def delete(desk: Desk, wanted: OneAccount) -> AccountGone:
    """Remove an account on which no automation is."""
    found = account_id(desk, wanted.account)
    row, _ = _read(desk, found)
    desk.commands.delete_account(found)
    return AccountGone(id=found, name=row.name)


def list_exchanges(desk: Desk, wanted: Nothing) -> ExchangePage:
    """Return every trading connector, by name, with what its exchange guarantees."""
    del wanted
    with desk.core.storage.read() as connection:
        used = lists.accounts_by_connector(connection, "trading", desk.owner)
    rows = []
    for name, factory in sorted(desk.registry.trading.items()):
        plugin = plugin_of(desk.registry, "register_trading", name)
        known = factory.capabilities
        rows.append(
            ExchangeRow(
                name=name,
                plugin="" if plugin is None else plugin.name,
                simulated=factory.simulated,
                settings=factory.Settings.model_json_schema(),
                capabilities=None if known is None else _capabilities(known),
                accounts=used.get(name, 0),
            )
        )
    return ExchangePage(exchanges=rows)
