"""Prove an automation type against odd markets: ``check_automation``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from octobot_node.automation import Automation
from octobot_node.testing.candles import money
from octobot_node.testing.checking.again import Recorded, elsewhere
from octobot_node.testing.checking.course import Course, Step
from octobot_node.testing.checking.drive import drive
from octobot_node.testing.checking.form import check_form
from octobot_node.testing.checking.growth import check_growth
from octobot_node.testing.checking.violation import Violation, sentence
from octobot_node.testing.checking.world import PAYLOADS, STEPS, TRADING_STEPS, World
from octobot_node.testing.markets import Price

__all__ = ["check_automation"]

#: So many ticks are evaluated once more in a process of their own.
_ELSEWHERE = 300


def check_automation(
    automation_type: type[Automation[Any, Any]],
    config: Mapping[str, Any] | BaseModel,
    *more_configs: Mapping[str, Any] | BaseModel,
    budget: Mapping[str, Price] | None = None,
    examples: int = 100,
    one_at_a_time: bool = False,
) -> None:
    """Hold an automation type against everything that the engine and a market may do to it.

    Checked are: its name, version, config and the form that is made of it; that it is pure, twice in this process and
    once in another; that its state is JSON, small and does not grow for ever; that its decisions pass the engine's
    guard; that it does not fail in odd markets, with unknown, partial, refused and cancelled orders, edits to
    ``more_configs``, strange signals, early and late ticks; and that it comes to rest. ``examples`` sequences of such
    events are tried, the same ones every time. ``budget`` maps asset to amount, 1,000 of each quote asset unless given.

    With ``one_at_a_time`` it is also driven through hours of moving prices, and must order nothing while an order of
    the same symbol, side and tag is planned, sent, open or of unknown outcome.

    Raises AssertionError: one sentence of what is wrong, how to see it, and the cure. Needs ``hypothesis``.
    """
    configs = [_config(automation_type, given) for given in (config, *more_configs)]
    funds = None if budget is None else {asset: money(amount, f"budget of {asset}") for asset, amount in budget.items()}
    try:
        check_form(automation_type, configs)
        recorded = _check_course(automation_type, configs, funds, examples, one_at_a_time=one_at_a_time)
        if one_at_a_time:
            drive(automation_type, configs, funds)
        _check_elsewhere(automation_type, recorded[:_ELSEWHERE])
        check_growth(automation_type, configs[0], funds)
    except Violation as violation:
        raise AssertionError(sentence(automation_type.__name__, violation)) from None


def _config(automation_type: type[Automation[Any, Any]], given: Mapping[str, Any] | BaseModel) -> BaseModel:
    return given if isinstance(given, BaseModel) else automation_type.Config.model_validate(dict(given))


def _check_course(
    automation_type: Any, configs: list[BaseModel], budget: Any, examples: int, *, one_at_a_time: bool
) -> list[Recorded]:
    """Play many sequences, the simplest first; raise the Violation of the shortest one that breaks a rule."""
    # What is loaded or cached at the first evaluation is not the decision's doing.
    Course(automation_type, configs, World(), budget, watch=False).play([("plan", 0, 0)])
    for index in range(len(PAYLOADS)):
        Course(automation_type, configs, World(), budget).play([("signal", *divmod(index, 10))])
    given, settings, phases, st = _hypothesis()
    recorded: list[Recorded] = []
    worlds = st.builds(
        World,
        exponent=st.sampled_from((1, 2, 0, 4, -2, -6, 5)),
        digits=st.integers(10, 99),
        fee_in=st.sampled_from(("received", "quote")),
        amount_step=st.sampled_from((-8, -3, 0)),
        minimum=st.sampled_from(("none", "usual", "above the budget")),
        shape=st.sampled_from(("wavy", "flat", "gaps", "spikes", "falling", "no volume")),
        candles=st.sampled_from(("more", "exactly", "more", "one")),
        with_base=st.booleans(),
        refusing=st.booleans(),
    )
    kinds = (*STEPS, *TRADING_STEPS) if one_at_a_time else STEPS
    step: Any = st.tuples(st.sampled_from(kinds), st.integers(0, 9), st.integers(0, 99))

    def play(world: World, steps: list[Step]) -> None:
        course = Course(automation_type, configs, world, budget, one_at_a_time=one_at_a_time)
        try:
            course.play(steps)
        finally:
            if len(recorded) < _ELSEWHERE:
                recorded.extend(course.recorded)

    profile = settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(_health_checks()),
        phases=phases,
    )
    profile(given(world=worlds, steps=st.lists(step, max_size=25))(play))()
    return recorded


def _hypothesis() -> tuple[Any, Any, Any, Any]:
    try:
        from hypothesis import Phase, given, settings
        from hypothesis import strategies as st
    except ImportError:
        raise ImportError(
            "check_automation needs hypothesis: run `pip install 'octobot-node[testing]'`", name="hypothesis"
        ) from None
    return given, settings, (Phase.explicit, Phase.generate, Phase.shrink), st


def _health_checks() -> Any:
    from hypothesis import HealthCheck

    return HealthCheck


def _check_elsewhere(automation_type: Any, recorded: list[Recorded]) -> None:
    differing = elsewhere(automation_type, recorded)
    if differing is not None:
        tick = recorded[differing][0]
        raise Violation(
            "another process decides the same tick differently",
            "do not let the order of a set, an address or anything of the process decide: sort sets before going"
            " through them",
            (f"config {tick.config}", f"state {tick.state}", f"tick {tick.number} at {tick.now} ms"),
        )
