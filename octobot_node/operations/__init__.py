"""What people and programs can do with a node: the one layer beneath the command line, the control socket and the API.

An operation is a function of a ``OperationContext`` and a pydantic model; it returns a pydantic model, or raises one of
``octobot_node.errors`` and has changed nothing. ``catalogue`` has them by name. Importing this package, its models and
its catalogue loads neither the database nor the engine.

To the node it is a plugin like any other: the first that is loaded, so that no other takes a name of its operations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from octobot_node.contracts.operation import Operation
from octobot_node.hookspecs import hookimpl

__all__ = ["register_operations"]


@hookimpl
def register_operations(register: Callable[[Operation[Any, Any]], None]) -> None:
    """Offer what can be done with a node."""
    from octobot_node.operations.catalogue import OPERATIONS

    for operation in OPERATIONS.values():
        register(operation)
