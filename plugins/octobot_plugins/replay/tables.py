"""Candle sets, and replays as jobs. Their files are in the data folder of the node that ``node_id`` names."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.contracts.tables import PluginTables
from octobot_node.store import tables
from octobot_node.store.types import Millis

__all__ = ["REPLAY_TABLES", "candle_sets", "jobs", "metadata", "results"]

metadata = sa.MetaData(naming_convention=tables.metadata.naming_convention)

Id = sa.String(36)

#: A file of candles as an owner has it; the file itself is stored once for all who have the same.
candle_sets = sa.Table(
    "replay_candle_sets",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("node_id", Id, nullable=False),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("symbol", sa.String(64), nullable=False),
    #: SHA-256 of the file.
    sa.Column("digest", sa.String(64), nullable=False),
    # How it is read.
    sa.Column("time_unit", sa.String(4), nullable=False),
    sa.Column("zone", sa.String(64), nullable=False),
    sa.Column("off_grid", sa.String(8), nullable=False),
    # What was found in it.
    sa.Column("step", sa.BigInteger, nullable=False),
    sa.Column("candles", sa.BigInteger, nullable=False),
    sa.Column("start_at", Millis, nullable=False),
    sa.Column("end_at", Millis, nullable=False),
    sa.Column("missing", sa.BigInteger, nullable=False),
    sa.Column("first_missing_at", Millis),
    sa.Column("notes", sa.JSON, nullable=False),
    # Where it came from.
    sa.Column("file_name", sa.String(255), nullable=False),
    sa.Column("source", sa.String(8), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("created_at", Millis, nullable=False),
    sa.UniqueConstraint(
        "owner", "node_id", "digest", "symbol", "time_unit", "zone", "off_grid", name="uq_replay_candle_sets_content"
    ),
    sa.Index("ix_replay_candle_sets_owner", "owner", "id"),
    sa.Index("ix_replay_candle_sets_digest", "digest"),
)

jobs = sa.Table(
    "replay_jobs",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("node_id", Id, nullable=False),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("notes", sa.Text, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    #: The run file as JSON, without the paths of candles.
    sa.Column("run_file", sa.Text, nullable=False),
    #: symbol -> id of a candle set
    sa.Column("candles", sa.JSON, nullable=False),
    sa.Column("cancelling", sa.Boolean, nullable=False),
    #: How often it was begun, or gone on with.
    sa.Column("starts", sa.Integer, nullable=False),
    sa.Column("done", sa.BigInteger, nullable=False),
    sa.Column("total", sa.BigInteger, nullable=False),
    sa.Column("virtual_now", Millis),
    sa.Column("created_at", Millis, nullable=False),
    sa.Column("started_at", Millis),
    sa.Column("ended_at", Millis),
    sa.Index("ix_replay_jobs_owner", "owner", "id"),
    sa.Index("ix_replay_jobs_status", "node_id", "status", "id"),
)

#: What finished replays came to; fills and log are files beside them, on the node's disk.
results = sa.Table(
    "replay_results",
    metadata,
    sa.Column("job_id", Id, primary_key=True),
    #: A line for lists, the report, and a curve for each automation, as JSON.
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("report", sa.Text, nullable=False),
    sa.Column("curves", sa.Text, nullable=False),
    sa.Column("fills", sa.BigInteger, nullable=False),
    sa.Column("log_lines", sa.BigInteger, nullable=False),
)

REPLAY_TABLES = PluginTables(
    "replay",
    metadata,
    "octobot_plugins.replay.migrations",
    of_owners={"candle sets": candle_sets, "replays": jobs},
)
