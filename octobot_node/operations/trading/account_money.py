"""What an account has: at its exchange, with its automations, and left over."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from octobot_node.engine.ledger.book import ZERO, exact, rounded
from octobot_node.engine.ledger.budgets import balances_of
from octobot_node.engine.market.account import source_key
from octobot_node.errors import CommandRefused, StorageUnavailable
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import account_id
from octobot_node.operations.node.preferences import preferred_currency
from octobot_node.operations.overview.rates import Rates, rates_of
from octobot_node.operations.trading.models.account_money import AccountMoney, AssetMoney, ShowAccountMoney
from octobot_node.store import automations
from octobot_node.store.queries import history, lists
from octobot_node.store.rows.node import AccountRow
from octobot_node.text.masking import masked_text

__all__ = ["balances_at_exchange", "money"]

#: What an exchange said is new for so long: several people may look at once.
_NEW_MS = 3_000
_STEP = Decimal("1e-8")


class _Said(NamedTuple):
    """What an exchange said that an account has, when (ms UTC); None, with why, where it did not answer."""

    balances: Mapping[str, Decimal] | None
    at: int
    problem: str = ""


def money(context: OperationContext, request: ShowAccountMoney) -> AccountMoney:
    """Return what an account has of each asset, asked of its exchange now."""
    found = account_id(context, request.account)
    said = _asked(context, found)
    with context.core.storage.read() as connection:
        row = automations.account(connection, found)
        if row is None:
            raise CommandRefused(f"the account {found} was deleted meanwhile")
        ours = history.money_of_account(connection, found)
        given = lists.budgets_on_account(connection, found)
    held = {asset: amount for asset, amount in (said.balances or {}).items() if amount}
    most = _most(context, row, given)
    assets = sorted({*held, *ours, *(most or ())})
    currency = request.currency or preferred_currency(context)
    source = source_key(row.market_data, row.market_data_settings, row.market_data_egress)
    rates = rates_of(context, [source], assets, currency)
    rows = []
    for asset in assets:
        free, reserved = ours.get(asset, (ZERO, ZERO))
        with exact():
            known = None if said.balances is None else held.get(asset, ZERO)
            left = None if known is None else known - free - reserved
            amount = free + reserved if known is None else known
        rows.append(
            AssetMoney(
                asset=asset,
                exchange=known,
                free=free,
                reserved=reserved,
                unallocated=left,
                most=most.get(asset, ZERO) if most is not None else None if left is None else max(left, ZERO),
                value=_worth(rates, asset, amount),
            )
        )
    return AccountMoney(
        account=row.name,
        account_id=found,
        assets=sorted(rows, key=lambda each: (each.value is None, -(each.value or ZERO), each.asset)),
        currency=None if rates is None else rates.currency,
        value=None if rates is None else sum((each.value or ZERO for each in rows), ZERO),
        unallocated_value=_unallocated(rates, rows),
        unvalued=[] if rates is None else [each.asset for each in rows if each.value is None],
        rates=[] if rates is None else rates.rates,
        as_of=from_ms(said.at),
        problem=said.problem,
    )


def balances_at_exchange(context: OperationContext, found: str) -> tuple[Mapping[str, Decimal] | None, str]:
    """Return what an account's exchange says that it has; None, with why, where it does not answer."""
    said = _asked(context, found)
    return said.balances, said.problem


def _asked(context: OperationContext, found: str) -> _Said:
    """Return what an account's exchange says that it has."""
    core = context.core
    try:
        account = core.accounts.get(found)
        contact = account.contact
        with contact.asking:
            if core.clock.now() - contact.balances_at > _NEW_MS or not contact.balances_at:
                asked = asyncio.wait_for(account.trading.balances(), core.settings.request_timeout)
                contact.balances, contact.balances_at = dict(core.event_loop.call(asked)), core.clock.now()
            said = _Said(contact.balances, contact.balances_at)
        core.accounts.note_contact(found)
    except StorageUnavailable:
        raise
    except TimeoutError:
        why = f"its exchange did not answer within {core.settings.request_timeout:g} s: try again"
        return _Said(None, core.clock.now(), why)
    except Exception as error:  # noqa: BLE001 - whatever a connector raises is why it is not known
        return _Said(None, core.clock.now(), masked_text(str(error)) or type(error).__name__)
    return said


def _most(context: OperationContext, row: AccountRow, given: Mapping[str, Decimal]) -> dict[str, Decimal] | None:
    """Return what a simulated account has left for budgets, by the rule that creating goes by; None: the exchange says.

    What was gained is not given out again: it is the automation's that gained it.
    """
    if row.trading not in context.registry.simulated_trading or "balances" not in row.trading_settings:
        return None
    with exact():
        return {
            asset: max(amount - given.get(asset, ZERO), ZERO)
            for asset, amount in balances_of(row.trading_settings).items()
        }


def _worth(rates: Rates | None, asset: str, amount: Decimal) -> Decimal | None:
    rate = None if rates is None else rates.of(asset)
    return None if rate is None else rounded().quantize(rounded().multiply(amount, rate), _STEP)


def _unallocated(rates: Rates | None, rows: list[AssetMoney]) -> Decimal | None:
    known = [each for each in rows if each.unallocated is not None]
    if rates is None or (rows and not known):
        return None
    return sum((_worth(rates, each.asset, each.unallocated or ZERO) or ZERO for each in known), ZERO)
