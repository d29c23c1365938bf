"""Have an account's orders be sent, or only be written down, and say what that means before it is done."""

from __future__ import annotations

from octobot_node.engine.deciding.request_findings import request_text
from octobot_node.engine.deciding.request_forecast import Forecast, Newcomer, forecast
from octobot_node.engine.deciding.request_load import Rhythm
from octobot_node.errors import CommandRefused, UsageError
from octobot_node.limits import Limits
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import account_id
from octobot_node.operations.trading.account_checks import check
from octobot_node.operations.trading.accounts import show
from octobot_node.operations.trading.models.account_modes import GoLive, ModeChange, ObserveAccount, PlanGoLive
from octobot_node.operations.trading.models.accounts import AccountDetail, OneAccount
from octobot_node.store.queries import lists
from octobot_node.text.event_sentences import number

__all__ = ["go_live", "observe", "plan_go_live"]


def observe(context: OperationContext, request: ObserveAccount) -> ModeChange:
    """Send no order of an account from now on; what its automations decide is written down."""
    found = account_id(context, request.account)
    changed = context.commands.set_mode(found, "observe", revision=request.revision)
    account = show(context, OneAccount(account=found))
    will = ["Its automations go on deciding. Each order is written down as skipped, and none is sent."]
    warnings = []
    if account.open_orders:
        one = account.open_orders == 1
        warnings.append(
            f"{account.open_orders:,} {'order rests' if one else 'orders rest'} at the exchange and may still fill:"
            " cancels are sent, and the kill switch cancels all of them."
        )
    return ModeChange(
        account=account.name, account_id=found, mode="observe", changed=changed, will=will, warnings=warnings
    )


def plan_go_live(context: OperationContext, request: PlanGoLive) -> ModeChange:
    """Return what it would mean to send an account's orders from now on; nothing is changed.

    Raises UsageError where the account cannot be opened: nothing could be sent.
    """
    account = show(context, OneAccount(account=account_id(context, request.account)))
    if account.problem:
        raise UsageError(f"{account.name!r} cannot go live: {account.problem}")
    limits = Limits.model_validate(account.limits)
    if request.max_first_day is not None:
        limits = limits.model_copy(update={"max_first_day": request.max_first_day})
    will, warnings = _meaning(context, account, limits)
    return ModeChange(
        account=account.name, account_id=account.id, mode="live", changed=False, will=will, warnings=warnings
    )


def go_live(context: OperationContext, request: GoLive) -> ModeChange:
    """Send an account's orders from now on.

    Raises as ``plan_go_live``, CommandRefused where its exchange is asked and something is not well, and Conflict for
    another revision.
    """
    plan = plan_go_live(context, request)
    _refuse_too_many_requests(context, plan.account_id)
    if request.check:
        _refuse_unwell(context, plan.account_id)
    changed = context.commands.set_mode(
        plan.account_id, "live", max_first_day=request.max_first_day, revision=request.revision
    )
    return plan.model_copy(update={"changed": changed})


def _asked_when_live(context: OperationContext, account: str) -> list[Forecast]:
    """Return what its exchange will be asked once its orders rest there, by limit."""
    return [each for each in forecast(context.core, account, Newcomer(Rhythm(None), account, rests=True)) if each.adds]


def _refuse_too_many_requests(context: OperationContext, account: str) -> None:
    for each in _asked_when_live(context, account):
        if each.share > 1:
            raise CommandRefused(
                f"it does not go live: {request_text(each)}: stop automations there first, or let them act less often"
            )


def _refuse_unwell(context: OperationContext, account: str) -> None:
    if show(context, OneAccount(account=account)).simulated:
        return
    wrong = next((step for step in check(context, OneAccount(account=account)).steps if not step.ok), None)
    if wrong is not None:
        what, cure = wrong.what.replace("_", " "), f": {wrong.cure}" if wrong.cure else ""
        raise CommandRefused(
            f"it does not go live: its exchange was asked, and {what} is not well: {wrong.detail}{cure}"
            " (`--unchecked`, or `check: false` of the API, goes live all the same)"
        )


def _meaning(context: OperationContext, account: AccountDetail, limits: Limits) -> tuple[list[str], list[str]]:
    with context.core.storage.read() as connection:
        budgets = lists.budgets_on_account(connection, account.id)
    money = "play money" if account.simulated or account.trading_settings.get("sandbox") is True else "real money"
    count = "1 automation" if account.automations == 1 else f"{account.automations:,} automations"
    will = [f"Orders of {count} go to {_exchange_of(context, account)} with {money}, from their next decision on."]
    if budgets:
        amounts = ", ".join(f"{number(amount)} {asset}" for asset, amount in sorted(budgets.items()))
        will.append(f"Together they may use {amounts}.")
    if limits.max_first_day is not None:
        will.append(
            f"In the first 24 hours they buy for at most {limits.max_first_day:f} in each quote asset, and sell for at"
            " most that much more than they bought for; what goes beyond is refused."
        )
    if account.egress != "direct":
        will.append(f"Everything leaves by the route {account.egress!r}, or not at all.")
    for asked in _asked_when_live(context, account.id):
        told = request_text(asked)
        will.append(f"{told[0].upper()}{told[1:]}.")
    warnings = []
    if limits.max_first_day is None and not account.simulated:
        warnings.append("No limit is set for the first day: `max_first_day` sets one.")
    known = account.capabilities
    if known is not None and known.dedupe != "forever" and known.lookup == "none":
        warnings.append(
            "The exchange finds no order by client id: one whose answer is lost stays unknown until you settle it."
        )
    if not account.sending:
        warnings.append("The kill switch is thrown: nothing is sent until it is released.")
    if account.egress_problem:
        warnings.append(f"Nothing can leave now: {account.egress_problem}")
    return will, warnings


def _exchange_of(context: OperationContext, account: AccountDetail) -> str:
    """Return what people call the exchange of an account: of a connector to many, the one that its settings name."""
    factory = context.registry.trading.get(account.trading)
    offers = () if factory is None or factory.offers is None else factory.offers()
    mine = account.trading_settings.items()
    return next((each.title for each in offers if each.settings.items() <= mine), account.trading)
