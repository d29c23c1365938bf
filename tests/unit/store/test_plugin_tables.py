"""What a plugin says of its tables."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from octobot_node.contracts.tables import PluginTables


def test_tables_of_automations_must_say_of_which() -> None:
    metadata = sa.MetaData()
    told = sa.Table("telex_told", metadata, sa.Column("id", sa.Integer, primary_key=True))

    with pytest.raises(ValueError, match="telex_told has no column automation_id: add one"):
        PluginTables("telex", metadata, "telex.migrations", of_automations=(told,))


def test_tables_of_users_must_say_what_is_kept_as_the_user_is() -> None:
    metadata = sa.MetaData()
    phones = sa.Table("telex_phones", metadata, sa.Column("user", sa.String(64), primary_key=True))

    with pytest.raises(ValueError, match="telex_phones has no column owner: add one, or leave it out of_users"):
        PluginTables("telex", metadata, "telex.migrations", of_users=(phones,))


def test_tables_of_owners_must_say_whose() -> None:
    metadata = sa.MetaData()
    sent = sa.Table("telex_sent", metadata, sa.Column("id", sa.String(36), primary_key=True))

    with pytest.raises(ValueError, match="telex_sent has no column owner: add one, or leave it out of_owners"):
        PluginTables("telex", metadata, "telex.migrations", of_owners={"telegrams": sent})
