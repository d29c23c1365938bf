"""Storages on a real server, and a network to it that can fail."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from octobot_node.settings import Settings
from octobot_plugins.postgres.storage import PostgresStorage
from tests.integration.plugin_releases import telex
from tests.integration.plugins.postgres.tls import TlsServer
from tests.support.postgres import Server
from tests.support.proxy import Proxy

__all__ = ["telex"]


@pytest.fixture
def open_storage(tmp_path: Path) -> Iterator[Callable[..., PostgresStorage]]:
    """Open the storage of a URL, with settings of the test's own."""
    opened: list[PostgresStorage] = []

    def open_(url: str, **more: Any) -> PostgresStorage:
        opened.append(PostgresStorage(Settings(data_dir=tmp_path, database_url=url, **more)))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


@pytest.fixture
def network(postgres: Server) -> Iterator[Proxy]:
    with Proxy(postgres.port) as proxy:
        yield proxy


@pytest.fixture
def through(postgres: Server, network: Proxy, open_storage: Callable[..., PostgresStorage]) -> PostgresStorage:
    """A storage behind ``network``."""
    return open_storage(postgres.create_database().replace(f":{postgres.port}/", f":{network.port}/"))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA, postgres: Server) -> Iterator[TlsServer]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with TlsServer(postgres.port, context) as server:
        yield server
