"""Text inside rich's markup: what looks like markup is not, and what would act on the terminal is written out."""

from __future__ import annotations

import rich.markup

from octobot_node.text.printable import printable

__all__ = ["escape"]


def escape(text: str) -> str:
    """Return a text as markup that shows it."""
    return rich.markup.escape(printable(text))
