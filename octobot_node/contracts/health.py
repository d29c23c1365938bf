"""Health checks of plugins: what `octobot-node doctor` and `/health/ready` run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from octobot_node.contracts.context import PluginContext

__all__ = ["Health", "HealthCheck"]


@dataclass(frozen=True, slots=True)
class Health:
    """The answer of a check: ``detail`` says what is, ``cure`` what to do where something is not well."""

    status: Literal["ok", "warning", "failed"]
    detail: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A named check; ``check(context)`` is a plain function that answers within seconds.

    One that raises, or does not answer in time, counts as failed, with its error as the detail. One that answers None
    looks after what is not in use here, and is not listed. Without what is
    ``needed`` the node can do no work: it is not ready. ``every`` is for how many seconds ``/health/ready`` repeats an
    answer that is ok; give None to what takes long, and it is asked by `octobot-node doctor` alone.
    """

    name: str
    check: Callable[[PluginContext], Health | None]
    needed: bool = False
    every: float | None = 30.0
