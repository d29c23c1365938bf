"""The node's own settings; ``octobot_node.configuration`` says where their values come from."""

from __future__ import annotations

import ipaddress
import json
import os
import re
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from octobot_node.errors import InvalidSettings

__all__ = ["ANY_TRAFFIC", "LINK", "Environment", "Settings", "default_data_dir"]

#: Exchange traffic goes as each account says.
ANY_TRAFFIC = "any"
_ROUTE = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")

#: What Docker and Kubernetes put into ``…_PORT`` for a service of that name.
LINK = re.compile(r"(?:tcp|udp|sctp)://\S+:[0-9]+")


class Environment(EnvSettingsSource):
    """The environment; a list may be written as JSON or with commas or line breaks between its items."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """Return a list's or a mapping's value as written."""
        if isinstance(value, str) and not value.strip():
            return ""
        if isinstance(value, str) and value.lstrip()[:1] not in {"[", "{"}:
            return [part.strip() for line in value.splitlines() for part in line.split(",") if part.strip()]
        try:
            return super().decode_complex_value(field_name, field, value)
        except json.JSONDecodeError:
            # Left as it is: the field's own validation says what is wrong with it.
            return value

    def __call__(self) -> dict[str, Any]:
        """Return what is given, without the blanks and the ``\\r`` that files of variables leave at its ends.

        An empty variable is not set, unless it is of text whose default is none: there nothing may be meant.
        """
        fields = self.settings_cls.model_fields
        found = {
            name: _bare(value, fields[name]) if isinstance(value, str) else value
            for name, value in super().__call__().items()
        }
        return {
            name: value
            for name, value in found.items()
            if not (isinstance(value, str) and _says_nothing(value, fields[name]))
        }

    def read(self) -> dict[str, Any]:
        """Return the fields that are given, by name."""
        return dict(self())


def _bare(value: str, field: FieldInfo) -> str:
    # Files that were written on Windows, or a blank behind the value that nobody sees. A password may end with one.
    return value.rstrip("\r\n") if "SecretStr" in repr(field.annotation) else value.strip()


def _says_nothing(value: str, field: FieldInfo) -> bool:
    # Kubernetes tells every pod about a Service called octobot-api, in variables that are called as settings are.
    may_be_empty = field.annotation is str and not field.default
    return LINK.fullmatch(value) is not None or (not may_be_empty and not value)


def default_data_dir() -> Path:
    """Return where state lives unless told otherwise: ``$XDG_DATA_HOME/octobot-node`` or its usual default.

    Raises InvalidSettings for somebody without a home folder.
    """
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    try:
        return Path(base).expanduser() / "octobot-node"
    except RuntimeError:
        raise InvalidSettings(
            "there is no home folder to keep state in (HOME is not set): give --data-dir or OCTOBOT_DATA_DIR"
        ) from None


def _network(text: str) -> str:
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            f"{text!r} is not a valid address or network: write 192.0.2.7 or 10.0.0.0/8, not a name"
        ) from None
    mapped = getattr(found.network_address, "ipv4_mapped", None)
    if mapped is not None and found.prefixlen >= 96:
        found = ipaddress.ip_network((mapped, found.prefixlen - 96))
    return str(found.network_address) if found.num_addresses == 1 else str(found)


def _proxy_problem(url: str) -> str:
    """Return what is wrong with a proxy's URL, without any part of it, or ""."""
    try:
        parts = urlsplit(url)
        found = parts.hostname, parts.port
    except ValueError:
        return "has no host and port that can be read"
    if not all(found):
        return "needs a host and a port"
    return "has more than a host and a port" if parts.path.strip("/") or parts.query or parts.fragment else ""


class Settings(BaseSettings):
    """Every setting of the core; read once, then passed in. Durations are in seconds unless named otherwise."""

    model_config = SettingsConfigDict(env_prefix="OCTOBOT_", frozen=True, extra="forbid")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments and the environment, and nothing else."""
        del env_settings, dotenv_settings, file_secret_settings
        return init_settings, Environment(settings_cls)

    data_dir: Path = Field(default_factory=default_data_dir, description="The folder that holds all state.")
    database_url: str = Field(default="", description="URL of the database; empty for octobot.db in the data folder.")
    database_password: SecretStr | None = Field(
        default=None, description="Password of the database, as it is; instead of one inside the URL."
    )
    secret_key_file: Path | None = Field(
        default=None,
        description="The file with the master key that secrets in the database are sealed under; not set: secret-key in"
        " the data folder, made at the first start. Nodes that share a database need the same key.",
    )
    secret_keeper: str = Field(
        default="file",
        pattern="^[a-z][a-z0-9_]{0,31}$",
        description="Who has the master key: file, or another place that a plugin offers, such as vault.",
    )
    database_queues: str = Field(
        default="",
        pattern="^[A-Za-z0-9_-]{0,63}$",
        description="Schema of PostgreSQL that holds the queues of this installation; empty for octobot_dbos, or"
        " octobot_dbos_NAME where the tables are in another schema, NAME, than public.",
    )
    role: Literal["standalone", "master", "consumer"] = Field(
        default="standalone",
        description="What this node is: alone, or, of those that share a PostgreSQL database, the one that hands out"
        " work (master) or one that does it (consumer).",
    )
    work: bool = Field(default=True, description="Whether a master does work, too, beside handing it out.")
    standby: bool = Field(default=False, description="Whether a master waits while another one is there.")
    lease_ttl: float = Field(
        default=9.0, ge=1, description="A node that is silent for this long is dead to the others."
    )
    drain_grace: float = Field(
        default=10.0,
        ge=0,
        description="How long a node that leaves may finish what it has begun; the rest is handed to the others.",
    )
    production: bool = Field(
        default=False,
        description="Refuse what is only good for trying it out, such as a generated password on an open address.",
    )
    api: bool = Field(default=True, description="Whether `octobot-node start` serves the REST API.")
    api_host: str = Field(
        default="127.0.0.1", description="The address that the API listens on; 0.0.0.0 for every one of the machine."
    )
    api_port: int = Field(default=8000, ge=0, le=65_535, description="The API's port; 0 for any that is free.")
    api_trusted_proxies: tuple[str, ...] = Field(
        default=(),
        description="Addresses or networks of reverse proxies whose X-Forwarded-For and -Proto are believed.",
    )
    api_cors_origins: tuple[str, ...] = Field(
        default=(),
        description="Origins, such as https://desk.example, whose pages may call the API from a browser.",
    )
    api_allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="Names, such as desk.example, that the API is asked under, without ports: no page elsewhere reaches"
        " it by a name of its own. None: this machine's where api_host is one of its own addresses, otherwise any.",
    )
    extra_plugins: tuple[str, ...] = Field(
        default=(), description="Modules to load as plugins besides the built-in ones, by dotted name."
    )
    plugins: tuple[str, ...] | None = Field(
        default=None,
        description="Third-party plugins to load, by name; 'none' loads none. Not set: every one that is installed.",
    )
    tentacles: tuple[str, ...] | None = Field(
        default=None,
        description="Packages that `octobot-node tentacles sync` installs, as pip names them, and no others; not set:"
        " those of the lock that it is given, or of the master. A consumer has its master's in any case.",
    )
    tentacles_from_master: bool = Field(
        default=False,
        description="Whether a consumer installs the tentacles that its master has by itself, before it starts.",
    )
    tentacles_dir: Path | None = Field(
        default=None,
        description="The folder that `octobot-node tentacles` installs into; not set: tentacles in the data folder.",
    )
    trusted_plugins: tuple[str, ...] = Field(
        default=(),
        description="Third-party plugins that may open the storage or coordinate nodes, by name.",
    )
    disabled_plugins: tuple[str, ...] = Field(
        default=(),
        description="Built-in plugins to leave out, by name, such as notify; an installed one may take their place.",
    )
    egress_allow_private: bool = Field(
        default=False,
        description="Whether requests of plugins may go to this machine itself and to private networks.",
    )
    egress_routes: tuple[SecretStr, ...] = Field(
        default=(),
        description="Ways out that accounts may name beside direct and tor, NAME=URL each, such as"
        " vps=socks5://user:password@192.0.2.7:1080 or office=http://192.0.2.8:3128; names are looked up there.",
    )
    egress_address: str = Field(
        default="",
        max_length=128,
        description="A name for the public address by which direct traffic leaves. Nodes with the same name share what"
        " exchanges let an address ask. Not set: the machine's own name; give machines behind one router one name.",
    )
    exchange_traffic: str = Field(
        default=ANY_TRAFFIC,
        pattern="^[a-z0-9_]{1,32}$",
        description="any: exchange traffic goes as each account says. tor, or another kind of proxy: only so, and"
        " whatever has another egress is refused.",
    )
    plugin_timeout: float = Field(
        default=20.0, gt=0, description="How long a third-party plugin may take to be loaded, before it is left out."
    )
    api_user_requests: int = Field(
        default=3, ge=1, le=64, description="Requests of one user that the API works on at once; more wait."
    )
    api_user_changes: int = Field(
        default=1_200, ge=1, description="Requests of one user that change something, in a minute, on each node."
    )
    api_user_heavy: int = Field(
        default=120,
        ge=1,
        description="Exports, imports, plans, clones, bulk commands and verifications of one user in a minute.",
    )
    api_user_signals: int = Field(
        default=600, ge=1, description="Signals to the automations of one owner, by whatever way, in a minute."
    )
    api_user_megabytes: int = Field(default=50, ge=2, description="Megabytes that one user sends in an hour at most.")
    api_user_audit_megabytes: int = Field(
        default=10,
        ge=1,
        description="Megabytes that one user's changes, refused ones too, add to the audit in an hour.",
    )
    user_automations: int = Field(
        default=1_000,
        ge=1,
        description="Automations that an owner may have; `local`, whose are this machine's, any number.",
    )
    user_accounts: int = Field(
        default=200, ge=1, description="Accounts that an owner may have; `local`, whose are this machine's, any number."
    )
    disk_reserve_mb: int = Field(default=200, ge=0, description="With less free disk than this no new order is sent.")
    batch_size: int = Field(default=500, ge=1, le=5_000, description="Automations evaluated in one batch at most.")
    batch_workers: int = Field(default=3, ge=1, le=32, description="Batches worked on at once.")
    send_workers: int = Field(default=4, ge=1, le=32, description="Send workflows worked on at once.")
    send_chunk: int = Field(default=100, ge=1, le=1_000, description="Intents that pass the fence together at most.")
    send_concurrency: int = Field(default=16, ge=1, le=256, description="Requests in flight per account.")
    request_ttl: float = Field(default=5.0, gt=0, description="How long a signed order request is valid.")
    request_timeout: float = Field(default=10.0, gt=0, description="Hard total time-out of one request.")
    evaluate_timeout: float = Field(default=2.0, gt=0, description="How long one evaluation may take.")
    evaluate_memory_mb: int = Field(default=1_024, ge=128, description="Memory of the process that evaluates, at most.")
    claim_ttl: float = Field(default=60.0, gt=0, description="After this an unfinished batch is taken again.")
    dispatch_interval: float = Field(default=0.2, gt=0, description="How often due automations are looked for.")
    sweep_interval: float = Field(default=1.0, gt=0, description="How often what nobody carries is picked up.")
    watch_interval: float = Field(default=0.25, gt=0, description="Fastest polling of an account with open orders.")
    watch_interval_max: float = Field(default=5.0, gt=0, description="Slowest polling when nothing happens.")
    order_max_age: float = Field(
        default=300.0, gt=0, description="An order decided longer ago than this is not sent: its price is history."
    )
    unknown_after: float = Field(
        default=30.0, gt=0, description="An order whose outcome is not known for this long is told as unknown."
    )
    hub_deadline: float = Field(default=2.0, gt=0, description="How long a batch waits for market data.")
    keep_days: float = Field(
        default=90.0, ge=1, description="Events, notices and signals that are over are forgotten after so many days."
    )
    audit_keep_days: float = Field(
        default=400.0, ge=1, description="Entries of the audit are pruned after so many days; their chain goes on."
    )
    balance_check_interval: float = Field(
        default=300.0,
        ge=0,
        description="What exchanges hold is compared so often with what automations believe to have; 0: never. Orders"
        " that spend what is missing are not sent.",
    )
    equity_sample_interval: float = Field(
        default=60.0,
        ge=0,
        description="What is held is valued so often for the course of equity; 0: never. Of the last day all samples"
        " stay, of a week one in 15 minutes, of 90 days one an hour, of before that one a day.",
    )
    failure_limit: int = Field(default=5, ge=1, description="Failed ticks in a row before an automation is failed.")
    queue_poll_interval: float = Field(default=2.0, gt=0, description="How often DBOS looks at its queues unkicked.")

    @field_validator("api_trusted_proxies", "api_cors_origins", "api_allowed_hosts")
    @classmethod
    def _names_each(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any("*" in each for each in value):
            raise ValueError("'*' lets everybody in: name each one")
        return value

    @field_validator("api_trusted_proxies")
    @classmethod
    def _are_addresses(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse names: a request comes from an address, so that one would never be believed."""
        return tuple(_network(each) for each in given)

    @field_validator("egress_routes")
    @classmethod
    def _are_routes(cls, given: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        """Refuse what is no NAME=URL, in words that have nothing of the URL."""
        names: set[str] = set()
        for number, each in enumerate(given, start=1):
            name, _, url = each.get_secret_value().partition("=")
            if not _ROUTE.fullmatch(name) or "://" not in url:
                raise ValueError(f"route {number} is not NAME=URL, such as vps=socks5://192.0.2.7:1080")
            if name in names or name == "direct":
                raise ValueError(f"route {number} is called {name}, as another one is: take another name")
            problem = _proxy_problem(url)
            if problem:
                raise ValueError(f"the route {name} {problem}: write it as SCHEME://USER:PASSWORD@HOST:PORT")
            names.add(name)
        return given

    def alone_in(self, folder: Path) -> Settings:
        """Return these settings for a data folder, and a database in it, that are nobody else's: a replay's."""
        return self.model_copy(update={"data_dir": folder, "database_url": "", "role": "standalone"})

    def tentacles_folder(self) -> Path:
        """Return where tentacles are installed."""
        return self.data_dir / "tentacles" if self.tentacles_dir is None else self.tentacles_dir.expanduser().absolute()

    def url(self) -> str:
        """Return the database URL in force."""
        if self.database_url:
            return self.database_url
        from sqlalchemy import URL

        # A folder may have a % or a ? in its name, which mean something in a URL.
        return URL.create("sqlite", database=str(self.data_dir / "octobot.db")).render_as_string()
