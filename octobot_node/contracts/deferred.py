"""What a plugin registers by its place, ``package.module:name``: imported when it is used, so that loading is quick."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

__all__ = ["deferred", "deferred_value"]


def deferred(place: str) -> Callable[..., Any]:
    """Return a function that imports the function or class at ``place`` when it is called, and calls it.

    Calling it raises ImportError or AttributeError where there is none.
    """
    value = deferred_value(place)

    def call(*arguments: Any, **named: Any) -> Any:
        return value()(*arguments, **named)

    return call


def deferred_value(place: str) -> Callable[[], Any]:
    """Return a function that imports what is at ``place`` when it is called, and returns it, such as a router."""
    module, colon, name = place.partition(":")
    if not (module and colon and name):
        raise ValueError(f"{place!r} is not a place: write package.module:name")

    def value() -> Any:
        return getattr(import_module(module), name)

    return value
