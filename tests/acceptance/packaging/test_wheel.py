"""What a user installs: a wheel with everything that the source tree holds, and none without the dashboard."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = (ROOT / "octobot_node", ROOT / "plugins/octobot_plugins", ROOT / "tentacles/octobot_tentacles")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    return zipfile.ZipFile(built(ROOT, "build_wheel", folder))


def build(tree: Path, what: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Do what pip does, with the hatchling that is here instead of one that it would fetch."""
    code = "import sys; from hatchling import build; print(getattr(build, sys.argv[1])(sys.argv[2]))"
    command: list[str | Path] = [sys.executable, "-c", code, what, folder]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


def built(tree: Path, what: str, folder: Path) -> Path:
    done = build(tree, what, folder)
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.splitlines()[-1]


def test_the_wheel_holds_every_file_of_the_three_packages(wheel: zipfile.ZipFile) -> None:
    expected = {
        path.relative_to(package.parent).as_posix()
        for package in PACKAGES
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    found = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert found == expected
    assert "octobot_node/py.typed" in found
    # What breaks machines on purpose is for our own tests.
    assert {path.suffix for path in map(PurePosixPath, found)} >= {".py", ".mako", ".tmpl"}
    assert [name for name in found if name.endswith(".c")] == []


def test_the_wheel_installs_the_command_and_the_licence(wheel: zipfile.ZipFile) -> None:
    (points,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "octobot-node = octobot_node.cli:main" in wheel.read(points).decode()
    assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())


STATIC = "octobot_plugins/dashboard/static"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the source with a dashboard to build, of which git ignores what is built."""
    root = tmp_path / "tree"
    for package in PACKAGES:
        target = root / package.relative_to(ROOT)
        shutil.copytree(package, target, ignore=shutil.ignore_patterns("__pycache__", "static"))
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, root)
    (root / ".gitignore").write_text("static/\n")
    (root / "ui").mkdir()
    (root / "ui" / "package.json").write_text("{}")
    (root / "plugins" / STATIC).parent.mkdir(exist_ok=True)
    return root


def built_dashboard(tree: Path) -> set[str]:
    """Build it, and return the files that have to be in the wheel."""
    static = tree / "plugins" / STATIC
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html>")
    (static / "assets" / "index.js").write_text("")
    return {f"{STATIC}/index.html", f"{STATIC}/assets/index.js"}


@pytest.mark.parametrize("what", ["build_wheel", "build_sdist"])
def test_a_release_without_the_dashboard_is_refused(tree: Path, tmp_path: Path, what: str) -> None:
    done = build(tree, what, tmp_path / "out")
    assert done.returncode != 0
    assert f"the dashboard is not built, plugins/{STATIC}/index.html is missing" in done.stdout + done.stderr
    assert list((tmp_path / "out").glob("*")) == []


def test_an_editable_install_needs_no_dashboard(tree: Path, tmp_path: Path) -> None:
    assert built(tree, "build_editable", tmp_path / "out").suffix == ".whl"


def test_the_built_dashboard_is_in_the_wheel(tree: Path, tmp_path: Path) -> None:
    expected = built_dashboard(tree)
    names = zipfile.ZipFile(built(tree, "build_wheel", tmp_path / "out")).namelist()
    assert {name for name in names if name.startswith(STATIC)} == expected


def test_a_wheel_made_of_the_sdist_is_the_same(tree: Path, tmp_path: Path) -> None:
    built_dashboard(tree)
    archive, place = built(tree, "build_sdist", tmp_path / "out"), tmp_path / "unpacked"
    place.mkdir()
    # tarfile's own filter is younger than Python 3.11.
    subprocess.run(["tar", "--extract", "--file", archive, "--directory", place], check=True)
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert not (unpacked / "ui").exists()
    directly = zipfile.ZipFile(built(tree, "build_wheel", tmp_path / "direct"))
    again = zipfile.ZipFile(built(unpacked, "build_wheel", tmp_path / "again"))
    assert {name: again.read(name) for name in again.namelist()} == {
        name: directly.read(name) for name in directly.namelist()
    }
