"""A plugin's own metrics are told with the node's, and none spoils another."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Counter, Gauge
from structlog.testing import capture_logs

from octobot_node.plugin_system.discovery import load_plugins
from tests.integration.api.conftest import Service
from tests.integration.plugins.metrics.conftest import scrape

PAGE = Path(__file__).parents[4] / "docs" / "monitoring.md"


async def briefly(run: Any, context: Any) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(run(context), 0.01)


def test_the_documentation_s_example_counts_and_goes_on_when_it_is_started_again(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    (tmp_path / "documented_metric.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    registry = load_plugins(["documented_metric"], discover=False)
    sys.modules.pop("documented_metric")
    assert registry.broken == ()
    (telex,) = [each for each in registry.services if each.name == "telex"]
    for _ in range(2):
        asyncio.run(briefly(telex.run, service.office.bench.core.context))
    assert scrape(service)("telex_messages_total") == 2


def test_a_name_that_is_taken_is_refused(service: Service) -> None:
    metrics = service.office.bench.core.context.metrics
    metrics.register(Counter("telex", "One.", registry=None))
    for name in ("telex", "octobot_ticks"):
        with pytest.raises(ValueError, match=f"Duplicated timeseries.*{name}"):
            metrics.register(Counter(name, "Another.", registry=None))
    found = scrape(service)
    assert found("telex_total") == found("octobot_ticks_total", outcome="done") == 0


def test_one_that_cannot_be_read_hides_no_other(service: Service) -> None:
    def broken() -> float:
        raise OSError("the cable is cut")

    metrics = service.office.bench.core.context.metrics
    cut = Gauge("telex_waiting", "Messages that wait.", registry=metrics)
    cut.set_function(broken)
    Gauge("telex_cables", "Cables.", registry=metrics).set(7)
    with capture_logs() as logs:
        found = scrape(service)
    assert found("telex_cables") == 7
    assert "telex_waiting" not in {family.name for family in found.families}
    assert [line["metric"] for line in logs if line["event"] == "metric_not_read"] == ["gauge:telex_waiting"]
    metrics.unregister(cut)
    with capture_logs() as logs:
        assert scrape(service)("telex_cables") == 7
    assert [line for line in logs if line["event"] == "metric_not_read"] == []


def test_two_nodes_in_a_process_count_apart(make_service: Any) -> None:
    one, other = make_service(), make_service()
    one.office.bench.automation("a", lambda _tick: None)
    one.office.bench.tick()
    ticks = [sum(scrape(each).by("octobot_ticks_total", "outcome").values()) for each in (one, other)]
    assert ticks == [1, 0]


def test_nothing_is_said_of_when_a_metric_began(service: Service) -> None:
    """Each counter and histogram would be followed by a gauge that nobody asked for."""
    Counter("telex", "Messages.", registry=service.office.bench.core.context.metrics)
    assert [s.name for s in scrape(service).samples if s.name.endswith("_created")] == []
