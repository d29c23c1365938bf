"""Carry out operations: by the constant that a program knows, or by the name that came over a wire."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from octobot_node.contracts.operation import Operation, RequestT, ResponseT
from octobot_node.errors import Mistake, UsageError
from octobot_node.text.from_outside import HalfCharacter, refuse_halves
from octobot_node.text.numbers import DIGITS, unreasonable
from octobot_node.text.validation_messages import told

if TYPE_CHECKING:
    from octobot_node.operations.context import OperationContext

__all__ = ["besides_of", "perform", "perform_given", "perform_named", "read_request"]


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
    return perform_given(context, operation, arguments)


def perform_given(
    context: OperationContext, operation: Operation[RequestT, ResponseT], arguments: Mapping[str, Any]
) -> ResponseT:
    """Carry out an operation with what was given for it.

    Raises UsageError for arguments that it does not take, with whatever else is wrong, and what the operation raises.
    """
    try:
        request = read_request(operation, arguments)
    except UsageError as error:
        besides = besides_of(context, operation, arguments, {each.field.partition(".")[0] for each in error.mistakes})
        if besides:
            raise UsageError.of([*error.mistakes, *besides]) from None
        raise
    return perform(context, operation, request)


def read_request(operation: Operation[RequestT, ResponseT], arguments: Mapping[str, Any]) -> RequestT:
    """Return arguments as the operation's request; raise UsageError with each that it does not take."""
    try:
        # Of an argument that is no UTF-8 Python makes such a text.
        refuse_halves(arguments)
    except HalfCharacter as error:
        where, _, text = str(error).partition(": ")
        raise UsageError(str(error), field=where, reason=text) from None
    try:
        return operation.request.model_validate(dict(arguments))
    except ValidationError as error:
        raise UsageError.of([_mistake(each, operation.request) for each in error.errors(include_url=False)]) from None


def besides_of(
    context: OperationContext, operation: Operation[Any, Any], arguments: Mapping[str, Any], wrong: Collection[str]
) -> Sequence[Mistake]:
    """Return what else is wrong with arguments of which these fields cannot be read: see ``Operation.besides``."""
    if not operation.besides:
        return ()
    parts: dict[str, Any] = {}
    for name, field in operation.request.model_fields.items():
        if name in arguments and name not in wrong:
            # A field of its own, with whatever it is annotated with.
            whole: Any = Annotated[(field.annotation, name, *field.metadata)]
            parts[name] = TypeAdapter(whole).validate_python(arguments[name])
    if any(unreasonable(value) for value in parts.values() if isinstance(value, BaseModel)):
        return ()
    module, _, function = operation.besides.partition(":")
    found: Sequence[Mistake] = getattr(import_module(module), function)(context, parts)
    return found


def _refuse_unreasonable(request: BaseModel) -> None:
    # The doors bound the numbers that they read; this one is for those that came as text, whatever the model.
    found = unreasonable(request)
    if found is not None:
        where, reason = ".".join(map(str, found[0])), f"has more digits than any market: use at most {DIGITS}"
        raise UsageError(f"{where}: {reason}", field=where, reason=reason)


def _mistake(error: ErrorDetails, model: type[BaseModel]) -> Mistake:
    return Mistake(".".join(str(part) for part in error["loc"]), told(error, model))
