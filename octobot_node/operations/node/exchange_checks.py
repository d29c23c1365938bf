"""Whether what accounts need of their exchanges is well: keys, their rights, clocks, ways out, and streams."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from octobot_node.contracts.health import Health
from octobot_node.engine.core import Core
from octobot_node.errors import StorageUnavailable
from octobot_node.operations.context import OperationContext
from octobot_node.operations.models import PageRequest
from octobot_node.operations.node.models.node import Check
from octobot_node.operations.trading.account_checks import check_within
from octobot_node.operations.trading.accounts import list_accounts
from octobot_node.operations.trading.models.account_checks import AccountChecked, CheckStep
from octobot_node.operations.trading.models.accounts import AccountRow

__all__ = ["account_checks", "stream_check", "stream_health"]

#: Streams that are named one by one.
_SHOWN = 3
#: Accounts that are asked about, and seconds after which no further one is: whoever asks waits for the answer.
_ACCOUNTS_MOST = 20
_PATIENCE_S = 10.0
#: For each thing that one is asked.
_STEP_S = 4.0


def account_checks(context: OperationContext) -> list[Check]:
    """Ask the exchange of each account that is not simulated, as ``accounts check`` does; a row each.

    Where the database does not answer nobody knows which accounts there are: its own check has more.
    """
    try:
        return _asked(context)
    except StorageUnavailable as error:
        return [
            Check(name="accounts", plugin="", status="warning", detail=f"not asked about: {error}", cure="", seconds=0)
        ]


def _asked(context: OperationContext) -> list[Check]:
    real = [row for row in _accounts(context) if not row.simulated]
    began, found = time.monotonic(), []
    for row in real[:_ACCOUNTS_MOST]:
        if time.monotonic() - began > _PATIENCE_S:
            break
        found.append(_told(row, check_within(context, row.id, _STEP_S)))
    left = real[len(found) :]
    if left:
        found.append(
            Check(
                name="accounts",
                plugin="",
                status="warning",
                detail=f"{len(left)} more were not asked about: it would take too long",
                cure=f"`octobot-node accounts check {left[0].name}` asks about one",
                seconds=0,
            )
        )
    return found


def _accounts(context: OperationContext) -> Iterator[AccountRow]:
    cursor = None
    while True:
        page = list_accounts(context, PageRequest(limit=500, cursor=cursor))
        yield from page.accounts
        cursor = page.next_cursor
        if cursor is None:
            return


def _told(row: AccountRow, checked: AccountChecked) -> Check:
    wrong = [step for step in checked.steps if not step.ok]
    told = wrong or checked.steps
    if checked.strangers and not wrong:
        count = len(checked.strangers)
        told = [*told, CheckStep(what="open_orders", ok=True, detail=f"{count:,} of nobody here", cure="", seconds=0)]
    return Check(
        name=f"account {row.name}",
        plugin="",
        status="failed" if wrong else "ok",
        detail=_joined(told),
        cure=next((step.cure for step in wrong if step.cure), ""),
        seconds=round(sum(step.seconds for step in checked.steps), 3),
    )


def _joined(steps: Sequence[CheckStep]) -> str:
    """Return what came of each, and once what came of several."""
    by_detail: dict[str, list[str]] = {}
    for step in steps:
        by_detail.setdefault(step.detail, []).append(step.what.replace("_", " "))
    return "; ".join(f"{', '.join(whats)}: {detail}" for detail, whats in by_detail.items())


def stream_check(core: Core) -> list[Check]:
    """Return whether what exchanges say by themselves is heard; nothing where nobody listens."""
    health = stream_health(core)
    if health is None:
        return []
    told = {"status": health.status, "detail": health.detail, "cure": health.cure}
    return [Check(name="streams", plugin="", seconds=0, **told)]


def stream_health(core: Core) -> Health | None:
    """Return whether what exchanges say by themselves is heard, None where nobody listens."""
    found = core.accounts.streams()
    if not found:
        return None
    down = [
        f"{what}'s {stream.of}: {stream.reason}"
        for _, what, stream in found
        if stream.status == "down" or (stream.status == "opening" and stream.reason)
    ]
    if not down:
        heard = sum(stream.status == "heard" for _, _, stream in found)
        return Health("ok", f"{heard} of {len(found)} streams of exchanges are heard")
    more = f"; and {len(down) - _SHOWN} more" if len(down) > _SHOWN else ""
    detail = f"streams are not heard, what they tell is asked for instead: {'; '.join(down[:_SHOWN])}{more}"
    return Health(
        "warning", detail, "they are opened again by themselves; see the way out and the keys where that goes on"
    )
