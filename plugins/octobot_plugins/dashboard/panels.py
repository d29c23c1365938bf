"""Which panels there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from octobot_node.contracts.operation import Command, Route, operation
from octobot_node.contracts.panels import Place
from octobot_node.operations.models import EmptyRequest, Response

if TYPE_CHECKING:
    from octobot_node.operations.context import OperationContext

__all__ = ["PanelList", "PanelRow", "list_panels"]


class PanelRow(Response):
    """A panel that the dashboard shows."""

    name: str
    title: str = Field(description="What stands above it.")
    place: Place = Field(description="A page of its own, the page of automations, or a card on the overview.")
    types: list[str] = Field(description="Of which automation types it is told, in full; on whose pages it is.")
    height: int = Field(description="In pixels, until it asks for another.")
    bridge: int = Field(description="Which version of the bridge it speaks.")
    plugin: str = Field(description="The plugin that brings it.")


class PanelList(Response):
    """Panels, by name."""

    panels: list[PanelRow] = Field(description="Each with what shows it.")


@operation(
    "panels.list",
    route=Route("GET", "/panels", "automations:read", tag="node"),
    command=Command("panels", columns=("name", "place", "title", "plugin")),
)
def list_panels(context: OperationContext, request: EmptyRequest) -> PanelList:
    """List what plugins show on the dashboard."""
    del request
    registry = context.registry
    rows = []
    for name, panel in sorted(registry.panels.items()):
        owner = registry.owner("register_panels", name)
        # A type that is not there has no page, and one of several of its name is theirs who write it in full.
        types = [
            full for each in panel.types for full in registry.automations if each in {full, full.rpartition(".")[2]}
        ]
        rows.append(
            PanelRow(
                name=name,
                title=panel.title,
                place=panel.place,
                types=types,
                height=panel.height,
                bridge=panel.bridge,
                plugin="" if owner is None else owner.name,
            )
        )
    return PanelList(panels=rows)
