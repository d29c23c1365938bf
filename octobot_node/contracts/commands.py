"""Commands that a plugin adds to ``octobot-node``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import typer

__all__ = ["CommandRegistrar"]


class CommandRegistrar(Protocol):
    """What ``register_commands`` is given."""

    def __call__(self, app: typer.Typer, name: str = "") -> None:
        """Add the application's commands as the group called ``name``, or beside the node's own without a name."""
        ...
