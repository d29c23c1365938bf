"""Ask an account's exchange whether all is well, and give the account other keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from pydantic import ValidationError

from octobot_node.contracts.exchanges import ExchangeOrder, KeyFinding, MarketData, SymbolList, Trading
from octobot_node.engine.market.metered_connectors import checks_keys, key_findings
from octobot_node.errors import (
    CommandRefused,
    DataUnavailable,
    InvalidSettings,
    NotSent,
    OrderRefused,
    SecretsLocked,
    SecretUnknown,
    StorageUnavailable,
    UnknownType,
    UsageError,
)
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import account_id
from octobot_node.operations.trading.accounts import create, delete, show
from octobot_node.operations.trading.models.account_checks import AccountChecked, CheckStep, RotateKeys, StrangerOrder
from octobot_node.operations.trading.models.accounts import (
    AccountCreated,
    AccountDetail,
    CreateAccount,
    OneAccount,
)
from octobot_node.orders import IntentStatus
from octobot_node.sealing.connector_settings import (
    half_place,
    opened,
    resolved,
    secret_settings,
    secret_texts,
    without_secrets,
)
from octobot_node.sealing.scrubbing import scrubbed
from octobot_node.store import automations, intents
from octobot_node.store.rows.node import AccountRow
from octobot_node.text.masking import masked_text
from octobot_node.text.validation_messages import first_mistake, nearest

__all__ = ["check", "check_within", "rotate_keys"]

_Half = Literal["trading", "market_data"]
#: What is to be done where an exchange said no.
_KEYS_CURE = "mend the keys at the exchange, or give others"
_REACH_CURE = "see that the exchange is reachable from this machine, and try again"
_AGAIN_CURE = "try again; where that does not help, see the node's log"
_ANYHOW = "`--unchecked`, or `check: false` of the API, replaces them all the same"
_What = Literal["open", "market_data", "balances", "open_orders", "permissions"]
#: What most markets have: one that lists no symbols is asked for their prices.
_ASKED_FOR = ("BTC/USDT", "BTC/USD", "BTC/EUR")


def check(context: OperationContext, request: OneAccount) -> AccountChecked:
    """Ask an account's exchange for prices, money and orders, and return what came of each."""
    return check_within(context, account_id(context, request.account), None)


def check_within(context: OperationContext, found: str, patience: float | None) -> AccountChecked:
    """Do the same for the account with an id; for each question the exchange has so many seconds, None: as for any."""
    row = _row(context, found)
    hidden = _secrets_of(context, row)
    strangers: list[StrangerOrder] = []
    try:
        account = context.core.accounts.get(found)
        source = context.core.accounts.source(account.source)
    except StorageUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a connector raises is what is to be told
        steps = [CheckStep(what="open", ok=False, detail=_said(error, hidden), cure=_cure(error), seconds=0.0)]
    else:
        prices = _step(context, "market_data", lambda: _prices(source), hidden, patience)
        private, resting = _private(context, account.trading, hidden, patience)
        steps, strangers = [prices, *private], _strangers(context, found, resting)
        context.core.accounts.note_contact(found)
    return AccountChecked(
        account=row.name,
        account_id=found,
        ok=all(step.ok for step in steps),
        strangers=strangers,
        steps=steps,
        as_of=from_ms(context.core.clock.now()),
    )


def create_checked(context: OperationContext, request: CreateAccount) -> AccountCreated:
    """Create an account, and ask its exchange with its keys where that is wanted.

    Raises as ``create``, and CommandRefused, with nothing left of it, where the exchange says no to the keys or where
    they may do what they must not. One that does not answer loses nobody what was typed: the account observes.
    """
    factory = context.registry.trading.get(request.trading.use)
    if not request.check or factory is None or factory.simulated:
        return AccountCreated(**create(context, request).model_dump())
    made = create(context, request.model_copy(update={"mode": "observe"}))
    ours = replace(context, owner=context.creator)
    steps = [step for step in check(ours, OneAccount(account=made.id)).steps if not step.ok]
    no = next((step for step in steps if _is_no(step)), None)
    if no is not None:
        delete(ours, OneAccount(account=made.id))
        raise CommandRefused(
            f"the account is not created: its exchange was asked, and {no.what.replace('_', ' ')} is not well:"
            f" {no.detail}: {no.cure} (`--unchecked`, or `check: false` of the API, creates it all the same)"
        )
    if steps:
        what = steps[0].what.replace("_", " ")
        told = f"{what}: {steps[0].detail}: {steps[0].cure}; it observes until `accounts go-live`"
        return AccountCreated(**made.model_dump(), unchecked=told)
    if request.mode == "live":
        context.commands.set_mode(made.id, "live")
    return AccountCreated(**show(ours, OneAccount(account=made.id)).model_dump())


def _is_no(step: CheckStep) -> bool:
    """Whether an exchange, or what it tells of a key, says no; not that it was not heard."""
    return step.cure == _KEYS_CURE or (step.what == "permissions" and step.cure not in (_REACH_CURE, _AGAIN_CURE))


def rotate_keys(context: OperationContext, request: RotateKeys) -> AccountDetail:
    """Replace secrets of an account's connectors; its automations and orders stay as they are.

    Raises UsageError naming the setting, CommandRefused where there are none or the exchange does not take the new
    ones, Conflict where ``revision`` is another.
    """
    found = account_id(context, request.account)
    row = _row(context, found)
    trading = _with(context, row, "trading", request.trading) if request.trading else None
    market_data = _with(context, row, "market_data", request.market_data) if request.market_data else None
    if request.check and market_data is not None:
        _refuse_no_prices(context, found, market_data, secret_texts(_model(context, row, "market_data"), market_data))
    if request.check and trading is not None:
        _refuse_unanswered(context, found, trading, secret_texts(_model(context, row), trading))
    context.commands.rotate_keys(found, request.trading, request.market_data, revision=request.revision)
    return show(context, OneAccount(account=found))


def _row(context: OperationContext, found: str) -> AccountRow:
    with context.core.storage.read() as connection:
        row = automations.account(connection, found)
    if row is None:
        raise CommandRefused(f"the account {found} was deleted meanwhile")
    return row


# Asking --------------------------------------------------------------------------------------------------------------


async def _prices(source: MarketData) -> str:
    if isinstance(source, SymbolList):
        return f"{len(await source.symbols()):,} symbols"
    return f"{len(await source.tickers(_ASKED_FOR))} of {len(_ASKED_FOR)} prices"


def _private(
    context: OperationContext, trading: Trading, hidden: Collection[str], patience: float | None = None
) -> tuple[list[CheckStep], dict[str, ExchangeOrder]]:
    """Return what came of asking with an account's keys, and the orders that rest by the exchange's ids."""
    resting: dict[str, ExchangeOrder] = {}

    async def balances() -> str:
        count = sum(1 for amount in (await trading.balances()).values() if amount)
        return "1 asset" if count == 1 else f"{count:,} assets"

    async def orders() -> str:
        resting.update((order.id, order) for order in await trading.open_orders())
        return "1 order rests" if len(resting) == 1 else f"{len(resting):,} orders rest"

    asked: Sequence[tuple[_What, Callable[[], Awaitable[str]]]] = (("balances", balances), ("open_orders", orders))
    steps = [_step(context, what, ask, hidden, patience) for what, ask in asked]
    return steps + _keys(context, trading, hidden, patience), resting


def _strangers(context: OperationContext, account: str, resting: Mapping[str, ExchangeOrder]) -> list[StrangerOrder]:
    """Return the orders that rest on an account and that no automation here decided: they are left alone."""
    names = {order.client_order_id for order in resting.values() if order.client_order_id}
    with context.core.storage.read() as connection:
        ours = intents.known_to_exchange(connection, account, list(resting))
        named = intents.known_client_ids(connection, account, names)
    return [
        StrangerOrder(
            id=order.id,
            symbol=order.symbol,
            side=order.side,
            amount=order.amount,
            price=order.price,
            filled=order.filled,
            created_at=from_ms(order.created_at),
        )
        for order in resting.values()
        if order.id not in ours and order.client_order_id not in named
    ]


def _keys(
    context: OperationContext, trading: Trading, hidden: Collection[str], patience: float | None
) -> list[CheckStep]:
    """Return what the connector finds about its keys; nothing where it cannot say."""
    found: list[KeyFinding] = []

    async def ask() -> str:
        found.extend(await key_findings(trading))
        return ""

    if not checks_keys(trading):
        return []
    asked = _step(context, "permissions", ask, hidden, patience)
    if not asked.ok:
        return [asked]
    return [
        CheckStep(
            what=each.what, ok=each.ok, detail=scrubbed(each.detail, hidden), cure=each.cure, seconds=asked.seconds
        )
        for each in found
    ]


def _step(
    context: OperationContext,
    what: _What,
    ask: Callable[[], Awaitable[str]],
    hidden: Collection[str],
    patience: float | None = None,
) -> CheckStep:
    limit, began = patience or context.core.settings.request_timeout, time.perf_counter()

    async def in_time() -> str:
        async with asyncio.timeout(limit):
            return await ask()

    ok, cure = True, ""
    try:
        detail = context.core.event_loop.call(in_time())
    except StorageUnavailable:
        raise
    except TimeoutError:
        ok, detail = False, f"no answer within {limit:g} s"
        cure = _REACH_CURE
    except Exception as error:  # noqa: BLE001 - whatever a connector raises is what is to be told
        ok, detail, cure = False, _said(error, hidden), _cure(error)
    return CheckStep(what=what, ok=ok, detail=detail, cure=cure, seconds=round(time.perf_counter() - began, 3))


def _said(error: Exception, hidden: Collection[str]) -> str:
    """Return what an error says without the secrets that were sent: some libraries repeat them."""
    return masked_text(scrubbed(str(error), hidden)) or type(error).__name__


def _secrets_of(context: OperationContext, row: AccountRow) -> list[str]:
    """Return an account's secrets, so that no error repeats one; none where they do not open: nobody has them then."""
    try:
        settings = _opened(context, row)
    except (SecretsLocked, SecretUnknown):
        return []
    return secret_texts(_model(context, row), settings)


def _model(context: OperationContext, row: AccountRow, half: _Half = "trading") -> Any:
    return context.registry.settings_model(half, getattr(row, half))


def _opened(context: OperationContext, row: AccountRow) -> dict[str, Any]:
    place = half_place(row.id, "trading")
    return opened(context.core.sealing, row.owner, place, row.trading_settings, used=False)


def _cure(error: Exception) -> str:
    if isinstance(error, OrderRefused):
        return _KEYS_CURE
    if isinstance(error, NotSent | DataUnavailable):
        return _REACH_CURE
    if isinstance(error, UnknownType):
        return "install the plugin that has it, or delete the account"
    if isinstance(error, InvalidSettings):
        return "mend the setting: rotate it where it is secret, otherwise create the account anew"
    return _AGAIN_CURE


# Other keys ----------------------------------------------------------------------------------------------------------


def _with(context: OperationContext, row: AccountRow, half: _Half, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return an account's settings with other secrets; raise UsageError for what is none, or is not taken."""
    factory = (
        context.registry.trading_factory(row.trading)
        if half == "trading"
        else context.registry.market_data_factory(row.market_data)
    )
    model, connector = factory.Settings, getattr(row, half)
    inside = {place.partition(".")[0] for place in without_secrets(model, getattr(row, f"{half}_settings"))[1]}
    secret = sorted({*secret_settings(model, dict.fromkeys(model.model_fields)), *inside})
    for name in given:
        if name in secret and name in model.model_fields:
            continue
        if not secret:
            does = "trades with" if half == "trading" else "has its prices of"
            raise CommandRefused(f"{row.name!r} {does} {connector}, which has no secrets: there is none to replace")
        raise UsageError(
            f"{half}.{name}: is no secret of {connector}: {nearest(name, secret)}; what is not secret stays as the"
            " account was created with"
        )
    settings = _merged(context, row, half, given)
    try:
        model.model_validate(settings)
    except ValidationError as error:
        place, text = first_mistake(error, model)
        told = scrubbed(text, secret_texts(model, settings))
        raise UsageError(f"{'.'.join([half, *map(str, place)])}: {told}") from None
    return settings


def _merged(context: OperationContext, row: AccountRow, half: _Half, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return an account's settings with others in their place, all as the connector is given them.

    Of what cannot be opened any more each has to be given: then this is how they are entered again.
    """
    kept = {name: value for name, value in getattr(row, f"{half}_settings").items() if name not in given}
    place = half_place(row.id, half)
    try:
        sealing = context.core.sealing
        return opened(sealing, row.owner, place, kept, used=False) | resolved(sealing, row.owner, given)
    except SecretsLocked as error:
        left = [f"{half}.{place}" for place in without_secrets(_model(context, row, half), kept)[1]]
        raise CommandRefused(f"give {' and '.join(left)}, too: what is there cannot be opened ({error})") from None
    except SecretUnknown as error:
        raise UsageError(f"{half}: {error}") from None


def _refuse_no_prices(
    context: OperationContext, found: str, settings: Mapping[str, Any], hidden: Collection[str]
) -> None:
    try:
        source = context.core.accounts.open_source_beside(found, settings)
    except StorageUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a connector raises is why it is refused
        raise CommandRefused(f"the market data does not open with them: {_said(error, hidden)}") from None
    try:
        step = _step(context, "market_data", lambda: _prices(source), hidden)
    finally:
        context.core.event_loop.call(source.close())
    if not step.ok:
        raise CommandRefused(
            f"with them there are no prices: {step.detail}: {step.cure}; nothing was changed ({_ANYHOW})"
        )


def _refuse_unanswered(
    context: OperationContext, found: str, settings: Mapping[str, Any], hidden: Collection[str]
) -> None:
    try:
        trading = context.core.accounts.open_beside(found, settings)
    except StorageUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a connector raises is why it is refused
        raise CommandRefused(f"the connector does not open with them: {_said(error, hidden)}") from None
    try:
        steps, resting = _private(context, trading, hidden)
    finally:
        context.core.event_loop.call(trading.close())
    wrong = next((step for step in steps if not step.ok), None)
    if wrong is not None:
        raise CommandRefused(
            f"with them the exchange did not tell its {wrong.what.replace('_', ' ')}: {wrong.detail}:"
            f" {wrong.cure}; nothing was changed ({_ANYHOW})"
        )
    with context.core.storage.read() as connection:
        live = intents.live_of_account(connection, found)
    ours = {each.exchange_order_id for each in live if each.kind == "order" and each.status == IntentStatus.OPEN}
    if ours and not ours & set(resting):
        raise CommandRefused(
            f"they are of another account: none of the {len(ours):,} orders that rest here is there. Give keys of the"
            f" same account, or create another one ({_ANYHOW})"
        )
