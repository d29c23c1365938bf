"""What an author says of a form beside the types of its fields: units, groups, order, what excludes what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from pydantic import JsonValue

__all__ = ["DRAWN", "WIDGETS", "Drawn", "Widget", "either", "form", "hint"]

Widget: TypeAlias = Literal[
    "symbol", "asset", "automation", "price", "percent", "duration", "time", "daily", "cron", "zone", "lines"
]
#: How a field may be asked for, and what that means; a form that does not know one asks for text.
WIDGETS: Mapping[str, str] = {
    "symbol": "a market of the account, looked up while one types",
    "asset": "an asset of the account's markets",
    "automation": "another automation of the same owner, by name",
    "price": "a price, which a chart of the symbol can set",
    "percent": "a percentage",
    "duration": "a number and a unit: 30s, 5m, 4h, 1d, 1w; stored configs have ISO 8601",
    "time": "a time of day, HH:MM",
    "daily": "a time of day with its zone",
    "cron": "a cron line with its zone",
    "zone": "an IANA time zone",
    "lines": "text of several lines",
}

Drawn: TypeAlias = Literal["buy", "sell", "target", "stop", "level"]
#: What a price, or a percentage of the last one, stands for when it is drawn over the market's candles.
DRAWN: Mapping[str, str] = {
    "buy": "where it would buy; of percent that far below the last price",
    "sell": "where it would sell; of percent that far above it",
    "target": "where it would sell with a gain; of percent that far above it",
    "stop": "where it would sell with a loss; of percent that far below it",
    "level": "where it would do something else; of percent that far above and below it",
}


def hint(
    *,
    unit: str = "",
    group: str = "",
    order: int | None = None,
    advanced: bool = False,
    widget: Widget | None = None,
    labels: Mapping[str, str] | None = None,
    draws: Drawn | None = None,
) -> dict[str, JsonValue]:
    """Return a field's hints, for ``Field(json_schema_extra=…)``.

    ``unit`` stands behind the input: ``%``, an asset, or ``base`` and ``quote``, which are those of the config's
    ``symbol``. ``group`` is the title of the part of the form that it is in; fields stand as they are written unless
    ``order`` says otherwise. ``advanced`` ones are folded away. ``labels`` are what choices are called, by value.
    ``draws`` has a price, or a percentage, drawn on the chart while it is typed.
    """
    told: dict[str, JsonValue] = {
        "x-unit": unit or None,
        "x-group": group or None,
        "x-order": order,
        "x-advanced": advanced or None,
        "x-widget": widget,
        "x-labels": None if labels is None else dict(labels),
        "x-draws": draws,
    }
    return {name: value for name, value in told.items() if value is not None}


def either(title: str, options: Mapping[str, Sequence[str]], *, required: bool = True) -> dict[str, JsonValue]:
    """Return a choice between groups of fields, for ``form``: exactly one is filled in, or none where not ``required``.

    ``options`` maps what each is called to its fields.
    """
    told: list[JsonValue] = [{"title": name, "fields": list(fields)} for name, fields in options.items()]
    return {"title": title, "options": told, "required": required}


def form(*choices: dict[str, JsonValue], groups: Sequence[str] = ()) -> dict[str, JsonValue]:
    """Return what a model says of its form as a whole, for ``ConfigDict(json_schema_extra=…)``.

    ``choices`` are made by ``either``; ``groups`` are the titles of the form's parts, in order.
    """
    told: dict[str, JsonValue] = {"x-either": list(choices), "x-groups": list(groups)}
    return {name: value for name, value in told.items() if value}
