"""docs/public-names.md is what the code offers, and all that examples, tentacles and pages import."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from octobot_node import contracts

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "public-names.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(octobot_node[\w.]*)` \| (.*) \|$", PAGE, flags=re.MULTILINE)
PUBLIC = {module: tuple(re.findall(r"`(\w+)`", names)) for module, names in ROWS}


def test_every_module_is_listed_once() -> None:
    assert len(PUBLIC) == len(ROWS) > 30


@pytest.mark.parametrize("module", sorted(PUBLIC))
def test_a_module_offers_these_names_and_no_others(module: str) -> None:
    assert tuple(importlib.import_module(module).__all__) == PUBLIC[module]


@pytest.mark.parametrize("module", sorted(PUBLIC))
def test_every_class_and_function_says_what_it_is(module: str) -> None:
    found = importlib.import_module(module)
    things = [(name, getattr(found, name)) for name in PUBLIC[module]]
    silent = [name for name, thing in things if _has_own_words(thing) and not inspect.getdoc(thing)]
    assert silent == []


def _has_own_words(thing: object) -> bool:
    return inspect.isclass(thing) or inspect.isfunction(thing)


def test_whatever_hooks_take_and_give_is_public() -> None:
    assert {f"octobot_node.contracts.{module.name}" for module in pkgutil.iter_modules(contracts.__path__)} <= set(
        PUBLIC
    )


def test_every_type_that_hooks_take_and_give_is_documented_member_by_member() -> None:
    pages = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("contracts.md", "authors.md"))
    documented = set(re.findall(r"^###+ `(\w+)", pages, flags=re.MULTILINE))
    wanted = {
        name
        for module, names in PUBLIC.items()
        for name in names
        if module.startswith("octobot_node.contracts.") or module in ("octobot_node.egress", "octobot_node.clock")
        if inspect.isclass(getattr(importlib.import_module(module), name))
    }
    assert len(wanted) > 50
    assert wanted - documented == set()


def test_every_type_that_a_hook_s_signature_names_is_documented() -> None:
    pages = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("contracts.md", "authors.md"))
    documented = set(re.findall(r"^###+ `(\w+)", pages, flags=re.MULTILINE))
    signatures = [
        path.read_text(encoding="utf-8").splitlines()[0] for path in sorted((ROOT / "docs" / "hooks").glob("*_*.md"))
    ]
    named = set(re.findall(r"\b[A-Z]\w+", " ".join(signatures)))
    elsewhere = {"Any", "Callable", "None", "Order", "Request", "Settings", "NodeContext"}
    assert named - documented - elsewhere == set()


def sources() -> Iterator[tuple[str, str]]:
    """What others copy: examples, the scaffold, the built-in types, and the Python of the pages."""
    for folder in ("examples", "tentacles/octobot_tentacles"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "octobot_node" / "scaffold").rglob("*.py.tmpl")):
        yield path.name, path.read_text(encoding="utf-8").replace("{{", "").replace("}}", "")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for number, block in enumerate(
            re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        ):
            yield f"{path.name}, block {number}", block


def imports(text: str) -> Iterator[tuple[str, str]]:
    for line in re.findall(r"^\s*from (octobot_node[\w.]*) import ((?:\([^)]*\))|.+)$", text, flags=re.MULTILINE):
        module, names = line
        for node in ast.walk(ast.parse(f"from {module} import {names.strip()}")):
            if isinstance(node, ast.ImportFrom):
                yield from ((module, alias.name) for alias in node.names)


def test_examples_tentacles_and_pages_import_public_names_alone() -> None:
    seen = [(place, module, name) for place, text in sources() for module, name in imports(text)]
    assert len(seen) > 150
    private = [
        f"{place}: {module}.{name}"
        for place, module, name in seen
        if name not in PUBLIC.get(module, ()) and f"{module}.{name}" not in PUBLIC
    ]
    assert private == []
