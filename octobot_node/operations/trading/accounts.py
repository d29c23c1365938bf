"""Look at accounts, make them, change them; and what they can be made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from octobot_node.contracts.exchanges import Capabilities, ExchangeOffer
from octobot_node.engine.market.account import source_key
from octobot_node.errors import CommandRefused, SecretUnknown, UsageError
from octobot_node.limits import Limits
from octobot_node.operations.automations.types import plugin_of
from octobot_node.operations.context import OperationContext
from octobot_node.operations.cursors import id_in
from octobot_node.operations.lookup import account_id
from octobot_node.operations.models import EmptyRequest, PageRequest
from octobot_node.operations.serializers import account_row
from octobot_node.operations.trading.models.accounts import (
    AccountDeleted,
    AccountDetail,
    AccountPage,
    AccountRow,
    CapabilitiesRow,
    CreateAccount,
    EditAccount,
    ExchangeOfferRow,
    ExchangePage,
    ExchangeRow,
    OneAccount,
)
from octobot_node.plugin_system.registry import Registry
from octobot_node.run_files.apply import new_account
from octobot_node.sealing.connector_settings import resolved, secret_texts, without_secrets
from octobot_node.sealing.scrubbing import scrubbed
from octobot_node.specs import ConnectorSpec
from octobot_node.store.queries import history, lists
from octobot_node.store.rows import node as node_rows
from octobot_node.text.numbers import DIGITS, unreasonable
from octobot_node.text.validation_messages import first_mistake, nearest

__all__ = ["create", "delete", "edit", "list_accounts", "list_exchanges", "show"]

_EDITED = ("name", "limits", "egress", "market_data_egress")


def list_accounts(context: OperationContext, request: PageRequest) -> AccountPage:
    """Return a page of accounts, oldest first."""
    with context.core.storage.read() as connection:
        found = lists.account_page(connection, context.owner, id_in(request.cursor), request.limit + 1)
        rows = found[: request.limit]
        sums = lists.account_sums(connection, [row.id for row in rows])
    return AccountPage(
        accounts=[
            account_row(context.registry, row, context.core.accounts.contact_of(row.id), *sums[row.id]) for row in rows
        ],
        next_cursor=rows[-1].id if len(found) > request.limit else None,
    )


def show(context: OperationContext, request: OneAccount) -> AccountDetail:
    """Return everything about an account but its secrets."""
    found = account_id(context, request.account)
    row, summary = _read(context, found)
    with context.core.storage.read() as connection:
        funds = history.funds_of_account(connection, found)
    told, secrets = _shown_settings(context.registry, row)
    capabilities, problem = _opened(context, found)
    return AccountDetail(
        **dict(summary),
        **told,
        secrets=secrets,
        source=source_key(row.market_data, row.market_data_settings, row.market_data_egress),
        market_data_egress=row.market_data_egress,
        egress_problem=context.core.accounts.egress_problem(found),
        capabilities=capabilities,
        problem=problem,
        funds=funds,
    )


def _read(context: OperationContext, found: str) -> tuple[node_rows.AccountRow, AccountRow]:
    with context.core.storage.read() as connection:
        rows = lists.accounts_by_id(connection, [found])
        sums = lists.account_sums(connection, [found])
    if not rows:
        raise CommandRefused(f"the account {found} was deleted meanwhile")
    return rows[0], account_row(context.registry, rows[0], context.core.accounts.contact_of(found), *sums[found])


def _shown_settings(registry: Registry, row: node_rows.AccountRow) -> tuple[dict[str, Any], list[str]]:
    """Return an account's settings by column without what is secret, and the places of that.

    Of a connector that no plugin has nothing is told: ``problem`` says that it is missing.
    """
    told: dict[str, Any] = {}
    secrets: list[str] = []
    for what, factories in (("market_data", registry.market_data), ("trading", registry.trading)):
        factory: Any = factories.get(getattr(row, what))
        if factory is None:
            # Nobody knows which of them are secret: none is shown, and none is said to be.
            told[f"{what}_settings"] = {}
            continue
        told[f"{what}_settings"], hidden = without_secrets(factory.Settings, getattr(row, f"{what}_settings"))
        secrets += [f"{what}.{name}" for name in hidden]
    return told, secrets


def _opened(context: OperationContext, found: str) -> tuple[CapabilitiesRow | None, str]:
    try:
        return _capabilities(context.core.accounts.get(found).capabilities), ""
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
        market_orders=found.market_orders,
        market_amount=found.market_amount,
        post_only=found.post_only,
        fill_or_kill=found.fill_or_kill,
        exact=found.exact,
    )


def _offer(found: ExchangeOffer) -> ExchangeOfferRow:
    return ExchangeOfferRow(
        name=found.name,
        title=found.title,
        settings=dict(found.settings),
        market_data={"use": found.source, **found.source_settings},
        capabilities=_capabilities(found.capabilities),
        vouched=found.vouched,
        sandbox=found.sandbox,
        needs=list(found.needs),
        notes=list(found.notes),
    )


def create(context: OperationContext, request: CreateAccount) -> AccountDetail:
    """Create an account; raise UsageError naming the field that cannot be, CommandRefused for a name that is taken."""
    registry = context.registry
    models = {name: each.Settings for name, each in registry.market_data.items()}
    _check(context, request.market_data, "market_data", models)
    if registry.market_data[request.market_data.use].replay:
        raise UsageError("market_data: it replays past candles: `octobot-node run` does that, in a folder of its own")
    _check(context, request.trading, "trading", {name: each.Settings for name, each in registry.trading.items()})
    if request.balances and not registry.trading[request.trading.use].simulated:
        raise UsageError(
            f"balances: {request.trading.use} is not paper trading: the exchange says what the account has"
        )
    _check_routes(context, request, simulated=registry.trading[request.trading.use].simulated)
    new = replace(new_account(request.name, request, registry), owner=context.creator)
    made = context.commands.add_account(new)
    return show(replace(context, owner=context.creator), OneAccount(account=made))


def _check(context: OperationContext, given: ConnectorSpec, field: str, models: Mapping[str, type[BaseModel]]) -> None:
    if given.use not in models:
        raise UsageError(f"{field}.use: there is no connector {given.use!r}: {nearest(given.use, sorted(models))}")
    try:
        # With the secrets that it points to: one that there is not is said now, and not when it is to trade.
        settings = resolved(context.core.sealing, context.creator, given.settings)
        problem = unreasonable(models[given.use].model_validate(settings))
    except SecretUnknown as error:
        raise UsageError(f"{field}: {error}", field=field, reason=str(error)) from None
    except ValidationError as error:
        place, text = first_mistake(error, models[given.use])
        told = scrubbed(text, secret_texts(models[given.use], given.settings))
        raise UsageError(f"{'.'.join([field, *(str(part) for part in place)])}: {told}") from None
    if problem is not None:
        place = problem[0]
        raise UsageError(
            f"{'.'.join([field, *map(str, place)])}: has more digits than any market: use at most {DIGITS}"
        )


def edit(context: OperationContext, request: EditAccount) -> AccountDetail:
    """Rename an account, set its limits or its routes: they hold for the next order, on every node."""
    found = account_id(context, request.account)
    if all(getattr(request, each) is None for each in _EDITED):
        raise UsageError("an edit changes nothing: give a name, limits or an egress")
    row, summary = _read(context, found)
    _check_routes(context, request, simulated=bool(summary.simulated))
    limits = None if request.limits is None else Limits.model_validate(request.limits.model_dump(exclude_none=True))
    context.commands.edit_account(
        found,
        name=request.name,
        limits=limits,
        egress=request.egress,
        market_data_egress=request.market_data_egress or _along(row, request.egress),
        revision=request.revision,
    )
    return show(context, OneAccount(account=found))


def _along(row: node_rows.AccountRow, egress: str | None) -> str | None:
    """Return the route of an account's prices that go as its orders do, where those are to go another way."""
    return egress if row.market_data_egress == row.egress else None


def _check_routes(context: OperationContext, request: CreateAccount | EditAccount, *, simulated: bool) -> None:
    """Raise UsageError for a route that is not there, or that exchange traffic may not take."""
    found = context.core.accounts.routes.refusal(
        request.egress or "", request.market_data_egress or "", simulated=simulated
    )
    if found is not None:
        field, why = found
        raise UsageError(f"{field}: {why}", field=field, reason=why)


def delete(context: OperationContext, request: OneAccount) -> AccountDeleted:
    """Remove an account on which no automation is."""
    found = account_id(context, request.account)
    row, _ = _read(context, found)
    context.commands.delete_account(found)
    return AccountDeleted(id=found, name=row.name)


def list_exchanges(context: OperationContext, request: EmptyRequest) -> ExchangePage:
    """Return every trading connector, by name, with what its exchange guarantees."""
    del request
    with context.core.storage.read() as connection:
        used = lists.accounts_by_connector(connection, "trading", context.owner)
    rows = []
    for name, factory in sorted(context.registry.trading.items()):
        plugin = plugin_of(context.registry, "register_trading", name)
        known = factory.capabilities
        rows.append(
            ExchangeRow(
                name=name,
                plugin="" if plugin is None else plugin.name,
                simulated=factory.simulated,
                settings=factory.Settings.model_json_schema(),
                capabilities=None if known is None else _capabilities(known),
                accounts=used.get(name, 0),
                offers=[] if factory.offers is None else [_offer(each) for each in factory.offers()],
            )
        )
    return ExchangePage(exchanges=rows)
