"""What an operation is made of; the catalogues have the core's, plugins add theirs with ``register_operations``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

__all__ = ["Operation", "RequestT", "ResponseT", "Subject"]

RequestT = TypeVar("RequestT", bound=BaseModel)
ResponseT = TypeVar("ResponseT", bound=BaseModel)


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
    writes: bool = field(default=False, kw_only=True)
    subject: str = field(default="", kw_only=True)
    #: Fields of the request that the audit does not keep: secrets may be anywhere in them.
    hidden: frozenset[str] = field(default=frozenset(), kw_only=True)

    def load(self) -> Callable[[Any, RequestT], ResponseT]:
        """Return the function, imported where only its place is known."""
        if not isinstance(self.function, str):
            return self.function
        module, _, name = self.function.partition(":")
        found: Callable[[Any, RequestT], ResponseT] = getattr(import_module(module), name)
        return found


@dataclass(frozen=True, slots=True)
class Subject:
    """What an operation is about, as it stands: whose, its name, its id, and what matters of it as JSON."""

    owner: str
    name: str
    id: str
    data: Mapping[str, Any] = field(default_factory=dict)
