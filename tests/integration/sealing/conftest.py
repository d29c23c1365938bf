"""An account whose connector takes secrets, on a bench."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from octobot_node.contracts.exchanges import ConnectorContext, TradingFactory
from octobot_node.testing import FakeExchange
from tests.integration.operations.conftest import Office, bench, make_bench, office, open_office, registry, template

__all__ = ["Keyed", "bench", "make_bench", "office", "open_office", "registry", "template"]

KEY, PIN = "k3y-that-nobody-sees", "p1n-that-nobody-sees"


class Inner(BaseModel):
    model_config = ConfigDict(frozen=True)

    pin: SecretStr = SecretStr("")
    place: str = ""


class KeyedSettings(BaseModel):
    model_config = ConfigDict(frozen=True)

    key: SecretStr = Field(default=SecretStr(""))
    #: Secret by its type alone.
    words: SecretStr = SecretStr("")
    inside: Inner = Inner()
    wrapped: dict[str, Any] = Field(default_factory=dict)
    place: str = "here"


class Keyed:
    """A connector that remembers what it was given."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.given: list[KeyedSettings] = []
        factory = TradingFactory("keyed", KeyedSettings, self.open)
        office.bench.registry.trading["keyed"] = factory  # type: ignore[index]

    def open(self, settings: KeyedSettings, _account: str, _context: ConnectorContext) -> Any:
        self.given.append(settings)
        return FakeExchange(self.office.bench.clock).trading

    def account(self, name: str = "live", **settings: Any) -> str:
        """Make an account with these settings; return its id."""
        trading = {"use": "keyed", **settings}
        found = self.office.do("accounts.create", name=name, market_data={"use": "fake"}, trading=trading)
        return str(found.id)

    def row(self, name: str = "live") -> Any:
        from octobot_node.store import tables

        (row,) = [row for row in self.office.bench.rows(tables.accounts) if row.name == name]
        return row


@pytest.fixture
def keyed(office: Office) -> Keyed:
    return Keyed(office)


def written(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder but the key's, by name."""
    found = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {path.name: content for path, content in found.items() if path.name != "secret-key"}
