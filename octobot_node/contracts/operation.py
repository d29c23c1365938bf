"""What an operation is made of; the catalogues have the core's, plugins add theirs with ``register_operations``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from importlib import import_module
from inspect import get_annotations, signature
from typing import Any, Generic, Literal, TextIO, TypeVar

from pydantic import BaseModel

from octobot_node.contracts.api_routes import Scope

__all__ = ["Command", "Operation", "RequestT", "ResponseT", "Route", "Subject", "operation"]

RequestT = TypeVar("RequestT", bound=BaseModel)
ResponseT = TypeVar("ResponseT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Route:
    """Where an operation is in the REST API, below ``/api/v1``; what it takes is made of the operation's request.

    ``{name}`` in the path is a field of the request. The other fields are the query of a GET or DELETE, and the body of
    any other method. A field ``revision`` is the ``If-Match`` header, which PATCH and PUT must have; a ``revision`` in
    the response is its ``ETag``. ``scope`` is what callers need; a plugin's own ``Scope`` is added to the node's.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    scope: str | Scope
    #: Its title in the OpenAPI document; "" is the description without its full stop.
    summary: str = ""
    _: KW_ONLY
    #: What the OpenAPI document calls it; "" makes list_telex of telex.list.
    name: str = ""
    #: Under which heading it is there; "" is the part of the operation's name before the dot.
    tag: str = ""
    #: "" is the operation's own description.
    description: str = ""
    status: int = 200
    #: The address of what was made, for the Location header: "/telex/{id}", of the response's fields.
    location: str = ""
    #: The response has a secret in it: it is not kept to be given again for the same Idempotency-Key.
    tells_secret: bool = False
    #: It is dangerous: who comes with a session must have shown lately that it is them, and a key needs a scope for it.
    step_up: bool = False
    #: Statuses of problems beside those that every such route may answer.
    problems: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """A command of ``octobot-node``: ``path`` is its words, arguments and options are made of the operation's request.

    Fields without a default are arguments, the others options, unless ``arguments`` says which are. ``--json`` and
    ``--data-dir`` come by themselves.
    """

    path: str
    _: KW_ONLY
    #: "" is the operation's own description.
    help: str = ""
    #: Help of the group that the command is in, where nobody else makes that group.
    group_help: str = ""
    arguments: tuple[str, ...] | None = None
    #: A question to ask first, with {fields} of the request: "Delete {telegram}?"; adds --yes.
    confirm: str = ""
    #: Columns of the table for a person, or lines of one thing; () is every field that is not a mapping.
    columns: tuple[str, ...] = ()
    #: Prints the response for a person instead: a function, or ``module:function``.
    show: str | Callable[[Any, TextIO], None] = ""
    #: What no node does now, for whoever changed something where none runs: "it leaves".
    later: str = ""


@dataclass(frozen=True, slots=True)
class Operation(Generic[RequestT, ResponseT]):
    """A name, the models of what is asked and answered, and the function that does it.

    ``function`` is called with an OperationContext and the request. As ``module:function`` it is imported when it is
    called, so that an operation is known without the engine. ``writes``: it changes something, and is audited.
    ``subject`` is a function of the same arguments, ``module:function``, that returns what is about to be changed as a
    ``Subject``; without one the audit has what the operation returns.
    """

    #: What a control socket and the audit call it; never changed.
    name: str
    request: type[RequestT]
    response: type[ResponseT]
    function: str | Callable[[Any, RequestT], ResponseT]
    _: KW_ONLY
    writes: bool = False
    subject: str = ""
    #: It may be the first that is done in a data folder; others refuse one in which nothing is.
    begins: bool = False
    #: Fields of the request that the audit does not keep: secrets may be anywhere in them.
    hidden: frozenset[str] = frozenset()
    #: Of those fields of a request that can be read where others cannot: what else is wrong, so that all is told at
    #: once. ``module:function`` of an OperationContext and the fields by name; returns ``Mistake``s.
    besides: str = ""
    #: One sentence, for the OpenAPI document and a command's help.
    description: str = ""
    #: Where it is in the REST API, and on the command line; None: nowhere, or where somebody wrote it by hand.
    route: Route | None = None
    command: Command | None = None

    def load(self) -> Callable[[Any, RequestT], ResponseT]:
        """Return the function, imported where only its place is known."""
        if not isinstance(self.function, str):
            return self.function
        module, _, name = self.function.partition(":")
        found: Callable[[Any, RequestT], ResponseT] = getattr(import_module(module), name)
        return found


def operation(
    name: str,
    *,
    writes: bool = False,
    subject: str = "",
    hidden: frozenset[str] = frozenset(),
    route: Route | None = None,
    command: Command | None = None,
) -> Callable[[Callable[[Any, RequestT], ResponseT]], Operation[RequestT, ResponseT]]:
    """Make an operation of the function below: its models are those annotated, its description is the docstring's first
    line. What is given is as ``Operation`` has it.
    """

    def made(function: Callable[[Any, RequestT], ResponseT]) -> Operation[RequestT, ResponseT]:
        request, response = _models(function)
        return Operation(
            name,
            request,
            response,
            function,
            writes=writes,
            subject=subject,
            hidden=hidden,
            description=(function.__doc__ or "").strip().partition("\n")[0],
            route=route,
            command=command,
        )

    return made


def _models(function: Callable[..., Any]) -> tuple[type[Any], type[Any]]:
    """Return the annotations of the request and of what is returned; raise TypeError where one is not a model."""
    annotations = get_annotations(function)
    # Of the context nothing is asked: its class may be imported for the type checker alone.
    taken = list(signature(function).parameters)[1:2]
    found: list[Any] = [
        eval(each, function.__globals__) if isinstance(each, str) else each  # noqa: S307 - what the author wrote
        for each in (annotations.get(name) for name in (*taken, "return"))
    ]
    if len(found) != 2 or not all(isinstance(each, type) and issubclass(each, BaseModel) for each in found):
        raise TypeError(
            f"{function.__qualname__} is not an operation: write it as (context, request: Model) -> Model, with"
            " pydantic models"
        )
    return found[0], found[1]


@dataclass(frozen=True, slots=True)
class Subject:
    """What an operation is about, as it stands: whose, its name, its id, and what matters of it as JSON."""

    owner: str
    name: str
    id: str
    data: Mapping[str, Any] = field(default_factory=dict)
