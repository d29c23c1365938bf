"""Sweeps: many cases of one check, of which a part is enough for every change and all are for ``make test-all``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pytest

__all__ = ["all_but_long", "named", "third"]


def third(cases: Mapping[str, Any]) -> list[Any]:
    """Return every case as a parameter by its name; two of three are long."""
    return all_but_long(cases, list(cases)[::3])


def all_but_long(cases: Mapping[str, Any], short: Collection[str]) -> list[Any]:
    """Return every case as a parameter by its name; those that are not among ``short`` are long."""
    assert {*short} <= {*cases}
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)), id=name, marks=[] if name in short else [pytest.mark.long]
        )
        for name, case in cases.items()
    ]


def named(cases: Iterable[tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """Return cases by the names that pytest would give them."""
    return {"-".join(map(str, case)): case for case in cases}
