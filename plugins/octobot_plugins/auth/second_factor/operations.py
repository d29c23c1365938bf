"""Operations on second factors that need no code: look, take one away, make new recovery codes."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.errors import CommandRefused
from octobot_node.market import from_ms
from octobot_node.operations.context import OperationContext
from octobot_plugins.auth import statements as user_statements
from octobot_plugins.auth.models import OneUser, Revoked
from octobot_plugins.auth.second_factor import codes, statements
from octobot_plugins.auth.second_factor.models import RecoveryCodes, SecondFactorRow
from octobot_plugins.auth.users import refuse_more_than_own, show

__all__ = ["make_codes", "new_codes", "reset", "show_factor"]


def show_factor(context: OperationContext, request: OneUser) -> SecondFactorRow:
    """Tell whether a user must show a second factor; raise UnknownName."""
    show(context, request)
    with context.core.storage.read() as connection:
        found = statements.confirmed(connection, request.user)
        left = statements.codes_left(connection, request.user)
    since = None if found is None else from_ms(found.confirmed_at)
    return SecondFactorRow(user=request.user, enabled=found is not None, confirmed_at=since, recovery_codes_left=left)


def reset(context: OperationContext, request: OneUser) -> Revoked:
    """Take a user's second factor away, who lost it: the password alone lets them in, and their sessions end."""
    refuse_more_than_own(context, show(context, request).role)
    with context.core.storage.write(durable=True) as connection:
        if not statements.forget(connection, request.user):
            raise CommandRefused(f"{request.user!r} has no second factor: there is nothing to take away")
        user_statements.end_sessions(connection, request.user)
    return Revoked(id=request.user)


def new_codes(context: OperationContext, request: OneUser) -> RecoveryCodes:
    """Make new recovery codes for a user; those of before are worth nothing any more."""
    show(context, request)
    with context.core.storage.write(durable=True) as connection:
        if statements.confirmed(connection, request.user) is None:
            raise CommandRefused(f"{request.user!r} has no second factor: set one up first")
        return make_codes(connection, request.user)


def make_codes(connection: sa.Connection, user: str) -> RecoveryCodes:
    """Put new recovery codes in place of a user's, and return them."""
    made = codes.new_recovery_codes()
    statements.write_recovery_codes(connection, user, [codes.plain(code) for code in made])
    return RecoveryCodes(codes=made)
