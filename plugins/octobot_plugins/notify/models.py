"""What the operations on notifications take and return."""

from __future__ import annotations

from pydantic import Field

from octobot_node.operations.models import Request, Response
from octobot_plugins.notify.settings import Rule

__all__ = ["Notifications", "Target", "Tried", "TriedTarget", "TryNotifications"]


class Target(Response):
    """A way to tell somebody: one URL. What is secret in it is not told."""

    number: int = Field(description="Its place among the URLs, from 1.")
    scheme: str = Field(description="What it is of, such as `tgram`; empty: it has no scheme.")


class Notifications(Response):
    """How the node tells people; its settings say it, `[notify]`."""

    targets: list[Target] = Field(description="Each URL, in order.")
    tell: list[Rule] = Field(description="The rules: what is told.")
    together: float = Field(description="What happens within so many seconds is told in one message.")
    heartbeat: bool = Field(description="Whether a service outside is shown that the node is alive.")


class TryNotifications(Request):
    """What to say."""

    message: str = Field(
        default="This is a test: OctoBot Node can reach you here.",
        min_length=1,
        max_length=500,
        description="The message's text.",
        examples=["This is a test."],
    )


class TriedTarget(Response):
    """Whether a message arrived at one URL."""

    number: int = Field(description="The URL's place, from 1.")
    scheme: str = Field(description="What it is of.")
    service: str = Field(description="What the service calls itself; may be empty.")
    arrived: bool = Field(description="Whether the service took it.")
    error: str


class Tried(Response):
    """Whether a message arrived, by URL."""

    results: list[TriedTarget] = Field(description="One for each URL, in order.")
