"""What is told, to whom, and which way it leaves the machine."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

__all__ = ["NotifySettings", "Rule"]

Rule = Literal["fills", "failures", "unknown_orders", "late_ticks", "dead_man", "own"]
_PROXIES = ("socks5h", "http", "https")


class NotifySettings(BaseModel):
    """The section ``notify``. Durations are in seconds."""

    # What is wrong with a secret is said without it.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    urls: tuple[SecretStr, ...] = Field(
        default=(), description="Apprise URLs, one for each way to tell you; none tells nobody but the log."
    )
    tell: tuple[Rule, ...] = Field(
        default=("failures", "unknown_orders", "late_ticks", "dead_man", "own"),
        description="What is told: fills, failures, unknown_orders, late_ticks, dead_man, and own: what automations"
        " themselves say.",
    )
    together: float = Field(
        default=30.0, ge=0, le=3_600, description="What happens within this time is told in one message."
    )
    late_after: float = Field(default=60.0, ge=5, description="An automation due for longer than this is late.")
    dead_man_after: float = Field(
        default=300.0, ge=10, description="Nothing having ticked for this long, though something was due, is told."
    )
    proxy: SecretStr = Field(
        default=SecretStr(""), description="socks5h:// or http:// proxy through which all messages go, names included."
    )
    egress: str = Field(
        default="",
        pattern=r"^([a-z0-9][a-z0-9_-]{0,31})?$",
        description="Instead of a proxy: the route by which all messages go, such as tor, as accounts name it.",
    )
    allow_private: bool = Field(
        default=False, description="Send to private, loopback and link-local addresses, too, and by local means."
    )
    heartbeat_url: SecretStr = Field(
        default=SecretStr(""),
        description="Fetched every minute while the node makes progress, so that a service outside notices its death.",
    )

    @field_validator("proxy")
    @classmethod
    def _check_proxy(cls, value: SecretStr) -> SecretStr:
        given = value.get_secret_value()
        if not given:
            return value
        if given.partition("://")[0] not in _PROXIES:
            raise ValueError("the proxy must be socks5h://HOST:PORT or http://HOST:PORT; socks5:// would look up names")
        if not _has_host_and_port(given):
            raise ValueError("the proxy needs a host and a port: write it as socks5h://HOST:PORT or http://HOST:PORT")
        return value

    @model_validator(mode="after")
    def _goes_one_way(self) -> NotifySettings:
        if self.egress and self.proxy.get_secret_value():
            raise ValueError("messages go one way: give either a proxy or an egress")
        return self

    @field_validator("heartbeat_url")
    @classmethod
    def _check_heartbeat(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value().partition("://")[0] not in ("", "http", "https"):
            raise ValueError("the heartbeat's URL must begin with https:// or http://")
        return value


def _has_host_and_port(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname and parts.port)
    except ValueError:
        return False
