"""How many rows a table has, and what its money comes to, to the last digit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact
from typing import Any

import sqlalchemy as sa

from octobot_node.transfer.content import Content, stream

__all__ = ["Tally", "tally_of"]

_EXACT = Context(prec=10_000, traps=[Inexact])


@dataclass(slots=True)
class Tally:
    """Rows, and the sum of each column of money; NULL counts as nothing."""

    rows: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)

    def counting(self, content: Content, rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        """Yield ``rows`` and count them."""
        places = [(name, content.columns.index(name)) for name in content.money]
        sums = {name: Decimal(0) for name, _ in places}
        count, add = 0, _EXACT.add
        for row in rows:
            count += 1
            for name, at in places:
                if row[at]:
                    sums[name] = add(sums[name], row[at])
            yield row
        self.rows, self.sums = count, sums


def tally_of(connection: sa.Connection, content: Content) -> Tally:
    """Count a table as it stands."""
    if connection.dialect.name == "postgresql":
        return _summed(connection, content)
    # Text there, which its own sum() would make a binary float of.
    found = Tally()
    for _ in found.counting(content, stream(connection, content)):
        pass
    return found


def _summed(connection: sa.Connection, content: Content) -> Tally:
    sums = [sa.func.sum(content.table.c[name]) for name in content.money]
    count, *found = connection.execute(sa.select(sa.func.count(), *sums).select_from(content.table)).one()
    return Tally(count, {name: value or Decimal(0) for name, value in zip(content.money, found, strict=True)})
