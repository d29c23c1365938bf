"""What plugins' code raised while the node ran: counted, logged, and told to a person, at most once an hour each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from octobot_node.clock import Clock
from octobot_node.text.code_places import place_of

__all__ = ["PluginFailure", "PluginFailures", "said"]

log = structlog.get_logger(__name__)
_TOLD_EVERY_MS = 3_600_000
_TEXT_MAX = 500


@dataclass(frozen=True, slots=True)
class PluginFailure:
    """What went wrong with one thing that a plugin does: how often, and the last time (``at``, ms UTC)."""

    plugin: str
    what: str
    count: int
    error: str
    at: int


class PluginFailures:
    """The troubles of this process since it started; may be used from any thread.

    ``tell`` gives a notice to the notifiers: the text, then its level.
    """

    def __init__(self, clock: Clock, tell: Callable[[str, str], None]) -> None:
        self._clock = clock
        self._tell = tell
        self._lock = threading.Lock()
        self._found: dict[tuple[str, str], PluginFailure] = {}
        self._told: dict[tuple[str, str], int] = {}

    def record(self, plugin: str, what: str, error: str | BaseException) -> None:
        """Count a trouble of ``plugin`` with ``what`` it does, such as "check_order" or "notifier telex".

        Not inside a transaction: telling of it is one.
        """
        text, now, key = said(error), self._clock.now(), (plugin, what)
        with self._lock:
            before = self._found.get(key)
            self._found[key] = PluginFailure(plugin, what, 1 if before is None else before.count + 1, text, now)
            told = self._told.get(key)
            is_new = told is None or now - told >= _TOLD_EVERY_MS
            if is_new:
                self._told[key] = now
        # Its way through the code once an hour: who mends it needs no more, and a log has an end.
        way = error if is_new and isinstance(error, BaseException) else None
        log.warning("plugin_trouble", plugin=plugin, what=what, error=text, exc_info=way)
        if is_new:
            self._notice(f"the plugin {plugin} has trouble with {what}: {text}", key)

    def of(self, plugin: str) -> tuple[PluginFailure, ...]:
        """Return a plugin's troubles, by what they are with."""
        return tuple(trouble for trouble in self.all() if trouble.plugin == plugin)

    def all(self) -> tuple[PluginFailure, ...]:
        """Return every plugin's troubles, by plugin and what they are with."""
        with self._lock:
            return tuple(self._found[key] for key in sorted(self._found))

    def _notice(self, message: str, key: tuple[str, str]) -> None:
        try:
            self._tell(message, "warning")
        except Exception as error:  # noqa: BLE001 - the log has it; the next one is told instead
            log.warning("trouble_not_told", error=str(error))
            with self._lock:
                self._told.pop(key, None)


def said(error: str | BaseException) -> str:
    """Return an error as a line of text with its place in the author's code, whatever it is."""
    if isinstance(error, str):
        return error[:_TEXT_MAX]
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an author's error may fail to say what it is
        text = ""
    name, place = type(error).__name__, place_of(error)
    what = f"{name}: {text}" if text else name
    return what[:_TEXT_MAX] + (f" ({place})" if place else "")
