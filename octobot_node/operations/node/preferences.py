"""What whoever gives an operation chose for themselves."""

from __future__ import annotations

from typing import Any

from octobot_node.operations.context import OperationContext
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.node.models.preferences import ChangePreferences, Preferences
from octobot_node.store import preferences
from octobot_node.text.exact_json import decode, encode

__all__ = ["change", "preferred_currency", "show"]

#: What holds where nobody chose; of the currency alone null is a choice: sums are told in none.
_DEFAULTS: dict[str, Any] = {
    "currency": "USD",
    "theme": "system",
    "zone": None,
    "hide_amounts": False,
    "book": None,
    "views": {},
}


def show(context: OperationContext, request: EmptyRequest) -> Preferences:
    """Return what the caller chose."""
    del request
    with context.core.storage.read() as connection:
        kept = preferences.of_user(connection, context.by)
    chosen = {name: decode(value) for name, value in kept.items() if name in _DEFAULTS}
    return Preferences(user=context.by, **(_DEFAULTS | chosen))


def change(context: OperationContext, request: ChangePreferences) -> Preferences:
    """Choose; what is left out stays as it is."""
    with context.core.storage.write() as connection:
        for name in sorted(request.model_fields_set):
            value = getattr(request, name)
            given = _DEFAULTS[name] if value is None and name != "currency" else value
            preferences.put(connection, context.by, name, encode(given))
    return show(context, EmptyRequest())


def preferred_currency(context: OperationContext) -> str | None:
    """Return what the caller wants sums told in, None for nothing."""
    with context.core.storage.read() as connection:
        found = preferences.get(connection, context.by, "currency")
    chosen: str | None = _DEFAULTS["currency"] if found is None else decode(found)
    return chosen
