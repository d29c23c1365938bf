"""The limit as it is told."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from octobot_node.operations.models import EmptyRequest

from octobot_tentacle_hello.operations import largest_order
from octobot_tentacle_hello.settings import HelloSettings


def test_the_limit_is_told_as_it_is_set() -> None:
    settings = HelloSettings(largest_order=Decimal("0.10"))
    context: Any = SimpleNamespace(plugin_context=SimpleNamespace(plugin_settings={HelloSettings: settings}.get))

    found = largest_order.load()(context, EmptyRequest())

    assert found.model_dump_json() == '{"largest_order":"0.10"}'
