"""What a plugin's code raises is counted, and told once an hour."""

from __future__ import annotations

from decimal import InvalidOperation
from pathlib import Path
from typing import Any

import pytest

from octobot_node.clock import VirtualClock
from octobot_node.plugin_system.plugin_failures import PluginFailure, PluginFailures

HOUR = 3_600_000


def test_troubles_are_counted_by_plugin_and_by_what_it_does_and_told_once_an_hour() -> None:
    clock, told = VirtualClock(0), list[tuple[str, str]]()
    plugin_failures = PluginFailures(clock, lambda message, level: told.append((message, level)))
    for moment in (0, 10, HOUR - 1, HOUR):
        clock.advance_to(moment)
        plugin_failures.record("telex", "check_order", ValueError(f"at {moment}"))
    plugin_failures.record("telex", "notifier telex", "no paper")
    plugin_failures.record("other", "check_order", KeyError())
    assert plugin_failures.of("telex") == (
        PluginFailure("telex", "check_order", 4, f"ValueError: at {HOUR}", HOUR),
        PluginFailure("telex", "notifier telex", 1, "no paper", HOUR),
    )
    assert told == [
        ("the plugin telex has trouble with check_order: ValueError: at 0", "warning"),
        (f"the plugin telex has trouble with check_order: ValueError: at {HOUR}", "warning"),
        ("the plugin telex has trouble with notifier telex: no paper", "warning"),
        ("the plugin other has trouble with check_order: KeyError", "warning"),
    ]


def test_an_error_that_cannot_say_what_it_is_and_one_that_says_too_much_are_recorded() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    plugin_failures = PluginFailures(VirtualClock(0), lambda _message, _level: None)
    plugin_failures.record("p", "a", Mute())
    plugin_failures.record("p", "b", "x" * 10_000)
    assert [trouble.error for trouble in plugin_failures.all()] == ["Mute", "x" * 500]


def test_a_trouble_says_where_in_the_author_s_code_it_arose(tmp_path: Path) -> None:
    package = tmp_path / "pairs"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "notifier.py").write_text("from decimal import Decimal\n\n\ndef notify():\n    Decimal('no')\n")
    names: dict[str, Any] = {}
    exec(compile((package / "notifier.py").read_text(), str(package / "notifier.py"), "exec"), names)
    plugin_failures = PluginFailures(VirtualClock(0), lambda _message, _level: None)
    with pytest.raises(InvalidOperation) as raised:
        names["notify"]()
    plugin_failures.record("pairs", "notify", raised.value)
    (trouble,) = plugin_failures.all()
    assert trouble.error.endswith(" (pairs/notifier.py, line 5, in notify)")


def test_what_cannot_be_told_now_is_told_the_next_time() -> None:
    told: list[str] = []

    def tell(message: str, _level: str) -> None:
        told.append(message)
        if len(told) == 1:
            raise OSError("the database is away")

    plugin_failures = PluginFailures(VirtualClock(0), tell)
    for _ in range(3):
        plugin_failures.record("p", "a", "no")
    assert len(told) == 2
