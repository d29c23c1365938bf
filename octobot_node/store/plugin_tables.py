"""Tables that a plugin owns, beside the core's, in the same database."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

__all__ = ["PluginTables"]


@dataclass(frozen=True, slots=True)
class PluginTables:
    """A plugin's tables and the folder of its Alembic migrations.

    ``name`` prefixes every table (``paper_orders``) and names the plugin's own Alembic version table. ``migrations``
    is a dotted package with a ``versions`` folder of revisions inside.
    """

    name: str
    metadata: sa.MetaData
    migrations: str
