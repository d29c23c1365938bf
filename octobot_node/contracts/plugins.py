"""What is known of a plugin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["PluginInfo"]


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One plugin: where it comes from, what it does, and why it is not used if it is not.

    ``module`` is what another process imports to load the same: a dotted name, perhaps with ``:attribute``.
    ``registers`` maps hook to the names that the plugin registered through it. ``left_out`` says of what it registers
    and is not used why that is, each with its cure; the rest of the plugin is.
    """

    name: str
    version: str
    origin: str
    module: str
    status: Literal["loaded", "broken", "off"] = "loaded"
    hooks: tuple[str, ...] = ()
    registers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    error: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def built_in(self) -> bool:
        """Whether it is the product's own."""
        return self.origin == "built-in"
