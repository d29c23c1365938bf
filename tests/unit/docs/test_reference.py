"""The documentation's tables of fields are what the models say; `make reference` writes them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[3] / "docs"


def _reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_reference", DOCS / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = _reference()


def test_the_run_file_the_settings_and_the_engine_s_statuses_have_tables() -> None:
    assert {DOCS / "run-file.md", DOCS / "settings.md", DOCS / "engine.md"} <= set(REFERENCE.pages())


@pytest.mark.parametrize("page", REFERENCE.pages(), ids=lambda page: page.stem)
def test_a_page_s_tables_are_as_the_models_are(page: Path) -> None:
    assert page.read_text() == REFERENCE.rewritten(page), "run `make reference`"
