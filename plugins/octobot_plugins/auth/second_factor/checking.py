"""Look at a code that somebody shows: of their authenticator, or one of their recovery codes."""

from __future__ import annotations

from fastapi import Request

from octobot_node.api import Api, ApiProblem
from octobot_node.store.audit.audit_log import Actor, Entry, append
from octobot_plugins.auth.second_factor import codes, statements
from octobot_plugins.auth.sign_in import throttling
from octobot_plugins.auth.sign_in.authenticating import address_of

__all__ = ["check_code", "place_of"]

_WRONG = (
    "the code is wrong, was used already, or is of another time (the clocks of the node and of the authenticator must"
    " agree): give the next one, or a recovery code"
)


def place_of(user: str) -> str:
    """Return what a user's secret is sealed for."""
    return f"second-factor/{user}"


def check_code(api: Api, request: Request, user: str, code: str, *, wrong: str, recovery: bool = True) -> None:
    """Return where a code is ``user``'s, which uses it up; raise ApiProblem, of the kind ``wrong`` where it is not.

    Attempts are counted by user, from everywhere: who may try knows the password. Without ``recovery`` only a code of
    the authenticator will do.
    """
    storage, now = api.plugin_context.storage, api.plugin_context.clock.now()
    name = throttling.code_of(user)
    with storage.write(durable=True) as connection:
        wait = throttling.wait_s(connection, (name,), now)
        found = None if wait else statements.factor(connection, user)
        fits = used = False
        if found is not None:
            secret = api.plugin_context.secrets.unseal(found.secret, user, place_of(user))
            step = codes.step_of(secret, code, now, found.last_step)
            fits = step is not None and statements.take_step(connection, user, step)
            if not fits and recovery:
                fits = used = statements.use_recovery_code(connection, user, codes.plain(code), now)
        if fits:
            throttling.forget(connection, name)
        actor = Actor(
            user, api.caller.via if api.caller.name else "login", address_of(request), request.state.request_id
        )
        if used:
            left = statements.codes_left(connection, user)
            entry = Entry("second_factor.use_recovery_code", target=user, target_id=user, data={"left": left})
            append(connection, actor, entry, now)
        elif not fits and not wait:
            append(connection, actor, Entry("second_factor.check", "refused", user, user), now)
    if wait:
        raise ApiProblem(
            "throttled", f"too many wrong codes: try again in {wait} s", headers={"Retry-After": str(wait)}
        )
    if not fits:
        raise ApiProblem(wrong, _WRONG)
