"""Groups of commands that are partly made of operations; nothing of them is imported before one is looked into."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from octobot_node.cli.options import group

if TYPE_CHECKING:
    from octobot_node.contracts.operation import Command, Operation

    Derived = tuple[Operation[Any, Any], Command]

__all__ = ["OperationGroup", "derived_commands", "derived_group"]


def derived_commands(derived: Iterable[Derived]) -> dict[str, Any]:
    """Return commands, ready to be invoked, by the last word of their paths."""
    from typer.main import get_group

    from octobot_node.cli.operation_commands import command_function

    made: typer.Typer = group()
    for operation, command in derived:
        made.command(command.path.rpartition(" ")[2])(command_function(operation, command))
    # With a callback a single command keeps its name.
    made.callback()(lambda: None)
    return dict(get_group(made).commands)


def derived_group(name: str, derived: Sequence[Derived]) -> Any:
    """Return an empty group for commands that are made of operations, with the help that one of them gives it."""
    from typer.main import get_group

    made = group()
    made.info.name, made.info.help = name, next((each.group_help for _, each in derived if each.group_help), "")
    made.callback()(lambda: None)
    found = get_group(made)
    found.name = name
    return found


class OperationGroup(TyperGroup):
    """A group of the node's own that has, beside its own commands, those made of the node's operations."""

    _written: dict[str, Any]
    _derived: dict[str, Any] | None = None

    @property
    def commands(self) -> MutableMapping[str, Any]:
        """Every command by name, those made of operations first: they look, the others change."""
        if self._derived is None:
            from octobot_node.cli.commands.derived import DERIVED

            own = [each for each in DERIVED if each[1].path.rpartition(" ")[0] == self.name]
            self._derived = derived_commands(own)
        return {**self._derived, **self._written}

    @commands.setter
    def commands(self, written: MutableMapping[str, Any]) -> None:
        self._written = dict(written)
