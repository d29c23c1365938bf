"""Secrets are sealed in the database, open where they are used, and nowhere else."""

from __future__ import annotations

import stat
from typing import Any

import pytest
import sqlalchemy as sa

from octobot_node.errors import CommandRefused, SecretsLocked, SecretUnknown, UnknownName, UsageError
from octobot_node.operations.perform import perform_named
from octobot_node.sealing.connector_settings import half_place
from octobot_node.sealing.sealing import Sealing, is_sealed
from octobot_node.store import tables
from tests.integration.operations.conftest import Office
from tests.integration.sealing.conftest import KEY, PIN, Keyed


def fresh(office: Office) -> Sealing:
    """Return what another process has: the same database and key file, nothing in memory."""
    context = office.context().plugin_context
    found: Any = context.secrets
    return found if isinstance(found, Sealing) else pytest.fail("no Sealing")


def test_what_is_secret_of_an_account_is_sealed_and_its_connector_gets_it_opened(office: Office, keyed: Keyed) -> None:
    account = keyed.account(
        key=KEY, words="four words of mine", inside={"pin": PIN, "place": "there"}, wrapped={"api_key": KEY, "n": 7}
    )
    row = keyed.row()
    kept = row.trading_settings
    assert (is_sealed(kept["key"]), is_sealed(kept["words"]), is_sealed(kept["inside"]["pin"])) == (True, True, True)
    assert is_sealed(kept["wrapped"]["api_key"])
    assert (kept["inside"]["place"], kept["wrapped"]["n"]) == ("there", 7)
    office.bench.core.accounts.get(account)
    (given,) = keyed.given
    assert given.key.get_secret_value() == KEY
    assert given.words.get_secret_value() == "four words of mine"
    assert (given.inside.pin.get_secret_value(), given.inside.place) == (PIN, "there")
    assert given.wrapped == {"api_key": KEY, "n": 7}
    everything = "\n".join(office.database())
    assert [each for each in (KEY, PIN, "four words") if each in everything] == []


def test_what_is_told_of_an_account_has_nothing_of_it(office: Office, keyed: Keyed) -> None:
    keyed.account(key=KEY, inside={"pin": PIN, "place": "there"}, wrapped={"api_key": KEY, "n": 7})
    found = office.do("accounts.show", account="live")
    assert found.trading_settings == {"inside": {"place": "there"}, "wrapped": {"n": 7}}
    assert found.secrets == ["trading.inside.pin", "trading.key", "trading.wrapped.api_key"]
    text = office.do("automations.export").text
    assert [each for each in (KEY, PIN, "sealed:") if each in found.model_dump_json() + text] == []


def test_sealed_text_opens_where_it_was_sealed_and_nowhere_else(office: Office, keyed: Keyed) -> None:
    one, other = keyed.account("one", key=KEY), keyed.account("other", key="another")
    stolen = keyed.row("one").trading_settings
    with office.bench.core.storage.write() as connection:
        mine = tables.accounts.c.id == other
        connection.execute(tables.accounts.update().where(mine).values(trading_settings=stolen))
    office.bench.core.accounts.renew(other)
    closed = office.bench.core.accounts.why_closed(other)
    assert closed is not None
    assert closed.reason.startswith("its account cannot be opened: a secret in the database does not open where it is")
    assert office.bench.core.accounts.why_closed(one) is None
    sealing = fresh(office)
    kept = stolen["key"]
    place = f"{half_place(one, 'trading')}/key"
    with pytest.raises(SecretsLocked, match="not its owner's"):
        sealing.unseal(kept, "bob", place)
    # Not the last of them, of which some bits mean nothing.
    flipped = kept[:-8] + ("A" if kept[-8] != "A" else "B") + kept[-7:]
    for text in (flipped, "sealed:1:nokey:AAAA", kept.rpartition(":")[0] + ":no base64!"):
        with pytest.raises(SecretsLocked):
            sealing.unseal(text, "local", place)


def test_text_that_only_looks_sealed_comes_back_as_it_was(office: Office, keyed: Keyed) -> None:
    account = keyed.account(place="sealed:1:mine:not", wrapped={"note": ["sealed:1:a:b", {"x": "sealed:2"}]})
    office.bench.core.accounts.get(account)
    assert keyed.given[0].place == "sealed:1:mine:not"
    assert keyed.given[0].wrapped == {"note": ["sealed:1:a:b", {"x": "sealed:2"}]}


def test_the_key_is_a_private_file_and_each_owner_has_a_key_of_their_own(office: Office) -> None:
    sealing = office.bench.core.sealing
    for owner in ("ada", "bob", "ada"):
        sealing.seal(owner, "note/1", "x")
    assert sorted(row.owner for row in office.bench.rows(tables.data_keys)) == ["ada", "bob"]
    path = office.bench.settings.data_dir / "secret-key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    everything = "\n".join(office.database())
    assert path.read_text().strip() not in everything
    path.chmod(0o644)
    with pytest.raises(SecretsLocked, match="can be read by others"):
        fresh(office).unseal(sealing.seal("ada", "note/1", "x"), "ada", "note/1")


def test_two_nodes_that_seal_at_once_use_one_key(office: Office) -> None:
    one, other = fresh(office), fresh(office)
    one.make_first_key()
    # Both found none.
    made = [one._made("ada"), other._made("ada")]
    assert made[0].id == made[1].id
    assert other.unseal(one.seal("ada", "p", "x"), "ada", "p") == "x"


def test_what_a_newer_release_sealed_is_said_to_be_that(office: Office) -> None:
    from octobot_node.errors import NodeError

    with pytest.raises(NodeError, match="upgrade"):
        office.bench.core.sealing.unseal("sealed:9:zzz", "ada", "p")
    assert office.bench.core.sealing.unseal("plain:as it was", "ada", "p") == "as it was"


# Secrets by name ------------------------------------------------------------------------------------------------------


def test_a_setting_that_points_to_a_secret_is_kept_as_that(office: Office, keyed: Keyed) -> None:
    office.do("secrets.set", name="mine", value=KEY)
    account = keyed.account(key={"secret": "mine"}, wrapped={"api_key": {"secret": "mine"}})
    assert keyed.row().trading_settings["key"] == {"secret": "mine"}
    office.bench.core.accounts.get(account)
    assert keyed.given[-1].key.get_secret_value() == KEY
    assert keyed.given[-1].wrapped == {"api_key": KEY}
    (row,) = office.do("secrets.list").secrets
    assert (row.name, row.version, row.uses, row.accounts) == ("mine", 1, 2, ["live"])
    assert row.last_used is not None
    shown = office.do("accounts.show", account="live")
    assert shown.trading_settings["key"] == {"secret": "mine"}
    assert KEY not in "\n".join(office.database())


def test_another_value_reaches_those_that_point_to_it_at_once(office: Office, keyed: Keyed) -> None:
    office.do("secrets.set", name="mine", value=KEY)
    account = keyed.account(key={"secret": "mine"})
    before = office.bench.core.accounts.get(account)
    assert office.do("secrets.rotate", name="mine", value="the next one").version == 2
    assert office.bench.core.accounts.get(account) is not before
    assert [each.key.get_secret_value() for each in keyed.given] == [KEY, "the next one"]


def test_a_secret_that_an_account_points_to_stays(office: Office, keyed: Keyed) -> None:
    office.do("secrets.set", name="mine", value=KEY)
    keyed.account(key={"secret": "mine"})
    with pytest.raises(CommandRefused, match="live points to 'mine'"):
        office.do("secrets.remove", name="mine")
    office.do("accounts.rotate_keys", account="live", trading={"key": "of its own"}, check=False)
    assert office.do("secrets.remove", name="mine").name == "mine"
    with pytest.raises(UnknownName, match="there is no secret 'mine'"):
        office.do("secrets.remove", name="mine")


def test_a_name_is_taken_once(office: Office) -> None:
    office.do("secrets.set", name="mine", value=KEY)
    with pytest.raises(CommandRefused, match="rotate"):
        office.do("secrets.set", name="mine", value="other")
    with pytest.raises(UnknownName):
        office.do("secrets.rotate", name="yours", value="other")


def test_what_points_nowhere_is_refused_without_a_word_of_it(office: Office, keyed: Keyed) -> None:
    # Whoever writes the secret itself where its name belongs is not told it back, nor is it kept.
    for given in ({"secret": KEY}, {"secret": f"{KEY} {PIN}"}, {"secret": f"nowhere:{KEY}"}):
        with pytest.raises(UsageError) as refused:
            keyed.account(key=given)
        assert KEY not in str(refused.value)
    assert KEY not in "\n".join(office.database())
    with pytest.raises(SecretUnknown, match="no plugin has a store of secrets called 'nowhere'"):
        office.bench.core.sealing.named("local", {"secret": "nowhere:x"})


def test_nobody_opens_another_s_secret_by_its_name(office: Office) -> None:
    office.do("secrets.set", name="mine", value=KEY)
    with pytest.raises(SecretUnknown):
        office.bench.core.sealing.named("bob", {"secret": "mine"})
    row = sa.select(tables.secrets)
    with office.bench.core.storage.write() as connection:
        kept = connection.execute(row).one()
        connection.execute(
            tables.secrets.insert().values(
                owner="bob", name="mine", value=kept.value, version=1, created_at=0, changed_at=0
            )
        )
    with pytest.raises(SecretsLocked):
        office.bench.core.sealing.named("bob", {"secret": "mine"})


def test_a_second_page_goes_on_where_the_first_one_ended(office: Office) -> None:
    for number in range(3):
        office.do("secrets.set", name=f"s{number}", value="x")
    first = office.do("secrets.list", limit=2)
    second = office.do("secrets.list", limit=2, cursor=first.next_cursor)
    assert [row.name for row in (*first.secrets, *second.secrets)] == ["s0", "s1", "s2"]
    assert second.next_cursor is None
    with pytest.raises(UsageError, match="cursor"):
        office.do("secrets.list", cursor="nonsense")


def test_a_user_who_has_secrets_is_not_deleted_so_that_nobody_of_that_name_finds_them(office: Office) -> None:
    office.do("users.create", user="ada", role="trader", password="correct horse battery")
    theirs = office.context(owner="ada")
    perform_named(theirs, "secrets.set", {"name": "mine", "value": KEY})
    with pytest.raises(CommandRefused, match="'ada' owns secrets: delete those first"):
        office.do("users.delete", user="ada")
    perform_named(theirs, "secrets.remove", {"name": "mine"})
    office.do("users.delete", user="ada")
