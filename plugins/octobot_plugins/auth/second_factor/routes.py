"""One's own second factor over HTTP, and the second step of a log-in."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from octobot_node.api import Api, ApiProblem, ApiRouter, allow, public
from octobot_node.api.idempotency import tell_once
from octobot_node.store.audit.audit_log import Entry
from octobot_plugins.auth import statements as user_statements
from octobot_plugins.auth.models import OneUser, Revoked
from octobot_plugins.auth.second_factor import codes, statements
from octobot_plugins.auth.second_factor.catalogue import NEW_CODES, SHOW_FACTOR
from octobot_plugins.auth.second_factor.checking import check_code, place_of
from octobot_plugins.auth.second_factor.models import Enrolment, RecoveryCodes, SecondFactorRow
from octobot_plugins.auth.second_factor.operations import make_codes
from octobot_plugins.auth.sign_in import login
from octobot_plugins.auth.sign_in.session import Session, of_caller, of_opened
from octobot_plugins.auth.users import show

__all__ = ["router"]

_BODY = ConfigDict(extra="forbid", frozen=True)
Code = Annotated[
    SecretStr,
    Field(min_length=6, max_length=64, description="Six digits, or a recovery code.", examples=["123456"]),
]

ReadsSelf = Annotated[Api, allow("self:read")]
WritesSelf = Annotated[Api, allow("self:write")]
ProvedSelf = Annotated[Api, allow("self:write", step_up=True)]


class SecondStep(BaseModel):
    """The second step of a log-in."""

    model_config = _BODY

    ticket: str = Field(min_length=1, max_length=128, description="What the first step was answered with.")
    code: Code


class Proof(BaseModel):
    """That it is still oneself: a code where there is a second factor, the password where there is none."""

    model_config = _BODY

    password: SecretStr | None = Field(default=None, max_length=1_024, examples=["correct horse battery"])
    code: Code | None = None


class OneCode(BaseModel):
    """A code of one's authenticator."""

    model_config = _BODY

    code: Code


router = ApiRouter(prefix="/session", tags=["session"])


@router.post("/code", summary="Log in: the second step", responses={401: {}, 429: {}})
def give_session_code(body: SecondStep, request: Request, response: Response, api: Annotated[Api, public()]) -> Session:
    """Open the session of whose password was right before, and whose code is right now."""
    with api.plugin_context.storage.read() as connection:
        row = statements.ticket_user(connection, body.ticket, api.plugin_context.clock.now())
    if row is None:
        raise ApiProblem("unauthenticated", "the ticket is used or too old: give name and password again")
    check_code(api, request, row.name, body.code.get_secret_value(), wrong="unauthenticated")
    with api.plugin_context.storage.write() as connection:
        if not statements.use_ticket(connection, body.ticket):
            raise ApiProblem("unauthenticated", "the ticket is used: give name and password again")
    return of_opened(api, login.open_session(api, request, response, row))


@router.post("/proof", summary="Show again that it is oneself", responses={403: {}, 429: {}})
def prove_session(body: Proof, request: Request, api: WritesSelf) -> Session:
    """Show it again, for what is dangerous: it holds for some minutes."""
    name = _session_of(api)
    with api.plugin_context.storage.read() as connection:
        asked = statements.confirmed(connection, name)
    if asked is not None:
        if body.code is None:
            raise ApiProblem("proof-required", "code: give one of your authenticator, or a recovery code")
        check_code(api, request, name, body.code.get_secret_value(), wrong="proof-required")
    else:
        if body.password is None:
            raise ApiProblem("proof-required", "password: give yours, since you have no second factor")
        try:
            login.check_password(api, request, name, body.password.get_secret_value())
        except ApiProblem as error:
            if error.kind != "unauthenticated":
                raise
            # The session is as good as before: 401 would say that there is none.
            raise ApiProblem("proof-required", "password: it is wrong") from None
    with api.plugin_context.storage.write(durable=True) as connection:
        user_statements.prove_session(connection, api.caller.session, api.plugin_context.clock.now())
        api.audit(connection, Entry("session.prove", target=name, target_id=api.caller.session))
    return of_caller(api)


@router.get("/second-factor", summary="One's own second factor")
def read_own_second_factor(api: ReadsSelf) -> SecondFactorRow:
    """Tell whether one must show a code, and how many recovery codes are left."""
    return api.perform(SHOW_FACTOR, OneUser(user=api.caller.name))


@router.post("/second-factor", summary="Set up a second factor", status_code=201, responses={409: {}})
def begin_second_factor(response: Response, api: ProvedSelf) -> Enrolment:
    """Make what an authenticator needs; codes are asked for once the first one has confirmed it."""
    name, now = _session_of(api), api.plugin_context.clock.now()
    show(api.context, OneUser(user=name))
    secret = codes.new_secret()
    kept = api.plugin_context.secrets.seal(name, place_of(name), secret)
    with api.plugin_context.storage.write(durable=True) as connection:
        if statements.confirmed(connection, name) is not None:
            raise ApiProblem("conflict", "there is a second factor already: take it away first")
        statements.begin(connection, name, kept, now)
        api.audit(connection, Entry("second_factor.begin", target=name, target_id=name))
    tell_once(response)
    return Enrolment(secret=secret, address=codes.address(secret, name))


@router.post("/second-factor/confirm", summary="Confirm a second factor", responses={409: {}, 429: {}})
def confirm_second_factor(body: OneCode, request: Request, response: Response, api: WritesSelf) -> RecoveryCodes:
    """Ask for codes from now on; one's other sessions, which showed none, end."""
    name, now = _session_of(api), api.plugin_context.clock.now()
    with api.plugin_context.storage.read() as connection:
        found = statements.factor(connection, name)
    if found is None or found.confirmed_at is not None:
        raise ApiProblem("conflict", "there is no second factor to confirm: set one up first")
    check_code(api, request, name, body.code.get_secret_value(), wrong="proof-required", recovery=False)
    with api.plugin_context.storage.write(durable=True) as connection:
        statements.confirm(connection, name, now)
        made = make_codes(connection, name)
        user_statements.end_sessions(connection, name, but=api.caller.session)
        user_statements.prove_session(connection, api.caller.session, now)
        api.audit(connection, Entry("second_factor.confirm", target=name, target_id=name))
    tell_once(response)
    return made


@router.delete("/second-factor", summary="Take one's second factor away", responses={409: {}})
def remove_second_factor(api: ProvedSelf) -> Revoked:
    """Let the password alone do from now on."""
    name = _session_of(api)
    with api.plugin_context.storage.write(durable=True) as connection:
        if not statements.forget(connection, name):
            raise ApiProblem("conflict", "there is no second factor: there is nothing to take away")
        api.audit(connection, Entry("second_factor.remove", target=name, target_id=name))
    return Revoked(id=name)


@router.post("/second-factor/codes", summary="Make new recovery codes", responses={409: {}})
def make_recovery_codes(response: Response, api: ProvedSelf) -> RecoveryCodes:
    """Make new recovery codes; those of before are worth nothing any more."""
    made = api.perform(NEW_CODES, OneUser(user=_session_of(api)))
    tell_once(response)
    return made


def _session_of(api: Api) -> str:
    """Return whose session it is; raise ApiProblem for who came otherwise."""
    if not api.caller.session:
        raise ApiProblem(
            "conflict", "second factors are of people, who log in: an API key, or another way in, has none"
        )
    return api.caller.name
