"""What the operations on candle sets take and return."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from octobot_node.fields import Symbol, Zone
from octobot_node.operations.models import PageRequest, Request, Response
from octobot_node.specs import Name
from octobot_node.text.patterns import told_as

__all__ = [
    "CandleSetDeleted",
    "CandleSetImported",
    "CandleSetPage",
    "CandleSetRow",
    "ImportCandles",
    "ListCandleSets",
    "OneCandleSet",
    "ReadAs",
    "SendCandles",
    "TakeCandles",
    "TimeUnit",
]

TimeUnit = Literal["auto", "s", "ms", "us", "ns"]
_Symbol = Annotated[Symbol, Field(description="What the candles are of.", examples=["BTC/USD"])]


class ReadAs(Request):
    """How a file of candles is to be read, and what to call it."""

    symbol: _Symbol
    name: Name | None = Field(default=None, description="What to call it; by default as its file is called.")
    time_unit: TimeUnit = Field(
        default="auto",
        description="The unit of numbers that are times; by default the one in which they are of 2000 to 2100.",
    )
    zone: Zone = Field(default="UTC", description="The zone of dates that name none, such as Europe/Paris.")
    off_grid: Literal["error", "drop"] = Field(
        default="error", description="Candles that open off their grid: the file is refused, or they are left out."
    )


class ImportCandles(ReadAs):
    """A file on the node's own machine."""

    path: str = Field(min_length=1, max_length=4_096, description="The file, by its absolute path.")


class SendCandles(ReadAs):
    """What is said of a file that is sent: the file itself is the body."""

    file_name: str = Field(default="candles", min_length=1, max_length=255, description="What the file is called.")


class TakeCandles(ReadAs):
    """A file that was sent, and is on this node's disk now."""

    arrived: str = Field(
        pattern=told_as("an id: send the one that the upload was answered with", r"^[0-9a-f-]{36}$"),
        description="Under which id it arrived.",
    )


class ListCandleSets(PageRequest):
    """A page of candle sets, newest first."""

    symbol: Symbol | None = Field(default=None, description="Only those of this one.")


class OneCandleSet(Request):
    """One candle set."""

    candles: str = Field(
        min_length=1, max_length=128, description="A candle set's id, or its name where only one has it."
    )


class CandleSetRow(Response):
    """A file of candles, and what is in it."""

    id: str
    owner: str
    name: str
    symbol: str
    timeframe: str = Field(description="How long its candles are: 1m, 4h, 1d; in seconds where there is no such word.")
    candle_seconds: int
    candles: int
    start: datetime = Field(description="When the first one opens.")
    end: datetime = Field(description="When the last one closes.")
    missing: int = Field(description="Candles missing between the first and the last.")
    first_missing: datetime | None
    file_name: str
    source: Literal["file", "upload"] = Field(description="A file of the node's machine, or one that was sent.")
    size: int = Field(description="Bytes of the file.")
    digest: str = Field(description="SHA-256 of the file: the same content is stored once.")
    time_unit: TimeUnit
    zone: str
    off_grid: Literal["error", "drop"]
    notes: list[str] = Field(description="What was assumed, put in order or left out when it was read.")
    node_id: str = Field(description="The node whose disk it is on; only that one replays it.")
    used_by: int = Field(description="Replays on it that wait or run.")
    created_at: datetime


class CandleSetImported(CandleSetRow):
    """A candle set; ``known``: it was there already, and nothing was stored."""

    known: bool


class CandleSetPage(Response):
    """Candle sets, newest first."""

    candle_sets: list[CandleSetRow]
    next_cursor: str | None


class CandleSetDeleted(Response):
    """A candle set that is gone; its file stays while somebody else has the same."""

    id: str
    name: str
    symbol: str
