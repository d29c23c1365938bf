"""docs/cli.md has every command with every option, those of the built-in plugins too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from typer.main import get_command

from octobot_node.cli.app import build_app
from octobot_node.cli.commands.derived import DERIVED
from octobot_node.cli.plugin_commands import command_of
from octobot_node.contracts.operation import Operation
from octobot_node.operations.automations import catalogue as automations
from octobot_node.operations.catalogue import OPERATIONS
from octobot_node.operations.node import catalogue as node
from octobot_node.operations.overview import catalogue as overview
from octobot_node.operations.secrets import catalogue as secrets
from octobot_node.operations.trading import catalogue as trading
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.plugin_system.plugin_commands import plugin_commands

DOCS = Path(__file__).parents[3] / "docs" / "cli.md"


def _commands(command: Any, path: str = "octobot-node") -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from _commands(child, f"{path} {name}")


def _of_plugins() -> Iterator[tuple[str, Any]]:
    for added in plugin_commands(load_plugins(discover=False)):
        for name in added.names:
            yield from _commands(command_of(name, added), f"octobot-node {name}")


def _sections() -> dict[str, str]:
    """Return command, as its heading has it -> the text below."""
    parts = re.split(r"^### `(.+)`$", DOCS.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _heading(path: str, command: Any) -> str:
    words = [path]
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            word = parameter.metavar or parameter.name.upper()
            words.append(f"{word}..." if parameter.nargs == -1 and "..." not in word else word)
    return " ".join(words)


def test_every_command_has_a_section_with_an_example_and_every_option() -> None:
    sections, commands = _sections(), {**dict(_commands(get_command(build_app()))), **dict(_of_plugins())}
    assert set(sections) == {_heading(path, command) for path, command in commands.items()}
    for path, command in commands.items():
        text = sections[_heading(path, command)]
        if path != "octobot-node run":
            assert f"$ {path}" in text, f"{path} has no example"
        for option in (p for p in command.params if p.param_type_name == "option" and p.name != "help"):
            for name in option.opts:
                assert re.search(rf"`[^`]*{re.escape(name)}\b[^`]*`", text), f"{name} of {path} is not documented"


def test_options_of_the_top_are_documented() -> None:
    text = DOCS.read_text()
    for option in get_command(build_app()).params:
        assert f"{option.opts[0]}`" in text, option.opts


def test_every_command_takes_json_and_a_data_folder() -> None:
    without = {
        path
        for path, command in _commands(get_command(build_app()))
        if not {"--json", "--data-dir"} <= {name for p in command.params for name in p.opts}
    }
    # A service prints its log; a schema is JSON; a new package is no node's.
    assert without == {"octobot-node start", "octobot-node schema", "octobot-node tentacles new"}


def test_every_operation_is_used_by_a_command() -> None:
    source = "".join(path.read_text() for path in (DOCS.parents[1] / "octobot_node" / "cli").rglob("*.py"))
    constants = {
        value.name: name
        for catalogue in (automations, trading, node, overview, secrets)
        for name, value in vars(catalogue).items()
        if isinstance(value, Operation)
    }
    assert set(constants) == set(OPERATIONS)
    # Imported by name and used, or taken from the catalogue at once.
    unused = {name for name in constants.values() if len(re.findall(rf"\b{name}\b", source)) < 2}
    assert {name for name in unused if not re.search(rf"\bthere\.{name}\b", source)} == set()


def test_what_prints_a_derived_command_is_there() -> None:
    for operation, command in DERIVED:
        assert isinstance(command.show, str)
        module, _, function = command.show.partition(":")
        assert callable(getattr(import_module(module), function)), operation.name
