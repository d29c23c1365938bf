"""The panel: its files are there, and it is on the page of each hello."""

from __future__ import annotations

from octobot_node.contracts.panels import Panel

import octobot_tentacle_hello


def test_its_panel_is_on_the_page_of_each_hello() -> None:
    found: list[Panel] = []
    octobot_tentacle_hello.register_panels(found.append)
    assert [(panel.name, panel.place, panel.types) for panel in found] == [
        ("hello", "automation", ("octobot_tentacle_hello.hello",))
    ]
    assert {file.name for panel in found for file in panel.folder.iterdir()} == {"index.html", "panel.css", "panel.js"}
