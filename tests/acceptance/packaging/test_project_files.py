"""The project's own files agree with each other."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]


def make(*arguments: str) -> str:
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_make_alone_lists_every_target() -> None:
    targets = re.findall(r"^\.PHONY: (\S+)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert [line.split()[0] for line in make("--no-print-directory").splitlines()] == targets


def test_every_target_that_is_named_exists() -> None:
    files = ["README.md", "CONTRIBUTING.md", ".ci/run", ".devcontainer/devcontainer.json", ".pre-commit-config.yaml"]
    paths = [ROOT / name for name in files]
    paths += [*ROOT.glob(".github/**/*.*"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/packaging/*.py")]
    text = "\n".join(path.read_text() for path in paths)
    named = re.findall(r"(?:[`\"']|\$ |: |exec |\n {4})make((?: [a-z][a-z-]+)+)", text)
    targets = set(re.findall(r"^\.PHONY: (\S+)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert {target for each in named for target in each.split()} <= targets
    assert {"docs", "hooks", "install", "lock", "release-check", "test"} <= {each.split()[0] for each in named}


@pytest.mark.parametrize("form", ["bug", "idea"])
def test_a_form_can_be_filled_in(form: str) -> None:
    found = yaml.safe_load((ROOT / f".github/ISSUE_TEMPLATE/{form}.yml").read_text())
    assert sorted(found) == ["body", "description", "labels", "name"]
    asked = [each for each in found["body"] if each["type"] != "markdown"]
    assert {each["type"] for each in asked} <= {"checkboxes", "dropdown", "input", "textarea"}
    assert all(each["attributes"]["label"] for each in asked)
    assert len({each["id"] for each in asked}) == len(asked) > 2


def test_reports_of_vulnerabilities_have_one_way() -> None:
    (private, _) = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE/config.yml").read_text())["contact_links"]
    source = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Source"]
    assert private["url"] == f"{source}/security/advisories/new"
    assert f"({private['url']})" in (ROOT / "SECURITY.md").read_text()


def test_the_container_for_editors_is_set_up_by_the_makefile() -> None:
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    assert container["postCreateCommand"].split()[:2] == ["make", "install"]


def test_every_benchmark_has_a_target() -> None:
    modules = {
        path.stem for path in (ROOT / "benchmarks").iterdir() if path.stem[0].isalpha() and path.suffix in {".py", ""}
    }
    assert set(make("--no-print-directory", "bench").split()) == {f"bench-{name}" for name in modules}


def test_every_benchmark_can_be_imported() -> None:
    found = ROOT / "benchmarks"
    modules = [f"benchmarks.{path.stem}" for path in found.glob("[a-z]*.py")]
    modules += [f"benchmarks.{path.parent.name}.__main__" for path in found.glob("*/__main__.py")]
    assert len(modules) > 5
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import {', '.join(sorted(modules))}"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *(each for extra in project["project"]["optional-dependencies"].values() for each in extra),
        *(each for group in groups.values() for each in group if isinstance(each, str)),
    ]
    names = {re.split(r"[\[<>=!~ ]", requirement)[0] for requirement in wanted}
    _, section = (ROOT / "CONTRIBUTING.md").read_text().split("## Dependencies")
    explained = re.findall(r"^\| `([^`]+)` \| \S.*\|$", section, flags=re.MULTILINE)
    assert sorted(explained) == sorted(names)
