"""How amounts and prices are written for a person: no exponent, and never rounded to nothing."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

__all__ = ["amount_text", "legible", "percent_hint", "percent_text"]

#: Money that people count in hundredths.
_HUNDREDTHS = frozenset(
    ("USD", "EUR", "GBP", "CHF", "CAD", "AUD", "NZD", "USDT", "USDC", "DAI", "FDUSD", "TUSD", "BUSD", "PYUSD", "EURC")
)
#: What is written at least: so many decimals, and of a small number so many digits.
_PLACES, _DIGITS = 8, 5
_WIDE = Context(prec=100, rounding=ROUND_HALF_EVEN)


def legible(value: Decimal, digits: int = _DIGITS) -> Decimal:
    """Return ``value`` to eight decimals or, where those would be fewer than ``digits - 1`` digits, to ``digits``."""
    digits_kept = _PLACES + 1 + value.adjusted()
    places = _PLACES if not value or digits_kept >= digits - 1 else digits - 1 - value.adjusted()
    with localcontext(_WIDE):
        return value.quantize(Decimal(1).scaleb(-places)).normalize()


def percent_text(percent: Decimal) -> str:
    """Return a number of percent for a person."""
    return f"{legible(percent):f} %"


def percent_hint(percent: Decimal) -> str:
    """Return, for a sentence's end, what people mean who are used to ratios: 0.015 where 1.5 % is meant; or ""."""
    meant = legible(percent * 100)
    return f"; it is in percent: {meant:f} is {meant:f} %" if percent < 1 else ""


def amount_text(value: Decimal, asset: str = "") -> str:
    """Return ``value`` with its asset: dollars and their like to the cent, others to eight decimals.

    What would have fewer than four digits then gets five, and so does a part of a cent.
    """
    with localcontext(_WIDE):
        digits = f"{value:,.2f}"
        if asset not in _HUNDREDTHS or (value and not digits.strip("-0.,")):
            digits = f"{legible(value):,f}"
    return f"{'0' if digits == '-0' else digits} {asset}".rstrip()
