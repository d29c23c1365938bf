"""How figures are written for a person: never with an exponent, and a dash for what is not known."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from octobot_node.text.amounts import amount_text

__all__ = ["amount", "duration", "figure", "gain", "moment", "ratio"]

UNKNOWN = "—"


def amount(value: Decimal | None, asset: str = "") -> str:
    """Return ``value`` with its asset as a person reads it, a dash for None. The JSON report has every digit."""
    if value is None:
        return UNKNOWN
    return amount_text(value, asset)


def figure(value: str) -> str:
    """Return an automation type's own figure: a number as one reads it, any other text as it is."""
    try:
        return amount(Decimal(value))
    except InvalidOperation:
        return value


def gain(value: Decimal | None, asset: str = "") -> str:
    """Return ``value`` with its sign, as markup: green for a gain, red for a loss."""
    text = amount(value, asset)
    if not value:
        return text
    return f"[green]+{text}[/]" if value > 0 else f"[red]{text}[/]"


def ratio(value: Decimal | None) -> str:
    """Return a ratio as a percentage with two places: 0.1 is 10.00 %."""
    return UNKNOWN if value is None else f"{value * 100:.2f} %"


def moment(value: datetime | None) -> str:
    """Return a time to the second, in UTC."""
    return UNKNOWN if value is None else f"{value:%Y-%m-%d %H:%M:%S} UTC"


def duration(value: timedelta) -> str:
    """Return a duration as hours, minutes and seconds."""
    seconds = max(0, int(value.total_seconds()))
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
