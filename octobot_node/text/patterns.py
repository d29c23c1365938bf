"""What names of accounts, automations and assets, and amounts as text, look like, as regular expressions."""

from __future__ import annotations

from octobot_node.text.printable import BLANKS, ODD

__all__ = ["ASSET_PATTERN", "DECIMAL_PATTERN", "NAME_PATTERN", "ROUTE_PATTERN", "told_as", "words_of"]

_WORDS: dict[str, str] = {}


def told_as(words: str, pattern: str) -> str:
    """Return a pattern of a field, and remember what people are told of a text that does not fit it."""
    _WORDS[pattern] = words
    return pattern


def words_of(pattern: str) -> str | None:
    """Return what people are told of a text that does not fit a pattern, None if nobody said."""
    return _WORDS.get(pattern)


ASSET_PATTERN = told_as("a valid asset: use up to 16 letters and digits, such as USD", r"^[A-Za-z0-9._-]{1,16}$")
#: An amount as text: plain digits.
DECIMAL_PATTERN = told_as("a number: write plain digits, such as 12.5", r"^[+-]?[0-9]{1,60}(?:\.[0-9]{1,60})?$")
NAME_PATTERN = told_as(
    "a valid name: use printable characters, with no space at either end",
    rf"^[^\s{ODD}](?:[^{ODD}{BLANKS}]*[^\s{ODD}])?$",
)
_ROUTE_WORDS = "the name of a route: use up to 32 small letters, digits, - and _, such as direct, tor or office"
#: A way out of this machine.
ROUTE_PATTERN = told_as(_ROUTE_WORDS, r"^[a-z0-9][a-z0-9_-]{0,31}$")
told_as(_ROUTE_WORDS, r"^([a-z0-9][a-z0-9_-]{0,31})?$")
told_as("a place for secrets, such as file or vault", "^[a-z][a-z0-9_]{0,31}$")
told_as("any, or a kind of proxy, such as tor", "^[a-z0-9_]{1,32}$")
# As a setting has it, which imports nothing of text.
told_as("a name of a schema: use up to 63 letters, digits, - and _", "^[A-Za-z0-9_-]{0,63}$")
