"""The node, those beside it, its settings and its health."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from octobot_node.operations.models import Request, Response

__all__ = [
    "Check",
    "Checkup",
    "DrainNode",
    "ListRoutes",
    "NodePage",
    "NodeRow",
    "NodeStatus",
    "RoutePage",
    "RouteRow",
    "SettingPage",
    "SettingView",
]


# As contracts/coordinator.py has them, which imports the database: help must not. A test holds them to it.
Role = Literal["standalone", "master", "consumer"]
NodeStanding = Literal["live", "draining", "drift", "dead", "left"]
RouteStanding = Literal["unknown", "up", "doubtful", "down"]


class NodeStatus(Response):
    """How the node is."""

    version: str
    data_dir: str
    running: bool
    process: int | None
    nodes_elsewhere: int = Field(description="Where no node runs on the data folder: how many work on its database.")
    sending: bool = Field(description="Whether orders may be sent at all: the kill switch is not thrown.")
    automations: dict[str, int] = Field(description="How many, by status.")
    open_orders: int
    unknown_orders: int
    lag: float = Field(description="Seconds since the automation that waits longest was due; 0 when none waits.")
    broken_plugins: list[str]
    egress_down: list[str] = Field(description="Routes that are known to be down: what leaves by them waits.")
    as_of: datetime


class ListRoutes(Request):
    """Which routes there are; ``look`` asks each proxy how it is, which takes some seconds."""

    look: bool = Field(default=False, description="Look how each route stands now, instead of what is known.")


class RouteRow(Response):
    """A way out of this machine that accounts may name."""

    name: str
    kind: str = Field(description="direct, http, socks5, tor, or a plugin's own; empty: none is usable.")
    proxy: str = Field(description="How its proxy is spoken to and where it listens, without user and password.")
    status: RouteStanding = Field(description="unknown: neither used nor looked at yet.")
    detail: str
    cure: str
    exit_address: str = Field(description="Which address others see, where OCTOBOT_PROXIES_CHECK_URL tells it.")
    exchange_traffic: bool = Field(description="Whether OCTOBOT_EXCHANGE_TRAFFIC lets exchange traffic go by it.")
    accounts: int = Field(description="How many accounts leave by it, with orders or prices.")


class RoutePage(Response):
    """Every route of this node, by name."""

    routes: list[RouteRow]


class PluginDifference(Response):
    """A type, a connector or a plugin that a node has, or has not, otherwise than the one that leads."""

    name: str = Field(description="What it is, and what it is called: `type telex.morse`, `trading telex`.")
    version: str | None = Field(description="Its version there; empty: it has none; null: it is not there.")
    expected: str | None = Field(description="Its version on the node that leads; null: it is not there.")


class NodeRow(Response):
    """A node on the database, as the others see it."""

    id: str
    role: Role
    state: NodeStanding = Field(
        description="live, draining, drift (its plugins differ from the master's), dead or left."
    )
    leads: bool = Field(description="Whether it hands out work.")
    works: bool = Field(description="Whether it does work.")
    version: str
    plugins: str = Field(description="What two nodes must have in common; empty where a node is alone.")
    host: str
    load: int = Field(description="Batches and sends that it is at.")
    heartbeat_age: float = Field(description="Seconds since it was heard.")
    since: datetime
    this: bool = Field(description="Whether it is the node that answers.")
    cpu: float | None = Field(
        description="How much of one core it took about the last minute, with the processes that it started: 1.5 is one"
        " and a half; null: not known yet."
    )
    memory: int | None = Field(description="Bytes that it takes, with the processes that it started; null: not known.")
    ticks_per_second: float | None = Field(description="How much it ticked about the last minute; null: not known yet.")
    lag_median: float | None = Field(
        description="Half of its ticks in the last hour were not later than this, in seconds; null: there was none."
    )
    lag_95: float | None = Field(description="95 % of its ticks in the last hour were not later than this, in seconds.")
    differs: list[PluginDifference] = Field(
        description="In which plugins it differs from the node that leads; it gets no work as long as it does."
    )


class NodePage(Response):
    """Every node on the database."""

    nodes: list[NodeRow]


class DrainNode(Request):
    """A node to let leave: its id, or how it begins."""

    node: str = Field(min_length=1, max_length=64, description="A node's id, or how it begins.")


class SettingView(Response):
    """One setting in force; secrets are masked. ``section`` is "" for the node's own."""

    section: str
    name: str
    variable: str
    value: str
    origin: str
    description: str


class SettingPage(Response):
    """Every setting in force, the node's own first; ``unknown`` are OCTOBOT_* variables and [sections] that nothing
    reads.
    """

    file: str | None
    settings: list[SettingView]
    unknown: list[str]


class CheckNode(Request):
    """What is to be looked at beside the node itself."""

    exchanges: bool = Field(
        default=False,
        description="true: also ask the exchange of each account that is not simulated for prices, money, orders, what"
        " its keys may and the time, which takes seconds.",
    )


class Check(Response):
    """What a health check answered, in ``seconds``."""

    name: str
    plugin: str
    status: Literal["ok", "warning", "failed"]
    detail: str
    cure: str
    seconds: float


class Checkup(Response):
    """What every health check answered; ``status`` is the worst of them."""

    status: Literal["ok", "warning", "failed"]
    checks: list[Check]
