from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import pytest

from octobot_node import Candles, Decision, Market, MarketRules, Needs, Notify, Tick, Ticker, Wake
from octobot_node.market import to_ms
from octobot_tentacles.price_alert import register_automations
from octobot_tentacles.price_alert.automation import PriceAlert
from octobot_tentacles.price_alert.config import PriceAlertConfig
from octobot_tentacles.price_alert.state import PriceAlertState

D = Decimal
SYMBOL = "BTC/USD"
NOW = datetime(2022, 1, 1, 12, tzinfo=UTC)


def config(**fields: Any) -> PriceAlertConfig:
    return PriceAlertConfig.model_validate({"symbol": SYMBOL, **fields})


def moving(**fields: Any) -> PriceAlertConfig:
    own = {k: fields.pop(k) for k in ("percent", "direction") if k in fields}
    return config(move={"percent": 10, "within": "5m"} | own, repeat=True, **fields)


def state(**fields: Any) -> PriceAlertState:
    return PriceAlertState.model_validate(fields)


def last(price: str, *, minutes: int) -> dict[str, Any]:
    return {"at": NOW - timedelta(minutes=minutes), "price": D(price)}


def decide(
    settings: PriceAlertConfig,
    price: str,
    before: PriceAlertState | None = None,
    *,
    closes: Sequence[float] = (),
    edited_from: PriceAlertConfig | None = None,
) -> Decision:
    """Evaluate a tick at NOW; ``closes`` are of the one-minute candles before it, flat ones."""
    column = np.array(closes, dtype=np.float64)
    time = to_ms(NOW) - 60_000 * np.arange(len(closes), 0, -1, dtype=np.int64)
    candles = Candles(SYMBOL, "1m", time, column, column + 500, column - 500, column, column)
    tick: Tick[PriceAlertConfig, PriceAlertState] = Tick(
        automation_id="automation",
        number=0 if before is None else 3,
        now=NOW,
        scheduled_at=None,
        missed=0,
        config=settings,
        previous_config=edited_from,
        # As the engine does: through JSON and back.
        state=None if before is None else PriceAlertState.model_validate_json(before.model_dump_json()),
        market=Market(
            as_of=NOW,
            tickers={SYMBOL: Ticker(SYMBOL, D(price), D(price), D(price), NOW)},
            all_candles={(SYMBOL, "1m"): candles} if closes else {},
            all_rules={SYMBOL: MarketRules(SYMBOL, "BTC", "USD")},
        ),
        positions={},
        balances={},
        open_orders=(),
        fills=(),
        results=(),
        signals=(),
        random=Random(0),
    )
    return PriceAlert().evaluate(tick)


def test_the_package_offers_the_type_price_alert() -> None:
    offered: list[Any] = []
    register_automations(offered.append)
    assert offered == [PriceAlert]
    assert PriceAlert.name == "price_alert"
    assert PriceAlert().needs(config(above=1), None) == Needs(tickers=(SYMBOL,))
    assert PriceAlert().needs(moving(), None) == Needs(tickers=(SYMBOL,), candles={(SYMBOL, "1m"): 5})


# Levels.


def test_between_the_levels_it_waits_for_either() -> None:
    assert decide(config(above=110, below=90), "100") == Decision(
        state=state(), wake=Wake(at_closes=True, above={SYMBOL: D(110)}, below={SYMBOL: D(90)}), figures={"alerts": 0}
    )


@pytest.mark.parametrize(
    ("level", "price", "text"),
    [
        ({"above": 110}, "110", "BTC/USD is above 110: 110"),
        ({"above": "110.50"}, "120.00", "BTC/USD is above 110.5: 120"),
        ({"below": 90}, "90", "BTC/USD is below 90: 90"),
        ({"below": 90, "above": 110}, "80", "BTC/USD is below 90: 80"),
    ],
)
def test_at_the_level_or_past_it_once_is_told_and_over(level: dict[str, Any], price: str, text: str) -> None:
    decision = decide(config(**level), price, state())
    assert decision.actions == [Notify(text, "info")]
    assert (decision.done, decision.wake) == (True, None)


def test_a_level_that_is_past_from_the_beginning_is_told_at_once() -> None:
    assert decide(config(above=110), "115").actions == [Notify("BTC/USD is above 110: 115")]


def test_a_repeated_alert_waits_for_the_price_to_come_back_by_the_hysteresis() -> None:
    again = config(above=110, repeat=True, hysteresis=1)
    told = decide(again, "112", state())
    assert told == Decision(
        state=state(told_above=True, last=last("112", minutes=0), count=1),
        actions=[Notify("BTC/USD is above 110: 112")],
        wake=Wake(at_closes=True, below={SYMBOL: D("108.9")}),
        figures={"alerts": 1, "last alert": "112 at 2022-01-01 12:00 UTC"},
    )
    still = decide(again, "109", told.state)
    assert (still.actions, still.wake) == ((), Wake(at_closes=True, below={SYMBOL: D("108.9")}))
    back = decide(again, "108.9", told.state)
    assert (back.actions, back.wake, back.state.told_above) == ((), Wake(at_closes=True, above={SYMBOL: D(110)}), False)
    assert decide(again, "110", back.state).actions == [Notify("BTC/USD is above 110: 110")]


def test_each_of_two_levels_waits_for_its_own_return() -> None:
    both = config(above=110, below=90, repeat=True, hysteresis=10)
    # Told below at 90, which comes back at 99; above is still to come, further up.
    assert decide(both, "92", state(told_below=True)).wake == Wake(at_closes=True, above={SYMBOL: D(99)})
    # Told above, and straight down past the other: both in one tick, one told.
    through = decide(both, "85", state(told_above=True))
    assert through.actions == [Notify("BTC/USD is below 90: 85")]
    assert (through.state.told_above, through.state.told_below) == (False, True)
    assert through.wake == Wake(at_closes=True, above={SYMBOL: D(99)})


def test_a_cool_down_is_quiet_and_then_tells_what_is_still_so() -> None:
    quiet = config(above=110, repeat=True, hysteresis=1, cooldown="10m")
    during = state(last=last("112", minutes=4), count=1)
    over = NOW + timedelta(minutes=6)
    assert decide(quiet, "115", during).actions == ()
    assert decide(quiet, "115", during).wake == Wake(at_closes=True, at=over)
    # Nothing wakes it meanwhile but the price's return, which it has to know of.
    assert decide(quiet, "100", during).wake == Wake(at_closes=True, at=over)
    told = state(told_above=True, last=last("112", minutes=4), count=1)
    assert decide(quiet, "115", told).wake == Wake(at_closes=True, at=over, below={SYMBOL: D("108.9")})
    after = state(last=last("112", minutes=10), count=1)
    assert decide(quiet, "115", after).actions == [Notify("BTC/USD is above 110: 115")]


def test_a_message_is_filled_in() -> None:
    text = "{count}. {symbol} {direction} {level}: {price} ({change} %) at {at} {{sic}}"
    loud = config(below=90, message=text, importance="warning")
    assert decide(loud, "81", state(count=6)).actions == [
        Notify("7. BTC/USD below 90: 81 (-10.00 %) at 2022-01-01 12:00:00 UTC {sic}", "warning")
    ]


# Moves.


def test_a_move_up_is_measured_from_the_lowest_close_of_the_window() -> None:
    decision = decide(moving(), "110", closes=[104, 103, 100, 105, 109])
    assert decision.actions == [Notify("BTC/USD went up +10.00 % from 100: 110")]
    assert decision.state == state(last=last("110", minutes=0), count=1)
    # From here on: 10 % up or down from 110, early enough to know of a new low (1 %) or high.
    assert decision.wake == Wake(at_closes=True, above={SYMBOL: D("111.1")}, below={SYMBOL: D("108.9")})


def test_a_move_down_is_measured_from_the_highest_close() -> None:
    decision = decide(moving(), "99", closes=[104, 110, 105, 101, 100])
    assert decision.actions == [Notify("BTC/USD went down -10.00 % from 110: 99")]


def test_a_direction_that_is_not_asked_for_is_not_told() -> None:
    decision = decide(moving(direction="up"), "99", closes=[104, 110, 105, 101, 100])
    assert decision.actions == ()
    # 99 is the low: at 1 % less it looks again; a rise from there to 10 % more is what it waits for.
    assert decision.wake == Wake(at_closes=True, above={SYMBOL: D("98.01") * D("1.1")}, below={SYMBOL: D("98.01")})


def test_close_to_the_target_it_waits_for_the_target_itself() -> None:
    # The lowest low that does not wake is 99, from where 108.9 would be far enough; from 100 it is 110.
    near = decide(moving(direction="up"), "109", closes=[100, 104, 105, 108, 109])
    assert near.wake == Wake(at_closes=True, above={SYMBOL: D(110)}, below={SYMBOL: D(100)})
    near = decide(moving(direction="down"), "90.5", closes=[100, 96, 95, 92, 91])
    assert near.wake == Wake(at_closes=True, above={SYMBOL: D(100)}, below={SYMBOL: D(90)})


def test_what_was_told_is_not_told_again() -> None:
    told = state(last=last("110", minutes=2), count=1)
    # The low of 100 was before the alert: from 110 on it is 8.2 % to 119.
    assert decide(moving(), "119", told, closes=[100, 105, 108, 112, 115]).actions == ()
    assert decide(moving(), "121", told, closes=[100, 105, 108, 112, 115]).actions == [
        Notify("BTC/USD went up +10.00 % from 110: 121")
    ]


def test_an_alert_before_the_window_does_not_count() -> None:
    told = state(last=last("50", minutes=6), count=1)
    assert decide(moving(), "104", told, closes=[100, 101, 102, 103, 104]).actions == ()


def test_during_a_cool_down_a_move_waits_for_its_end() -> None:
    quiet, told = moving(cooldown="10m"), state(last=last("100", minutes=4), count=1)
    decision = decide(quiet, "130", told, closes=[100, 110, 120, 125, 130])
    assert (decision.actions, decision.wake) == ((), Wake(at_closes=True, at=NOW + timedelta(minutes=6)))


def test_levels_of_a_move_never_wake_at_the_price_itself() -> None:
    dice = Random(11)
    for _ in range(300):
        percent = dice.choice(["0.01", "0.5", "3", "25", "99"])
        closes = [dice.uniform(50, 150) for _ in range(5)]
        price = f"{dice.uniform(50, 150):.8f}"
        wake = decide(moving(percent=percent), price, closes=closes).wake
        assert wake is not None
        assert wake.below[SYMBOL] < D(price) < wake.above[SYMBOL]


# Edits.


def test_an_edited_level_is_a_new_one() -> None:
    before, told = config(above=110, repeat=True), state(told_above=True, count=4)
    same = config(above=110, repeat=True, message="up")
    assert decide(same, "115", told, edited_from=before).actions == ()
    higher = config(above=112, repeat=True)
    assert decide(higher, "115", told, edited_from=before).actions == [Notify("BTC/USD is above 112: 115")]


def test_another_symbol_begins_anew() -> None:
    before = config(symbol="ETH/USD", above=110, repeat=True)
    told = state(told_above=True, last=last("112", minutes=1), count=4)
    decision = decide(config(above=110, repeat=True, cooldown="1h"), "115", told, edited_from=before)
    assert decision.actions == [Notify("BTC/USD is above 110: 115")]
    assert decision.state.count == 5
