"""What is said of the requests that automations will make of their exchanges, and refused where that is too many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from octobot_node.automation import Finding
from octobot_node.engine.deciding.request_forecast import Forecast, Newcomer, forecast, rhythm_of
from octobot_node.engine.deciding.tick_batch import Rehearsal
from octobot_node.engine.market.metered_connectors import states_costs
from octobot_node.orders import IntentStatus

if TYPE_CHECKING:
    from octobot_node.engine.core import Core

__all__ = ["foreseen", "foreseen_together", "is_counted", "request_findings", "request_text"]

#: From here on it is said that not much is left.
_NEAR = 0.8
#: What adds less than this is none of the cause.
_NOTHING = 0.0005
#: Orders that stay at the exchange.
_RESTING = ("limit", "stop")


def is_counted(core: Core, account_id: str) -> bool:
    """Whether an account's connectors say what they ask of an exchange."""
    try:
        account = core.accounts.get(account_id)
        source = core.accounts.source(account.source)
    except Exception:  # noqa: BLE001 - whatever a connector raises: its automations will wait and say why
        return False
    return states_costs(source) or states_costs(account.trading)


def foreseen(core: Core, rehearsal: Rehearsal | None, instead_of: str = "") -> list[Forecast]:
    """Return what an automation will ask, whose next tick was rehearsed; nothing where that could not decide."""
    if rehearsal is None or rehearsal.evaluated.outcome.problem is not None:
        return []
    return forecast(core, rehearsal.loaded.row.account_id, _newcomer(rehearsal, instead_of))


def foreseen_together(core: Core, rehearsals: Sequence[Rehearsal]) -> list[Forecast]:
    """Return what automations will ask that begin together, each limit once; without those that could not decide."""
    newcomers = [_newcomer(each) for each in rehearsals if each.evaluated.outcome.problem is None]
    found: dict[tuple[Any, str], Forecast] = {}
    for account_id in dict.fromkeys(each.account_id for each in newcomers):
        for each in forecast(core, account_id, *newcomers):
            found.setdefault((each.limit, each.egress), each)
    return list(found.values())


def _newcomer(rehearsal: Rehearsal, instead_of: str = "") -> Newcomer:
    row, wide = rehearsal.loaded.row, _changed(rehearsal)
    (ended,) = rehearsal.changes.finished or rehearsal.changes.released
    orders = [each for each in rehearsal.changes.intents if each["status"] == IntentStatus.PLANNED]
    return Newcomer(
        rhythm_of(wide.get("wake", row.wake), wide.get("needs", row.needs), ended.get("levels", row.levels)),
        account_id=row.account_id,
        orders=len(orders),
        rests=any(each["kind"] == "order" and each["type"] in _RESTING for each in orders),
        instead_of=instead_of,
    )


def _changed(rehearsal: Rehearsal) -> Mapping[str, Any]:
    wide: dict[str, Any] = {}
    for change in rehearsal.changes.wide:
        wide |= change
    return wide


def request_findings(forecasts: Sequence[Forecast], together: int = 1) -> list[Finding]:
    """Return what is to be said of them: an error where an exchange would be asked for more than it allows.

    Of what others ask already it is not the cause, nor of prices that are fetched for others anyway. ``together`` is
    how many automations it is that add to it.
    """
    found = []
    for each in forecasts:
        if each.adds / each.allowed < _NOTHING or each.share < _NEAR:
            continue
        told = request_text(each, together)
        if each.share <= 1:
            found.append(Finding("", f"{told}: little is left for more, and for orders"))
        else:
            found.append(Finding("", f"{told}: {_cure(each, together)}", "error"))
    return found


def request_text(found: Forecast, together: int = 1) -> str:
    """Return how much an exchange will be asked, as the beginning of a sentence."""
    them, it = ("it", "it") if together == 1 else (f"these {together} automations", "them")
    return (
        f"with {them} {found.exchange} is asked {found.share:.0%} of what it lets this {found.limit.per} ask in a"
        f" minute ({found.share_before:.0%} without {it})"
    )


def _cure(found: Forecast, together: int) -> str:
    it = "it" if together == 1 else "them"
    if found.fitting is not None:
        return f"let {it} act every {_interval(found.fitting)} at most"
    other = "with a key of its own" if found.limit.per == "key" else "that leaves by another address"
    return f"let {it} act less often, stop others there first, or take an account {other}"


def _interval(milliseconds: int) -> str:
    unit, size = next(each for each in (("h", 3_600_000), ("m", 60_000), ("s", 1_000)) if milliseconds % each[1] == 0)
    return f"{milliseconds // size}{unit}"
