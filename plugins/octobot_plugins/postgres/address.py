"""The database's URL: what it means, what is wrong with it, and how it may be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote

import psycopg

from octobot_node.errors import StorageUnavailable
from octobot_node.settings import Settings

__all__ = ["Address", "address"]

_DRIVERS = ("postgres", "postgresql", "postgresql+psycopg")
_ENCODE = (
    "a password with @ : / ? # % or spaces in it goes into OCTOBOT_DATABASE_PASSWORD as it is, or into the URL"
    " percent-encoded (@ is %40)"
)
_FORM = f"write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with several hosts HOST:PORT,HOST:PORT; {_ENCODE}"
#: As SQLAlchemy reads a URL, with several hosts as libpq does.
_URL = re.compile(
    r"(?P<scheme>[\w+]+)://((?P<user>[^:/]*)(:(?P<password>[^@]*))?@)?"
    r"(?P<hosts>[^/?]*)(/(?P<database>[^?]*))?(\?(?P<query>.*))?",
    re.DOTALL,
)
_PORT = re.compile("[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class Address:
    """What the driver is given to connect, by keyword, and the URL without password for people.

    Keywords, and nothing that a URL is made of again: whoever connects, connects to the same.
    """

    keywords: Mapping[str, str] = field(repr=False)
    shown: str

    @property
    def options(self) -> str:
        """Server settings that the URL asks for, as in ``-c search_path=octobot``."""
        return self.keywords.get("options", "")


def address(settings: Settings) -> Address:
    """Return what the database's URL and password mean; raise StorageUnavailable where they cannot be meant so."""
    found = _URL.fullmatch(settings.url())
    if found is None:
        raise StorageUnavailable(f"the database URL cannot be read: {_FORM}")
    if found["scheme"] not in _DRIVERS:
        raise StorageUnavailable(
            f"the database URL begins with {found['scheme']}://: write postgresql://, the driver is the node's own"
        )
    # Before anything is decoded: what is percent-encoded is meant so.
    if "@" in found["hosts"] or (found["user"] and "@" in (found["database"] or "")):
        raise StorageUnavailable(f"the database URL has no clear host: {_ENCODE}")
    keywords = {
        "user": unquote(found["user"] or ""),
        "password": unquote(found["password"] or ""),
        "dbname": unquote(found["database"] or ""),
        **_parameters(found["query"] or "", found["hosts"]),
    }
    if settings.database_password is not None:
        keywords["password"] = settings.database_password.get_secret_value()
    keywords = {name: value for name, value in keywords.items() if value}
    if "dbname" not in keywords and "service" not in keywords:
        raise StorageUnavailable("the database URL names no database: write postgresql://USER@HOST:PORT/DATABASE")
    if any("\0" in value for value in keywords.values()):
        raise StorageUnavailable(f"the database URL has a NUL in it: {_FORM}")
    return Address(keywords, _shown(keywords))


def _parameters(query: str, written: str) -> dict[str, str]:
    """Return the URL's parameters, and its hosts, wherever they are written."""
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(query):
        given.setdefault(name, []).append(value)
    hosts = _hosts(written.split(",")) if written else []
    if "host" in given:
        if hosts:
            raise StorageUnavailable(f"the database URL names its host twice: {_FORM}")
        hosts = _hosts([one for value in given.pop("host") for one in value.split(",")])
    ports = [port for _, port in hosts]
    if "port" in given:
        if any(ports):
            raise StorageUnavailable(f"the database URL names its port twice: {_FORM}")
        ports = [_port(one) for value in given.pop("port") for one in value.split(",")]
        if len(ports) not in (1, len(hosts)):
            raise StorageUnavailable(
                f"the database URL has {len(hosts)} hosts and {len(ports)} ports: write one port, or one for each host"
            )
    found = _known(given)
    found["host"], found["port"] = ",".join(host for host, _ in hosts), ",".join(ports) if any(ports) else ""
    if len(hosts) > 1:
        # A standby takes connections, too, and could only refuse what the node writes.
        found.setdefault("target_session_attrs", "read-write")
    return found


def _hosts(written: Sequence[str]) -> list[tuple[str, str]]:
    """Return (host, port) of each, the port "" where none is written."""
    return [_host(one) for one in written]


def _host(written: str) -> tuple[str, str]:
    if written.startswith("["):
        host, closed, rest = written[1:].partition("]")
        if not closed or rest[:1] not in ("", ":"):
            raise StorageUnavailable(f"the database URL has no clear host: {_FORM}")
        return host, _port(rest[1:])
    if written.startswith("/") or written.count(":") > 1:
        return written, ""  # a socket's folder; an address of IPv6 in a parameter
    host, _, port = written.partition(":")
    host = unquote(host)
    if not host.startswith("/") and re.search(r"[\s/@]", host):
        raise StorageUnavailable(f"the database URL has no clear host: {_ENCODE}")
    return host, _port(port)


def _port(written: str) -> str:
    # Not shown: a password that was not encoded may be what stands here.
    if written and (not _PORT.fullmatch(written) or not 0 < int(written) < 65_536):
        raise StorageUnavailable(f"the database URL cannot be read, at its port: {_FORM}")
    return written


def _known(given: dict[str, list[str]]) -> dict[str, str]:
    """Return the parameters that libpq knows, each once."""
    if given.pop("ssl", None) == ["true"]:  # as libpq itself reads it, for those who come from Java
        given.setdefault("sslmode", ["require"])
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    strange = given.keys() - known
    if strange:
        # Not shown either: they may be the rest of a password.
        raise StorageUnavailable(
            f"the database URL has {len(strange)} parameters that PostgreSQL's client does not know: leave out what"
            f" another program's URL has (schema, pgbouncer, …), and mind that {_ENCODE}"
        )
    twice = sorted(name for name, values in given.items() if len(set(values)) > 1 and name != "options")
    if twice:
        raise StorageUnavailable(f"the database URL gives {twice[0]} twice: leave out one of them")
    return {name: " ".join(values) if name == "options" else values[0] for name, values in given.items()}


def _shown(keywords: Mapping[str, str]) -> str:
    """Return a URL that can be given again, without password; of the parameters only what tells databases apart."""
    hosts = [_bracketed(host) for host in keywords.get("host", "").split(",")]
    ports = keywords.get("port", "").split(",")
    if len(ports) < len(hosts):
        ports = ports[:1] * len(hosts)
    places = ",".join(f"{host}:{port}" if port else host for host, port in zip(hosts, ports, strict=False))
    user = f"{quote(keywords['user'], safe='')}@" if "user" in keywords else ""
    more = f"?options={quote(keywords['options'], safe='=')}" if "options" in keywords else ""
    return f"postgresql://{user}{places}/{quote(keywords.get('dbname', ''), safe='')}{more}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else quote(host, safe="")
