"""What hatchling asks before it builds: a release without the dashboard would install, run, and show nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = "ui/package.json"
BUILT = "plugins/octobot_plugins/dashboard/static/index.html"


class DashboardIsBuilt(BuildHookInterface[Any]):
    """Refuse a wheel and an sdist without the built dashboard, once there is a dashboard to build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - as hatchling calls it
        """End the build with a message when something is missing; an editable install needs nothing."""
        root = Path(self.root)
        # An sdist holds what was built and not ui/, so that a wheel made of it is not asked again.
        if version != "editable" and (root / SOURCE).exists() and not (root / BUILT).exists():
            self.app.abort(f"the dashboard is not built, {BUILT} is missing: run `make ui` first, then this again")
