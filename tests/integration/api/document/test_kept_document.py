"""The OpenAPI document that the dashboard's client is made of."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from tests.integration.api.conftest import Service

DOCS = Path(__file__).parents[4] / "docs"


def api_document() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_api_document", DOCS / "api_document.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_kept_document_is_the_one_that_the_node_serves(service: Service) -> None:
    maker = api_document()
    kept = maker.KEPT.read_text()

    assert kept == maker.text(), "run `make reference`"
    assert json.loads(kept) == service.client.get("/api/v1/openapi.json").json()
