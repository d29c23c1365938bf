from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from octobot_node import (
    AutomationStatus,
    Decision,
    Market,
    MarketRules,
    Needs,
    Notify,
    PauseAutomation,
    Position,
    StopAutomation,
    Tick,
    Ticker,
    Wake,
    WatchedAutomation,
)
from octobot_tentacles.stop_loss_guard import register_automations
from octobot_tentacles.stop_loss_guard.automation import StopLossGuard
from octobot_tentacles.stop_loss_guard.config import StopLossGuardConfig
from octobot_tentacles.stop_loss_guard.state import StopLossGuardState

D = Decimal
SYMBOL = "BTC/USD"
NOW = datetime(2022, 1, 1, tzinfo=UTC)
RULES = MarketRules(SYMBOL, "BTC", "USD", amount_step=D("0.001"), min_amount=D("0.01"), min_notional=D(10))
HELD = Position(SYMBOL, D(2), D(2000), D(0))
FRESH = StopLossGuardState(automation="dca", symbol=SYMBOL)


def config(**fields: Any) -> StopLossGuardConfig:
    return StopLossGuardConfig.model_validate({"automation": "dca", "symbol": SYMBOL, **fields})


def state(**fields: Any) -> StopLossGuardState:
    return FRESH.model_copy(update=fields)


def decide(
    settings: StopLossGuardConfig,
    price: str,
    remembered: StopLossGuardState | None = None,
    *,
    position: Position | None = HELD,
    status: str | None = "active",
    edited: bool = False,
) -> Decision:
    """Evaluate one tick at ``price``; ``status`` of the watched automation, None if there is none."""
    last = D(price)
    held = {} if position is None else {SYMBOL: position}
    watched = WatchedAutomation("dca", "dca", AutomationStatus(status or "active"), held)
    tick: Tick[StopLossGuardConfig, StopLossGuardState] = Tick(
        automation_id="guard",
        number=3,
        now=NOW,
        scheduled_at=None,
        missed=0,
        config=settings,
        previous_config=config(loss=99) if edited else None,
        # As the engine does: through JSON and back.
        state=None if remembered is None else StopLossGuardState.model_validate_json(remembered.model_dump_json()),
        market=Market(NOW, {SYMBOL: Ticker(SYMBOL, last, last, last, NOW)}, {}, {SYMBOL: RULES}),
        positions={},
        balances={},
        open_orders=(),
        fills=(),
        results=(),
        signals=(),
        random=Random(0),
        automations={} if status is None else {"dca": watched},
    )
    return StopLossGuard().evaluate(tick)


def requests(decision: Decision) -> list[Any]:
    return [action for action in decision.actions if not isinstance(action, Notify)]


def told(decision: Decision) -> list[tuple[str, str]]:
    return [(action.level, action.message) for action in decision.actions if isinstance(action, Notify)]


def test_the_package_registers_it() -> None:
    registered: list[Any] = []
    register_automations(registered.append)
    assert registered == [StopLossGuard]


def test_it_needs_the_price_and_the_automation() -> None:
    assert StopLossGuard().needs(config(loss=5), None) == Needs(tickers=(SYMBOL,), automations=("dca",))


@pytest.mark.parametrize(
    ("fields", "stop"),
    [
        ({"loss": "5"}, "950"),
        ({"loss": "0.0033"}, "999.96"),
        ({"price": "970.5"}, "970.50"),
        ({"trailing": "10"}, "945"),
        ({"loss": "5", "price": "900", "trailing": "10"}, "950"),
        ({"loss": "5", "price": "951", "trailing": "10"}, "951"),
        ({"loss": "50", "price": "900", "trailing": "10"}, "945"),
    ],
)
def test_the_stop_is_the_highest_of_those_given_and_on_the_step(fields: dict[str, str], stop: str) -> None:
    settings = config(**fields)
    decision = decide(settings, "1050")
    assert decision.wake is not None
    assert decision.wake.below == {SYMBOL: D(stop)}
    assert decision.actions == ()
    assert (requests(decide(settings, str(D(stop) + D("0.01")))), requests(decide(settings, stop))) == (
        [],
        [StopAutomation("dca", close=True)] if "trailing" not in fields or D(stop) > 945 else [],
    )


def test_the_highest_price_is_kept_and_waited_above() -> None:
    settings = config(trailing=10)
    first = decide(settings, "1050")
    assert (first.state, first.wake) == (
        state(highest=D(1050)),
        Wake(above={SYMBOL: D("1050.01")}, below={SYMBOL: D(945)}),
    )
    fallen = decide(settings, "1000", first.state)
    assert (fallen.state, fallen.wake) == (first.state, first.wake)
    risen = decide(settings, "1200", fallen.state)
    assert (risen.state, risen.wake) == (
        state(highest=D(1200)),
        Wake(above={SYMBOL: D("1200.01")}, below={SYMBOL: D(1080)}),
    )
    assert requests(decide(settings, "1080", risen.state)) == [StopAutomation("dca", close=True)]


def test_without_trailing_a_new_high_wakes_nobody() -> None:
    assert decide(config(loss=5), "1050").wake == Wake(below={SYMBOL: D(950)})


def test_a_gap_past_the_stop_is_acted_on_at_once() -> None:
    decision = decide(config(loss=5), "400")
    assert requests(decision) == [StopAutomation("dca", close=True)]
    ((level, message),) = told(decision)
    assert level == "warning"
    assert message == (
        "BTC/USD is at 400, 'dca' holds 2 of it and its stop was 950.00 (5 % below its average cost):"
        " it is stopped and what it holds is sold"
    )
    assert (decision.done, decision.wake) == (True, None)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("close", [StopAutomation("dca", close=True)]),
        ("stop", [StopAutomation("dca")]),
        ("pause", [PauseAutomation("dca")]),
        ("notify", []),
    ],
)
@pytest.mark.parametrize("once", [True, False])
def test_it_does_what_it_is_told_and_says_so(action: str, expected: list[Any], once: bool) -> None:
    decision = decide(config(loss=5, action=action, once=once), "950")
    assert (requests(decision), len(told(decision)), decision.done) == (expected, 1, once)
    assert decision.wake == (None if once else Wake(above={SYMBOL: D("950.01")}))


def test_having_acted_it_is_armed_again_by_a_price_above_the_stop_or_another_average() -> None:
    settings = config(loss=5, action="notify", once=False)
    acted = decide(settings, "940").state
    assert acted == state(highest=D(940), acted_on=D(1000))
    still = decide(settings, "930", acted)
    assert (still.actions, still.wake, still.state) == ((), Wake(above={SYMBOL: D("950.01")}), acted)
    above = decide(settings, "951", acted)
    assert (above.state, above.wake) == (state(highest=D(951)), Wake(below={SYMBOL: D(950)}))
    cheaper = decide(settings, "940", acted, position=Position(SYMBOL, D(4), D(3880)))
    assert (cheaper.actions, cheaper.wake) == ((), Wake(below={SYMBOL: D("921.50")}))
    dearer = decide(settings, "940", acted, position=Position(SYMBOL, D(4), D(3990)))
    assert (len(dearer.actions), dearer.state) == (1, state(highest=D(940), acted_on=D("997.5")))


@pytest.mark.parametrize(
    "position", [None, Position(SYMBOL), Position(SYMBOL, D("0.0099"), D(10)), Position(SYMBOL, D("0.011"), D(10))]
)
def test_with_nothing_held_that_could_be_sold_it_waits_for_a_fill_and_forgets_the_high(
    position: Position | None,
) -> None:
    decision = decide(config(loss=5), "500", state(highest=D(2000), acted_on=D(7)), position=position)
    assert decision == Decision(state=FRESH, figures={"watched": "active"})


@pytest.mark.parametrize("status", ["stopped", "completed"])
def test_an_ended_automation_that_holds_nothing_ends_a_guard_that_acts_once(status: str) -> None:
    over = decide(config(loss=5), "500", position=None, status=status)
    assert (over.done, told(over)) == (
        True,
        [("info", "'dca' has ended and holds no BTC/USD: there is nothing left to guard")],
    )
    waiting = decide(config(loss=5, once=False), "500", position=None, status=status)
    assert (waiting.done, waiting.actions) == (False, ())


@pytest.mark.parametrize(
    ("action", "status", "why"),
    [
        ("stop", "completed", "it has completed already, and its position stays"),
        ("stop", "stopped", "it has been stopped already, and its position stays"),
        ("pause", "failed", "it is failed and buys no more, what it holds can only be sold by you"),
    ],
)
def test_what_cannot_be_done_is_not_asked_for_but_told(action: str, status: str, why: str) -> None:
    decision = decide(config(loss=5, action=action), "900", status=status)
    assert (requests(decision), decision.done) == ([], True)
    ((level, message),) = told(decision)
    assert (level, message.partition("average cost): ")[2]) == ("error", why)


@pytest.mark.parametrize("status", ["failed", "held", "paused", "waiting", "completing", "completed", "stopped"])
def test_whatever_still_holds_is_stopped_and_sold(status: str) -> None:
    assert requests(decide(config(loss=5), "900", status=status)) == [StopAutomation("dca", close=True)]


def test_one_that_somebody_is_stopping_is_left_until_that_is_over() -> None:
    decision = decide(config(loss=5), "900", status="stopping")
    assert (decision.actions, decision.wake, decision.done) == ((), None, False)


def test_a_missing_automation_is_told_of_once() -> None:
    first = decide(config(loss=5), "900", status=None)
    assert told(first) == [
        (
            "warning",
            "there is no automation 'dca' to guard: this waits until there is one, or until you change the name",
        )
    ]
    assert (first.state, first.wake, first.done) == (state(told_missing=True), None, False)
    assert decide(config(loss=5), "900", first.state, status=None).actions == ()
    found = decide(config(loss=5), "1000", first.state)
    assert (found.state, found.wake) == (state(highest=D(1000)), Wake(below={SYMBOL: D(950)}))


def test_an_edit_arms_it_again_and_another_position_starts_anew() -> None:
    acted = state(highest=D(1100), acted_on=D(1000))
    same = decide(config(loss=5, action="pause", once=False), "900", acted, edited=True)
    assert requests(same) == [PauseAutomation("dca")]
    other = decide(config(trailing=5), "1000", state(automation="grid", highest=D(9000)), edited=True)
    assert (other.state, other.actions) == (state(highest=D(1000)), ())


def test_it_shows_where_the_stop_is() -> None:
    position = Position(SYMBOL, D(3), D(3100))
    assert decide(config(trailing=10), "1050", position=position).figures == {
        "watched": "active",
        "stop": D(945),
        "average cost": D("1033.33333333"),
        "highest price": D(1050),
    }


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "there is no stop: give loss, price or trailing"),
        ({"loss": 100}, "less than 100"),
        ({"trailing": 0}, "greater than 0"),
        ({"price": "-1"}, "greater than 0"),
        ({"loss": "NaN"}, "finite number"),
        ({"loss": 5, "action": "sell"}, "'close', 'stop', 'pause' or 'notify'"),
        ({"loss": 5, "symbol": "BTCUSD"}, "is not a valid symbol"),
        ({"loss": 5, "automation": ""}, "at least 1 character"),
        ({"loss": 5, "colour": 1}, "Extra inputs"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        config(**fields)


def test_every_field_has_a_title_and_a_description() -> None:
    fields = StopLossGuardConfig.model_json_schema()["properties"]
    assert all({"title", "description"} <= set(field) for field in fields.values())
