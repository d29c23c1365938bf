"""Which routes cannot be: what another one answers already, or is called by the same name in the document."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi.routing import APIRoute
from starlette.routing import compile_path

from octobot_node.contracts.plugins import PluginInfo

__all__ = ["RoutesSoFar", "methods_of"]

#: What stands for a part of a path, by its convertor; anything else is written as text.
_SAMPLES = {"int": "1", "float": "1.5", "uuid": "00000000-0000-0000-0000-000000000000"}


class RoutesSoFar:
    """The routes that were included, in order: the first that fits a request answers it."""

    def __init__(self) -> None:
        self._known: list[tuple[str, re.Pattern[str], str, str]] = []
        self._ids: dict[str, tuple[str, str]] = {}

    def clash(self, route: APIRoute, prefix: str) -> str:
        """Return why a route cannot be used beside those before, with the cure, or ""."""
        path = f"{prefix}{route.path}"
        sample = _sample(path)
        for method in methods_of(route):
            for other, pattern, shown, owner in self._known:
                if method == other and pattern.match(sample):
                    return f"{owner} has {method} {shown}, which answers for it: give it a path of its own"
        name = _name(route)
        if name in self._ids:
            shown, owner = self._ids[name]
            return (
                f"{owner} has the operationId {name!r}, for {shown}: rename the function, or give the route a"
                " `name` of its own"
            )
        return ""

    def add(self, route: APIRoute, prefix: str, owner: PluginInfo) -> None:
        """Count a route that is used."""
        path = f"{prefix}{route.path}"
        for method in methods_of(route):
            self.add_path(method, path, owner.name)
        if route.include_in_schema:
            self._ids[_name(route)] = f"{' '.join(methods_of(route))} {path}", owner.name

    def add_path(self, method: str, path: str, owner: str = "the node") -> None:
        """Count what answers at a path."""
        pattern, _, _ = compile_path(path)
        self._known.append((method, pattern, path, owner))


def methods_of(route: APIRoute) -> list[str]:
    """Return the methods that a route answers, in order."""
    return sorted(route.methods or ())


def _name(route: APIRoute) -> str:
    return route.operation_id or route.name


def _sample(path: str) -> str:
    return "".join(_parts(path))


def _parts(path: str) -> Iterator[str]:
    end = 0
    for found in re.finditer(r"{\w+(?::(\w+))?}", path):
        yield path[end : found.start()]
        # A path may be several parts long; of a text nothing static is likely to be just this.
        yield _SAMPLES.get(found[1] or "", "~")
        end = found.end()
    yield path[end:]
