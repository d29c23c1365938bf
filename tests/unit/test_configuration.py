"""Where each setting comes from, and what is said about one that cannot be."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator

from octobot_node.configuration import Configuration
from octobot_node.contracts.plugin_settings import PluginSettings
from octobot_node.errors import InvalidSettings
from octobot_node.settings import Settings


class Owned(BaseModel):
    """A plugin's settings."""

    most: Decimal = Field(default=Decimal(5), gt=0, description="The most.")
    urls: tuple[SecretStr, ...] = ()
    token: SecretStr = SecretStr("")


OWNED = PluginSettings("mine", Owned)


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and no setting in the environment."""
    for name in [name for name in os.environ if name.startswith("OCTOBOT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


def written(text: str, path: str = "octobot-node.toml", mode: int = 0o600) -> Path:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)
    return file


def origins(configuration: Configuration) -> dict[str, tuple[str, str]]:
    return {
        ".".join(filter(None, (row.section, row.name))): (row.value, row.origin)
        for row in configuration.rows([OWNED])
        if row.origin != "default"
    }


def test_without_anything_given_every_setting_is_its_default() -> None:
    configuration = Configuration.load()
    assert (configuration.settings, configuration.path, origins(configuration)) == (Settings(), None, {})
    assert configuration.plugin_settings(OWNED) == Owned()


def test_arguments_come_before_the_environment_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written('data_dir = "/file"\nbatch_size = 7\nclaim_ttl = 9.5\n[mine]\nmost = "2.50"\n')
    monkeypatch.setenv("OCTOBOT_BATCH_SIZE", "8")
    monkeypatch.setenv("OCTOBOT_DATA_DIR", "/environment")
    configuration = Configuration.load(data_dir=tmp_path)
    assert origins(configuration) == {
        "data_dir": (str(tmp_path), "argument"),
        "batch_size": ("8", "OCTOBOT_BATCH_SIZE"),
        "claim_ttl": ("9.5", "octobot-node.toml"),
        "mine.most": ("2.50", "octobot-node.toml"),
    }
    assert configuration.plugin_settings(OWNED) == Owned(most=Decimal("2.50"))


def test_the_file_may_be_named_or_lie_in_the_user_s_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written("batch_size = 1", "config/octobot-node/octobot-node.toml")
    assert Configuration.load().settings.batch_size == 1
    written("batch_size = 2")
    assert Configuration.load().settings.batch_size == 2
    monkeypatch.setenv("OCTOBOT_CONFIG", str(written("batch_size = 3", "three.toml")))
    assert Configuration.load().settings.batch_size == 3
    assert Configuration.load(config=written("batch_size = 4", "four.toml")).settings.batch_size == 4


def test_a_list_is_written_with_commas_or_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOBOT_PLUGINS", "one, two")
    assert Configuration.load().settings.plugins == ("one", "two")
    monkeypatch.setenv("OCTOBOT_PLUGINS", '["three"]')
    assert Configuration.load().settings.plugins == ("three",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("batch_size = 0", "octobot-node.toml: batch_size: must be greater than or equal to 1, not 0"),
        ("batchsize = 1", "octobot-node.toml: batchsize is not a setting: did you mean 'batch_size'?"),
        ("[mine]\nmust = 1", "octobot-node.toml: [mine] must is not a setting: did you mean 'most'?"),
        ("[mine]\nmost = -1", "octobot-node.toml: most: must be greater than 0, not -1"),
        (
            "[mines]\nmost = 1",
            (
                "octobot-node.toml: [mines] is not the section of any plugin: did you mean 'mine'? If a plugin has it"
                " that is not there, take it out"
            ),
        ),
        ("batch_size = ", "octobot-node.toml: is not TOML: Invalid value (at end of document)"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_cure(text: str, message: str) -> None:
    written(text)
    with pytest.raises(InvalidSettings) as refused:
        Configuration.load().check([OWNED])
    assert str(refused.value) == message


def test_the_section_of_a_plugin_that_is_not_there_is_left_out_and_said() -> None:
    written("[mime]\nmost = 1\n[telex]\nnumber = 2\n[mine]\nmost = 3")
    configuration = Configuration.load()
    assert configuration.check([OWNED]) == [
        f"octobot-node.toml: [{section}] is left out, since no plugin that is loaded has it: install its plugin, or"
        " take it out"
        for section in ("mime", "telex")
    ]
    assert configuration.unknown_sections([OWNED]) == ["mime", "telex"]
    assert configuration.plugin_settings(OWNED) == Owned(most=3)


def test_a_validator_that_breaks_down_is_its_plugin_s() -> None:
    class Breaking(BaseModel):
        url: str = ""

        @field_validator("url")
        @classmethod
        def _checked(cls, value: str) -> str:
            raise RuntimeError(value)

    written("[breaking]\nurl = 'x'")
    with pytest.raises(
        InvalidSettings, match=r"the settings \[breaking\] cannot be read \(RuntimeError\): take them out"
    ):
        Configuration.load().check([PluginSettings("breaking", Breaking)])


def test_a_file_that_is_named_must_be_there() -> None:
    with pytest.raises(InvalidSettings, match=r"gone.toml: cannot be read .No such file or directory.: check the path"):
        Configuration.load(config=Path("gone.toml"))


def test_a_secret_is_read_from_the_environment_or_a_private_file_and_never_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OCTOBOT_MINE_TOKEN", "hush")
    monkeypatch.setenv("OCTOBOT_MINE_URLS_FILE", str(written("json://first\njson://second,third\n", "urls")))
    configuration = Configuration.load()
    read = configuration.plugin_settings(OWNED)
    assert isinstance(read, Owned)
    assert read.token.get_secret_value() == "hush"
    assert [url.get_secret_value() for url in read.urls] == ["json://first", "json://second,third"]
    assert origins(configuration) == {
        "mine.token": ("**********", "OCTOBOT_MINE_TOKEN"),
        "mine.urls": ("**********, **********", "OCTOBOT_MINE_URLS_FILE"),
    }
    assert "hush" not in repr(configuration.rows([OWNED])) + repr(read)


def test_a_secret_in_a_file_that_others_can_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    written('[mine]\ntoken = "hush"', mode=0o644)
    with pytest.raises(InvalidSettings, match=r"octobot-node\.toml can be read by others, and it holds a secret: run"):
        Configuration.load().check([OWNED])
    written("", mode=0o644)
    monkeypatch.setenv("OCTOBOT_MINE_TOKEN_FILE", str(written("hush", "token", mode=0o644)))
    with pytest.raises(InvalidSettings, match="token can be read by others, and OCTOBOT_MINE_TOKEN_FILE names it"):
        Configuration.load().check([OWNED])


@pytest.mark.parametrize("url", ["postgresql://me:hush@db/octobot", "postgresql://db/octobot?user=me&password=hush"])
def test_a_password_of_the_database_in_a_file_that_others_can_read_is_refused(url: str) -> None:
    written(f'database_url = "{url}"', mode=0o644)
    with pytest.raises(InvalidSettings) as caught:
        Configuration.load()
    assert str(caught.value) == (
        "octobot-node.toml can be read by others, and it holds a secret: run `chmod 600 octobot-node.toml`"
    )
    written(f'database_url = "{url}"')
    assert Configuration.load().settings.database_url == url
    for public in ("postgresql://me@db/octobot", "sqlite:///octobot.db", ""):
        written(f'database_url = "{public}"', mode=0o644)
        assert Configuration.load().settings.database_url == public


def test_a_refused_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOBOT_MINE_URLS", '{"hush": 1}')
    with pytest.raises(InvalidSettings) as refused:
        Configuration.load().check([OWNED])
    assert str(refused.value) == "OCTOBOT_MINE_URLS: must be a list"


def test_what_is_no_utf_8_is_refused_by_its_name_and_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    no_utf8 = b"top\xff".decode("utf-8", "surrogateescape")
    for variable in ("OCTOBOT_DATABASE_PASSWORD", "OCTOBOT_DATABASE_URL", "OCTOBOT_DATA_DIR"):
        monkeypatch.setenv(variable, f"postgresql://u:{no_utf8}@h/d")
        with pytest.raises(InvalidSettings, match=f"^{variable}: has half of a surrogate pair") as refused:
            Configuration.load()
        assert "top" not in str(refused.value)
        monkeypatch.delenv(variable)
    with pytest.raises(InvalidSettings, match=r"^argument: data_dir: has half of a surrogate pair"):
        Configuration.load(data_dir=tmp_path / no_utf8)
    monkeypatch.setenv("OCTOBOT_MINE_TOKEN", no_utf8)
    with pytest.raises(InvalidSettings, match=r"^OCTOBOT_MINE_TOKEN: has half of a surrogate pair"):
        Configuration.load().plugin_settings(OWNED)


def test_the_password_of_a_database_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOBOT_DATABASE_URL", "postgresql+psycopg://me:hush@db/octobot")
    assert origins(Configuration.load())["database_url"] == (
        "postgresql+psycopg://me:***@db/octobot",
        "OCTOBOT_DATABASE_URL",
    )


def test_variables_that_nothing_reads_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OCTOBOT_BATCHSIZE", "OCTOBOT_BATCH_SIZE", "OCTOBOT_MINE_MOST", "OCTOBOT_MINE_TOKEN_FILE"):
        monkeypatch.setenv(name, "1")
    assert Configuration.load().unknown_variables([OWNED]) == ["OCTOBOT_BATCHSIZE"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:secret@host:5432/db", "postgresql://me:***@host:5432/db"),
        ("postgresql://me:sec@ret@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me:sec/ret?#@host/db", "postgresql://me:***@host/db"),
        (
            "postgresql://me@host/db?sslmode=require&password=secret",
            "postgresql://me@host/db?sslmode=require&password=***",
        ),
        ("sqlite:////data/octobot.db", "sqlite:////data/octobot.db"),
    ],
)
def test_a_database_url_is_shown_without_its_password_however_it_is_written(
    url: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOBOT_DATABASE_URL", url)
    assert next(row.value for row in Configuration.load().rows([]) if row.name == "database_url") == shown


def test_what_runs_in_a_folder_of_its_own_shares_no_database(tmp_path: Path) -> None:
    shared = Settings(data_dir=tmp_path, database_url="postgresql://host/db", role="master")
    alone = shared.alone_in(tmp_path / "replay")
    assert (alone.url(), alone.role) == (f"sqlite:///{tmp_path / 'replay' / 'octobot.db'}", "standalone")


def test_a_byte_order_mark_is_no_part_of_a_secret_or_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = written("\ufeffs3cret\r\n", "secret")
    file = written('\ufeffdata_dir = "/srv/node"\n')
    monkeypatch.setenv("OCTOBOT_MINE_TOKEN_FILE", str(secret))

    configuration = Configuration.load(config=file)

    assert configuration.settings.data_dir == Path("/srv/node")
    assert configuration.plugin_settings(OWNED) == Owned(token=SecretStr("s3cret"))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("10.0.0.1/8, ::ffff:192.0.2.7", ("10.0.0.0/8", "192.0.2.7")),
        ("fd00::/8\n192.0.2.1", ("fd00::/8", "192.0.2.1")),
        ("::ffff:10.0.0.0/104", ("10.0.0.0/8",)),
    ],
)
def test_trusted_proxies_are_addresses_and_networks(
    monkeypatch: pytest.MonkeyPatch, given: str, found: tuple[str, ...]
) -> None:
    monkeypatch.setenv("OCTOBOT_API_TRUSTED_PROXIES", given)
    assert Configuration.load().settings.api_trusted_proxies == found


def test_not_every_proxy_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOBOT_API_TRUSTED_PROXIES", "10.0.0.1, *")
    with pytest.raises(InvalidSettings, match=r"OCTOBOT_API_TRUSTED_PROXIES: '\*' lets everybody in: name each one"):
        Configuration.load()


def test_the_name_of_a_proxy_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOBOT_API_TRUSTED_PROXIES", "traefik")
    with pytest.raises(
        InvalidSettings, match="OCTOBOT_API_TRUSTED_PROXIES: 'traefik' is not a valid address or network: write"
    ):
        Configuration.load()


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o600, 0o640])
def test_a_secret_that_a_group_may_read_is_taken(monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    monkeypatch.setenv("OCTOBOT_MINE_TOKEN_FILE", str(written("hush", "token", mode=mode)))
    assert Configuration.load().plugin_settings(OWNED) == Owned(token=SecretStr("hush"))


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o660, 0o602])
def test_a_secret_that_others_may_read_or_write_is_not(monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    monkeypatch.setenv("OCTOBOT_MINE_TOKEN_FILE", str(written("hush", "token", mode=mode)))
    with pytest.raises(InvalidSettings, match="can be read by others"):
        Configuration.load().plugin_settings(OWNED)


@pytest.mark.parametrize("by", ["place", "mount"])
def test_a_secret_that_a_container_was_given_is_taken_as_it_is_mounted_and_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, by: str
) -> None:
    # As Docker (0444) and Kubernetes (0644) mount them: from inside nobody can change that.
    file = written("hush", "secrets/token", mode=0o444)
    monkeypatch.setenv("OCTOBOT_MINE_TOKEN_FILE", str(file.absolute()))
    if by == "place":
        monkeypatch.setattr("octobot_node.configuration._SECRET_MOUNTS", (str(tmp_path / "secrets"),))
    else:
        real = os.statvfs(file)
        mounted = os.statvfs_result((*real[:8], real.f_flag | os.ST_RDONLY, real.f_namemax))
        monkeypatch.setattr(os, "statvfs", lambda _path: mounted)

    configuration = Configuration.load()

    assert configuration.plugin_settings(OWNED) == Owned(token=SecretStr("hush"))
    assert configuration.exposed_secrets([OWNED]) == [file.absolute()]


def test_an_empty_variable_is_not_set_unless_it_is_of_text(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("API_PORT", "KEEP_DAYS", "API", "PLUGINS", "ROLE", "DATA_DIR", "MINE_MOST", "MINE_TOKEN", "MINE_URLS")
    for name in names:
        monkeypatch.setenv(f"OCTOBOT_{name}", "")
    monkeypatch.setenv("OCTOBOT_API_HOST", "")  # what it would be otherwise is more than nobody said
    monkeypatch.setenv("OCTOBOT_EGRESS_ADDRESS", "")
    monkeypatch.setenv("OCTOBOT_BATCH_SIZE", "  ")

    configuration = Configuration.load()

    assert configuration.settings == Settings()
    assert configuration.plugin_settings(OWNED) == Owned()
    assert origins(configuration) == {"egress_address": ("", "OCTOBOT_EGRESS_ADDRESS")}


def test_what_a_file_of_variables_leaves_at_the_ends_of_values_is_no_part_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = {"API": "False \r", "API_HOST": " ::1\r", "KEEP_DAYS": "30\t", "ROLE": "master\r", "DATA_DIR": "/x\r"}
    for name, value in given.items():
        monkeypatch.setenv(f"OCTOBOT_{name}", value)
    monkeypatch.setenv("OCTOBOT_API_TRUSTED_PROXIES", "10.0.0.1, \r")
    monkeypatch.setenv("OCTOBOT_MINE_TOKEN", " hush \r")
    Path("more.toml").write_text("batch_size = 7")
    monkeypatch.setenv("OCTOBOT_CONFIG", "more.toml\r")

    configuration = Configuration.load()

    wanted = Settings(
        api=False,
        api_host="::1",
        batch_size=7,
        keep_days=30,
        role="master",
        data_dir=Path("/x"),
        api_trusted_proxies=("10.0.0.1",),
    )
    assert configuration.settings == wanted
    # A password may end with a blank.
    assert configuration.plugin_settings(OWNED) == Owned(token=SecretStr(" hush "))


def test_what_kubernetes_tells_of_services_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    links = {
        "OCTOBOT_API_PORT": "tcp://10.96.0.17:8000",
        "OCTOBOT_API_SERVICE_HOST": "10.96.0.17",
        "OCTOBOT_API_SERVICE_PORT": "8000",
        "OCTOBOT_API_SERVICE_PORT_HTTP": "8000",
        "OCTOBOT_API_PORT_8000_TCP": "tcp://10.96.0.17:8000",
        "OCTOBOT_API_PORT_8000_TCP_ADDR": "10.96.0.17",
        "OCTOBOT_NODE_PORT": "tcp://10.96.0.18:80",
    }
    for name, value in links.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OCTOBOT_API_PROT", "9000")

    configuration = Configuration.load()

    assert configuration.settings == Settings()
    assert configuration.unknown_variables([OWNED]) == ["OCTOBOT_API_PROT"]


def test_who_has_no_home_gives_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def homeless(_self: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(Path, "expanduser", lambda path: homeless(path) if str(path).startswith("~") else path)

    with pytest.raises(InvalidSettings, match=r"there is no home folder .* give --data-dir or OCTOBOT_DATA_DIR"):
        Configuration.load()
    assert Configuration.load(data_dir=tmp_path).settings.data_dir == tmp_path
