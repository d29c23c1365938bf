"""Health checks run side by side, and none can hurt another."""

from __future__ import annotations

import threading
from typing import Any, cast

from octobot_node.contracts.health import Health, HealthCheck
from octobot_node.plugin_system.health_runner import run_checks

CONTEXT = cast("Any", object())


def test_answers_come_in_order_whatever_each_check_does() -> None:
    hang = threading.Event()

    def raises(_context: Any) -> Health:
        raise RuntimeError("no disk")

    def leaves(_context: Any) -> Health:
        raise SystemExit(3)

    def hangs(_context: Any) -> Health:
        hang.wait(60)
        return Health("ok", "late")

    checks = [
        HealthCheck("fine", lambda _: Health("ok", "all is well")),
        HealthCheck("hangs", hangs),
        HealthCheck("warns", lambda _: Health("warning", "3 % left", "delete something")),
        HealthCheck("raises", raises),
        HealthCheck("leaves", leaves),
        HealthCheck("of another database", lambda _: None),
        HealthCheck("lies", lambda _: cast("Any", True)),
        HealthCheck("misspells", lambda _: Health(cast("Any", "good"), "?")),
    ]
    answers = run_checks(checks, CONTEXT, timeout=0.5)
    hang.set()
    wrong = "it answered {}, not a Health of status ok, warning or failed"
    blame = "tell the plugin's author"
    assert [(each.check.name, each.health) for each in answers] == [
        ("fine", Health("ok", "all is well")),
        ("hangs", Health("failed", "no answer within 0.5 s", "see whether what it checks hangs; then try again")),
        ("warns", Health("warning", "3 % left", "delete something")),
        ("raises", Health("failed", "the check broke down: RuntimeError: no disk", blame)),
        ("leaves", Health("failed", "the check broke down: SystemExit: 3", blame)),
        ("lies", Health("failed", f"the check broke down: TypeError: {wrong.format('bool')}", blame)),
        ("misspells", Health("failed", f"the check broke down: TypeError: {wrong.format('Health')}", blame)),
    ]
    assert all(each.seconds <= 0.5 for each in answers)


def test_checks_are_given_the_context_and_run_at_the_same_time() -> None:
    meeting = threading.Barrier(3)

    def meets(context: Any) -> Health:
        meeting.wait(timeout=10)
        return Health("ok", str(context is CONTEXT))

    answers = run_checks([HealthCheck(str(n), meets) for n in range(3)], CONTEXT)
    assert [each.health.detail for each in answers] == ["True"] * 3
