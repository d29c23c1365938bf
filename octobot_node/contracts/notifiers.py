"""What tells a person something: a notifier, and the notice it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from octobot_node.contracts.context import PluginContext

__all__ = ["NotAllOpened", "Notice", "Notifier", "NotifierFactory"]


class NotAllOpened(Exception):
    """Raised by ``NotifierFactory.open`` when only some notifiers can be opened: ``opened`` are used all the same."""

    def __init__(self, message: str, opened: Sequence[Notifier]) -> None:
        super().__init__(message)
        self.opened = opened


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to an owner; ``automation`` is the name of whom it is about, "" for the node itself; ``at`` is in ms
    UTC.
    """

    id: str
    owner: str
    automation: str
    level: str
    message: str
    at: int


class Notifier(Protocol):
    """A way to reach a person. Its name is stored with what it delivered, so it must stay the same."""

    name: str

    async def notify(self, notice: Notice) -> None:
        """Deliver ``notice``; an exception means it is tried again later."""
        ...


@dataclass(frozen=True, slots=True)
class NotifierFactory:
    """How a plugin offers notifiers; ``open(context)`` returns those that its settings ask for, perhaps none.

    When it raises, none of them are used, but those that a ``NotAllOpened`` brings along.
    """

    name: str
    open: Callable[[PluginContext], Sequence[Notifier]]
