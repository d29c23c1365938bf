"""Commands made of operations: arguments, options and what is printed are what the operation's models say."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from importlib import import_module
from typing import Annotated, Any, Literal, TextIO, Union, get_args, get_origin

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from octobot_node.cli.options import AutomationArgument, Cursor, DataDir, Json, Limit, Yes
from octobot_node.contracts.operation import Command, Operation
from octobot_node.errors import PluginError, UsageError

__all__ = ["command_function"]

_REQUIRED = inspect.Parameter.empty
#: Fields that mean the same wherever they are.
_SHARED: Mapping[str, Any] = {"limit": Limit, "cursor": Cursor}
_NUMBERS = {int, float}
#: What a command's function is given besides.
_TAKEN = frozenset({"context", "yes", "as_json", "data_dir"})


def command_function(operation: Operation[Any, Any], command: Command) -> Callable[..., None]:
    """Return the function of a command, for Typer; raise PluginError for a field that no command line can give."""
    fields = _fields(operation, command)
    as_json = {field.name for field in fields if field.json}

    def run(context: typer.Context, **given: Any) -> None:
        from octobot_node.cli.ask_node import NodeClient, confirm

        client = NodeClient(context, given.pop("data_dir"), as_json=given.pop("as_json"))
        yes = given.pop("yes", True)
        arguments = {name: _value(name, value, as_json) for name, value in given.items()}
        if command.confirm:
            confirm(command.confirm.format_map(arguments), yes=yes)
        client.show(client.ask(operation, **arguments), _printer(command))
        if command.later:
            client.say_if_quiet(command.later)

    common = [("as_json", Json, False), ("data_dir", DataDir, None)]
    if command.confirm:
        common.insert(0, ("yes", Yes, False))
    parameters = [("context", typer.Context, _REQUIRED), *((f.name, f.annotation, f.default) for f in fields), *common]
    run.__signature__ = inspect.Signature([_parameter(*each) for each in parameters])  # type: ignore[attr-defined]
    run.__annotations__ = {name: annotation for name, annotation, _ in parameters}
    run.__doc__ = command.help or operation.description
    return run


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    # Typer lets one without a default follow one that has it.
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _value(name: str, value: Any, as_json: set[str]) -> Any:
    if value is None or value == []:
        return None
    if name in as_json:
        from octobot_node.text.exact_json import decode

        try:
            return decode(value.encode())
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{name} is not valid JSON ({error}): write it in quotes") from None
    return value.value if isinstance(value, Enum) else value


def _printer(command: Command) -> Callable[[Any, TextIO], None]:
    if not command.show:
        from octobot_node.cli.output.show_response import print_response

        return lambda response, out: print_response(response, out, command.columns)
    if not isinstance(command.show, str):
        return command.show
    module, _, function = command.show.partition(":")
    found: Callable[[Any, TextIO], None] = getattr(import_module(module), function)
    return found


class _Field:
    """A field of a request as the command line has it."""

    def __init__(self, name: str, field: FieldInfo, *, argument: bool) -> None:
        self.name = name
        self.default = _REQUIRED if field.is_required() else field.get_default(call_default_factory=True)
        kind, many, self.json = _kind(field.annotation)
        if self.json:
            self.default = _REQUIRED if field.is_required() else None
        if many and not field.is_required():
            self.default = None
        self.annotation = self._annotation(field, kind, many=many, argument=argument)

    def _annotation(self, field: FieldInfo, kind: Any, *, many: bool, argument: bool) -> Any:
        shared = _SHARED.get(self.name)
        if shared is not None and get_args(shared)[0] == (kind if field.is_required() else _maybe(kind, self.default)):
            return shared
        if self.name == "automation" and argument and field.is_required():
            return AutomationArgument
        about = f"{field.description or ''}{' May be repeated.' * (many and not argument)}".strip()
        told: dict[str, Any] = {"help": about, "metavar": self._metavar(kind, many=many)}
        kept = _maybe(list[kind] if many else kind, self.default)
        if argument:
            told["metavar"] = told["metavar"] or self.name.upper()
            return Annotated[kept, typer.Argument(**told, show_default=not field.is_required())]
        limits = _limits(field) if kind in _NUMBERS else {}
        return Annotated[kept, typer.Option(self._words(kind), **told, **limits)]

    def _metavar(self, kind: Any, *, many: bool) -> str | None:
        if self.json:
            return "JSON"
        if kind in _NUMBERS:
            return "N"
        return self.name.upper() if kind is str or many else None

    def _words(self, kind: Any) -> str:
        word = self.name.replace("_", "-")
        # What is off unless it is said needs no word for off.
        return f"--{word}/--no-{word}" if kind is bool and self.default is not False else f"--{word}"


def _fields(operation: Operation[Any, Any], command: Command) -> list[_Field]:
    fields: Mapping[str, FieldInfo] = operation.request.model_fields
    first = command.arguments
    if first is None:
        first = tuple(name for name, field in fields.items() if field.is_required())
    strange = [name for name in first if name not in fields]
    if strange:
        raise PluginError(
            f"the command {command.path!r} has the argument {strange[0]!r}, which is not a field of"
            f" {operation.request.__name__}: name one of {', '.join(fields)}"
        )
    # What every page has comes last.
    taken = sorted(_TAKEN.intersection(fields))
    if taken:
        raise PluginError(f"a field {taken[0]!r} cannot be given to {command.path!r}: write the command by hand")
    rest = sorted((name for name in fields if name not in first), key=lambda name: name in _SHARED)
    return [
        *(_Field(name, fields[name], argument=True) for name in first),
        *(_Field(name, fields[name], argument=False) for name in rest),
    ]


def _kind(annotation: Any) -> tuple[Any, bool, bool]:
    """Return the type that Typer is given, whether there may be several, and whether it is given as JSON."""
    inner = _without_none(annotation)
    if get_origin(inner) in {list, tuple, set, frozenset}:
        of = _plain(_without_none(get_args(inner)[0]))
        # Typer takes no choice several times: the operation refuses what is none.
        of = str if get_origin(of) is Literal else of
        return (str, False, True) if of is None else (of, True, False)
    found = _plain(inner)
    return (str, False, True) if found is None else (found, False, False)


def _plain(annotation: Any) -> Any:
    """Return the type of something that one word can say, None for anything else."""
    if annotation is SecretStr:
        raise PluginError("a secret is not given on a command line, where others see it: write the command by hand")
    if get_origin(annotation) is Literal:
        return annotation if all(isinstance(each, str) for each in get_args(annotation)) else None
    if not isinstance(annotation, type):
        return None
    if annotation in {bool, int, float, str} or issubclass(annotation, Enum):
        return annotation
    # Exact digits, and times: they are read where the operation is carried out.
    return str if issubclass(annotation, Decimal) or _is_time(annotation) else None


def _is_time(annotation: type) -> bool:
    return any(each.__module__ == "datetime" for each in annotation.__mro__) or annotation.__name__.endswith("Datetime")


def _without_none(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in {Union, types.UnionType}:
        others = [each for each in get_args(annotation) if each is not type(None)]
        if len(others) == 1:
            return _without_none(others[0])
        if all(get_origin(each) is Literal for each in others):
            return Literal[tuple(word for each in others for word in get_args(each))]
    return annotation


def _maybe(kind: Any, default: Any) -> Any:
    return kind | None if default is None else kind


def _limits(field: FieldInfo) -> dict[str, Any]:
    return {
        name: getattr(each, bound)
        for each in field.metadata
        for name, bound in (("min", "ge"), ("max", "le"))
        if getattr(each, bound, None) is not None
    }
