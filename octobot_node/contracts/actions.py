"""Actions that plugins carry out for automations, beside those that the engine does itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from octobot_node.contracts.context import PluginContext

__all__ = ["ActionRefused", "ActionType", "AskedAction"]


class ActionRefused(Exception):
    """Raised by an action that surely was not carried out and never will be: it is told, and not tried again."""


@dataclass(frozen=True, slots=True)
class AskedAction:
    """Who asked for an action, when (ms UTC); ``id`` is the same however often it is tried, and no other's.

    ``egress`` is the route of the account that it is asked on: what leaves for it should leave by that.
    """

    id: str
    owner: str
    automation_id: str
    automation: str
    at: int
    account_id: str = ""
    egress: str = "direct"


def never(payload: Any) -> bool:
    """Say of whatever it is given that it must not be done twice."""
    del payload
    return False


@dataclass(frozen=True, slots=True)
class ActionType:
    """How a plugin offers an action: its name, the model of what it is given, and the function that does it.

    ``perform(context, payload, asked)`` returns what came of it, in a few words. It raises NotSent where nothing was
    done and trying again is safe, ActionRefused where it never will be; whatever else it raises leaves the outcome
    unknown. ``repeatable(payload)`` says whether doing it twice does no harm: then what is not known is tried again,
    and otherwise it is left so, and told.
    """

    name: str
    Payload: type[BaseModel]
    perform: Callable[[PluginContext, Any, AskedAction], Awaitable[str]]
    repeatable: Callable[[Any], bool] = never
