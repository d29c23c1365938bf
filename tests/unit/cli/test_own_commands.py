"""What is the node's own on the command line is nobody else's."""

from __future__ import annotations

from types import SimpleNamespace

import typer
from typer.main import get_group

from octobot_node import hookimpl
from octobot_node.cli.app import build_app
from octobot_node.plugin_system.discovery import load_plugins
from octobot_node.plugin_system.plugin_commands import NODE_COMMANDS, plugin_commands


def test_the_node_s_own_commands_are_those_of_its_command_line() -> None:
    assert set(get_group(build_app()).commands) == NODE_COMMANDS


def test_a_command_of_a_name_that_is_taken_is_left_out_and_the_others_are_there() -> None:
    def adding(*names: str) -> SimpleNamespace:
        def register_commands(register):  # type: ignore[no-untyped-def]  # as an author writes it
            app = typer.Typer()
            for name in names:
                app.command(name)(lambda: None)
            register(app)

        return SimpleNamespace(register_commands=hookimpl(register_commands))

    registry = load_plugins(discover=False)
    registry.manager.register(adding("start", "telex"), name="one")
    registry.manager.register(adding("telex", "fax"), name="other")
    found = {each.plugin: each for each in plugin_commands(registry) if each.plugin in ("one", "other")}
    assert {name: sorted(each.names) for name, each in found.items()} == {"one": ["telex"], "other": ["fax"]}
    assert "it adds the command 'start', which the node has already: rename it" in found["one"].left_out
