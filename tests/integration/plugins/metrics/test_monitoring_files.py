"""The alerts, the dashboard and the documentation speak of metrics that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml

from octobot_node import Decision, LimitOrder, Wake
from octobot_node.errors import Unresolved
from tests.integration.api.conftest import Service
from tests.integration.plugins.metrics.conftest import Read, scrape

ROOT = Path(__file__).parents[4]
MONITORING = ROOT / "deploy" / "monitoring"
#: Of Prometheus itself.
ITS_OWN = {"up"}
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "info": ("_info",)}


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    return list(group["rules"])


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    return found


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def in_grafana(expression: str) -> str:
    """Return an expression as Grafana sends it: its variables filled in."""
    return expression.replace("$__rate_interval", "1m").replace("$job", "octobot-node").replace("$instance", ".*")


def expressions() -> Iterator[tuple[str, str]]:
    for rule in alerts():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", in_grafana(target["expr"])


def selectors(expression: Any) -> Iterator[tuple[str, set[str]]]:
    """Return (metric, labels) of every selector in a parsed expression."""
    if isinstance(expression, promql.VectorSelector):
        assert expression.name is not None, expression
        yield expression.name, {matcher.name for matcher in expression.matchers.matchers}
    for name in ("expr", "lhs", "rhs", "vector_selector"):
        inner = getattr(expression, name, None)
        if inner is not None:
            yield from selectors(inner)
    for argument in getattr(expression, "args", None) or ():
        yield from selectors(argument)


def samples(found: Read) -> dict[str, set[str]]:
    """Return sample name -> its labels, of families without a sample what their documentation says."""
    names: dict[str, set[str]] = {}
    for family in found.families:
        for suffix in SUFFIXES.get(family.type, ("",)):
            names.setdefault(family.name + suffix, set())
        names.setdefault(family.name, set())
    for sample in found.samples:
        names.setdefault(sample.name, set()).update(sample.labels)
    return names


@pytest.fixture
def busy(service: Service) -> Read:
    """What a node tells on which everything has happened once."""
    bench = service.office.bench
    bench.trading.will(bench.trading.fill_at_once, Unresolved("the line broke"))

    def decide(tick: Any) -> Decision:
        orders = [LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(90))] * 2
        return Decision(
            orders=orders if tick.number == 0 else [], independent=True, wake=Wake(every=timedelta(hours=1))
        )

    bench.automation("buyer", decide)
    bench.settle()
    bench.core.plugin_failures.record("telex", "notifier telex", "the cable is cut")
    service.client.get("/health/live")
    return scrape(service)


def test_every_expression_can_be_read_and_names_metrics_and_labels_that_there_are(busy: Read) -> None:
    known, budget = samples(busy), {"exchange", "budget"}
    known |= {"octobot_exchange_budget_limit": budget, "octobot_exchange_budget_remaining": budget}
    wrong, looked_at = [], set()
    for where, expression in expressions():
        found = list(selectors(promql.parse(expression)))
        assert found, where
        for metric, labels in found:
            looked_at.add(metric)
            if metric not in known.keys() | ITS_OWN:
                wrong.append(f"{where}: there is no {metric}")
            elif metric in known and labels - known[metric] - {"job", "instance"}:
                wrong.append(f"{where}: {metric} has no label {labels - known[metric]}")
    assert wrong == []
    # A reader of expressions that overlooks some would find nothing wrong with them.
    text = "\n".join(expression for _, expression in expressions())
    assert looked_at == {*re.findall(r"\b(?:octobot_[a-z_]+|process_[a-z_]+)\b", text), "up"} - {"octobot_node"}


def test_every_alert_says_how_bad_it_is_what_is_and_what_to_do() -> None:
    names = [rule["alert"] for rule in alerts()]
    assert len(names) == len(set(names)) > 10
    for rule in alerts():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, rule
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert set(rule["annotations"]) == {"summary", "description"}
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))


def test_the_labels_in_an_alert_s_words_are_those_that_its_expression_has_left() -> None:
    for rule in alerts():
        told = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
        grouped = re.search(r"\bby \(([\w, ]+)\)", rule["expr"])
        summed_up = re.match(r"\(?(sum|max|min)\(", rule["expr"])
        left = set(grouped[1].split(", ")) if grouped else set() if summed_up else told
        assert told <= left, rule["alert"]


def test_prometheus_reads_the_alerts_and_a_key_from_a_file() -> None:
    found = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    (scraped,) = found["scrape_configs"]
    assert found["rule_files"] == ["alerts.yml"]
    assert (scraped["job_name"], scraped["metrics_path"]) == ("octobot-node", "/metrics")
    assert scraped["authorization"] == {"type": "Bearer", "credentials_file": "/etc/prometheus/octobot-node.key"}


def test_the_dashboard_can_be_imported_wherever_prometheus_is_called_what() -> None:
    found = dashboard()
    assert (found["id"], found["uid"], found["schemaVersion"]) == (None, "octobot-node", 39)
    variables = {variable["name"]: variable["type"] for variable in found["templating"]["list"]}
    assert variables == {"datasource": "datasource", "job": "query", "instance": "query"}
    source = {"type": "prometheus", "uid": "${datasource}"}
    assert all(panel["datasource"] == source for panel in panels())
    assert all(target["datasource"] == source for panel in panels() for target in panel["targets"])
    assert all(panel["fieldConfig"]["defaults"]["unit"] for panel in panels())
    assert len({panel["id"] for panel in found["panels"]}) == len(found["panels"])


def test_no_panel_lies_on_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


def documented() -> dict[str, tuple[str, set[str]]]:
    """Return metric -> (type, labels) as the documentation's table says."""
    page = (ROOT / "docs" / "monitoring.md").read_text()
    rows = re.findall(r"^\| `(octobot_\w+)` \| (\w+) \|([^|]*)\|", page, flags=re.MULTILINE)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def test_the_documentation_s_table_has_every_metric_with_its_type_and_labels(busy: Read) -> None:
    found: dict[str, tuple[str, set[str]]] = {}
    for family in busy.families:
        if family.name.startswith("octobot_"):
            labels = {name for sample in family.samples for name in sample.labels} - {"le"}
            suffix = "_total" if family.type == "counter" else ""
            found[family.name + suffix] = (family.type, labels)
    for name in ("octobot_exchange_budget_limit", "octobot_exchange_budget_remaining"):
        assert found[name] == ("gauge", set()), "the exchange of the tests states no budget"
        found[name] = ("gauge", {"exchange", "budget"})
    for name, labels in (("streams", {"exchange", "of", "status"}), ("stream_breaks", {"exchange", "of"})):
        assert found[f"octobot_exchange_{name}"] == ("gauge", set()), "the exchange of the tests has no streams"
        found[f"octobot_exchange_{name}"] = ("gauge", labels)
    found["octobot_nodes"] = ("gauge", {"state"})
    found["octobot_node_heartbeat_age_seconds"] = ("gauge", {"node_id"})
    assert documented() == found


def test_the_documentation_lists_every_alert() -> None:
    page = (ROOT / "docs" / "monitoring.md").read_text()
    assert re.findall(r"^\| `(OctoBot\w+)` \|", page, flags=re.MULTILINE) == [rule["alert"] for rule in alerts()]
