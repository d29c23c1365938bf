"""An example plugin: another way in. A reverse proxy has asked who somebody is, and says so in a header.

Run it with

    OCTOBOT_EXTRA_PLUGINS=proxy_login OCTOBOT_TRUSTED_PLUGINS=proxy_login PYTHONPATH=examples \
    OCTOBOT_PROXY_LOGIN_PROXIES=127.0.0.1 octobot-node start

and let the proxy set ``X-Forwarded-User`` itself, whatever the browser sent. Whoever it names must be a user of the
node
(``octobot-node users add``), whose role and owner hold.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from octobot_node import hookimpl
from octobot_node.contracts.plugin_settings import PluginSettings

_HEADER = "x-forwarded-user"


class ProxyLoginSettings(BaseModel):
    """Which proxies are believed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    proxies: tuple[str, ...] = Field(default=(), description="Addresses or networks of proxies; none is believed.")
    secret: SecretStr = Field(
        default=SecretStr(""), description="What CSRF tokens are made from; without one nothing can be changed."
    )


@hookimpl
def register_settings(register: Callable[[PluginSettings], None]) -> None:
    """Offer the section ``proxy_login``."""
    register(PluginSettings("proxy_login", ProxyLoginSettings))


@hookimpl
def authenticate(request: Any, context: Any) -> Any:
    """Believe a proxy that is listed."""
    import sqlalchemy as sa

    from octobot_node.api import ApiProblem, Caller
    from octobot_plugins.auth.tables import users

    name = request.headers.get(_HEADER)
    settings = context.plugin_settings(ProxyLoginSettings)
    if name is None or request.client is None or not _is_listed(request.client.host, settings.proxies):
        return None
    with context.storage.read() as connection:
        row = connection.execute(sa.select(users).where(users.c.name == name, users.c.disabled.is_(False))).first()
    if row is None:
        raise ApiProblem("unauthenticated", f"the proxy says {name[:64]!r}, who is not a user of this node")
    return Caller(name=row.name, role=row.role, owner=row.owner, via="proxy", csrf=_csrf(settings.secret, row.name))


def _is_listed(address: str, proxies: tuple[str, ...]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in ipaddress.ip_network(proxy, strict=False) for proxy in proxies)


def _csrf(secret: SecretStr, name: str) -> str:
    # The proxy's own cookie comes with every request, also with one that another site's page makes.
    # Without a secret the token is one that nobody can know, and so nothing can be changed.
    key = secret.get_secret_value().encode() or secrets.token_bytes(32)
    return hmac.new(key, name.encode(), hashlib.sha256).hexdigest()
