"""A type's own figures, as its author says that they are to be read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Any

from octobot_node.about import About, Figure
from octobot_node.operations.automations.models.automations import FigureRow
from octobot_node.plugin_system.registry import Registry

__all__ = ["about_of", "figure_rows"]


def figure_rows(registry: Registry, type_name: str, config: Mapping[str, Any], stored: str) -> list[FigureRow]:
    """Return the figures that were stored of an automation, in the order that they are shown in."""
    declared = about_of(registry, type_name).figures
    assets = _assets(config)
    found: Mapping[str, str] = json.loads(stored)
    return [_row(declared, assets, label, value, place) for place, (label, value) in enumerate(found.items())]


def about_of(registry: Registry, type_name: str) -> About:
    """Return how a type presents itself; nothing where no plugin has it, or where its author wrote something odd."""
    about: Any = getattr(registry.automations.get(type_name), "about", None)
    return about if isinstance(about, About) else About()


def _row(declared: Sequence[Figure], assets: Mapping[str, str], label: str, value: str, place: int) -> FigureRow:
    known = next((each for each in declared if fnmatchcase(label, each.label)), None)
    if known is None:
        known = Figure(label, "number" if _is_number(value) else "text")
    elif known.kind not in {"text", "time"} and not _is_number(value):
        # What its author promised is not there: the text is shown as what it is.
        known = Figure(label, "text", key=known.key)
    key = known.key or re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
    return FigureRow(
        key=key, label=label, kind=known.kind, unit=assets.get(known.unit, known.unit), value=value, order=place
    )


def _is_number(value: str) -> bool:
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _assets(config: Mapping[str, Any]) -> Mapping[str, str]:
    """Return what ``base`` and ``quote`` mean with a config: of its symbol, or of a field that is called so."""
    symbol, quote = config.get("symbol"), config.get("quote")
    base, _, counter = symbol.partition("/") if isinstance(symbol, str) else ("", "", "")
    return {"base": base, "quote": counter or (quote if isinstance(quote, str) else "")}
