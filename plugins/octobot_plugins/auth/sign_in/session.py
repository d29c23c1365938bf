"""What a caller is told of their session."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from pydantic import BaseModel, Field

from octobot_node.api import Api
from octobot_node.contracts.caller import Role
from octobot_node.market import from_ms
from octobot_plugins.auth.second_factor import statements
from octobot_plugins.auth.settings import AuthSettings
from octobot_plugins.auth.sign_in.login import Opened
from octobot_plugins.auth.tables import sessions

__all__ = ["Session", "of_caller", "of_opened"]


class Session(BaseModel):
    """Who is logged in, and what they may do."""

    user: str
    role: Role
    owner: str | None = Field(description="Whose automations they see; null: everybody's.")
    scopes: list[str]
    via: str = Field(description="How they came: session, key NAME, or a plugin's way.")
    csrf_token: str | None = Field(description="What writes send as X-CSRF-Token; null for an API key.")
    expires_at: datetime | None
    second_factor: bool = Field(description="Whether codes of an authenticator are asked for.")
    proved_until: datetime | None = Field(
        description="Until when what is dangerous is carried out without showing again that it is oneself."
    )


def of_opened(api: Api, opened: Opened) -> Session:
    """Return a session that was just opened."""
    row = opened.user
    with api.plugin_context.storage.read() as connection:
        asked = statements.confirmed(connection, row.name) is not None
    return Session(
        user=row.name,
        role=row.role,
        owner=None if row.role == "admin" else row.owner,
        scopes=api.scopes_of_role(row.role),
        via="session",
        csrf_token=opened.csrf,
        expires_at=from_ms(opened.expires_at),
        second_factor=asked,
        proved_until=from_ms(opened.opened_at + _step_up_ms(api)),
    )


def of_caller(api: Api) -> Session:
    """Return the caller's session, or how they came otherwise."""
    caller = api.caller
    with api.plugin_context.storage.read() as connection:
        wanted = sa.select(sessions.c.expires_at, sessions.c.proved_at).where(sessions.c.id == caller.session)
        row = connection.execute(wanted).first() if caller.session else None
        asked = statements.confirmed(connection, caller.name) is not None
    return Session(
        user=caller.name,
        role=caller.role,
        owner=caller.sees,
        scopes=sorted(api.scopes),
        via=caller.via,
        csrf_token=caller.csrf or None,
        expires_at=None if row is None else from_ms(row.expires_at),
        second_factor=asked,
        proved_until=None if row is None else from_ms(row.proved_at + _step_up_ms(api)),
    )


def _step_up_ms(api: Api) -> int:
    return int(api.plugin_context.plugin_settings(AuthSettings).step_up * 1000)
