"""Each automation type has a page that names every field, a picture, and an example to replay and one to run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from octobot_node.plugin_system.discovery import DEFAULT_PLUGINS, load_plugins
from octobot_node.run_files.run_file import load_run_files

ROOT = Path(__file__).parents[3]
TYPES = sorted(name.rpartition(".")[2] for name in DEFAULT_PLUGINS if name.startswith("octobot_tentacles."))


@pytest.mark.parametrize("name", TYPES)
def test_the_page_of_a_type_names_every_field_and_shows_a_picture(name: str) -> None:
    page = ROOT / "docs" / "automations" / f"{name}.md"
    text = page.read_text()
    config = load_plugins(discover=False).automation(f"octobot_tentacles.{name}")[1].Config
    assert [field for field in config.model_fields if not re.search(rf"\b{field}\b", text)] == []
    pictures = re.findall(r"!\[[^\]]{40,}\]\(([^)]+\.svg)\)", text)
    assert [(page.parent / picture).is_file() for picture in pictures] == [True]


@pytest.mark.parametrize("name", TYPES)
def test_a_type_has_an_example_of_the_past_and_a_live_one(name: str) -> None:
    for kind, market_data in (("replay", "replay"), ("live", "simulated")):
        run_file = load_run_files([ROOT / "examples" / f"{name.replace('_', '-')}-{kind}.yaml"])
        assert name in {automation.type for automation in run_file.automations}
        assert {account.market_data.use for account in run_file.accounts.values()} == {market_data}
