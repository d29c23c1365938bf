"""What somebody does who has the database, and not the node: triggers hold them up no more than they like."""

from __future__ import annotations

from octobot_node.contracts.storage import Storage

__all__ = ["behind_its_back"]

_TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"


def behind_its_back(storage: Storage, *statements: str) -> None:
    """Carry out statements without any trigger."""
    with storage.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            triggers = []
        else:
            triggers = [(row.name, row.sql) for row in connection.exec_driver_sql(_TRIGGERS)]
        for name, _ in triggers:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.exec_driver_sql(statement)
        for _, made in triggers:
            connection.exec_driver_sql(made)
