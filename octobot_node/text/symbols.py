"""What a symbol is: BASE/QUOTE of a spot market, in capitals. The one place where that is said and checked."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from octobot_node.text.patterns import told_as
from octobot_node.text.printable import check_line

__all__ = ["SYMBOL_PATTERN", "check_symbol", "spot_pair"]

#: For forms and documents; ``check_symbol`` says more.
SYMBOL_PATTERN = told_as("a valid symbol: write BASE/QUOTE, such as BTC/USD", r"^[^/\s:]+/[^/\s:]+$")
_PAIR = re.compile(SYMBOL_PATTERN)
#: How perpetual and dated futures are told from spot: BTC/USDT:USDT, BTCUSDT.P, BTC-PERP, BTCUSDT_251226.
_DERIVATIVE = re.compile(r"[:]|\.P$|[-_](?:PERP|SWAP|[0-9]{6})$|\.PERP$", re.IGNORECASE)
_QUOTES = ("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USD", "EUR", "GBP", "TRY", "JPY", "BTC", "ETH", "BNB")
_EXAMPLE = "BTC/USD"


@lru_cache(maxsize=1_024)
def check_symbol(text: str) -> str:
    """Return ``text`` if it is a symbol; raise ValueError with what to write instead."""
    check_line(text)
    # A wide letter looks like the plain one, and would be another market.
    plain = unicodedata.normalize("NFKC", text)
    if plain != text:
        raise ValueError(f"{text!r} has characters of another form or width: write {plain}")
    spot = spot_pair(text)
    if spot is not None:
        pair = f"{spot} is the spot pair" if spot else f"write a spot pair, such as {_EXAMPLE}"
        raise ValueError(f"{text!r} is a derivative, and derivatives are not supported: {pair}")
    if not _PAIR.match(text):
        raise ValueError(
            f"{text!r} is not a valid symbol: write BASE/QUOTE, such as {_split(text.upper()) or _EXAMPLE}"
        )
    if text == text.lower() != text.upper():
        raise ValueError(f"{text!r} is in small letters: write {text.upper()}")
    return text


def spot_pair(text: str) -> str | None:
    """Return the spot pair that a derivative's symbol is of, "" if that cannot be told; None if it is none."""
    if not _DERIVATIVE.search(text):
        return None
    pair = _DERIVATIVE.sub("", text.partition(":")[0]).upper()
    return pair if _PAIR.match(pair) else _split(pair)


def _split(text: str) -> str:
    """Return BASE/QUOTE of BASE-QUOTE, BASE_QUOTE or BASEQUOTE, "" if it is none of these."""
    parts = re.split(r"[-_]", text)
    if len(parts) == 2 and all(part.isalnum() for part in parts):
        return "/".join(parts)
    quote = next((quote for quote in _QUOTES if text.endswith(quote) and len(text) > len(quote)), None)
    return f"{text.removesuffix(quote)}/{quote}" if quote and text.isalnum() else ""
