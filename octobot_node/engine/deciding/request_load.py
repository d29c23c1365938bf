"""How often automations have a market asked, a minute: what they share is counted once, as the market hub asks it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod

from octobot_node.engine.evaluating.schedule import Plan, runs_between
from octobot_node.market import timeframe_ms

__all__ = ["MarketLoad", "Rhythm", "market_load", "ticks_a_minute"]

_MINUTE_MS = 60_000
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When one automation is evaluated, and what it wants to know then; ``levels`` are symbols whose price wakes it."""

    plan: Plan | None
    symbols: frozenset[str] = frozenset()
    series: frozenset[tuple[str, str]] = frozenset()
    levels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MarketLoad:
    """Requests a minute: ``tickers`` as (how often, of how many symbols), and pieces of ``candles``."""

    tickers: tuple[tuple[float, int], ...] = ()
    candles: float = 0.0


@dataclass(slots=True)
class _Beat:
    """Moments that come again and again, with all who are evaluated at them."""

    rate: float
    symbols: set[str] = field(default_factory=set)


def ticks_a_minute(plan: Plan | None, now: int) -> float:
    """Return how often a plan has an automation evaluated; not at all where only something that happens does."""
    if plan is None or not plan.repeats:
        return 0.0
    if plan.every is not None and plan.daily is None and plan.cron is None:
        return _MINUTE_MS / plan.every
    return runs_between(plan, now, now + _DAY_MS) * _MINUTE_MS / _DAY_MS


def market_load(rhythms: Sequence[Rhythm], now: int, *, slot_ms: float, levels_ms: float) -> MarketLoad:
    """Return what they have one market asked.

    Whoever is due within the same ``slot_ms`` shares one fetch: those of the same moments always do, those of others
    by chance. Levels are watched together, every ``levels_ms``. A series of candles is fetched once for each candle
    that closes, at most as often as somebody who wants it is evaluated.
    """
    beats = [beat for beat in _beats(rhythms, now, levels_ms) if beat.symbols]
    slots = _MINUTE_MS / slot_ms
    asked = slots * (1 - prod(1 - min(beat.rate / slots, 1.0) for beat in beats))
    rates = sum(beat.rate for beat in beats)
    share = asked / rates if rates else 0.0
    series: dict[tuple[str, str], float] = {}
    for rhythm in rhythms:
        for each in rhythm.series:
            series[each] = series.get(each, 0.0) + ticks_a_minute(rhythm.plan, now)
    candles = sum(min(rate, _MINUTE_MS / timeframe_ms(timeframe)) for (_, timeframe), rate in series.items())
    return MarketLoad(tuple((beat.rate * share, len(beat.symbols)) for beat in beats), candles)


def _beats(rhythms: Iterable[Rhythm], now: int, levels_ms: float) -> list[_Beat]:
    regular: dict[tuple[int, int], _Beat] = {}
    others: dict[Plan, _Beat] = {}
    watched = _Beat(_MINUTE_MS / levels_ms)
    for rhythm in rhythms:
        watched.symbols |= rhythm.levels
        plan, rate = rhythm.plan, ticks_a_minute(rhythm.plan, now)
        if plan is None or not rate:
            continue
        if plan.every is not None and plan.daily is None and plan.cron is None:
            regular.setdefault((plan.every, plan.offset), _Beat(rate)).symbols.update(rhythm.symbols)
        else:
            others.setdefault(plan, _Beat(rate)).symbols.update(rhythm.symbols)
    return [*_each_moment_once(regular), *others.values(), watched]


def _each_moment_once(regular: dict[tuple[int, int], _Beat]) -> list[_Beat]:
    """Count moments that are another beat's, too, once: every five minutes is within every minute."""
    kept: dict[int, dict[int, _Beat]] = {}
    for (every, offset), beat in sorted(regular.items(), key=lambda item: item[0]):
        around = next(
            (
                kept[shorter][offset % shorter]
                for shorter in reversed(kept)
                if every % shorter == 0 and offset % shorter in kept[shorter]
            ),
            None,
        )
        if around is not None:
            # At these moments both are asked for.
            around.rate -= beat.rate
            beat.symbols |= around.symbols
        kept.setdefault(every, {})[offset] = beat
    return [beat for found in kept.values() for beat in found.values() if beat.rate > 0]
