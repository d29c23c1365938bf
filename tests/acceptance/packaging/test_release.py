"""A tag that is not the version, or that the changelog does not know, is no release; and what the workflows do."""

from __future__ import annotations

import runpy
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / ".ci" / "check_release.py"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / ".github/workflows").iterdir()}

CHANGELOG = """# Changelog

## [Unreleased]

## [1.2.3] - 2026-12-01

### Added

- Something.

## [1.2.2] - 2026-11-01

- Something else.
"""


@pytest.mark.parametrize(
    ("tag", "version", "changelog", "found"),
    [
        ("v1.2.3", "1.2.3", CHANGELOG, []),
        ("v1.2.4", "1.2.3", CHANGELOG, ["the tag is 'v1.2.4', the version 1.2.3"]),
        ("1.2.3", "1.2.3", CHANGELOG, ["the tag is '1.2.3', the version 1.2.3: tag it v1.2.3"]),
        ("", "1.2.3", CHANGELOG, ["the tag is ''"]),
        ("v1.2.4", "1.2.4", CHANGELOG, ["CHANGELOG.md has no section '## [1.2.4] - YYYY-MM-DD'"]),
        ("v1.2.3", "1.2.3", CHANGELOG.replace(" - 2026-12-01", ""), ["CHANGELOG.md has no section"]),
        ("v1.2.3", "1.2.3", CHANGELOG.replace("### Added\n\n- Something.\n", ""), ["CHANGELOG.md has no section"]),
        (
            "v1.2.3",
            "1.2.3",
            CHANGELOG.replace("## [Unreleased]\n", "## [Unreleased]\n\n- Forgotten.\n"),
            ["CHANGELOG.md has entries under [Unreleased]: move them to [1.2.3]"],
        ),
    ],
)
def test_tag_version_and_changelog_agree(tag: str, version: str, changelog: str, found: list[str]) -> None:
    mistakes = runpy.run_path(str(SCRIPT))["mistakes"](tag, version, changelog)
    assert [said[: len(start)] for said, start in zip(mistakes, found, strict=True)] == found


def test_another_tag_than_the_version_ends_the_release() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "v0"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "not a release: the tag is 'v0', the version " in done.stderr


def steps(workflow: str) -> Iterator[dict[str, Any]]:
    for job in WORKFLOWS[workflow]["jobs"].values():
        yield from job.get("steps", [])


def test_the_tests_run_on_every_python_that_the_package_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [each.rpartition(" ")[2] for each in project["classifiers"] if "Python :: 3." in each]
    assert WORKFLOWS["tests"]["jobs"]["test"]["strategy"]["matrix"]["python"] == named
    assert project["requires-python"] == f">={named[0]}"


def test_nothing_is_released_that_was_not_tested_and_checked() -> None:
    jobs = WORKFLOWS["release"]["jobs"]
    assert jobs["test"]["uses"] == "$/.github/workflows/tests.yml"
    assert (jobs["build"]["needs"], jobs["publish"]["needs"]) == ("test", "build")
    assert [step["run"] for step in steps("release") if "run" in step] == [
        'make release-check TAG="$GITHUB_REF_NAME"',
        "make dist",
    ]


def test_two_jobs_alone_may_more_than_read() -> None:
    may = {
        (workflow, name)
        for workflow, found in WORKFLOWS.items()
        for name, job in found["jobs"].items()
        if job["permissions"] != {"contents": "read"}
    }
    assert may == {("docs", "publish"), ("release", "publish")}


@pytest.mark.parametrize("workflow", sorted(WORKFLOWS))
def test_who_may_publish_runs_no_code_of_the_repository(workflow: str) -> None:
    assert WORKFLOWS[workflow]["permissions"] == {}
    for job in WORKFLOWS[workflow]["jobs"].values():
        if job["permissions"] != {"contents": "read"}:
            assert all("run" not in step and "actions/checkout" not in step["uses"] for step in job["steps"])
