"""Operations over an engine on a bench."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from octobot_node.configuration import Configuration
from octobot_node.operations.context import OperationContext
from octobot_node.operations.perform import perform_named
from octobot_node.plugin_system.node_context import NodePluginContext
from octobot_node.store.tables import metadata
from tests.integration.engine.conftest import bench, make_bench, registry, template
from tests.support.bench import Bench

__all__ = ["Office", "bench", "make_bench", "office", "open_office", "registry", "template"]


@dataclass(slots=True)
class Office:
    """A bench; ``do`` carries out an operation on it, as alice unless told otherwise."""

    bench: Bench
    hurried: list[None] = field(default_factory=list)

    def context(
        self, *, live: bool = True, owner: str | None = None, by: str = "alice", creates_for: str = "local"
    ) -> OperationContext:
        core, configuration = self.bench.core, Configuration(self.bench.settings)
        context = NodePluginContext(
            configuration, core.settings, core.storage, core.clock, core.registry, self.bench.base.node_id
        )
        hurry: Callable[[], None] = lambda: self.hurried.append(None)  # noqa: E731 - a field wants a function
        return OperationContext(core, self.bench.commands, configuration, context, hurry, live, owner, by, creates_for)

    def do(self, name: str, /, **arguments: Any) -> Any:
        return perform_named(self.context(), name, arguments)

    def database(self) -> list[str]:
        """Return every table and row, as SQL or as they are, but the audit's: it has what was refused, too."""
        if self.bench.core.storage.shared:
            # A heartbeat prolongs the lease meanwhile.
            tables = [table for table in metadata.sorted_tables if table.name not in {"leases", "audit", "audit_chain"}]
            with self.bench.core.storage.read() as connection:
                return [f"{table.name} {row}" for table in tables for row in connection.execute(sa.select(table))]
        with sqlite3.connect(self.bench.settings.data_dir / "octobot.db") as file:
            audit = ('INSERT INTO "audit"', 'INSERT INTO "audit_chain"')
            dump = [line for line in file.iterdump() if not line.startswith(audit)]
        file.close()
        return dump


@pytest.fixture
def open_office(make_bench: Callable[..., Bench]) -> Callable[..., Office]:
    return lambda **settings: Office(make_bench(**settings))


@pytest.fixture
def office(bench: Bench) -> Office:
    return Office(bench)
