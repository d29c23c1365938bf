"""SQL that is compiled once for all the engines of a process: each test has an engine, and asks what others asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

__all__ = ["compiled_once"]


_MOST = 3_000


class _Compiled(MutableMapping[Any, Any]):
    """As an engine's own cache of compiled statements, but for the dialect's kind instead of the very dialect."""

    def __init__(self) -> None:
        self._kept: dict[Any, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        return self._kept[_of_kind(key)]

    def __setitem__(self, key: Any, compiled: Any) -> None:
        # Once in a while anew: some tests ask what no other asks.
        if len(self._kept) >= _MOST:
            self._kept.clear()
        self._kept[_of_kind(key)] = compiled

    def __delitem__(self, key: Any) -> None:
        del self._kept[_of_kind(key)]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def _of_kind(key: Any) -> Any:
    dialect, *rest = key
    return (type(dialect), getattr(dialect, "_json_serializer", None), dialect.server_version_info, *rest)


@contextmanager
def compiled_once() -> Iterator[None]:
    """Let every engine that is made meanwhile share what is compiled."""
    create: Callable[..., sa.Engine] = sa.create_engine
    shared = _Compiled()

    def create_engine(*arguments: Any, **options: Any) -> sa.Engine:
        made = create(*arguments, **options)
        made.update_execution_options(compiled_cache=shared)
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sa, "create_engine", create_engine)
        yield
