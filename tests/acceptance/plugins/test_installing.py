"""`octobot-node tentacles install|remove|list|sync`, with pip itself and a folder of wheels made here."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from structlog.testing import capture_logs

from octobot_node import __version__
from octobot_node.cli import main
from octobot_node.engine.base import open_base
from octobot_node.errors import NodeError
from octobot_node.installing.locks import Lock
from octobot_node.installing.sets import Sets
from octobot_node.live.masters_tentacles import follow_master, refuse_without
from octobot_node.plugin_system.discovery import plugins_for
from octobot_node.settings import Settings
from tests.support.postgres import Server
from tests.support.wheels import make_wheel

NODE = Path(sys.executable).with_name("octobot-node")


Command = Callable[..., "Done"]


class Done(NamedTuple):
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Give what gives a command, in this process: it is pip that is another."""
    # What is installed here is nobody else's: neither where it is looked for nor what was loaded of it.
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    # No index: what is not in the folder of wheels is not to be had.
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)

    def run(*arguments: str, data: str = "data") -> Done:
        monkeypatch.setenv("OCTOBOT_DATA_DIR", str(tmp_path / data))
        capsys.readouterr()
        code = main(arguments)
        return Done(code, *capsys.readouterr())

    yield run
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def test_a_tentacle_and_what_it_needs_is_installed_seen_by_the_node_and_removed_again(
    tmp_path: Path, command: Command
) -> None:
    wheels = tmp_path / "wheels"
    make_wheel(wheels, "my-helper", "2.1", plugin=False)
    make_wheel(wheels, "my-momentum", requires=(f"octobot-node>={__version__}", "my-helper>=2", "pydantic>=2"))
    make_wheel(wheels, "my-other")

    done = command("tentacles", "install", "my-momentum", "--wheelhouse", "wheels")
    assert (done.returncode, done.stderr) == (0, "")
    # What the node has already is not installed a second time.
    lock = json.loads(command("tentacles", "list", "--json").stdout)
    assert [(each["name"], each["version"]) for each in lock["packages"]] == [
        ("my-helper", "2.1"),
        ("my-momentum", "1.0"),
    ]
    assert lock["requirements"] == ["my-momentum"]
    listed = subprocess.run([NODE, "plugins"], capture_output=True, text=True, check=True)
    assert "my_momentum" in listed.stdout

    assert command("tentacles", "install", "my-other", "--wheelhouse", "wheels").returncode == 0
    assert command("tentacles", "remove", "my-momentum").returncode == 0
    lock = json.loads(command("tentacles", "list", "--json").stdout)
    assert [each["name"] for each in lock["packages"]] == ["my-other"]
    missing = command("tentacles", "remove", "my-momentum")
    assert (missing.returncode, missing.stderr) == (
        2,
        "octobot-node: error: no tentacle 'my-momentum' was installed: there are my-other\n",
    )


def test_another_node_takes_the_lock_to_the_byte_and_goes_back_when_a_byte_differs(
    tmp_path: Path, command: Command
) -> None:
    wheel = make_wheel(tmp_path / "wheels", "my-momentum")
    lock = tmp_path / "lock.json"
    lock.write_text(command("tentacles", "install", "my-momentum", "--wheelhouse", "wheels", "--json").stdout)
    assert command("tentacles", "sync", "--lock", "lock.json", "--wheelhouse", "wheels", data="other").returncode == 0
    assert command("tentacles", "list", "--json", data="other").stdout == lock.read_text()

    changed = json.loads(lock.read_text())
    changed["packages"][0]["sha256"] = "0" * 64
    changed["requirements"] = ["my-momentum==1.0"]
    lock.write_text(json.dumps(changed))
    refused = command("tentacles", "sync", "--lock", "lock.json", "--wheelhouse", "wheels", data="other")
    assert refused.returncode == 2
    assert "the packages of the lock cannot be installed" in refused.stderr
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() in command("tentacles", "list", "--json", data="other").stdout


def test_a_consumer_is_brought_to_what_its_master_has_by_the_database_they_share(
    tmp_path: Path, command: Command, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.create_database()

    def settings(name: str, role: str, **more: Any) -> Settings:
        return Settings(data_dir=tmp_path / name, database_url=url, role=role, disk_reserve_mb=0, **more)

    def master_starts() -> None:
        monkeypatch.setattr(sys, "path", [each for each in sys.path if "tentacles" not in each])
        master = settings("master", "master")
        open_base(master, plugins_for(master), now=0).close()

    make_wheel(tmp_path / "wheels", "my-momentum")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("OCTOBOT_DATABASE_URL", url)
    early = command("tentacles", "sync", data="consumer")
    assert (early.returncode, "no master of this database has said which tentacles" in early.stderr) == (2, True)
    assert command("tentacles", "install", "my-momentum", data="master").returncode == 0
    master_starts()
    # What is installed since its start is not what it runs with.
    assert command("tentacles", "remove", "my-momentum", data="master").returncode == 0
    monkeypatch.setenv("OCTOBOT_ROLE", "consumer")
    # What the settings name is for the master to have.
    monkeypatch.setenv("OCTOBOT_TENTACLES", "another")
    assert command("tentacles", "sync", data="consumer").returncode == 0
    there = json.loads(command("tentacles", "list", "--json", data="consumer").stdout)
    assert [each["name"] for each in there["packages"]] == ["my-momentum"]

    # By itself before it starts, where that is allowed; where it cannot be, what was there before stays.
    follow_master(settings("late", "consumer"))
    assert Sets(tmp_path / "late" / "tentacles").lock == Lock()
    late = settings("late", "consumer", tentacles_from_master=True)
    with monkeypatch.context() as without, capture_logs() as logs:
        without.delenv("PIP_FIND_LINKS")
        follow_master(late)
    assert [(each["event"], "cannot be installed" in each["why"]) for each in logs] == [
        ("tentacles_not_installed", True)
    ]
    assert Sets(tmp_path / "late" / "tentacles").lock == Lock()
    follow_master(late)
    assert Sets(tmp_path / "late" / "tentacles").lock.as_json() == json.dumps(there, indent=2, sort_keys=True) + "\n"
    # Nothing is something to be brought to, too.
    master_starts()
    follow_master(late)
    assert Sets(tmp_path / "late" / "tentacles").lock.packages == ()


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ({"requires": ("octobot-node>=900",)}, "cannot be installed beside this version of the node: my-momentum: "),
        ({"requires": ("numpy<1",)}, "cannot be installed beside this version of the node: my-momentum: "),
        ({"requires": ("never-heard-of",)}, "never-heard-of"),
        ({"plugin": False}, "my-momentum is no tentacle: it has no entry point in octobot_node"),
        ({"code": "from octobot_node import gone_since_then\n"}, "does not fit this version"),
        ({"code": "raise SystemExit\n"}, "nothing was changed"),
    ],
)
def test_what_does_not_fit_is_refused_and_what_was_there_goes_on(
    tmp_path: Path, command: Command, made: dict[str, object], why: str
) -> None:
    make_wheel(tmp_path / "wheels", "my-momentum", **made)  # type: ignore[arg-type]
    refused = command("tentacles", "install", "my-momentum", "--wheelhouse", "wheels")
    assert refused.returncode == 2
    assert why in refused.stderr
    assert refused.stderr.endswith("nothing was changed\n")
    left = [path.name for path in (tmp_path / "data" / "tentacles").iterdir()]
    assert left == [".changing"]


def test_what_no_hash_holds_and_what_would_have_to_be_built_is_not_asked_for(tmp_path: Path, command: Command) -> None:
    wheel = make_wheel(tmp_path / "wheels", "my-momentum")
    for package in (str(wheel), "https://example.invalid/my_momentum-1.0-py3-none-any.whl"):
        refused = command("tentacles", "install", package)
        assert (refused.returncode, "has no hash: write its SHA-256 behind it" in refused.stderr) == (2, True)
    by_hash = f"{wheel.as_uri()}#sha256={hashlib.sha256(wheel.read_bytes()).hexdigest()}"
    assert command("tentacles", "install", by_hash).returncode == 0
    secret = command("tentacles", "install", f"https://me:hush@example.invalid/a.whl#sha256={'0' * 64}")
    assert (secret.returncode, "a password in the address" in secret.stderr, "hush" in secret.stderr) == (
        2,
        True,
        False,
    )
    option = command("tentacles", "install", "--", "--index-url=http://evil.example")
    assert (option.returncode, "is not a package" in option.stderr) == (2, True)


def test_a_node_does_not_start_without_tentacles_where_it_never_had_those_that_it_is_told_of(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Settings(data_dir=tmp_path / "data", tentacles=("my-momentum",))
    monkeypatch.setenv("OCTOBOT_TENTACLES", "my-momentum")
    refused = command("tentacles", "sync")
    assert (refused.returncode, "cannot be installed" in refused.stderr) == (2, True)
    with pytest.raises(NodeError, match=r"OCTOBOT_TENTACLES names my-momentum, and no .*`octobot-node tentacles sync`"):
        refuse_without(told)
    assert command("start").returncode == 1
    assert not (tmp_path / "data" / "octobot.db").exists()
    # A consumer's are its master's; who is told of none needs none.
    refuse_without(told.model_copy(update={"role": "consumer"}))
    refuse_without(told.model_copy(update={"tentacles": None}))

    make_wheel(tmp_path / "wheels", "my-momentum")
    assert command("tentacles", "sync", "--wheelhouse", "wheels").returncode == 0
    # From now on the set before stays where another cannot be had.
    refuse_without(told.model_copy(update={"tentacles": ("my-momentum", "another")}))
