"""The machine's clock: everything that is due, and every request's expiry, depends on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from octobot_node.clock import Clock
from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.health import Health
from octobot_node.market import from_ms
from octobot_node.store.stepped_clock import newest_moment

__all__ = ["check_clock", "drift", "zones_are_right"]

#: No node was made before it, and none should run so long after.
_YEARS = range(2025, 2100)
_CURE = "set it from the network: `timedatectl set-ntp true`, or chronyd"
#: Clocks of machines that share a database differ a little.
_BEHIND_MS = 2_000
_DRIFT_S = 0.25
_WATCHED_S = 0.5


def check_clock(context: PluginContext) -> Health:
    """Say whether the clock's time is possible, not behind what the database has seen, and going steadily."""
    now = context.clock.now()
    shown = f"{from_ms(now):%Y-%m-%d %H:%M:%S} UTC"
    if from_ms(now).year not in _YEARS:
        return Health("failed", f"the clock says {shown}", _CURE)
    if not zones_are_right():
        cure = "run `pip install --force-reinstall tzdata`"
        return Health("failed", "the time zones of this machine are missing or wrong", cure)
    with context.storage.read() as connection:
        newest = newest_moment(connection)
    if newest - now > _BEHIND_MS:
        behind = (newest - now) / 1000
        detail = f"the clock says {shown}, {behind:,.0f} s before what this node did last"
        return Health("failed", detail, f"{_CURE}; a node that runs plans anew by it, and its times are out of order")
    gap = drift(context.clock, _wait)
    if abs(gap) > _DRIFT_S:
        return Health("warning", f"the clock jumped by {gap:+.2f} s while it was watched", _CURE)
    return Health("ok", f"{shown}; {_offset(now)} here")


def zones_are_right() -> bool:
    """Whether time zones and their daylight saving can be read: what runs daily or by cron depends on them."""
    try:
        zone = ZoneInfo("Europe/Paris")
    except (ZoneInfoNotFoundError, OSError):
        return False
    hours = [datetime(2026, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)]
    return hours == [timedelta(hours=1), timedelta(hours=2)]


def _offset(now: int) -> str:
    text = from_ms(now).astimezone().strftime("%z")
    return f"UTC{text[:3]}:{text[3:5]}"


def drift(clock: Clock, wait: Callable[[], None]) -> float:
    """Return by how many seconds the clock's time ran ahead of its monotonic seconds during ``wait``."""
    before, steady = clock.now(), clock.monotonic()
    wait()
    return (clock.now() - before) / 1000 - (clock.monotonic() - steady)


def _wait() -> None:
    import time

    time.sleep(_WATCHED_S)
