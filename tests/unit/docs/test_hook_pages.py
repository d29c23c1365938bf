"""A page for every hook, under its exact signature, with an example that is a plugin."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

import pytest

from octobot_node import hookspecs
from octobot_node.plugin_system.discovery import load_plugins

PAGES = Path(__file__).parents[3] / "docs" / "hooks"
HOOKS = {
    name: function
    for name, function in inspect.getmembers(hookspecs, inspect.isfunction)
    if hasattr(function, "octobot_node_spec")
}


def test_there_is_a_page_for_every_hook_and_no_other() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == {*HOOKS, "index"}


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_a_page_s_heading_is_the_hook_s_exact_signature(name: str) -> None:
    signature = str(inspect.signature(HOOKS[name])).replace("'", "")
    assert (PAGES / f"{name}.md").read_text().splitlines()[0] == f"# `{name}{signature}`"


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_a_page_s_example_is_a_plugin_that_implements_the_hook(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (PAGES / f"{name}.md").read_text(), flags=re.DOTALL)
    module = f"documented_{name}"
    (tmp_path / f"{module}.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    registry = load_plugins([module], discover=False, trusted=[module])
    sys.modules.pop(module)
    assert registry.broken == ()
    assert registry.plugins[-1].hooks == (name,)


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_a_page_names_the_built_in_plugins_that_use_the_hook(name: str) -> None:
    loaded = load_plugins(discover=False).plugins
    users = {plugin.name.rpartition(".")[2] for plugin in loaded if name in plugin.hooks}
    said = (PAGES / f"{name}.md").read_text().rpartition("Built-in user")[2]
    if name == "register_automations":
        assert "every type" in said
    else:
        assert set(re.findall(r"`(\w+)`", said)) >= users
