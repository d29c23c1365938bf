"""The API over an engine on a bench, in process, on either database, with a user and a key of every role."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from octobot_node import Decision, Wake
from octobot_node.api.app import create_app
from octobot_node.api.exact import operations_router
from octobot_node.engine.commands.commands import NewAccount, NewAutomation
from octobot_node.ids import new_id
from octobot_node.operations.perform import perform_named
from tests.integration.conftest import CHEAP_HASHES
from tests.integration.operations.conftest import Office, bench, make_bench, office, open_office, registry, template

__all__ = ["ROLES", "Service", "bench", "make_bench", "office", "open_office", "registry", "service", "template"]

#: Name -> role; ada and bob own what is theirs.
ROLES = {"vera": "viewer", "ada": "trader", "bob": "trader", "root": "admin"}
PASSWORD = "correct horse battery"


@dataclass
class Service:
    """The API of a bench: ``client`` is nobody, ``as_("ada")`` brings ada's key."""

    office: Office
    app: FastAPI
    stack: ExitStack
    client: TestClient
    keys: dict[str, str] = field(default_factory=dict)
    scopes: dict[str, list[str]] = field(default_factory=dict)
    _clients: dict[str, TestClient] = field(default_factory=dict)

    def as_(self, user: str, **headers: str) -> TestClient:
        """Return a client that brings a user's key."""
        if user not in self._clients or headers:
            given = {"authorization": f"Bearer {self.keys[user]}", **headers}
            self._clients[user] = self.stack.enter_context(_client(self.app, given))
        return self._clients[user]

    def anonymous(self, **headers: str) -> TestClient:
        """Return a fresh client, without any cookie."""
        return self.stack.enter_context(_client(self.app, headers))

    def account(self, owner: str, name: str = "main") -> str:
        """Create an account of an owner's on the bench's exchange, and return its id."""
        return self.office.bench.commands.create_account(NewAccount(name, "fake", "fake", {}, {}, owner=owner))

    def automation(self, owner: str, name: str = "one", **budget: Decimal) -> str:
        """Create an automation of an owner's, which waits; return its id."""
        account, bench = self.account(owner), self.office.bench
        bench.type.scripts.setdefault("waits", lambda _tick: Decision(wake=Wake(every=timedelta(days=1))))
        new = NewAutomation(
            name, "scripted", account, budget or {"USDT": Decimal(1_000)}, {"who": "waits"}, owner=owner
        )
        found: str = bench.commands.create(new)
        bench.settle()
        return found

    def do(self, name: str, /, **arguments: Any) -> Any:
        return perform_named(self.office.context(owner=None), name, arguments)


def _client(app: FastAPI, headers: dict[str, str]) -> TestClient:
    return TestClient(app, base_url="http://node.test", headers=headers, client=("192.0.2.7", 50_000))


#: Making the routes of the node's operations takes longer than most tests do. They say nothing of a node, so all share
#: them; what comes of making them anew is for the tests that have routes of their own, and for nodes that start.
kept_router = functools.cache(operations_router)


@pytest.fixture(scope="session")
def password_hash() -> str:
    return CHEAP_HASHES.hash(PASSWORD)


@pytest.fixture
def make_service(open_office: Callable[..., Office], password_hash: str) -> Iterator[Callable[..., Service]]:
    with ExitStack() as stack:

        def make(**settings: Any) -> Service:
            office = open_office(**settings)
            app = create_app(office.context(), make_router=kept_router)
            service = Service(office, app, stack, stack.enter_context(_client(app, {})))
            _add_users(service, password_hash)
            return service

        yield make


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    return make_service()


def _add_users(service: Service, password_hash: str) -> None:
    from octobot_node.api.scopes import all_scopes, scopes_of
    from octobot_plugins.auth.sign_in import tokens
    from octobot_plugins.auth.tables import keys, users

    now, registered = service.office.bench.clock.now(), all_scopes(service.office.bench.registry)
    with service.office.bench.core.storage.write() as connection:
        for name, role in ROLES.items():
            # Vera watches what ada does. One hash for all: each would take as long as a test.
            row = {"name": name, "role": role, "owner": "ada" if name == "vera" else name, "password": password_hash}
            connection.execute(
                users.insert().values(
                    **row, generated=False, disabled=False, revision=1, created_at=now, password_at=now
                )
            )
            token, scopes = tokens.new_key(), sorted(scopes_of(role, registered))  # type: ignore[arg-type]
            key = {"id": new_id(), "user": name, "name": "tests", "hash": tokens.hashed(token), "prefix": token[:10]}
            connection.execute(keys.insert().values(**key, scopes=scopes, role=role, created_at=now))
            service.keys[name], service.scopes[name] = token, scopes
