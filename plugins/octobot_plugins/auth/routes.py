"""Sessions, users and API keys over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from octobot_node.api import Api, ApiProblem, ApiRouter, allow, public
from octobot_node.api.etags import tag
from octobot_node.api.idempotency import tell_once
from octobot_node.contracts.caller import Role
from octobot_node.errors import CommandRefused, UnknownName
from octobot_node.market import from_ms
from octobot_node.store.audit.audit_log import Entry
from octobot_node.text.lines import Line
from octobot_plugins.auth import statements
from octobot_plugins.auth.catalogue import (
    CREATE_KEY,
    CREATE_USER,
    END_SESSION,
    LIST_KEYS,
    LIST_SESSIONS,
    RENEW_KEYS,
    REVOKE_KEY,
)
from octobot_plugins.auth.keys import refuse_strange_scopes
from octobot_plugins.auth.models import (
    CreateKey,
    CreateUser,
    KeyCreated,
    KeyPage,
    KeysRenewed,
    ListKeys,
    OneKey,
    OneSession,
    Password,
    RenewKeys,
    Revoked,
    SessionPage,
    UserCreated,
    UserName,
    UserRow,
)
from octobot_plugins.auth.sign_in import login
from octobot_plugins.auth.sign_in.session import Session, of_caller, of_opened
from octobot_plugins.auth.users import change_password

__all__ = ["router"]

_BODY = ConfigDict(extra="forbid", frozen=True)
Limit = Annotated[int, Query(ge=1, le=500, description="Rows on a page at most.")]
Cursor = Annotated[str | None, Query(max_length=64, description="`next_cursor` of the page before.")]
User = Annotated[UserName, Path(description="A user's name.")]
Id = Annotated[str, Path(min_length=1, max_length=36)]

ReadsSelf = Annotated[Api, allow("self:read")]
WritesSelf = Annotated[Api, allow("self:write")]
ProvedSelf = Annotated[Api, allow("self:write", step_up=True)]
ReadsUsers = Annotated[Api, allow("users:read")]
WritesUsers = Annotated[Api, allow("users:write", step_up=True)]


class LogIn(BaseModel):
    """Who logs in."""

    model_config = _BODY

    user: Line = Field(min_length=1, max_length=64, examples=["admin"])
    password: SecretStr = Field(max_length=1_024)


class Challenge(BaseModel):
    """The password was right, and a code is asked for: the second step takes both to ``/session/code``."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    second_factor: bool = True
    ticket: str = Field(description="Good once, for five minutes.")
    expires_at: datetime


class ChangePassword(BaseModel):
    """One's own new password."""

    model_config = _BODY

    current: SecretStr = Field(max_length=1_024, examples=["the old password"])
    new: Password = Field(examples=["correct horse battery"])
    revoke_keys: bool = Field(default=False, description="Also revoke all one's API keys: somebody knew the old one.")


class NewUser(BaseModel):
    """A user to create."""

    model_config = _BODY

    name: UserName
    role: Role = "trader"
    owner: Line | None = Field(
        default=None, min_length=1, max_length=64, description="Whose automations they see; by default their own."
    )
    password: Password | None = Field(default=None, description="Without one it is generated, and told once.")


class Renewal(BaseModel):
    """Which of one's own API keys hold on, and for how long."""

    model_config = _BODY

    within: float = Field(
        default=1_209_600.0,
        gt=0,
        le=31_536_000,
        description="Seconds: those that end within them.",
        examples=[1_209_600],
    )
    hold_for: float = Field(
        default=7_776_000.0, gt=0, le=315_360_000, description="Seconds that each holds from now on."
    )


class NewKey(BaseModel):
    """An API key to make."""

    model_config = _BODY

    name: Line = Field(min_length=1, max_length=64, description="What it is for.", examples=["grafana"])
    scopes: list[Annotated[str, Field(max_length=64)]] = Field(
        min_length=1, max_length=64, description="Some of one's own.", examples=[["automations:read", "events:read"]]
    )
    expires_in: float | None = Field(
        default=None, gt=0, le=315_360_000, description="Seconds until it ends; null: it does not."
    )


router = ApiRouter()


@router.post(
    "/session",
    tags=["session"],
    summary="Log in",
    response_model=Session,
    responses={202: {"model": Challenge, "description": "A code is asked for besides"}, 401: {}, 429: {}},
)
def create_session(
    body: LogIn, request: Request, response: Response, api: Annotated[Api, public()]
) -> Session | Response:
    """Open a browser's session: the answer sets its cookie, and tells the token that writes must carry.

    Who has a second factor is answered with 202 and a ticket for the second step.
    """
    opened = login.log_in(api, request, response, body.user, body.password.get_secret_value())
    if isinstance(opened, login.Ticket):
        challenge = Challenge(ticket=opened.token, expires_at=from_ms(opened.expires_at))
        return JSONResponse(challenge.model_dump(mode="json"), 202)
    return of_opened(api, opened)


@router.get("/session", tags=["session"], summary="Who am I, and what may I do")
def read_session(api: ReadsSelf) -> Session:
    """Tell who the caller is, however they came."""
    return of_caller(api)


@router.delete("/session", tags=["session"], summary="Log out", status_code=204)
def delete_session(request: Request, response: Response, api: WritesSelf) -> None:
    """End the caller's session."""
    login.close(api, request, response)


@router.put("/session/password", tags=["session"], summary="Change one's own password", responses={429: {}})
def change_own_password(body: ChangePassword, request: Request, api: ProvedSelf) -> UserRow:
    """Set a new password; every other session of the caller ends."""
    login.check_password(api, request, api.caller.name, body.current.get_secret_value())
    found = change_password(
        api.context,
        api.caller.name,
        body.new.get_secret_value(),
        keep_session=api.caller.session or None,
        revoke_keys=body.revoke_keys,
    )
    with api.plugin_context.storage.write() as connection:
        api.audit(connection, Entry("users.set_password", target=found.name, target_id=found.name))
    return found


@router.get("/sessions", tags=["session"], summary="One's own sessions")
def list_own_sessions(api: ReadsSelf, limit: Limit = 50, cursor: Cursor = None) -> SessionPage:
    """List the caller's sessions, oldest first."""
    return _sessions(api, api.caller.name, limit, cursor)


@router.delete("/sessions/{session}", tags=["session"], summary="End one of one's own sessions")
def end_own_session(session: Id, api: WritesSelf) -> Revoked:
    """End a session of the caller's."""
    return api.perform(END_SESSION, OneSession(user=api.caller.name, session=session))


@router.get("/keys", tags=["keys"], summary="One's own API keys")
def list_own_keys(api: ReadsSelf, limit: Limit = 50, cursor: Cursor = None) -> KeyPage:
    """List the caller's API keys, oldest first."""
    return _keys(api, api.caller.name, limit, cursor)


@router.post("/keys", tags=["keys"], summary="Make an API key", status_code=201)
def create_own_key(body: NewKey, response: Response, api: ProvedSelf) -> KeyCreated:
    """Make an API key with some of the caller's scopes; its token is told this once."""
    beyond = sorted(set(body.scopes) - api.scopes)
    refuse_strange_scopes(api.context, body.scopes)
    if beyond:
        raise ApiProblem("forbidden", f"the caller has no {', '.join(beyond)}: a key has some of its maker's scopes")
    _refuse_to_outlast(api, body.expires_in)
    request = CreateKey(
        user=api.caller.name,
        name=body.name,
        scopes=body.scopes,
        expires_in=body.expires_in,
        made_by=api.caller.key or None,
    )
    tell_once(response)
    return api.perform(CREATE_KEY, request)


@router.post("/keys/renew", tags=["keys"], summary="Let one's own API keys hold on")
def renew_own_keys(body: Renewal, api: ProvedSelf) -> KeysRenewed:
    """Let those of the caller's API keys hold on that end soon; a key renews none."""
    if api.caller.key:
        raise CommandRefused("a key does not let keys live longer: log in for that")
    return api.perform(RENEW_KEYS, RenewKeys(user=api.caller.name, within=body.within, hold_for=body.hold_for))


@router.delete("/keys/{key}", tags=["keys"], summary="Revoke one of one's own API keys")
def revoke_own_key(key: Id, api: WritesSelf) -> Revoked:
    """Revoke an API key of the caller's, with those that it made; a key revokes itself and those that it made."""
    if api.caller.key not in ("", key):
        with api.plugin_context.storage.read() as connection:
            if key not in statements.made_by(connection, api.caller.key):
                raise UnknownName(
                    f"this key made no key {key!r}: it revokes itself and what it made; log in for others"
                )
    return api.perform(REVOKE_KEY, OneKey(user=api.caller.name, key=key))


@router.post("/users", tags=["users"], summary="Create a user", status_code=201)
def create_user(body: NewUser, response: Response, api: WritesUsers) -> UserCreated:
    """Create a user; a generated password is told this once."""
    request = CreateUser(user=body.name, role=body.role, owner=body.owner, password=body.password)
    found = api.perform(CREATE_USER, request)
    tell_once(response)
    tag(response, found.revision)
    return found


def _refuse_to_outlast(api: Api, expires_in: float | None) -> None:
    """Raise ApiProblem where a key would make one that lives on after it."""
    if not api.caller.key:
        return
    with api.plugin_context.storage.read() as connection:
        ends = statements.key_ends(connection, api.caller.key)
    now = api.plugin_context.clock.now()
    if ends is not None and (expires_in is None or now + expires_in * 1000 > ends):
        left = max((ends - now) // 1000, 0)
        raise ApiProblem("forbidden", f"this key ends in {left} s, and makes none that outlasts it: give expires_in")


def _keys(api: Api, user: str, limit: int, cursor: str | None) -> KeyPage:
    return api.perform(LIST_KEYS, ListKeys(user=user, limit=limit, cursor=cursor))


def _sessions(api: Api, user: str, limit: int, cursor: str | None) -> SessionPage:
    page = api.perform(LIST_SESSIONS, ListKeys(user=user, limit=limit, cursor=cursor))
    asking = api.caller.session
    told = [row.model_copy(update={"this": bool(asking) and row.id == asking}) for row in page.sessions]
    return page.model_copy(update={"sessions": told})
