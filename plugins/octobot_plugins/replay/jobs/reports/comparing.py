"""Several replays beside each other: on one axis of time, with differences to the first."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Any, Literal

from octobot_node.errors import CommandRefused, UsageError
from octobot_node.operations.context import OperationContext
from octobot_node.reports.models import AutomationReport, RunReport
from octobot_node.reports.performance import Figure, Performance
from octobot_node.store.types import AnyRow
from octobot_plugins.replay.jobs.models import (
    ComparedFigure,
    ComparedReplay,
    CompareReplays,
    Comparison,
    ConfigDifference,
)
from octobot_plugins.replay.jobs.reports.curves import drawdowns, spread
from octobot_plugins.replay.jobs.reports.results import finished

__all__ = ["compare"]

_DIGITS = Decimal("1e-8")
Kind = Literal["ratio", "amount", "count", "number"]
Read = Callable[[AutomationReport, Performance], Decimal | None]


def compare(context: OperationContext, request: CompareReplays) -> Comparison:
    """Return finished replays beside each other, by the first automation of each."""
    compared = [_Compared.of(*finished(context, each)) for each in request.replays]
    ids = [each.row.id for each in compared]
    twice = next((each for each in compared if ids.count(each.row.id) > 1), None)
    if twice is not None:
        text = f"{twice.row.name!r} is named twice: name each replay once"
        raise UsageError(f"replays: {text}", field="replays", reason=text)
    first, last = min(each.start for each in compared), max(each.times[-1] for each in compared)
    times = spread(first, last, request.points)
    return Comparison(
        times=times,
        replays=[each.on(times) for each in compared],
        figures=list(_figures(compared)),
        differences=list(_differences([each.told for each in compared])),
        notes=list(_notes(compared)),
    )


@dataclass(frozen=True, slots=True)
class _Compared:
    row: AnyRow
    report: AutomationReport
    performance: Performance
    start: int
    start_equity: Decimal
    times: Sequence[int]
    equity: Sequence[Decimal]
    holding: Sequence[Decimal] | None

    @classmethod
    def of(cls, row: AnyRow, result: AnyRow) -> _Compared:
        report = RunReport.model_validate_json(result.report).automations[0]
        curve = next(each for each in json.loads(result.curves) if each["automation"] == report.name)
        if report.performance is None or not curve["times"]:
            raise CommandRefused(f"the replay {row.name!r} has no candle: there is nothing to compare")
        holding = curve["holding"]
        return cls(
            row,
            report,
            report.performance,
            curve["start"],
            Decimal(curve["start_equity"]),
            curve["times"],
            list(map(Decimal, curve["equity"])),
            None if holding is None else list(map(Decimal, holding)),
        )

    @property
    def told(self) -> dict[str, Any]:
        """What it was of: its automation, and how its account filled orders."""
        run_file = json.loads(self.row.run_file)
        spec = run_file["automations"][0]
        account = run_file["accounts"][spec["account"]]
        told = {name: spec.get(name) for name in ("type", "budget", "config", "limits")}
        return {**told, "market_data": account["market_data"], "trading": account["trading"]}

    def on(self, times: Sequence[int]) -> ComparedReplay:
        below = drawdowns(self.start_equity, self.equity)
        return ComparedReplay(
            id=self.row.id,
            name=self.row.name,
            automation=self.report.name,
            type=self.report.type,
            asset=self.report.asset,
            start_equity=self.start_equity,
            results=[self._gain(self.equity, time) for time in times],
            drawdowns=[self._at(below, time, Decimal(0)) for time in times],
            holding=None if self.holding is None else [self._gain(self.holding, time) for time in times],
        )

    def _at(self, values: Sequence[Decimal], time: int, before: Decimal) -> Decimal | None:
        if not self.start <= time <= self.times[-1]:
            return None
        index = bisect_right(self.times, time)
        return values[index - 1] if index else before

    def _gain(self, values: Sequence[Decimal], time: int) -> Decimal | None:
        worth = self._at(values, time, self.start_equity)
        if worth is None or self.start_equity <= 0:
            return None
        with localcontext(prec=40):
            return (worth / self.start_equity - 1).quantize(_DIGITS)


# Figures ------------------------------------------------------------------------------------------------------------


def _measured(name: str) -> Read:
    def read(_report: AutomationReport, performance: Performance) -> Decimal | None:
        figure: Figure = getattr(performance, name)
        return figure.value

    return read


def _drawdown(_report: AutomationReport, performance: Performance) -> Decimal | None:
    return Decimal(0) if performance.max_drawdown is None else performance.max_drawdown.ratio


#: Name, kind, whether more is better (+1), less is (-1), or neither (0), and where it is.
_FIGURES: Sequence[tuple[str, Kind, int, Read]] = (
    ("total_return", "ratio", 1, _measured("total_return")),
    ("gain", "amount", 1, lambda _, performance: performance.gain),
    ("realised_pnl", "amount", 1, lambda report, _: report.realised_pnl),
    ("cagr", "ratio", 1, _measured("cagr")),
    ("max_drawdown", "ratio", -1, _drawdown),
    ("volatility", "ratio", -1, _measured("volatility")),
    ("sharpe", "number", 1, _measured("sharpe")),
    ("sortino", "number", 1, _measured("sortino")),
    ("calmar", "number", 1, _measured("calmar")),
    ("win_rate", "ratio", 1, _measured("win_rate")),
    ("profit_factor", "number", 1, _measured("profit_factor")),
    ("expectancy", "amount", 1, _measured("expectancy")),
    ("exposure", "ratio", 0, _measured("exposure")),
    ("trades", "count", 0, lambda _, performance: Decimal(performance.trades)),
    ("fills", "count", 0, lambda report, _: Decimal(report.fills)),
    ("invested", "amount", 0, lambda report, _: report.invested),
)


def _figures(compared: Sequence[_Compared]) -> Iterator[ComparedFigure]:
    same_asset = len({each.report.asset for each in compared}) == 1
    for name, kind, better, read in _FIGURES:
        values = [read(each.report, each.performance) for each in compared]
        # Amounts of different assets are never held against each other.
        comparable = kind != "amount" or same_asset
        first = values[0] if comparable else None
        yield ComparedFigure(
            figure=name,
            kind=kind,
            values=values,
            differences=[None if value is None or first is None else value - first for value in values],
            best=_best(values, better) if comparable else [],
        )


def _best(values: Sequence[Decimal | None], better: int) -> list[int]:
    known = [value * better for value in values if value is not None]
    # Of one, or where all are the same, none is better.
    if not better or len(known) < 2 or len(set(known)) == 1:
        return []
    return [index for index, value in enumerate(values) if value is not None and value * better == max(known)]


# What differs -------------------------------------------------------------------------------------------------------


def _differences(told: Sequence[Mapping[str, Any]]) -> Iterator[ConfigDifference]:
    flat = [dict(_flat(each)) for each in told]
    for field in dict.fromkeys(name for each in flat for name in each):
        values = [each.get(field) for each in flat]
        if any(one != other for one, other in pairwise(values)):
            yield ConfigDifference(field=field, values=values)


def _flat(given: Mapping[str, Any], section: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in given.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{section}{name}.")
        elif value is not None:
            yield f"{section}{name}", value


def _notes(compared: Sequence[_Compared]) -> Iterator[str]:
    if len({each.report.asset for each in compared}) > 1:
        yield "They are counted in different assets: compare ratios only."
    elif len({each.start_equity for each in compared}) > 1:
        yield "They began with different equity: compare ratios rather than amounts."
    if len({json.dumps(each.row.candles, sort_keys=True) for each in compared}) > 1:
        yield "They are of different candles."
    elif len({(each.start, each.times[-1]) for each in compared}) > 1:
        yield "They are of different parts of the candles."
