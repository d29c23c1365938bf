"""Run health checks: each in a thread and a guard of its own, so that one which hangs or raises hurts no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health, HealthCheck
from octobot_node.errors import NodeError

__all__ = ["Answer", "run_checks"]

_TIMEOUT_S = 10.0


@dataclass(slots=True)
class Answer:
    """A check's answer, and how long it took in seconds."""

    check: HealthCheck
    health: Health
    seconds: float


@dataclass(slots=True)
class _Running:
    check: HealthCheck
    started: float = field(default_factory=time.monotonic)
    health: Health | None = None
    seconds: float = 0.0
    done: threading.Event = field(default_factory=threading.Event)


def run_checks(checks: Sequence[HealthCheck], context: PluginContext, timeout: float = _TIMEOUT_S) -> list[Answer]:
    """Run the checks side by side and return their answers in order, without those that look after nothing here.

    One that raises, answers no ``Health``, or takes longer than ``timeout`` seconds has failed.
    """
    running = [_Running(check) for check in checks]
    for each in running:
        # A daemon: one that never answers keeps neither this call nor the process.
        threading.Thread(target=_run, args=(each, context), name=f"check {each.check.name}", daemon=True).start()
    return [answer for each in running if (answer := _answer(each, timeout)) is not None]


def _run(running: _Running, context: PluginContext) -> None:
    try:
        running.health = _checked(running.check.check(context))
    except NodeError as error:
        # The machine's or the database's trouble, of which the check could not know more.
        what, _, cure = str(error).partition(": ")
        running.health = Health("failed", f"not looked at: {what}", cure)
    except BaseException as error:  # noqa: BLE001 - whatever a plugin's check raises is its answer
        running.health = Health("failed", f"the check broke down: {_said(error)}", "tell the plugin's author")
    running.seconds = time.monotonic() - running.started
    running.done.set()


def _checked(health: object) -> Health | None:
    if health is None:
        return None
    if isinstance(health, Health) and health.status in {"ok", "warning", "failed"}:
        return Health(health.status, str(health.detail), str(health.cure))
    raise TypeError(f"it answered {type(health).__name__}, not a Health of status ok, warning or failed")


def _said(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an author's error may fail to say what it is
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _answer(running: _Running, timeout: float) -> Answer | None:
    left = max(timeout - (time.monotonic() - running.started), 0)
    if not running.done.wait(left):
        late = Health("failed", f"no answer within {timeout:g} s", "see whether what it checks hangs; then try again")
        return Answer(running.check, late, timeout)
    return None if running.health is None else Answer(running.check, running.health, running.seconds)
