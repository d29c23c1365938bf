"""What is told on the live stream, by the name of the event."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from octobot_node.operations.models import Response
from octobot_node.operations.node.models.events import EventRow
from octobot_node.specs import Amount
from octobot_plugins.api_events.frames import EventGap

__all__ = ["LiveChanged", "LivePrice", "LiveReplay", "LiveTold"]


class LiveChanged(Response):
    """What happened since the message before, in short: whoever shows it reads it again."""

    automations: list[str] = Field(description="Ids of automations to which something happened.")
    accounts: list[str] = Field(description="Ids of accounts to which something happened, and those of automations.")
    kinds: list[str] = Field(description="Of which kinds the events were.")
    everything: bool = Field(
        description="More happened than is told one by one, or it is not known what: read again whatever is shown."
    )


class LivePrice(Response):
    """A symbol's prices, each time that they change."""

    account: str = Field(description="The account's id: its market is asked.")
    symbol: str
    last: Amount | None = Field(description="The last price; null: the market does not tell it now.")
    bid: Amount | None
    ask: Amount | None
    at: datetime | None = Field(description="When the market had these prices.")


class LiveReplay(Response):
    """How far a replay is, each time that it is further."""

    id: str
    status: str
    reason: str = Field(description="Why it failed, or why it waits again.")
    done: int = Field(description="Candles that are behind it.")
    total: int = Field(description="All its candles; 0 as long as it has not begun.")
    virtual_now: datetime | None = Field(description="The time that it is at.")
    place: int | None = Field(default=None, description="How many are before it in its node's queue, while it waits.")


class LiveTold(Response):
    """What is in ``data:``, by the name of the event; it is in the document alone."""

    message: EventRow
    changed: LiveChanged
    gap: EventGap
    price: LivePrice
    replay: LiveReplay
