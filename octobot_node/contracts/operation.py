"""What an operation is made of; ``catalogue`` has the core's, plugins add theirs with ``register_operations``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

__all__ = ["Operation", "Subject"]


@dataclass(frozen=True, slots=True)
class Operation:
    """Where an operation's function is, and the models that it takes and returns.

    ``function`` in ``module`` is called with an OperationContext and the model. ``writes``: it changes something, and
    is audited. ``subject`` is a function of the same signature, ``module:function``, that returns what is about to be
    changed as a ``Subject``; without one the audit has what the operation returns.
    """

    module: str
    function: str
    takes: type[BaseModel]
    returns: type[BaseModel]
    writes: bool = False
    subject: str = ""
    #: Arguments that the audit does not keep: secrets may be anywhere in them.
    hidden: frozenset[str] = frozenset()
    #: What it is called; the core's catalogue is keyed by it.
    name: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an operation is about, as it stands: whose, its name, its id, and what matters of it as JSON."""

    owner: str
    name: str
    id: str
    data: Mapping[str, Any] = field(default_factory=dict)
