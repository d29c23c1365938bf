"""The first start makes an admin; a node in production does not run on a password that nobody chose."""

from __future__ import annotations

import stat
from collections.abc import Callable
from typing import Any

import pytest

from octobot_node.errors import NodeError
from octobot_plugins.auth import statements
from octobot_plugins.auth.first_admin import password_file, prepare
from octobot_plugins.auth.sign_in.passwords import Passwords
from tests.integration.operations.conftest import Office


def admin(office: Office) -> Any:
    with office.bench.core.storage.read() as connection:
        return statements.user(connection, "admin")


def fits(office: Office, password: str) -> bool:
    return Passwords.fits(password, admin(office).password)


def test_the_first_start_makes_an_admin_and_keeps_the_password_where_nobody_else_reads_it(office: Office) -> None:
    prepare(office.context().plugin_context)
    path = password_file(office.bench.settings.data_dir)
    prepare(office.context().plugin_context)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert fits(office, path.read_text().strip())
    assert (admin(office).role, admin(office).owner, admin(office).generated) == ("admin", "local", True)


def test_an_admin_is_made_though_somebody_else_was_added_before(office: Office) -> None:
    office.do("users.create", user="ada", role="trader", password="chosen by a person")
    prepare(office.context().plugin_context)
    assert admin(office).role == "admin"
    assert password_file(office.bench.settings.data_dir).exists()


def test_no_admin_is_made_where_there_is_one_or_the_name_is_somebody_s(office: Office) -> None:
    office.do("users.create", user="admin", role="trader", password="chosen by a person")
    prepare(office.context().plugin_context)
    assert admin(office).role == "trader"
    assert not password_file(office.bench.settings.data_dir).exists()
    office.do("users.edit", user="admin", role="admin")
    office.do("users.create", user="root", role="admin", password="chosen by a person")
    office.do("users.delete", user="admin")
    prepare(office.context().plugin_context)
    assert admin(office) is None


def test_a_changed_password_takes_the_file_away(office: Office) -> None:
    prepare(office.context().plugin_context)
    office.do("users.set_password", user="admin", password="chosen by a person")

    assert not password_file(office.bench.settings.data_dir).exists()
    assert fits(office, "chosen by a person")


def test_a_password_may_be_given_in_a_file(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    given = tmp_path_factory.mktemp("secrets") / "password"
    given.write_text("from the secret store\n")
    given.chmod(0o600)
    monkeypatch.setenv("OCTOBOT_ADMIN_PASSWORD_FILE", str(given))

    prepare(office.context().plugin_context)

    assert fits(office, "from the secret store")
    assert not password_file(office.bench.settings.data_dir).exists()


def test_a_given_password_replaces_a_generated_one_and_never_one_that_was_chosen(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(office.context().plugin_context)
    monkeypatch.setenv("OCTOBOT_ADMIN_PASSWORD", "from the environment")
    prepare(office.context().plugin_context)
    replaced = fits(office, "from the environment")
    office.do("users.set_password", user="admin", password="chosen by a person")
    prepare(office.context().plugin_context)

    assert replaced
    assert not password_file(office.bench.settings.data_dir).exists()
    assert fits(office, "chosen by a person")


def test_production_beyond_the_machine_needs_a_password_that_somebody_chose(open_office: Callable[..., Office]) -> None:
    office = open_office(api_host="0.0.0.0", production=True)

    with pytest.raises(NodeError, match=r"listens on 0.0.0.0, and 'admin' still has the generated password: change it"):
        prepare(office.context().plugin_context)
    office.do("users.set_password", user="admin", password="chosen by a person")

    prepare(office.context().plugin_context)


def test_the_machine_itself_and_a_trial_may_go_on_with_the_generated_one(open_office: Callable[..., Office]) -> None:
    prepare(open_office(api_host="127.0.0.1", production=True).context().plugin_context)
    prepare(open_office(api_host="0.0.0.0", production=False).context().plugin_context)


def test_the_last_admin_stays(office: Office) -> None:
    prepare(office.context().plugin_context)

    for name, arguments in (
        ("users.delete", {}),
        ("users.edit", {"role": "viewer"}),
        ("users.edit", {"disabled": True}),
    ):
        with pytest.raises(Exception, match="'admin' is the only admin: make somebody else one first"):
            office.do(name, user="admin", **arguments)


def test_whoever_owns_something_is_disabled_and_not_deleted(office: Office) -> None:
    from octobot_node.engine.commands.commands import NewAccount

    prepare(office.context().plugin_context)
    office.do("users.create", user="ada", password="chosen by a person")
    office.bench.commands.create_account(NewAccount("hers", "fake", "fake", {}, {}, owner="ada"))

    with pytest.raises(Exception, match="'ada' owns accounts: delete those first, or disable the user"):
        office.do("users.delete", user="ada")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "it needs 12 characters at least"),
        ("aaaaaaaaaaaaaaaa", "hardly more than one character"),
        ("ada", "characters at least"),
    ],
)
def test_a_weak_password_is_refused(office: Office, password: str, why: str) -> None:
    with pytest.raises(Exception, match=why):
        office.do("users.create", user="ada", password=password)
