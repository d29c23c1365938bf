"""Automation types that do their worst, loaded as a plugin by its dotted name."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
from pydantic import BaseModel

from octobot_node import Automation, Decision, Needs, Tick, Wake, hookimpl

__all__ = ["DEEDS"]

_kept: list[Any] = []


def _healthy() -> None:
    pass


def _hang() -> None:
    while True:
        pass


def _sleep() -> None:
    time.sleep(60)


def _swallow() -> None:
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


def _exit() -> None:
    os._exit(3)


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _allocate() -> None:
    while True:
        _kept.append(np.empty(4_000_000))


def _print() -> None:
    print("this must not reach anybody's JSON")
    os.write(1, b"nor this\n")


def _system_exit() -> None:
    sys.exit(1)


def _interrupt() -> None:
    raise KeyboardInterrupt


def _raise() -> None:
    raise RuntimeError("poison")


def _unpicklable_error() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text for you")

    raise Odd


DEEDS: dict[str, Callable[[], None]] = {
    "healthy": _healthy,
    "hang": _hang,
    "sleep": _sleep,
    "swallow": _swallow,
    "exit": _exit,
    "kill": _kill,
    "allocate": _allocate,
    "print": _print,
    "system_exit": _system_exit,
    "interrupt": _interrupt,
    "raise": _raise,
    "unpicklable_error": _unpicklable_error,
}


class PoisonConfig(BaseModel):
    """What to do at every tick, and how often."""

    deed: str
    every: float | None = None


class Poison(Automation[PoisonConfig, Any]):
    """Does what its config says."""

    name, version = "poison", 1
    Config = PoisonConfig

    def evaluate(self, tick: Tick[PoisonConfig, Any]) -> Decision:
        tick.log(f"about to {tick.config.deed}", "warning")
        DEEDS[tick.config.deed]()
        every = tick.config.every
        wake = None if every is None else Wake(every=timedelta(seconds=every))
        return Decision(state={"did": tick.config.deed, "in": os.getpid()}, wake=wake)

    def needs(self, config: PoisonConfig, state: Any) -> Needs:
        del config, state
        return Needs()


class Harmless(Poison):
    """Another type, for those who do nothing bad: what a type does wrong is held against the type."""

    name = "harmless"


class BeatConfig(BaseModel):
    """How often to tick."""

    every: float = 5.0


class Beat(Automation[BeatConfig, Any]):
    """Counts its ticks, the planned ones that it missed, and how late (ms) it was, each and at worst."""

    name, version = "beat", 1
    Config = BeatConfig

    def evaluate(self, tick: Tick[BeatConfig, Any]) -> Decision:
        state = tick.state or {"late": [], "missed": 0}
        late = 0 if tick.scheduled_at is None else (tick.now - tick.scheduled_at) // timedelta(milliseconds=1)
        changed = {"late": [*state["late"], late], "missed": state["missed"] + tick.missed}
        return Decision(state=changed, wake=Wake(every=timedelta(seconds=tick.config.every)))

    def needs(self, config: BeatConfig, state: Any) -> Needs:
        del config, state
        return Needs()


@hookimpl
def register_automations(register: Callable[[type[Automation[Any, Any]]], None]) -> None:
    register(Poison)
    register(Harmless)
    register(Beat)
