"""Small doors, each shut: common passwords, stars for everybody, times that never come, log-ins that are counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from octobot_node.api.transport.middleware import shown_path
from octobot_node.engine.data_folder import FolderLock, node_id_of
from octobot_node.errors import UsageError
from octobot_node.fields import CronTime
from octobot_node.settings import Settings
from octobot_plugins.auth.sign_in.passwords import Passwords, generated
from octobot_plugins.auth.sign_in.throttling import names_of, same_network


@pytest.mark.parametrize(
    "password",
    ["password1234", "123456789012", "qwertyuiop12", "Password!2024", "admin1234567", "octobot!!2026"],
)
def test_a_password_that_anybody_tries_first_is_refused(password: str) -> None:
    with pytest.raises(UsageError, match="anybody tries"):
        Passwords(12).hash(password, "ada")


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "chosen by a person", "x8#kQ2!vLp0z", pytest.param(generated(), id="generated")],
)
def test_a_password_that_nobody_guesses_is_taken(password: str) -> None:
    assert Passwords(12).hash(password, "ada").startswith("$argon2id$")


@pytest.mark.parametrize("name", ["api_trusted_proxies", "api_cors_origins", "api_allowed_hosts"])
@pytest.mark.parametrize("value", ["*", "https://*.example"])
def test_a_star_lets_nobody_in(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match="name each one"):
        Settings.model_validate({name: [value]})


@pytest.mark.parametrize(
    ("line", "said"),
    [("0 0 30 2 *", "never comes"), ("0 0 31 4 *", "never comes"), ("R R R R *", "random"), ("R 9 * MAR *", "random")],
)
def test_a_cron_line_that_never_comes_or_comes_at_random_is_refused(line: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        CronTime(line=line)


@pytest.mark.parametrize("line", ["0 9 * * 1", "0 9 * MAR THU", "0 0 29 2 *", "*/5 * * * FRI", "0 0 1 * *"])
def test_other_cron_lines_are_taken(line: str) -> None:
    assert CronTime(line=line).line == line


def test_log_ins_are_counted_by_where_they_come_from() -> None:
    assert names_of("ada", "::ffff:192.0.2.7") == names_of("ada", "192.0.2.7")
    assert names_of("ada", "::ffff:192.0.2.7") != names_of("ada", "::ffff:192.0.2.8")
    assert names_of("ada", "2001:db8::1") == names_of("ada", "2001:db8::2")
    assert names_of("ada", "192.0.2.7") == ("account:ada@192.0.2.7", "address:192.0.2.7", "everywhere:ada")
    assert names_of("ada", "192.0.2.7", known=True) == ("account:ada@192.0.2.7", "address:192.0.2.7")
    assert same_network("2001:db8::1", "2001:db8::2")
    assert not same_network("192.0.2.7", "192.0.2.8")


def test_files_of_a_data_folder_are_taken_from_others_at_the_start(tmp_path: Path) -> None:
    for name in ("octobot.db", "octobot.db-wal", "octobot.db-shm", "node-id", "other"):
        (tmp_path / name).write_text("x")
        (tmp_path / name).chmod(0o644)

    FolderLock(tmp_path).release()

    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    private = dict.fromkeys(("octobot.db", "octobot.db-wal", "octobot.db-shm", "node-id"), 0o600)
    assert modes == {**private, "node.lock": modes["node.lock"], "other": 0o644}
    assert node_id_of(tmp_path) == "x"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/hooks/TOKEN", "/hooks/…"),
        ("/hooks/TOKEN/more", "/hooks/…"),
        ("//hooks/TOKEN", "//hooks/…"),
        ("/hooks//TOKEN", "/hooks/…"),
        ("/x/../hooks/TOKEN", "/x/../hooks/…"),
        ("/HOOKS/TOKEN", "/HOOKS/…"),
        ("/hooks/\nTOKEN", "/hooks/…"),
        ("/api/v1/../../hooks/TOKEN", "/api/v1/../../hooks/…"),
        # An id, which is no secret.
        ("/api/v1/hooks/01a22cfe", "/api/v1/hooks/01a22cfe"),
        ("/hooks/", "/hooks/"),
        ("/automations/hooks", "/automations/hooks"),
    ],
)
def test_a_hook_s_token_is_not_in_the_log_however_it_is_asked_for(path: str, shown: str) -> None:
    assert shown_path(path) == shown
