"""Which characters a name may have, and how others are shown: none acts on a terminal, a log or a file."""

from __future__ import annotations

import re

__all__ = ["BLANKS", "ODD", "check_line", "json_shown", "printable"]

#: Of Unicode's categories Cc, Cf, Zl, Zp and Cs, for a class of characters in a pattern: what controls a terminal, ends
#: a line, has no width, turns the direction of what stands beside it, or is half a character. And letters, signs and
#: marks that are drawn as nothing, and what is no character. Up to U+FFFF, and beyond.
ODD = (
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufdd0-\ufdef\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff"
)
#: Of category Zs all but the plain space: they look like it, and make another name.
BLANKS = r"\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_BEYOND = (
    r"\ud800-\udfff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff"
)
_ONE = re.compile(f"[{ODD}{_BEYOND}]")
_BLANK = re.compile(f"[{BLANKS}]")
_LAID_OUT = frozenset("\n\t")


def check_line(text: str) -> str:
    """Return a name, or a text of one line; raise ValueError for a character that nobody sees."""
    found = _ONE.search(text)
    if found is not None:
        raise ValueError(
            f"has the character U+{ord(found[0]):04X}, which nobody sees: leave out control and format characters and"
            " line breaks"
        )
    blank = _BLANK.search(text)
    if blank is not None:
        raise ValueError(f"has the character U+{ord(blank[0]):04X}, which looks like a space: write a plain one")
    return text


def printable(text: str, *, lines: bool = True) -> str:
    r"""Return a text for a person, what nobody sees written out (``\x1b``); ``lines`` leaves line breaks and tabs."""
    return _ONE.sub(lambda found: found[0] if lines and found[0] in _LAID_OUT else _written(found[0]), text)


def json_shown(text: str) -> str:
    """Return JSON that says the same, what nobody sees escaped as JSON does; laid out as it was."""
    return _ONE.sub(lambda found: found[0] if found[0] in _LAID_OUT else _in_json(found[0]), text)


def _written(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _in_json(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[index]:02x}{units[index + 1]:02x}" for index in range(0, len(units), 2))
