"""Where Tor is, and who says which address others see."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

__all__ = ["ProxySettings", "host_and_port"]


class ProxySettings(BaseModel):
    """The section ``proxies``."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    tor_socks: str = Field(
        default="127.0.0.1:9050", description="HOST:PORT of Tor's SOCKS port, which the route tor goes through."
    )
    tor_control: str = Field(
        default="",
        description="HOST:PORT, or the path of a socket, of Tor's control port: how far its start is can be told then,"
        " and whether it keeps accounts apart. Empty: the SOCKS port alone is looked at.",
    )
    tor_control_password: SecretStr = Field(
        default=SecretStr(""),
        description="Password of the control port; empty: the cookie file that Tor names is read.",
    )
    tor_control_cookie: str = Field(
        default="", description="Where the cookie file is, if not where Tor says: in a container, for one."
    )
    check_url: SecretStr = Field(
        default=SecretStr(""),
        description="A service that answers with the address which a request comes from, as text or as JSON with ip or"
        " IP; it is asked through each route in use, and its answer is shown.",
    )

    @field_validator("tor_socks")
    @classmethod
    def _has_host_and_port(cls, value: str) -> str:
        host_and_port(value)
        return value

    @field_validator("tor_control")
    @classmethod
    def _can_be_reached(cls, value: str) -> str:
        if value and not value.startswith("/"):
            host_and_port(value)
        return value

    @field_validator("check_url")
    @classmethod
    def _is_http(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value().partition("://")[0] not in ("", "http", "https"):
            raise ValueError("must begin with https:// or http://")
        return value


def host_and_port(text: str) -> tuple[str, int]:
    """Return the two parts of ``HOST:PORT``; raise ValueError for anything else."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port or "@" in text or "/" in text:
        raise ValueError("is not HOST:PORT, such as 127.0.0.1:9050 or [::1]:9050")
    return host, port
