"""What can be asked of the node besides: the limit, on the command line and over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octobot_node.contracts.operation import Command, Route, operation
from octobot_node.operations.models import EmptyRequest, Response
from octobot_node.specs import Amount
from pydantic import Field

from octobot_tentacle_hello.settings import HelloSettings

if TYPE_CHECKING:
    from octobot_node.operations.context import OperationContext

__all__ = ["LargestOrder", "largest_order"]


class LargestOrder(Response):
    """The limit on single orders."""

    largest_order: Amount | None = Field(description="What an order may cost in its quote asset; null: anything.")


@operation(
    "hello.largest_order", route=Route("GET", "/hello/largest-order", "node:read"), command=Command("hello limit")
)
def largest_order(context: OperationContext, request: EmptyRequest) -> LargestOrder:
    """Tell what one order may cost."""
    del request
    settings = context.plugin_context.plugin_settings(HelloSettings)
    return LargestOrder(largest_order=settings.largest_order)
