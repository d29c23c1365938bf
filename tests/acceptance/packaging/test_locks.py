"""What is installed is what `make lock` wrote down: all that pyproject.toml asks for, by hash, from any registry."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PROJECT["dependency-groups"]
PYTHONS = [
    classifier.rpartition(" ")[2] for classifier in PROJECT["project"]["classifiers"] if "Python :: 3." in classifier
]
RENEW = "run `make lock` (KEEP=1 changes no more than it has to)"


class Pin(NamedTuple):
    """One package of a lock, and whether pyproject.toml itself asks for it."""

    requirement: Requirement
    hashes: list[str]
    direct: bool


def pins(lock: str) -> list[Pin]:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    found = re.findall(r"^(\S[^\\\n]*?) ?\\\n((?: +--hash=\S+(?: \\)?\n)+)((?: +#.*\n)*)", text, flags=re.MULTILINE)
    # Nothing is passed over: every line that is not indented begins a package.
    assert [each[0] for each in found] == re.findall(r"^([^\s#].*?) ?\\?$", text, flags=re.MULTILINE)
    return [
        Pin(Requirement(name), re.findall(r"--hash=(\S+)", hashes), "octobot-node (pyproject.toml" in via)
        for name, hashes, via in found
    ]


def group(name: str) -> Iterator[str]:
    for each in GROUPS[name]:
        if isinstance(each, str):
            yield each
        else:
            yield from group(each["include-group"])


def wanted(lock: str) -> list[Requirement]:
    """Return what pyproject.toml asks for, of what goes into the lock."""
    extras = PROJECT["project"]["optional-dependencies"]
    # Who runs a node from the lock trades on real exchanges, too.
    node = [*PROJECT["project"]["dependencies"], *extras["ccxt"]]
    texts = {
        "node": node,
        "dev": [*node, *extras["testing"], *group("dev")],
        "docs": [*group("docs")],
        "deploy": [*group("deploy")],
        "image": [*group("image")],
        "installer": [*group("install")],
        "client": [*group("client")],
    }[lock]
    return [Requirement(text) for text in texts]


LOCKS = ["client", "deploy", "dev", "docs", "image", "installer", "node"]


def test_every_lock_is_known() -> None:
    assert sorted(path.name for path in (ROOT / "requirements").iterdir()) == [f"{lock}.lock" for lock in LOCKS]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_is_exact_and_has_hashes(lock: str) -> None:
    for pin in pins(lock):
        assert re.fullmatch(r"==[^*,]+", str(pin.requirement.specifier)), pin.requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in pin.hashes), pin.requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_registry_and_no_machine(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    assert re.findall(r"https?://|file:|^-.*|/home/|/root/|/tmp/", text, flags=re.MULTILINE) == []


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", LOCKS)
def test_what_pyproject_asks_for_is_in_its_lock_at_a_version_that_it_takes(lock: str, python: str) -> None:
    environment = {"python_version": python, "python_full_version": f"{python}.0"}
    locked: dict[str, list[str]] = {}
    for pin in pins(lock):
        if pin.requirement.marker is None or pin.requirement.marker.evaluate(environment):
            (specifier,) = pin.requirement.specifier
            locked.setdefault(canonicalize_name(pin.requirement.name), []).append(specifier.version)
    assert [name for name, versions in locked.items() if len(versions) > 1] == []
    for requirement in wanted(lock):
        (found,) = locked.get(canonicalize_name(requirement.name), [None])
        assert found is not None, f"{requirement} is in pyproject.toml and not in {lock}.lock: {RENEW}"
        assert requirement.specifier.contains(found), f"{lock}.lock has {found} for {requirement}: {RENEW}"


@pytest.mark.parametrize("lock", LOCKS)
def test_what_pyproject_asks_for_no_more_is_in_no_lock(lock: str) -> None:
    direct = {canonicalize_name(pin.requirement.name) for pin in pins(lock) if pin.direct}
    assert direct == {canonicalize_name(requirement.name) for requirement in wanted(lock)}, RENEW


def test_what_builds_the_wheel_is_locked() -> None:
    locked = {pin.requirement.name: pin.requirement for pin in pins("dev")}
    for text in PROJECT["build-system"]["requires"]:
        (specifier,) = locked[Requirement(text).name].specifier
        assert Requirement(text).specifier.contains(specifier.version), RENEW


def test_all_locks_have_the_same_version_of_a_package() -> None:
    """Docs, tools and node share one .venv, and a test of the node is one of what goes into its image.

    What makes a Python client has an environment of its own, since it needs others.
    """
    versions: dict[tuple[str, str], set[str]] = {}
    for lock in (each for each in LOCKS if each != "client"):
        for pin in pins(lock):
            key = (pin.requirement.name, str(pin.requirement.marker or ""))
            versions.setdefault(key, set()).add(str(pin.requirement.specifier))
    assert {key: found for key, found in versions.items() if len(found) > 1} == {}


def test_the_tests_run_on_what_is_locked() -> None:
    locked = {}
    for pin in pins("dev"):
        if pin.requirement.marker is None or pin.requirement.marker.evaluate():
            (specifier,) = pin.requirement.specifier
            locked[pin.requirement.name] = specifier.version
    assert {name: version(name) for name in locked} == locked, "run `make install`"


def test_nothing_is_installed_that_is_not_locked() -> None:
    commands = [
        line.strip()
        for line in (ROOT / "Makefile").read_text().splitlines()
        if re.search(r"(pip|UV,)\s*install\b", line)
    ]
    assert len(commands) == 6
    # The node itself is built by what is there, and brings nothing along.
    assert [line for line in commands if "$(LOCKED)" not in line] == [
        "$(call UV,install) --no-deps --no-build-isolation --editable ."
    ]
