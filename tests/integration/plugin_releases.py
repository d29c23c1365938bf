"""A plugin with one table, in releases of which each has more revisions than the one before."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from octobot_node.contracts.storage import Storage
from octobot_node.contracts.tables import PluginTables

__all__ = ["BREAKS", "COLOUR", "FIRST", "RENAMED", "SIZE", "Revision", "Telex", "telex"]

FILE = """
import sqlalchemy as sa
from alembic import op

revision = {number!r}
down_revision = {before!r}
branch_labels = None
depends_on = None
expands = {expands}


def upgrade():
    {body}
"""


@dataclass(frozen=True)
class Revision:
    """What a revision does, and whether it only adds."""

    body: str
    expands: bool = False


def _adds(name: str) -> str:
    return f'op.add_column("telex_told", sa.Column("{name}", sa.String(8), server_default="none", nullable=False))'


FIRST = Revision('op.create_table("telex_told", sa.Column("id", sa.Integer, primary_key=True))')
COLOUR = Revision(_adds("colour"), expands=True)
SIZE = Revision(_adds("size"), expands=True)
#: What a release of before cannot live with.
RENAMED = Revision('op.alter_column("telex_told", "id", new_column_name="number")')
BREAKS = Revision(f"{_adds('colour')}\n    raise RuntimeError('the power went')")


class Telex:
    """Makes releases of the plugin; says what a database has of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def release(
        self, *revisions: Revision, in_use: Callable[[sa.Connection, int], Sequence[str]] | None = None
    ) -> PluginTables:
        """Return the tables of a release with these revisions: 0001, 0002 and so on."""
        # A name of its own: Python imports a package once.
        package = self._folder / f"telex_{uuid4().hex}"
        (package / "versions").mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "script.py.mako").touch()
        before = None
        for count, revision in enumerate(revisions, start=1):
            number = f"{count:04}"
            text = FILE.format(number=number, before=before, expands=revision.expands, body=revision.body)
            (package / "versions" / f"{number}.py").write_text(text)
            before = number
        importlib.invalidate_caches()
        metadata = sa.MetaData()
        added = [name for name, revision in (("colour", COLOUR), ("size", SIZE)) if revision in revisions]
        columns = [sa.Column(name, sa.String(8), server_default="none", nullable=False) for name in added]
        sa.Table("telex_told", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
        return PluginTables("telex", metadata, package.name, in_use)

    def tell(self, storage: Storage, id_: int) -> None:
        """Insert a row as the first release does."""
        with storage.write() as connection:
            connection.exec_driver_sql(f"INSERT INTO telex_told (id) VALUES ({id_})")

    def rows(self, storage: Storage) -> list[dict[str, object]]:
        """Return the rows that there are, with whatever columns they have."""
        with storage.read() as connection:
            found = connection.exec_driver_sql("SELECT * FROM telex_told ORDER BY 1")
            return [dict(row) for row in found.mappings()]

    def stands_at(self, storage: Storage) -> tuple[str, str]:
        """Return the revision of the tables, and the oldest that may run on them."""
        with storage.read() as connection:
            revision = connection.exec_driver_sql("SELECT version_num FROM telex_schema").scalar_one()
            floor = connection.exec_driver_sql("SELECT revision FROM schema_floors WHERE owner = 'telex'").scalar_one()
        return revision, floor


@pytest.fixture
def telex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telex]:
    folder = tmp_path_factory.mktemp("telex")
    sys.path.insert(0, str(folder))
    yield Telex(folder)
    sys.path.remove(str(folder))
