"""Built-in plugins must work; a third party's that breaks is recorded, and the rest is loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from octobot_node.errors import DuplicateName, InvalidSettings, PluginError, UnknownType
from octobot_node.plugin_system import discovery as plugins
from octobot_node.plugin_system.discovery import DEFAULT_PLUGINS, load_named, load_plugins, plugins_for
from octobot_node.settings import Settings

Write = Callable[[str, str], str]

GOOD = """
from pydantic import BaseModel
from octobot_node import Automation, Decision, hookimpl

class Good(Automation):
    name = "good"
    class Config(BaseModel): ...
    def evaluate(self, tick): return Decision()

@hookimpl
def register_automations(register): register(Good)
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a module that can be imported by name, and forget it after the test."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(name: str, text: str) -> str:
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
        return name

    return write


def test_the_built_in_plugins_load_in_order() -> None:
    registry = load_plugins(discover=False)
    assert (registry.modules, registry.broken) == (DEFAULT_PLUGINS, ())
    assert [name for name, _ in registry.manager.list_name_plugin()] == list(DEFAULT_PLUGINS)


def test_an_extra_module_is_loaded_by_its_dotted_name(write: Write) -> None:
    registry = load_plugins([write("extra_good", GOOD)], discover=False)
    assert registry.modules == (*DEFAULT_PLUGINS, "extra_good")
    assert "extra_good.good" in registry.automations
    assert registry.automation("good")[0] == "extra_good.good"


def test_the_same_modules_load_again_by_name_in_another_process(write: Write) -> None:
    first = load_plugins([write("extra_good", GOOD)], discover=False)
    again = load_named(first.modules)
    assert (again.modules, set(again.automations)) == (first.modules, set(first.automations))


def test_a_process_that_only_evaluates_loads_what_has_automations_and_comes_to_the_same_types(write: Write) -> None:
    first = load_plugins([write("extra_good", GOOD)], discover=False)
    again = load_named(first.automation_modules)
    assert {name: type(made) for name, made in again.automations.items()} == {
        name: type(made) for name, made in first.automations.items()
    }
    assert all(module.startswith("octobot_tentacles.") for module in again.modules[:-1])


BROKEN = {
    "an import error": ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
    "an error of its own": ("raise RuntimeError('not today')", "RuntimeError: not today"),
    "a syntax error": ("def", "SyntaxError: "),
    "a wrong signature": (
        "from octobot_node import hookimpl\n@hookimpl\ndef register_automations(registry): ...",
        "PluginValidationError: ",
    ),
    "a misspelt hook": (
        "from octobot_node import hookimpl\n@hookimpl\ndef register_automation(register): ...",
        "in plugin <module 'extra_broken'",
    ),
    "a misspelt hook, with its cure": (
        "from octobot_node import hookimpl\n@hookimpl\ndef register_automation(register): ...",
        ": did you mean 'register_automations'?",
    ),
    "no hook at all": (
        "def register_automations(register): ...",
        "PluginError: it implements no hook: put @hookimpl above its register_… functions",
    ),
    "a hook that raises": (
        "from octobot_node import hookimpl\n@hookimpl\ndef register_automations(register): raise RuntimeError('no')",
        "RuntimeError: no",
    ),
    "no automation at all": (
        "from octobot_node import hookimpl\n@hookimpl\ndef register_automations(register): register(int)",
        "PluginError: register_automations takes subclasses of Automation, not <class 'int'>",
    ),
    "an automation that cannot be made": (
        GOOD.replace("class Config", "def __init__(self): raise RuntimeError('unmakeable')\n    class Config"),
        "RuntimeError: unmakeable",
    ),
    "market data without a name": (
        "from octobot_node import hookimpl\n@hookimpl\ndef register_market_data(register): register(1)",
        "AttributeError: 'int' object has no attribute 'name'",
    ),
    "an automation without a name": (
        GOOD.replace('    name = "good"\n', ""),
        "PluginError: Good lacks name",
    ),
    "an automation with a secret in its config": (
        GOOD.replace("BaseModel): ...", "BaseModel): key: SecretStr").replace(
            "import BaseModel", "import BaseModel, SecretStr"
        ),
        "PluginError: the config of Good has the secret 'key', and a config is stored as it is: make it a SecretRef",
    ),
}


@pytest.mark.parametrize("what", sorted(BROKEN))
def test_a_third_party_s_broken_plugin_is_recorded_and_the_rest_is_loaded(write: Write, what: str) -> None:
    text, error = BROKEN[what]
    broken, good = write("extra_broken", text), write("extra_good", GOOD)
    registry = load_plugins([broken, good], discover=False)
    (found,) = registry.broken
    assert (found.name, error in found.error) == ("extra_broken", True), found
    assert registry.modules == (*DEFAULT_PLUGINS, "extra_good")
    assert "extra_good.good" in registry.automations
    assert registry.manager.get_plugin("extra_broken") is None


def test_a_broken_built_in_raises(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "DEFAULT_PLUGINS", (*DEFAULT_PLUGINS, write("broken_built_in", "1 / 0")))
    with pytest.raises(ZeroDivisionError):
        load_plugins(discover=False)


def test_two_built_ins_of_one_name_are_refused_naming_both(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    names = (write("one_a", _market("twice")), write("one_b", _market("twice")))
    monkeypatch.setattr(plugins, "DEFAULT_PLUGINS", (*DEFAULT_PLUGINS, *names))
    message = "market data 'twice' is registered twice: by one_a and by one_b"
    with pytest.raises(DuplicateName, match=message) as refused:
        load_plugins(discover=False)
    assert isinstance(refused.value, PluginError)


CLASHES = """
from pydantic import BaseModel
from octobot_node import Automation, Decision, hookimpl
from octobot_node.contracts.exchanges import MarketDataFactory, TradingFactory
from octobot_node.contracts.health import HealthCheck
from octobot_node.contracts.notifiers import NotifierFactory
from octobot_node.contracts.operation import Operation
from octobot_node.contracts.services import Service

class Good(Automation):
    name = "good"
    class Config(BaseModel): ...
    def evaluate(self, tick): return Decision()

@hookimpl
def register_automations(register):
    register(Good)
    register(Good)

@hookimpl
def register_market_data(register):
    register(MarketDataFactory("simulated", BaseModel, print))
    register(MarketDataFactory("mine", BaseModel, print))

@hookimpl
def register_trading(register): register(TradingFactory("paper", BaseModel, print))

@hookimpl
def register_operations(register): register(Operation("automations.pause", BaseModel, BaseModel, "here:pause"))

@hookimpl
def register_notifiers(register): register(NotifierFactory("log", print))

@hookimpl
def register_services(register): register(Service("notify-rules", print))

@hookimpl
def register_health_checks(register): register(HealthCheck("disk", print))
"""


def test_of_a_third_party_only_what_has_a_name_that_is_taken_is_left_out(write: Write) -> None:
    built_ins = load_plugins(discover=False)
    registry = load_plugins([write("impostor", CLASHES)], discover=False)
    assert registry.broken == ()
    impostor = registry.plugins[-1]
    assert {hook: names for hook, names in impostor.registers.items() if names} == {
        "register_automations": ("impostor.good",),
        "register_market_data": ("mine",),
    }
    twice, end = "is registered twice: by octobot_plugins", "and by impostor, whose is left out: rename one of them"
    assert sorted(impostor.left_out) == [
        f"automation type 'impostor.good' is registered twice: by impostor {end}",
        f"health check 'disk' {twice}.health {end}",
        f"market data 'simulated' {twice}.simulated {end}",
        f"notifier 'log' {twice}.log {end}",
        f"operation 'automations.pause' is registered twice: by octobot_node.operations {end}",
        f"service 'notify-rules' {twice}.notify {end}",
        f"trading connector 'paper' {twice}.paper {end}",
    ]
    assert registry.market_data["simulated"].Settings.__module__ == "octobot_plugins.simulated.settings"
    assert registry.operations == built_ins.operations
    assert [check.name for check in registry.health_checks] == [check.name for check in built_ins.health_checks]


def test_a_third_party_s_type_of_a_built_in_s_short_name_is_its_own_and_makes_nothing_ambiguous(write: Write) -> None:
    registry = load_plugins([write("extra_dca", GOOD.replace('"good"', '"dca"'))], discover=False)
    assert registry.automation("dca")[0] == "octobot_tentacles.dca"
    assert registry.automation("extra_dca.dca")[0] == "extra_dca.dca"


UNUSABLE = {
    "tables of the node's own name": ("octobot", "octobot_x", "tables cannot be called 'octobot'"),
    "tables without a name": ("", "x", "tables cannot be called ''"),
    "a table that is not called so": (
        "telex",
        "orders",
        "the table 'orders' of the tables 'telex' is not called telex_…",
    ),
}


@pytest.mark.parametrize("what", sorted(UNUSABLE))
def test_tables_that_could_be_somebody_else_s_are_refused(write: Write, what: str) -> None:
    name, table, error = UNUSABLE[what]
    text = (
        "import sqlalchemy as sa\nfrom octobot_node import hookimpl\n"
        "from octobot_node.contracts.tables import PluginTables\n"
        f"metadata = sa.MetaData()\nsa.Table({table!r}, metadata, sa.Column('id', sa.Integer))\n"
        f"@hookimpl\ndef register_tables(register): register(PluginTables({name!r}, metadata, 'x'))\n"
    )
    (broken,) = load_plugins([write("extra_tables", text)], discover=False).broken
    assert broken.error.startswith(f"PluginError: {error}")


def test_settings_that_cannot_be_made_of_nothing_are_their_author_s_to_mend(write: Write) -> None:
    text = (
        "from pydantic import BaseModel\nfrom octobot_node import hookimpl\n"
        "from octobot_node.contracts.plugin_settings import PluginSettings\n"
        "class Mine(BaseModel):\n    token: str\n"
        "@hookimpl\ndef register_settings(register): register(PluginSettings('mine', Mine))\n"
    )
    (broken,) = load_plugins([write("extra_settings", text)], discover=False).broken
    assert broken.error.startswith(
        "PluginError: the settings [mine] cannot be made of nothing (token): give every field a default"
    )


def test_a_built_in_is_switched_off_by_name_and_another_takes_its_place(write: Write) -> None:
    registry = load_plugins([write("better", _market("simulated"))], discover=False, off=["simulated"])
    (off,) = [plugin for plugin in registry.plugins if plugin.status == "off"]
    assert (off.name, registry.broken) == ("octobot_plugins.simulated", ())
    assert registry.owner("register_market_data", "simulated") == registry.plugins[-1]
    assert registry.plugins[-1].left_out == ()


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("simulatd", "no built-in plugin is called 'simulatd': did you mean 'simulated'?"),
        ("octobot_plugins.sqlite", "octobot_plugins.sqlite is what nothing works without: leave it on"),
    ],
)
def test_what_cannot_be_switched_off_is_refused_by_name(name: str, error: str) -> None:
    with pytest.raises(InvalidSettings) as refused:
        load_plugins(discover=False, off=[name])
    assert str(refused.value) == f"OCTOBOT_DISABLED_PLUGINS: {error}"


def _market(name: str) -> str:
    return (
        "from pydantic import BaseModel\nfrom octobot_node import hookimpl\n"
        "from octobot_node.contracts.exchanges import MarketDataFactory\n"
        "@hookimpl\ndef register_market_data(register):\n"
        f"    register(MarketDataFactory({name!r}, BaseModel, print))\n"
    )


Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a distribution with one plugin, as pip leaves it, and forget it after the test."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    written: list[str] = []

    def install(name: str, text: str, *, requires: str = "", entry: str | None = None) -> None:
        module = f"installed_{name}"
        (site / f"{module}.py").write_text(text)
        written.append(module)
        info = site / f"octobot_tentacle_{name}-1.2.dist-info"
        info.mkdir()
        needs = f"Requires-Dist: octobot-node{requires}\n" if requires else ""
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: octobot-tentacle-{name}\nVersion: 1.2\n{needs}")
        (info / "entry_points.txt").write_text(f"[octobot_node]\n{entry or name} = {module}\n")

    yield install
    for module in written:
        sys.modules.pop(module, None)


def test_an_installed_plugin_is_found_with_its_distribution(install: Install) -> None:
    install("good", GOOD, requires=">=0.1")
    (found,) = [plugin for plugin in load_plugins().plugins if plugin.name == "good"]
    assert (found.version, found.origin, found.module, found.status, found.hooks, found.registers) == (
        "1.2",
        "installed by octobot-tentacle-good",
        "installed_good",
        "loaded",
        ("register_automations",),
        {"register_automations": ("installed_good.good",)},
    )


def test_an_installed_plugin_that_breaks_neither_stops_the_rest_nor_the_node(install: Install) -> None:
    install("bad", "raise ImportError('half installed')")
    install("fine", GOOD)
    registry = load_plugins()
    assert [(plugin.name, plugin.error) for plugin in registry.broken] == [
        ("bad", "ImportError: half installed (installed_bad.py, line 1)")
    ]
    assert registry.modules == (*DEFAULT_PLUGINS, "installed_fine")


def test_a_plugin_for_another_version_of_the_node_is_left_out_without_being_imported(install: Install) -> None:
    install("future", "raise SystemExit('imported')", requires=">=99")
    (found,) = load_plugins().broken
    assert found.error == "PluginError: it needs octobot-node >=99, this is 0.1.0: install a release that fits"


def test_a_module_may_say_itself_which_versions_it_needs(write: Write) -> None:
    registry = load_plugins([write("extra_old", f"requires_octobot_node = '<0.1'\n{GOOD}")], discover=False)
    assert [plugin.error for plugin in registry.broken] == [
        "PluginError: it needs octobot-node <0.1, this is 0.1.0: install a release that fits"
    ]


def test_two_installed_plugins_of_one_name_leave_the_first(install: Install) -> None:
    install("one", GOOD, entry="same")
    install("two", GOOD, entry="same")
    registry = load_plugins()
    assert [plugin.error for plugin in registry.broken] == [
        "DuplicateName: a plugin called 'same' is loaded already: rename one of them"
    ]
    assert len(registry.automations) == len(load_plugins(discover=False).automations) + 1


def test_third_parties_are_narrowed_and_turned_off_by_name(install: Install) -> None:
    install("one", GOOD)
    install("two", GOOD)
    narrowed = load_plugins(only=("one", "typo"))
    assert [(plugin.name, plugin.status) for plugin in narrowed.plugins[len(DEFAULT_PLUGINS) :]] == [
        ("one", "loaded"),
        ("two", "off"),
        ("typo", "broken"),
    ]
    assert narrowed.broken[0].error.endswith("neither installed nor in the plugins folder")
    for written in ("octobot-tentacle-one", "installed_one", "onne"):
        (broken,) = load_plugins(only=(written,)).broken
        assert broken.error.endswith("neither installed nor in the plugins folder: did you mean 'one'?")
    none = load_plugins(only=("none",))
    assert (none.modules, none.broken) == (DEFAULT_PLUGINS, ())


def test_a_plugin_that_hangs_is_left_behind(write: Write) -> None:
    hanging = write("extra_hanging", "import time\nwhile True: time.sleep(0.01)")
    stuck = write(
        "extra_stuck",
        "import time\nfrom octobot_node import hookimpl\n@hookimpl\ndef register_automations(register):\n"
        "    while True: time.sleep(0.01)",
    )
    started = time.monotonic()
    registry = load_plugins([hanging, stuck, write("extra_good", GOOD)], discover=False, timeout=0.3)
    # Either would hang for ever.
    assert time.monotonic() - started < 60
    assert [(plugin.name, plugin.error) for plugin in registry.broken] == [
        ("extra_hanging", "PluginError: it did not load within 0.3 s"),
        ("extra_stuck", "PluginError: it did not load within 0.3 s"),
    ]
    assert "extra_good.good" in registry.automations


def test_a_plugin_that_ends_the_process_does_not(write: Write) -> None:
    registry = load_plugins([write("extra_exit", "raise SystemExit(3)")], discover=False)
    assert [plugin.error for plugin in registry.broken] == ["PluginError: it raised SystemExit: 3"]


def test_what_a_plugin_prints_while_it_loads_goes_to_stderr(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    load_plugins([write("extra_talks", f"print('hello there')\n{GOOD}")], discover=False)
    captured = capsys.readouterr()
    assert (captured.out, "hello there" in captured.err) == ("", True)


def test_a_name_that_is_trusted_and_not_there_is_said(install: Install) -> None:
    install("one", GOOD)
    (broken,) = load_plugins(trusted=["onne"]).broken
    assert broken.name == "onne"
    assert broken.error == (
        "PluginError: OCTOBOT_TRUSTED_PLUGINS names it, but it is neither installed nor in the plugins folder: did you"
        " mean 'one'?"
    )


STORAGE = "from octobot_node import hookimpl\n@hookimpl\ndef open_storage(settings): return None"


def test_only_a_trusted_plugin_may_open_the_storage(write: Write) -> None:
    name = write("extra_storage", STORAGE)
    (refused,) = load_plugins([name], discover=False).broken
    assert refused.error == (
        "PluginError: it implements open_storage, which only a trusted plugin may: if you trust it, name it in"
        " OCTOBOT_TRUSTED_PLUGINS"
    )
    trusted = load_plugins([name], discover=False, trusted=[name])
    assert (trusted.broken, trusted.modules[-1]) == ((), name)
    assert load_named(trusted.modules).modules == trusted.modules


@pytest.mark.process
def test_modules_and_packages_in_the_plugins_folder_are_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "plugins"
    (folder / "folder_package").mkdir(parents=True)
    (folder / "folder_module.py").write_text(GOOD)
    (folder / "folder_package" / "__init__.py").write_text(GOOD)
    (folder / "_draft.py").write_text("raise RuntimeError")
    (folder / "readme.txt").write_text("not a plugin")
    registry = plugins_for(Settings(data_dir=tmp_path / "state", plugins=("folder_module", "folder_package")))
    found = [(plugin.name, plugin.origin, plugin.status) for plugin in registry.plugins if "folder" in plugin.origin]
    assert found == [
        ("folder_module", f"folder {folder / 'folder_module.py'}", "loaded"),
        ("folder_package", f"folder {folder / 'folder_package'}", "loaded"),
    ]
    assert {"folder_module.good", "folder_package.good"} <= set(registry.automations)
    in_another_process = (
        f"import sys; sys.path.append({str(folder)!r})\nfrom octobot_node.plugin_system.discovery import load_named\n"
        "print(*load_named(['folder_module']).automations)"
    )
    ran = subprocess.run([sys.executable, "-c", in_another_process], capture_output=True, text=True, check=True)
    assert ran.stdout == "folder_module.good\n"


def test_a_plugins_folder_may_be_given_relative_to_where_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "relative_module.py").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    registry = load_plugins(discover=False, folder=Path("here"))
    assert (registry.broken, registry.modules[-1]) == ((), "relative_module")


def test_a_file_in_the_plugins_folder_cannot_pass_for_another_module(tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "json.py").write_text(GOOD)
    (folder / "no-name.py").write_text(GOOD)
    registry = load_plugins(discover=False, folder=folder)
    assert [(plugin.name, plugin.error) for plugin in registry.broken] == [
        ("json", f"PluginError: another module is called 'json', {json.__file__}: rename {folder / 'json.py'}"),
        ("no-name", f"PluginError: 'no-name' is not a valid name of a module: rename {folder / 'no-name.py'}"),
    ]


def test_a_plugins_folder_that_others_may_write_to_is_not_trusted(tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "folder_open.py").write_text(GOOD)
    os.chmod(folder, 0o777)  # noqa: PTH101
    (found,) = load_plugins(discover=False, folder=folder).broken
    assert found.error == (
        f"PluginError: others may write to {folder / 'folder_open.py'}: run `chmod -R go-w {folder}`"
    )


def test_what_is_not_registered_is_named_with_what_there_is() -> None:
    registry = load_plugins(discover=False)
    with pytest.raises(
        UnknownType, match="no plugin registers the automation type 'nope'; there are: octobot_tentacles"
    ):
        registry.automation("nope")
    with pytest.raises(UnknownType, match="no plugin registers the market data 'nope'; there are: "):
        registry.market_data_factory("nope")
    with pytest.raises(UnknownType, match="no plugin registers the trading connector 'nope'; there are: ccxt, paper"):
        registry.trading_factory("nope")


def test_a_short_name_that_two_packages_use_is_ambiguous(write: Write) -> None:
    registry = load_plugins([write("extra_good", GOOD), write("extra_better", GOOD)], discover=False)
    with pytest.raises(UnknownType, match=r"'good' is ambiguous: write one of extra_better\.good, extra_good\.good"):
        registry.automation("good")
    assert registry.automation("extra_good.good")[0] == "extra_good.good"
