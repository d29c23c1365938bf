"""A node for a plugin's tests: the real database, context, operations and API, with nothing that trades by itself."""

from __future__ import annotations

import secrets
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.exchanges import ConnectorContext

if TYPE_CHECKING:
    from fastapi.testclient import TestClient
    from pydantic import BaseModel

    from octobot_node.operations.context import OperationContext

__all__ = ["PluginTest", "Told"]


@dataclass(frozen=True, slots=True)
class Told:
    """A notice that was given to the notifiers."""

    level: str
    message: str
    owner: str


class PluginTest:
    """A data folder at rest with plugins loaded: ``with PluginTest("octobot_telex") as node: …``.

    ``plugins`` are modules by dotted name, trusted; ``settings`` are the node's own, by name. A plugin's settings are
    read from the environment, as ever. Raises ValueError for a plugin that is broken, or not used whole.
    """

    def __init__(self, *plugins: str, folder: Path | None = None, **settings: Any) -> None:
        self._plugins = plugins
        self._folder = folder
        self._settings = settings
        self._stack = ExitStack()
        self._operations: OperationContext | None = None

    def __enter__(self) -> PluginTest:
        from octobot_node.configuration import Configuration
        from octobot_node.live.idle_folder import open_idle_folder
        from octobot_node.plugin_system.discovery import load_plugins
        from octobot_node.settings import Settings

        registry = load_plugins(self._plugins, discover=False, trusted=self._plugins)
        wrong = [
            f"{each.name}: {reason}" for each in registry.plugins for reason in (each.error, *each.left_out) if reason
        ]
        if wrong:
            raise ValueError("; ".join(wrong))
        folder = self._folder or Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="octobot-plugin-")))
        configuration = Configuration(Settings(data_dir=folder, **{"disk_reserve_mb": 0, **self._settings}))
        try:
            self._operations = self._stack.enter_context(open_idle_folder(configuration, registry, by="a test"))
            left = [f"{each.name}: {each.error}" for each in self.operations.registry.broken]
            if left:
                raise ValueError("; ".join(left))
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def operations(self) -> OperationContext:
        """What operations are given."""
        if self._operations is None:
            raise ValueError("it is open inside its with block only")
        return self._operations

    @property
    def context(self) -> PluginContext:
        """What the node lends services, notifiers, health checks and routes."""
        return self.operations.plugin_context

    @property
    def told(self) -> list[Told]:
        """Every notice so far, oldest first."""
        import sqlalchemy as sa

        from octobot_node.store.tables import notices

        with self.context.storage.read() as connection:
            rows = connection.execute(sa.select(notices).order_by(notices.c.id)).all()
        return [Told(row.level, row.message, row.owner) for row in rows]

    def do(self, operation: str, /, **arguments: Any) -> BaseModel:
        """Carry out an operation by its name, the plugin's own or the node's, and return its response."""
        from octobot_node.operations.perform import perform_named

        return perform_named(self.operations, operation, arguments)

    def account(self, name: str = "main", **given: Any) -> str:
        """Create an account, on a simulated market and paper unless other connectors are given; return its id.

        ``market_data`` and ``trading`` are as in a run file: ``trading={"use": "commission", "commission": "0.01"}``.
        """
        wanted = {"market_data": {"use": "simulated", "seed": 7}, "trading": {"use": "paper"}, **given}
        if self.operations.registry.trading_factory(wanted["trading"]["use"]).simulated:
            wanted.setdefault("balances", {"USD": 10_000})
        made: Any = self.do("accounts.create", name=name, **wanted)
        return str(made.id)

    def connector_context(self, account_id: str) -> ConnectorContext:
        """Return what a connector of an account is lent; ``account`` makes one."""
        return self.operations.core.accounts.lend(account_id)

    def api(self) -> TestClient:
        """Return a client of the REST API that brings an admin's key."""
        from fastapi.testclient import TestClient

        from octobot_node.api.app import create_app
        from octobot_node.api.scopes import all_scopes

        name, scopes = f"tester{secrets.token_hex(4)}", [each.name for each in all_scopes(self.operations.registry)]
        self.do("users.create", user=name, role="admin", password=secrets.token_urlsafe(24))
        key: Any = self.do("keys.create", user=name, name="tests", scopes=scopes)
        headers = {"authorization": f"Bearer {key.token}"}
        return self._stack.enter_context(TestClient(create_app(self.operations), headers=headers))
