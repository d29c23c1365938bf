"""The text of an alert: a template with a few names to replace, and nothing that could reach further."""

from __future__ import annotations

from string import Formatter

__all__ = ["NAMES", "check_template", "fill_in"]

NAMES = ("symbol", "price", "level", "direction", "change", "at", "count")


def check_template(template: str) -> None:
    """Raise ValueError, with the cure, for what ``fill_in`` cannot replace."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        raise ValueError("a brace in the message is not closed: write {{ and }} for braces that shall stay") from None
    for _, name, spec, conversion in parts:
        if name is not None and (name not in NAMES or spec or conversion):
            # Attributes and formats are refused with it: a message is not a program.
            written = name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            known = ", ".join(f"{{{known}}}" for known in NAMES)
            raise ValueError(f"the message cannot replace {{{written}}}: there are {known}")


def fill_in(template: str, values: dict[str, str]) -> str:
    """Return ``template`` with its names replaced."""
    return template.format_map(values)
