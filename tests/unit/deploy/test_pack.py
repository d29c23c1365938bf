"""What is packed into the image is imported from there, and is the same bytes each time."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from deploy.docker.pack import pack
from octobot_plugins.ccxt import settings


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "packages" / "packed_tree" / "async_support"
    (folder / "base").mkdir(parents=True)
    for file in (folder.parent / "__init__.py", folder / "__init__.py", folder / "base" / "__init__.py"):
        file.touch()
    (folder / "someday.py").write_text("class someday: pass\n")
    monkeypatch.chdir(tmp_path / "packages")
    pack("packed.zip", ["packed_tree"], compiled=True)
    return tmp_path / "packages" / "packed.zip"


def test_what_is_packed_is_imported_from_the_archive(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(packed))
    from packed_tree.async_support import someday  # type: ignore[import-not-found]

    assert someday.__file__.startswith(str(packed))
    for name in [each for each in sys.modules if each.startswith("packed_tree")]:
        monkeypatch.delitem(sys.modules, name)


def test_it_is_the_same_bytes_each_time(packed: Path) -> None:
    before = packed.read_bytes()
    (packed.parent / "packed_tree" / "async_support" / "someday.py").touch()
    pack("again.zip", ["packed_tree"], compiled=True)
    assert (packed.parent / "again.zip").read_bytes() == before


def test_what_cannot_be_compiled_is_not_packed(packed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (packed.parent / "packed_tree" / "broken.py").write_text("def\n")
    with pytest.raises(SystemExit, match="packed_tree cannot be compiled"):
        pack("again.zip", ["packed_tree"], compiled=True)
    assert "broken.py" in capsys.readouterr().out
    # pip is: Python runs it as it is, whatever is in it.
    pack("sources.zip", ["packed_tree"], compiled=False)


def test_the_exchanges_of_a_packed_ccxt_are_known(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ModuleSpec("ccxt", None, is_package=True)
    spec.submodule_search_locations = [str(packed / "packed_tree")]
    monkeypatch.setattr(settings, "find_spec", {"ccxt": spec}.get)
    assert settings._exchanges.__wrapped__() == {"someday"}
