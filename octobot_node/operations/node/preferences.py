"""What whoever gives an operation chose for themselves."""

from __future__ import annotations

import json
from typing import Any

from octobot_node.operations.context import OperationContext
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.node.models.preferences import ChangePreferences, Preferences
from octobot_node.store import preferences

__all__ = ["change", "preferred_currency", "show"]

_CURRENCY = "USD"


def show(context: OperationContext, request: EmptyRequest) -> Preferences:
    """Return what the caller chose."""
    del request
    return Preferences(user=context.by, currency=preferred_currency(context))


def change(context: OperationContext, request: ChangePreferences) -> Preferences:
    """Choose; what is left out stays as it is."""
    with context.core.storage.write() as connection:
        for name in sorted(request.model_fields_set):
            preferences.put(connection, context.by, name, json.dumps(getattr(request, name)))
    return show(context, EmptyRequest())


def preferred_currency(context: OperationContext) -> str | None:
    """Return what the caller wants sums told in, None for nothing."""
    with context.core.storage.read() as connection:
        found: Any = preferences.get(connection, context.by, "currency")
    return _CURRENCY if found is None else json.loads(found)
