"""What a database's URL means: every part of it, with every character, and several hosts."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from octobot_node.errors import StorageUnavailable
from octobot_node.settings import Settings
from octobot_plugins.postgres.address import Address, address

ODD = [*(f"a{character}b" for character in " %+?#@:/ü'\"\\&=,[]"), "100%", "日本", " a "]


def read(url: str, **more: Any) -> Address:
    return address(Settings(data_dir=Path("/nowhere"), database_url=url, **more))


def keywords(url: str, **more: Any) -> dict[str, str]:
    return dict(read(url, **more).keywords)


def encoded(text: str) -> str:
    return quote(text, safe="")


@pytest.mark.parametrize("odd", ODD)
def test_every_part_may_have_every_character(odd: str) -> None:
    one = encoded(odd)
    assert keywords(f"postgresql://{one}:{one}@db.example:5433/{one}?sslrootcert={one}&options={one}") == {
        "user": odd, "password": odd, "host": "db.example", "port": "5433", "dbname": odd, "sslrootcert": odd,
        "options": odd,
    }  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_a_password_beside_the_url_is_taken_as_it_is(odd: str) -> None:
    given = keywords("postgresql://octobot:another@db/octobot", database_password=odd)
    assert given == {"user": "octobot", "password": odd, "host": "db", "dbname": "octobot"}


@pytest.mark.parametrize("odd", ODD)
def test_what_is_shown_can_be_given_again(odd: str) -> None:
    shown = read(f"postgresql://{encoded(odd)}:secret@[::1]:5433,b/{encoded(odd)}?options={encoded(odd)}").shown
    again = read(shown)
    assert again.shown == shown
    assert "secret" not in shown
    assert {name: again.keywords[name] for name in ("user", "host", "port", "dbname", "options")} == {
        "user": odd, "host": "::1,b", "port": "5433,", "dbname": odd, "options": odd,
    }  # fmt: skip


def test_a_plus_in_a_parameter_is_a_space_as_in_every_form() -> None:
    assert keywords("postgresql://db/octobot?options=-c+search_path%3Dapp&sslrootcert=/etc/my+ca.crt") == {
        "host": "db", "dbname": "octobot", "options": "-c search_path=app", "sslrootcert": "/etc/my ca.crt",
    }  # fmt: skip
    assert read("postgresql://db/octobot?options=-c x=1&options=-c y=2").options == "-c x=1 -c y=2"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u@a:1,b:2/db",
        "postgresql://u@/db?host=a:1&host=b:2",
        "postgresql://u@/db?host=a:1,b:2",
        "postgresql://u@/db?host=a,b&port=1,2",
        "postgresql://u@/db?host=a&host=b&port=1&port=2",
        "postgresql+psycopg://u@a:1,b:2/db",
        "postgres://u@a:1,b:2/db?target_session_attrs=read-write",
    ],
)
def test_several_hosts_are_read_in_every_form_there_is_and_one_that_writes_is_looked_for(url: str) -> None:
    expected = {"user": "u", "host": "a,b", "port": "1,2", "dbname": "db", "target_session_attrs": "read-write"}
    assert keywords(url) == expected
    assert read(url).shown == "postgresql://u@a:1,b:2/db"


def test_what_is_asked_of_several_hosts_is_left_as_it_is() -> None:
    assert keywords("postgresql://a,b:5433/db?target_session_attrs=any") == {
        "host": "a,b", "port": ",5433", "dbname": "db", "target_session_attrs": "any",
    }  # fmt: skip
    assert keywords("postgresql:///db?host=a,b&port=7") == {
        "host": "a,b", "port": "7", "dbname": "db", "target_session_attrs": "read-write",
    }  # fmt: skip
    assert keywords("postgresql://[2001:db8::1]:5433,[::2]/db")["host"] == "2001:db8::1,::2"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("postgresql:///db?host=/var/run/postgresql", "/var/run/postgresql"),
        ("postgresql://%2Fvar%2Frun%2Fpostgresql/db", "/var/run/postgresql"),
        ("postgresql:///db?host=::1", "::1"),
    ],
)
def test_sockets_and_addresses_are_hosts_too(url: str, host: str) -> None:
    assert keywords(url) == {"host": host, "dbname": "db"}


def test_a_service_may_name_the_database() -> None:
    assert keywords("postgresql://?service=trading") == {"service": "trading"}
    assert keywords("postgresql://db/octobot?ssl=true") == {"host": "db", "dbname": "octobot", "sslmode": "require"}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql:octobot@db/x", r"cannot be read: write .* with several hosts HOST:PORT,HOST:PORT"),
        ("mysql://db/x", "begins with mysql://"),
        ("postgresql://u:geheim@ge@db/x", "no clear host: a password with @"),
        ("postgresql://u:geheim/@ge@db/x", "no clear host"),
        ("postgresql://octobot:geheim", "cannot be read, at its port"),
        ("postgresql://db:99999/x", "cannot be read, at its port"),
        ("postgresql://[::1/x", "no clear host"),
        ("postgresql://ge heim/x", "no clear host"),
        ("postgresql://db", "names no database"),
        ("postgresql://db/x?host=other", "names its host twice"),
        ("postgresql://db:1/x?port=2", "names its port twice"),
        ("postgresql:///x?host=a,b&port=1,2,3", "2 hosts and 3 ports"),
        ("postgresql://db/x?geheim=1&schema=public", "2 parameters that PostgreSQL's client does not know"),
        ("postgresql://db/x?sslmode=require&sslmode=disable", "gives sslmode twice"),
        ("postgresql://db/x%00y", "has a NUL"),
    ],
)
def test_what_cannot_be_meant_so_is_refused_with_what_to_write(url: str, said: str) -> None:
    with pytest.raises(StorageUnavailable, match=said) as caught:
        read(url)
    assert "geheim" not in str(caught.value)


def test_a_password_is_in_no_repr() -> None:
    assert "geheim" not in repr(read("postgresql://u:geheim@db/x"))
