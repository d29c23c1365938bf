"""Carry out an operation that changes something, and write down who did what: before, and after.

Two entries, since the operation commits in transactions of its own: a process that dies in between leaves the first
one alone, and so it is told that the outcome is not known. What the first one says the second one does not repeat.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from pydantic import BaseModel

from octobot_node.contracts.operation import Operation, RequestT, ResponseT, Subject
from octobot_node.errors import OctoBotError, StorageUnavailable
from octobot_node.operations.context import OperationContext
from octobot_node.store.audit import audit_log
from octobot_node.store.audit.audit_log import Entry
from octobot_node.text.masking import MASK

__all__ = ["audited"]


def audited(
    context: OperationContext,
    operation: Operation[RequestT, ResponseT],
    request: RequestT,
    function: Callable[[OperationContext, RequestT], ResponseT],
) -> ResponseT:
    """Carry out an operation between its two entries; return or raise what it does."""
    about = _subject(context, operation, request)
    arguments = request.model_dump(mode="json", exclude_none=True)
    known: dict[str, Any] = {"arguments": {**arguments, **dict.fromkeys(operation.hidden & set(arguments), MASK)}}
    if about is not None:
        known["before"] = about.data
    begun = _append(context, _entry(context, operation.name, "begun", about, known))
    try:
        result = function(context, request)
    except StorageUnavailable:
        raise  # Whether it was carried out is not known, and so the first entry stays alone.
    except OctoBotError as error:
        _append(context, _entry(context, operation.name, "refused", about, {"error": str(error)}, begun))
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        with suppress(OctoBotError):
            _append(context, _entry(context, operation.name, "failed", about, {"error": said}, begun))
        raise
    after = _subject(context, operation, request) or _made(context, result)
    told = after.data if after is not None else result.model_dump(mode="json", exclude_none=True)
    _append(context, _entry(context, operation.name, "done", about or after, {"after": told}, begun))
    return result


def _append(context: OperationContext, entry: Entry) -> int:
    with context.core.storage.write() as connection:
        written = audit_log.append(connection, context.actor, entry, context.core.clock.now())
    context.audited(written.size)
    return written.id


def _entry(
    context: OperationContext,
    name: str,
    outcome: str,
    about: Subject | None,
    data: dict[str, Any],
    begun: int | None = None,
) -> Entry:
    owner = (context.owner or "") if about is None else about.owner
    target, target_id = ("", "") if about is None else (about.name, about.id)
    return Entry(name, outcome, target, target_id, owner, data, begun)


def _made(context: OperationContext, result: BaseModel) -> Subject | None:
    """Return what an operation made that is about nothing that there was, by the names that answers have."""
    found = {name: getattr(result, name, None) for name in ("owner", "name", "id")}
    if not (isinstance(found["name"], str) and isinstance(found["id"], str)):
        return None
    data = result.model_dump(mode="json", exclude_none=True)
    return Subject(found["owner"] or context.owner or "", found["name"], found["id"], data)


def _subject(context: OperationContext, operation: Operation[Any, Any], request: BaseModel) -> Subject | None:
    if not operation.subject:
        return None
    module, _, function = operation.subject.partition(":")
    try:
        found: Subject | None = getattr(import_module(module), function)(context, request)
    except OctoBotError:
        return None  # There is none, or not any more: the operation itself says so.
    return found
