"""The node's settings, from arguments and ``OCTOBOT_*`` environment variables."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Settings", "default_data_dir"]


def default_data_dir() -> Path:
    """Return where state lives unless told otherwise: ``$XDG_DATA_HOME/octobot-node`` or its usual default."""
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "octobot-node"


class Settings(BaseSettings):
    """Every setting of the core; read once, then passed in. Durations are in seconds unless named otherwise."""

    model_config = SettingsConfigDict(env_prefix="OCTOBOT_", frozen=True, extra="forbid")

    data_dir: Path = Field(default_factory=default_data_dir, description="The folder that holds all state.")
    database_url: str = Field(
        default="", description="SQLAlchemy URL of the database; empty for octobot.db in the data folder."
    )
    extra_plugins: tuple[str, ...] = Field(
        default=(), description="Modules to load as plugins besides the built-in ones, by dotted name."
    )
    disk_reserve_mb: int = Field(default=200, ge=0, description="With less free disk than this no new order is sent.")
    batch_size: int = Field(default=500, ge=1, le=5_000, description="Automations evaluated in one batch at most.")
    batch_workers: int = Field(default=3, ge=1, le=32, description="Batches worked on at once.")
    send_workers: int = Field(default=4, ge=1, le=32, description="Send workflows worked on at once.")
    send_chunk: int = Field(default=100, ge=1, le=1_000, description="Intents that pass the fence together at most.")
    send_concurrency: int = Field(default=16, ge=1, le=256, description="Requests in flight per account.")
    request_ttl: float = Field(default=5.0, gt=0, description="How long a signed order request is valid.")
    request_timeout: float = Field(default=10.0, gt=0, description="Hard total time-out of one request.")
    evaluate_timeout: float = Field(default=2.0, gt=0, description="How long one evaluation may take.")
    evaluate_memory_mb: int = Field(default=1_024, ge=128, description="Memory of the process that evaluates, at most.")
    claim_ttl: float = Field(default=60.0, gt=0, description="After this an unfinished batch is taken again.")
    dispatch_interval: float = Field(default=0.2, gt=0, description="How often due automations are looked for.")
    sweep_interval: float = Field(default=1.0, gt=0, description="How often what nobody carries is picked up.")
    watch_interval: float = Field(default=0.25, gt=0, description="Fastest polling of an account with open orders.")
    watch_interval_max: float = Field(default=5.0, gt=0, description="Slowest polling when nothing happens.")
    order_max_age: float = Field(
        default=300.0, gt=0, description="An order decided longer ago than this is not sent: its price is history."
    )
    unknown_after: float = Field(
        default=30.0, gt=0, description="An order whose outcome is not known for this long is told as unknown."
    )
    hub_deadline: float = Field(default=2.0, gt=0, description="How long a batch waits for market data.")
    failure_limit: int = Field(default=5, ge=1, description="Failed ticks in a row before an automation is failed.")
    queue_poll_interval: float = Field(default=2.0, gt=0, description="How often DBOS looks at its queues unkicked.")

    def url(self) -> str:
        """Return the database URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'octobot.db'}"
