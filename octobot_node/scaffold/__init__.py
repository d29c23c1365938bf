"""Make a new tentacle: a complete distribution that passes its own tests, from the files in ``template``, and with a
panel those in ``panel``; or one with connectors, from those in ``connector`` and what both have.
"""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template

from octobot_node import __version__
from octobot_node.errors import UsageError
from octobot_node.plugin_system.discovery import DEFAULT_PLUGINS

__all__ = ["make_distribution"]

_TEMPLATE = Path(__file__).with_name("template")
_CONNECTOR = Path(__file__).with_name("connector")
#: What a distribution with a panel has besides, or otherwise.
_PANEL = Path(__file__).with_name("panel")
#: What a distribution with connectors has of the other.
_SHARED = ("pyproject.toml.tmpl", "gitignore.tmpl", "src/package/py.typed.tmpl")
_SUFFIX = ".tmpl"
_LONGEST = 40


def make_distribution(
    name: str, folder: Path, *, author: str = "", connector: bool = False, panel: bool = False
) -> list[Path]:
    """Write a distribution called ``name`` into ``folder``, which must be new or empty; return its files.

    With an automation type, and a panel of it on the dashboard where one is wanted; or with connectors.

    ``name`` is what `pip install` will take, such as my-momentum. Raises UsageError for a name that cannot be one, that
    is taken by something installed here, or a folder with something in it.
    """
    if connector and panel:
        raise UsageError("a panel is about automations, and a tentacle with connectors has none: leave one of them out")
    _check_name(name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists and is not an empty folder: choose another with --folder")
    words = dict(_words(name, author))
    if connector:
        words["summary"] = f"{words['title']}: an exchange's prices and orders."
    try:
        return [_write(source, root, folder, words) for root, source in _sources(connector=connector, panel=panel)]
    except OSError as error:
        raise UsageError(f"{folder} cannot be written ({error.strerror}): choose another with --folder") from None


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name) > _LONGEST:
        raise UsageError(
            f"{name!r} is not a valid name of a tentacle: write at most {_LONGEST} small letters and digits,"
            " with single hyphens"
            " between words, such as my-momentum"
        )
    package = _package(name)
    if keyword.iskeyword(package) or package in sys.stdlib_module_names or package in {"src", "tests", "run"}:
        raise UsageError(f"{name!r} means something to Python already: choose another name, such as my-{name}")
    if any(plugin.rpartition(".")[2] == package for plugin in DEFAULT_PLUGINS):
        raise UsageError(f"{name!r} is built in, and run files could not tell the two apart: choose another name")
    taken = _taken_by(name, package)
    if taken:
        raise UsageError(f"{name!r} is taken by {taken}, which is installed here: choose another name")


def _taken_by(name: str, package: str) -> str:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return f"{distribution(name).name} {distribution(name).version}"
    except PackageNotFoundError:
        return f"the package {package}" if importlib.util.find_spec(package) else ""


def _package(name: str) -> str:
    return name.replace("-", "_")


def _words(name: str, author: str) -> Mapping[str, str]:
    parts = name.split("-")
    class_name = "".join(part.capitalize() for part in parts)
    major, minor = __version__.split(".")[:2]
    return {
        "name": name,
        "package": _package(name),
        "type": _package(name),
        "class_name": class_name,
        "title": " ".join(parts).capitalize(),
        "summary": f"{' '.join(parts).capitalize()}: hold a symbol while its price is above its mean.",
        # A plain "…" is what TOML cannot hold: a quote or a backslash.
        "author": re.sub(r'["\\\x00-\x1f]', "", author) or "The author",
        "core": f"{major}.{minor}",
        # Before 1.0 a minor release may change the API.
        "core_next": f"0.{int(minor) + 1}" if major == "0" else str(int(major) + 1),
    }


def _sources(*, connector: bool, panel: bool) -> Iterator[tuple[Path, Path]]:
    if connector:
        yield from ((_TEMPLATE, _TEMPLATE / name) for name in _SHARED)
        yield from _files(_CONNECTOR)
        return
    besides = {path.relative_to(root): (root, path) for root, path in _files(_PANEL)} if panel else {}
    yield from (each for each in _files(_TEMPLATE) if each[1].relative_to(_TEMPLATE) not in besides)
    yield from besides.values()


def _files(root: Path) -> Iterator[tuple[Path, Path]]:
    yield from ((root, path) for path in sorted(root.rglob(f"*{_SUFFIX}")) if path.is_file())


def _write(source: Path, root: Path, folder: Path, words: Mapping[str, str]) -> Path:
    parts = [part.replace("package", words["package"]) for part in source.relative_to(root).parts]
    name = parts[-1].removesuffix(_SUFFIX)
    target = folder.joinpath(*parts[:-1], ".gitignore" if name == "gitignore" else name)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(Template(source.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")
    return target
