"""The API over an engine on a bench, and what it tells Prometheus."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.integration.api.conftest import Service, make_service, password_hash, service
from tests.integration.operations.conftest import bench, make_bench, office, open_office, registry, template

__all__ = [
    "bench",
    "make_bench",
    "make_service",
    "office",
    "open_office",
    "password_hash",
    "read",
    "registry",
    "scrape",
    "service",
    "template",
]


class Read:
    """Samples of one answer."""

    def __init__(self, text: str) -> None:
        self.families = list(text_string_to_metric_families(text))
        self.samples = [sample for family in self.families for sample in family.samples]

    def __call__(self, name: str, **labels: str) -> float:
        """Return the one sample of this name that has these labels."""
        (found,) = [s.value for s in self.samples if s.name == name and labels.items() <= s.labels.items()]
        return float(found)

    def by(self, name: str, label: str) -> dict[str, float]:
        """Return label -> value."""
        return {sample.labels[label]: sample.value for sample in self.samples if sample.name == name}

    def sum(self, name: str, **labels: str) -> float:
        """Return the sum over every sample that has these labels."""
        return sum(s.value for s in self.samples if s.name == name and labels.items() <= s.labels.items())


def read(text: str) -> Read:
    return Read(text)


def scrape(service: Service, who: str = "vera") -> Read:
    answer = service.as_(who).get("/metrics")
    assert answer.status_code == 200, answer.text
    return Read(answer.text)
