"""Plugins."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from octobot_node.operations.models import Response

__all__ = ["PackagePage", "PackageRow", "PluginPage", "PluginRow", "ServiceRow", "TroubleRow"]


class TroubleRow(Response):
    """What a plugin's code raised while the node ran: with what, how often, and the last time."""

    what: str
    count: int
    error: str
    at: datetime


class ServiceRow(Response):
    """A plugin's service: how it is, since when, how often and why it was started again."""

    name: str
    status: Literal["starting", "running", "restarting", "elsewhere", "stopped", "abandoned"]
    since: datetime
    restarts: int
    error: str


class PluginRow(Response):
    """One plugin: ``registers`` maps hook to names, ``commands`` are those it adds to `octobot-node`.

    ``left_out`` says of what it would add, and does not, why that is; the rest of it is used. ``troubles`` and
    ``services`` are those of the running node; without one there are none.
    """

    name: str
    version: str
    origin: str
    module: str
    status: Literal["loaded", "broken", "off"]
    hooks: list[str]
    registers: dict[str, list[str]]
    commands: list[str]
    error: str
    left_out: list[str] = Field(default_factory=list, description="What of it is not used, and why.")
    troubles: list[TroubleRow] = Field(default_factory=list)
    services: list[ServiceRow] = Field(default_factory=list)


class PluginPage(Response):
    """Every plugin that was found."""

    plugins: list[PluginRow]


class PackageRow(Response):
    """A Python package that is installed beside the node."""

    name: str = Field(description="What it is called.")
    version: str = Field(description="Which release of it.")
    license: str = Field(description="Its licence, as it tells it; empty: it does not.")


class PackagePage(Response):
    """The packages that are installed, by name."""

    packages: list[PackageRow] = Field(description="By name.")
