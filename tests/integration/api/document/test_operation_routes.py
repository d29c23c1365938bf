"""Routes made of operations: what a plugin gets for saying where an operation is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import Field, model_validator

from octobot_node.api.app import create_app
from octobot_node.contracts.api_routes import Scope
from octobot_node.contracts.operation import Operation, Route
from octobot_node.errors import Conflict, PluginError, UnknownName
from octobot_node.operations.models import PageRequest, Request, Response
from octobot_node.plugin_system.registry import Registry
from octobot_node.specs import Amount
from tests.integration.api.conftest import Service

READ = Scope("telex:read", "viewer", "Read telegrams.")
WRITE = Scope("telex:write", "trader", "Send telegrams.")


class SendTelegram(Request):
    """A telegram to send."""

    text: str = Field(min_length=1, max_length=160, description="What it says.", examples=["arrived"])
    fee: Amount = Field(default=Decimal(0), description="What it may cost.")
    words: int | None = None

    @model_validator(mode="after")
    def _counts(self) -> SendTelegram:
        if self.words is not None and self.words != len(self.text.split()):
            raise ValueError("count again")
        return self


class OneTelegram(Request):
    """One telegram."""

    telegram: str = Field(min_length=1, max_length=8, description="A telegram's id.")


class EditTelegram(OneTelegram):
    """What a telegram says from now on."""

    text: str | None = Field(default=None, max_length=160, examples=["departed"])
    words: int | None = None
    revision: int | None = None

    @model_validator(mode="after")
    def _says_something(self) -> EditTelegram:
        if self.text == "nothing":
            raise ValueError("say something")
        return self


class Telegram(Response):
    """A telegram."""

    id: str
    text: str
    fee: Amount
    revision: int


class Drop(OneTelegram):
    """Whether to drop it though it was paid for."""

    paid: bool = Field(default=False, description="Though it was paid for.")


class TelegramPage(Response):
    """Telegrams, oldest first."""

    telegrams: list[Telegram]
    next_cursor: str | None


class Token(Response):
    """A secret."""

    token: str


@dataclass
class Telex:
    """Telegrams in memory, and the operations on them."""

    sent: dict[str, Telegram] = field(default_factory=dict)

    def send(self, _context: Any, request: SendTelegram) -> Telegram:
        made = Telegram(id=f"t{len(self.sent)}", text=request.text, fee=request.fee, revision=1)
        self.sent[made.id] = made
        return made

    def edit(self, _context: Any, request: EditTelegram) -> Telegram:
        found = self.show(None, request)
        if request.revision not in (None, found.revision):
            raise Conflict("it was changed meanwhile: read it again")
        changed = found.model_copy(update={"text": request.text or found.text, "revision": found.revision + 1})
        self.sent[found.id] = changed
        return changed

    def show(self, _context: Any, request: OneTelegram) -> Telegram:
        if request.telegram not in self.sent:
            raise UnknownName(f"there is no telegram {request.telegram!r}")
        return self.sent[request.telegram]

    def drop(self, _context: Any, request: Drop) -> Telegram:
        found = self.show(None, request)
        if found.fee and not request.paid:
            raise UnknownName("it was paid for")
        return self.sent.pop(found.id)

    def listed(self, _context: Any, request: PageRequest) -> TelegramPage:
        return TelegramPage(telegrams=list(self.sent.values())[: request.limit], next_cursor=None)

    def token(self, _context: Any, _request: OneTelegram) -> Token:
        return Token(token="xyzzy")

    def operations(self) -> tuple[Operation[Any, Any], ...]:
        place = "/telex/{telegram}"
        return (
            Operation(
                "telex.send",
                SendTelegram,
                Telegram,
                self.send,
                writes=True,
                description="Send a telegram.",
                route=Route("POST", "/telex", WRITE, status=201, location="/telex/{id}"),
            ),
            Operation(
                "telex.edit", EditTelegram, Telegram, self.edit, writes=True, route=Route("PATCH", place, WRITE, "Edit")
            ),
            Operation("telex.show", OneTelegram, Telegram, self.show, route=Route("GET", place, "telex:read", "Show")),
            Operation(
                "telex.drop", Drop, Telegram, self.drop, writes=True, route=Route("DELETE", place, WRITE, "Drop")
            ),
            Operation("telex.list", PageRequest, TelegramPage, self.listed, route=Route("GET", "/telex", READ, "List")),
            Operation(
                "telex.token",
                OneTelegram,
                Token,
                self.token,
                writes=True,
                route=Route("POST", f"{place}/token", WRITE, "Make a token", tells_secret=True),
            ),
        )


@dataclass
class Given:
    """The API with the plugin, and a client for each of its users."""

    telex: Telex
    service: Service

    def as_(self, user: str) -> TestClient:
        return self.service.as_(user)


def with_operations(service: Service, made: tuple[Operation[Any, Any], ...], origin: str) -> Registry:
    """Return the node's plugins and one that has these operations."""
    context = service.office.context()
    like = next(plugin for plugin in context.registry.plugins if plugin.name == "octobot_plugins.auth")
    others = tuple(plugin for plugin in context.registry.plugins if plugin.name != "telex")
    names = tuple(operation.name for operation in made)
    plugin = replace(like, name="telex", origin=origin, registers={"register_operations": names})
    operations = {**context.registry.operations, **{operation.name: operation for operation in made}}
    registry = replace(context.registry, operations=operations, plugins=(*others, plugin))
    object.__setattr__(context.core, "registry", registry)
    return registry


@pytest.fixture
def telex(service: Service) -> Given:
    telex = Telex()
    with_operations(service, telex.operations(), "installed by telex")
    service.app = create_app(service.office.context())
    for user in ("vera", "ada"):
        scopes = [*service.scopes[user], "telex:read", *(["telex:write"] if user == "ada" else [])]
        service.keys[user] = service.do("keys.create", user=user, name="telex", scopes=scopes).token
    return Given(telex, service)


def test_it_takes_the_scope_that_it_says_and_a_plugin_s_own_is_a_role_s(telex: Given) -> None:
    assert telex.as_("ada").post("/api/v1/telex", json={"text": "arrived"}).status_code == 201
    assert telex.as_("vera").get("/api/v1/telex").status_code == 200
    refused = telex.as_("vera").post("/api/v1/telex", json={"text": "arrived"})
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "'telex:write' takes the role trader, and vera is a viewer: ask an admin",
    )
    assert telex.service.anonymous().get("/api/v1/telex").status_code == 401
    assert len(telex.telex.sent) == 1


def test_numbers_are_exact_and_the_answer_says_where_it_is_and_its_revision(telex: Given) -> None:
    body = '{"text": "arrived", "fee": 0.1000000000000000055}'
    made = telex.as_("ada").post("/api/v1/telex", content=body, headers={"content-type": "application/json"})

    assert made.json() == {"id": "t0", "text": "arrived", "fee": "0.1000000000000000055", "revision": 1}
    assert (made.headers["location"], made.headers["etag"]) == ("/api/v1/telex/t0", '"1"')
    shown = telex.as_("vera").get(made.headers["location"])
    assert (shown.json(), shown.headers["etag"]) == (made.json(), '"1"')


def test_an_edit_says_what_it_read(telex: Given) -> None:
    ada = telex.as_("ada")
    ada.post("/api/v1/telex", json={"text": "arrived"})

    def edit(tag: str | None) -> int:
        headers = {} if tag is None else {"if-match": tag}
        return ada.patch("/api/v1/telex/t0", json={"text": "departed"}, headers=headers).status_code

    assert [edit(None), edit("1"), edit('"7"')] == [428, 422, 412]
    assert telex.telex.sent["t0"].text == "arrived"
    assert [edit('"1"'), edit('"1"'), edit("*")] == [200, 412, 200]
    assert telex.telex.sent["t0"].revision == 3
    # A revision is no field of the body: there would be two.
    twice = ada.patch("/api/v1/telex/t0", json={"revision": 3}, headers={"if-match": "*"})
    assert twice.json()["detail"] == "body.revision: there is no such field: leave it out"


def test_what_is_wrong_is_told_by_place(telex: Given) -> None:
    ada = telex.as_("ada")
    ada.post("/api/v1/telex", json={"text": "arrived"})

    def wrong(answer: Any) -> tuple[int, str]:
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.status_code, answer.json()["detail"]

    edited = {"if-match": "*"}
    assert wrong(ada.post("/api/v1/telex", json={"text": ""})) == (
        422,
        "body.text: must have at least 1 character",
    )
    assert wrong(ada.post("/api/v1/telex", json={"text": "a b", "words": 3})) == (422, "body: count again")
    assert wrong(ada.post("/api/v1/telex", json={"text": "a", "colour": 1})) == (
        422,
        "body.colour: there is no such field: leave it out",
    )
    assert wrong(ada.patch("/api/v1/telex/t0", json={"text": "nothing"}, headers=edited)) == (
        422,
        "body: say something",
    )
    assert wrong(ada.patch("/api/v1/telex/t0", json={"words": "x"}, headers=edited))[1].startswith("body.words: ")
    assert wrong(ada.patch("/api/v1/telex/t0", headers=edited))[0] == 422
    assert wrong(ada.get("/api/v1/telex/much-too-long"))[1].startswith("path.telegram: ")
    assert wrong(ada.get("/api/v1/telex", params={"limit": 0}))[1].startswith("query.limit: ")
    assert wrong(ada.get("/api/v1/telex", params={"limits": 1})) == (
        422,
        "query.limits: there is no such parameter; there are: cursor, limit",
    )
    assert wrong(ada.get("/api/v1/telex/t9")) == (404, "there is no telegram 't9'")
    assert telex.telex.sent["t0"].revision == 1


def test_the_query_of_a_delete_is_what_is_not_in_its_path(telex: Given) -> None:
    ada = telex.as_("ada")
    ada.post("/api/v1/telex", json={"text": "arrived", "fee": "1"})

    assert ada.delete("/api/v1/telex/t0").status_code == 404
    assert ada.delete("/api/v1/telex/t0", params={"paid": "true"}).json()["id"] == "t0"
    assert telex.telex.sent == {}


def test_sent_again_it_is_not_carried_out_again_and_a_secret_is_told_once(telex: Given) -> None:
    ada, key = telex.as_("ada"), {"idempotency-key": "one"}
    answers = [ada.post("/api/v1/telex", json={"text": "arrived"}, headers=key) for _ in range(2)]

    assert [answer.json() for answer in answers] == [answers[0].json()] * 2
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert len(telex.telex.sent) == 1
    tokens = [ada.post("/api/v1/telex/t0/token", headers={"idempotency-key": "two"}) for _ in range(2)]
    assert [token.status_code for token in tokens] == [200, 409]
    assert "xyzzy" in tokens[0].text
    assert "xyzzy" not in tokens[1].text


def test_what_writes_is_audited(telex: Given) -> None:
    telex.as_("ada").post("/api/v1/telex", json={"text": "arrived"})

    (entry,) = telex.service.do("audit.list", action="telex.send").entries
    assert (entry.actor, entry.outcome, entry.data["arguments"]["text"]) == ("ada", "done", "arrived")


@pytest.mark.slow
def test_the_document_says_everything_that_the_models_say(telex: Given) -> None:
    document = telex.as_("ada").get("/api/v1/openapi.json").json()
    paths, schemas = document["paths"], document["components"]["schemas"]

    send = paths["/api/v1/telex"]["post"]
    told = {name: send[name] for name in ("operationId", "summary", "description", "tags", "x-scope", "x-role")}
    assert told == {
        "operationId": "send_telex",
        "summary": "Send a telegram",
        "description": "Send a telegram.",
        "tags": ["telex"],
        "x-scope": "telex:write",
        "x-role": "trader",
    }
    assert send["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/SendTelegram")
    assert send["responses"]["201"]["content"]["application/json"]["schema"]["$ref"].endswith("/Telegram")
    assert {"401", "403", "409", "413", "415", "422", "503"} <= set(send["responses"])
    assert [each["name"] for each in send["parameters"]] == ["Idempotency-Key"]
    edit = paths["/api/v1/telex/{telegram}"]["patch"]
    where = {each["name"]: each for each in edit["parameters"]}
    assert list(where) == ["telegram", "If-Match", "Idempotency-Key"]
    assert where["telegram"]["description"] == "A telegram's id."
    assert where["telegram"]["schema"]["maxLength"] == 8
    assert {"412", "428", "404"} <= set(edit["responses"])
    assert edit["requestBody"]["required"]
    body = schemas[edit["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]]
    assert (sorted(body["properties"]), body["additionalProperties"]) == (["text", "words"], False)
    assert body["properties"]["text"]["examples"] == ["departed"]
    drop = paths["/api/v1/telex/{telegram}"]["delete"]
    query = [(each["name"], each["description"]) for each in drop["parameters"] if each["in"] == "query"]
    assert query == [("paid", "Though it was paid for.")]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda route: replace(route, path="/telex/{word}"),
            "the route /telex/{word} of telex.send has {word}, which is not a field of SendTelegram: name one of text,",
        ),
        (
            lambda route: replace(route, scope="telex:sing"),
            "the route /telex needs the scope 'telex:sing', which nobody registers",
        ),
    ],
    ids=["a path of nothing", "a scope of nobody"],
)
def test_what_cannot_be_is_left_out_and_told(service: Service, change: Callable[[Route], Route], why: str) -> None:
    (send, *_) = Telex().operations()
    assert send.route is not None
    wrong = (replace(send, route=change(send.route)),)
    with_operations(service, wrong, "built-in")
    with pytest.raises(PluginError, match="telex") as raised:
        create_app(service.office.context())
    assert why in str(raised.value)

    with_operations(service, wrong, "installed by telex")
    app = create_app(service.office.context())

    assert TestClient(app).post("/api/v1/telex", json={"text": "arrived"}).status_code == 404
    (trouble,) = service.office.context().core.plugin_failures.all()
    assert (trouble.plugin, trouble.what) == ("telex", "the routes of operations")
    assert why in trouble.error
