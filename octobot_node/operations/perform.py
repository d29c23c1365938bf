"""Carry out operations: by the constant that a program knows, or by the name that came over a wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from octobot_node.contracts.operation import Operation, RequestT, ResponseT
from octobot_node.errors import UsageError
from octobot_node.text.from_outside import HalfCharacter, refuse_halves
from octobot_node.text.numbers import DIGITS, unreasonable

if TYPE_CHECKING:
    from octobot_node.operations.context import OperationContext

__all__ = ["perform", "perform_named", "read_request"]


def perform(context: OperationContext, operation: Operation[RequestT, ResponseT], request: RequestT) -> ResponseT:
    """Carry out an operation and return its response, or raise what it raises; one that writes is audited."""
    _refuse_unreasonable(request)
    function = operation.load()
    if operation.writes:
        from octobot_node.operations.audited import audited

        response = audited(context, operation, request, function)
    else:
        response = function(context, request)
    assert isinstance(response, operation.response), f"{operation.name} returned {type(response).__name__}"
    return response


def perform_named(context: OperationContext, name: str, arguments: Mapping[str, Any]) -> BaseModel:
    """Carry out the operation called ``name`` with what was sent for it.

    Raises UsageError for an unknown operation or arguments that it does not take, and whatever the operation raises.
    """
    operation: Operation[Any, BaseModel] | None = context.registry.operations.get(name)
    if operation is None:
        import octobot_node

        raise UsageError(f"this node (version {octobot_node.__version__}) knows no operation {name!r}: upgrade it")
    return perform(context, operation, read_request(operation, arguments))


def read_request(operation: Operation[RequestT, ResponseT], arguments: Mapping[str, Any]) -> RequestT:
    """Return arguments as the operation's request; raise UsageError for those that it does not take."""
    try:
        # Of an argument that is no UTF-8 Python makes such a text.
        refuse_halves(arguments)
    except HalfCharacter as error:
        where, _, text = str(error).partition(": ")
        raise UsageError(str(error), field=where, reason=text) from None
    try:
        return operation.request.model_validate(dict(arguments))
    except ValidationError as error:
        where, text = _mistake(error)
        raise UsageError(f"{where}: {text}", field=where, reason=text) from None


def _refuse_unreasonable(request: BaseModel) -> None:
    # The doors bound the numbers that they read; this one is for those that came as text, whatever the model.
    found = unreasonable(request)
    if found is not None:
        where, reason = ".".join(map(str, found[0])), f"has more digits than any market: use at most {DIGITS}"
        raise UsageError(f"{where}: {reason}", field=where, reason=reason)


def _mistake(error: ValidationError) -> tuple[str, str]:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    text = first["msg"].replace("Input should", "must").removeprefix("Value error, ")
    given = repr(first["input"])
    return where, f"{text}, not {given if len(given) <= 80 else f'{given[:77]}...'}"
