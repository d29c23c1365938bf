"""The master key: changed, lost, another one; and what a release before left in clear."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from octobot_node import Decision, Tick, Wake
from octobot_node.automation import AutomationStatus
from octobot_node.engine.base import open_base
from octobot_node.errors import CommandRefused, SecretsLocked
from octobot_node.sealing.rotation import rotate_master_key
from octobot_node.sealing.sealing import Sealing, is_sealed
from octobot_node.store import tables
from tests.integration.operations.conftest import Office
from tests.integration.sealing.conftest import KEY, PIN, Keyed, written
from tests.support.bench import START, Bench

OTHER_KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
POINTS = ("before the new key", "after the new key", "after some data keys", "after the old key")


class Killed(BaseException):
    pass


def key_file(office: Office) -> Path:
    return office.bench.settings.data_dir / "secret-key"


def afresh(office: Office) -> Sealing:
    """Return what another process has: the same database and key file, nothing in memory."""
    found: Any = office.context().plugin_context.secrets
    assert isinstance(found, Sealing)
    return found


def seal_some(office: Office) -> dict[str, str]:
    """Seal a secret for each of some owners, more than are wrapped anew in one go."""
    return {f"owner{n}": office.bench.core.sealing.seal(f"owner{n}", "p", f"secret {n}") for n in range(3)}


def opens(sealing: Sealing, kept: dict[str, str]) -> bool:
    return [sealing.unseal(text, owner, "p") for owner, text in kept.items()] == ["secret 0", "secret 1", "secret 2"]


# Another master key ---------------------------------------------------------------------------------------------------


def test_another_master_key_opens_all_and_the_old_one_nothing_any_more(office: Office) -> None:
    kept, before = seal_some(office), key_file(office).read_text()
    done = office.do("secrets.rotate_key")
    assert (done.data_keys, done.lost, done.left_to_do) == (3, 0, "")
    assert key_file(office).read_text().strip() not in before
    assert len(key_file(office).read_text().split()) == 1
    assert opens(afresh(office), kept)
    assert opens(office.bench.core.sealing, kept)
    key_file(office).write_text(before)
    with pytest.raises(SecretsLocked, match=f"sealed with the master key {done.master_key}"):
        opens(afresh(office), kept)


@pytest.mark.parametrize("point", POINTS)
def test_a_change_of_the_key_that_is_killed_anywhere_opens_all_and_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    kept, storage = seal_some(office), office.bench.core.storage
    monkeypatch.setattr("octobot_node.sealing.rotation._AT_ONCE", 2)

    def kill(at: str) -> None:
        if at == point:
            raise Killed

    with pytest.raises(Killed):
        rotate_master_key(storage, afresh(office), kill)
    # The process that was killed, and every other one.
    assert opens(afresh(office), kept)
    done = rotate_master_key(storage, afresh(office))
    lines = key_file(office).read_text().split()
    assert (len(lines), opens(afresh(office), kept)) == (1, True)
    assert {row.master_key for row in office.bench.rows(tables.data_keys)} == {done.master_key}


def test_a_process_at_work_opens_and_seals_through_a_change_that_another_one_made(office: Office) -> None:
    kept, working = seal_some(office), afresh(office)
    assert opens(working, {"owner0": kept["owner0"], **kept})
    rotate_master_key(office.bench.core.storage, afresh(office))
    # What it has in memory, and what it has not.
    assert opens(working, kept)
    new = working.seal("somebody else", "p", "x")
    assert afresh(office).unseal(new, "somebody else", "p") == "x"


def test_an_operator_s_file_is_changed_by_hand_where_it_cannot_be_written(
    open_office: Callable[..., Office], tmp_path: Path
) -> None:
    given = tmp_path / "mounted"
    given.write_text(f"{OTHER_KEY}\n")
    given.chmod(0o600)
    office = open_office(secret_key_file=given)
    kept = seal_some(office)
    assert not key_file(office).exists()
    # The new key is put first, on every node, and then the rest is the node's.
    given.write_text(f"# the new one\n{'ab' * 32}\n{OTHER_KEY}\n")
    done = rotate_master_key(office.bench.core.storage, afresh(office))
    assert (done.data_keys, given.read_text().split()[0]) == (3, "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=")
    assert opens(afresh(office), kept)


@pytest.mark.parametrize("text", ["", "\n", "short\n", "no base64 at all, whatever it is!\n", f"{OTHER_KEY}x\n"])
def test_what_is_no_key_is_said_without_a_word_of_it(
    open_office: Callable[..., Office], tmp_path: Path, text: str
) -> None:
    given = tmp_path / "mounted"
    given.write_text(text)
    given.chmod(0o600)
    office = open_office(secret_key_file=given)
    with pytest.raises(SecretsLocked, match="openssl rand -base64 32") as refused:
        office.bench.core.sealing.seal("ada", "p", "x")
    assert not text.strip() or text.strip() not in str(refused.value)


def test_an_operator_s_file_that_is_not_there_is_not_made(open_office: Callable[..., Office], tmp_path: Path) -> None:
    office = open_office(secret_key_file=tmp_path / "nowhere")
    with pytest.raises(SecretsLocked, match="OCTOBOT_SECRET_KEY_FILE"):
        office.bench.core.sealing.make_first_key()
    assert not (tmp_path / "nowhere").exists()


# A lost one -----------------------------------------------------------------------------------------------------------


def quiet(_tick: Tick[Any, Any]) -> Decision:
    return Decision(wake=Wake(above={"BTC/USDT": Decimal(999)}))


def lose_the_key(office: Office) -> None:
    """Have the engine begun anew without its key, as a node is."""
    key_file(office).unlink()
    office.bench.core.sealing.forget()
    keeper = office.bench.core.sealing
    keeper._keeper = None
    office.bench.core.accounts._open.clear()
    office.bench.build_stages()


@pytest.fixture
def lost(office: Office, keyed: Keyed) -> tuple[Office, str, str, str]:
    """Return (office, the account with secrets, its automation, one on paper), after the key was lost."""
    account = keyed.account(key=KEY, inside={"pin": PIN})
    live = office.bench.automation("live-one", quiet, account=account)
    paper = office.bench.automation("paper-one", quiet)
    lose_the_key(office)
    office.bench.settle()
    return office, account, live, paper


def test_without_the_key_accounts_with_secrets_are_held_and_the_others_go_on(
    lost: tuple[Office, str, str, str],
) -> None:
    office, account, live, paper = lost
    row = office.bench.row(live)
    assert office.bench.row(paper).status == AutomationStatus.ACTIVE
    if office.bench.core.storage.shared:
        # Others have the key: what is theirs is not held, and this node is to leave them.
        left: list[str] = []
        office.bench.core.accounts.without_key = left.append
        closed = office.bench.core.accounts.why_closed(account)
        assert closed is not None
        assert (closed.lasting, row.status, len(left)) == (False, AutomationStatus.WAITING, 1)
        return
    assert row.status == AutomationStatus.HELD
    assert row.reason.startswith("its account cannot be opened: the master key is not there: ")
    assert "start-anew" in row.reason
    # No other key is made in its place.
    assert not key_file(office).exists()
    shown = office.do("accounts.show", account=account)
    assert "the master key is not there" in shown.problem
    (check,) = [check for check in office.do("node.doctor").checks if check.name == "secrets"]
    assert (check.status, "the master key is not there" in check.detail) == ("failed", True)
    with pytest.raises(SecretsLocked):
        office.bench.core.sealing.seal("local", "p", "x")


def test_a_key_that_is_put_back_opens_what_was_held(office: Office, keyed: Keyed) -> None:
    account = keyed.account(key=KEY)
    live = office.bench.automation("live-one", quiet, account=account)
    saved = key_file(office).read_text()
    lose_the_key(office)
    office.bench.settle()
    key_file(office).write_text(saved)
    key_file(office).chmod(0o600)
    if office.bench.core.storage.shared:
        assert office.bench.core.accounts.why_closed(account) is None
        return
    assert office.bench.commands.take_up_held() == [live]
    assert office.bench.row(live).status == AutomationStatus.ACTIVE


def test_after_starting_anew_secrets_are_entered_again_and_what_was_held_goes_on(
    lost: tuple[Office, str, str, str], keyed: Keyed
) -> None:
    office, account, live, _ = lost
    done = office.do("secrets.start_anew")
    assert (done.lost, done.accounts) == (1, ["local/live"])
    with pytest.raises(CommandRefused, match=r"give trading\.inside\.pin, too: what is there cannot be opened"):
        office.do("accounts.rotate_keys", account="live", trading={"key": "again"}, check=False)
    office.do("accounts.rotate_keys", account="live", trading={"key": "again", "inside": {"pin": "again"}}, check=False)
    office.bench.advance(60_000)
    office.bench.settle()
    assert office.bench.row(live).status == AutomationStatus.ACTIVE
    office.bench.core.accounts.get(account)
    assert keyed.given[-1].key.get_secret_value() == "again"
    with pytest.raises(CommandRefused, match="nothing is lost"):
        office.do("secrets.start_anew")
    assert office.do("secrets.rotate_key").lost == 1


# Another one than the database's --------------------------------------------------------------------------------------


def test_a_node_with_another_key_is_told_so_before_it_does_anything(
    make_bench: Callable[..., Bench], tmp_path: Path
) -> None:
    bench = make_bench()
    bench.core.sealing.seal("ada", "p", "x")
    wanted = bench.core.sealing.keeper.current()
    elsewhere = tmp_path / "other-node"
    elsewhere.mkdir()
    (elsewhere / "secret-key").write_text(f"{OTHER_KEY}\n")
    (elsewhere / "secret-key").chmod(0o600)
    if bench.core.storage.shared:
        settings = bench.settings.model_copy(update={"data_dir": elsewhere, "role": "consumer"})
        with pytest.raises(SecretsLocked, match=f"sealed with the master key {wanted}, and the one here"):
            open_base(settings, bench.registry, START)
        # With the right one it is let in.
        shutil.copy(bench.settings.data_dir / "secret-key", elsewhere / "secret-key")
        base = open_base(settings, bench.registry, START)
        assert base.sealing.problem() == ""
        base.close()
    else:
        shutil.copy(elsewhere / "secret-key", bench.settings.data_dir / "secret-key")
        found: Any = Office(bench).context().plugin_context.secrets
        assert f"sealed with the master key {wanted}, and the one here" in found.problem()


# What a release before left in clear ----------------------------------------------------------------------------------


def in_clear(office: Office, keyed: Keyed) -> str:
    """Return an account as a release before kept it, beside a second factor and an address for signals."""
    account = keyed.account(place="there")
    automation = office.bench.automation("a", quiet, account=account)
    factors, hooks = (
        next(each.metadata.tables[name] for each in office.bench.registry.tables if name in each.metadata.tables)
        for name in ("auth_second_factors", "webhooks_hooks")
    )
    with office.bench.core.storage.write() as connection:
        mine = tables.accounts.c.id == account
        settings = {"key": KEY, "place": "there", "inside": {"pin": PIN}}
        prices = {"token": "t0ken-that-nobody-sees"}
        connection.execute(
            tables.accounts.update().where(mine).values(trading_settings=settings, market_data_settings=prices)
        )
        connection.execute(
            factors.insert().values(user="ada", secret="plain:JBSWY3DPEHPK3PXP", created_at=0, last_step=0)
        )
        hook: dict[str, Any] = {
            "id": "h",
            "owner": "ada",
            "automation_id": automation,
            "name": "n",
            "hash": "x",
            "channel": "c",
        }
        hook |= {"allow": [], "expires_in": 1.0, "same_within": 1.0, "per_minute": 1, "created_at": 0}
        connection.execute(hooks.insert().values(**hook, secret="plain:whsec_now", old_secret="plain:whsec_before"))
        connection.execute(tables.installation.update().values(clear_secrets=2))
    return account


CLEAR = (KEY, PIN, "t0ken-that-nobody-sees", "JBSWY3DPEHPK3PXP", "whsec_now", "whsec_before")


def test_what_is_in_clear_is_used_as_it_is(office: Office, keyed: Keyed) -> None:
    account = in_clear(office, keyed)
    office.bench.core.accounts.renew(account)
    office.bench.core.accounts.get(account)
    assert keyed.given[-1].key.get_secret_value() == KEY


@pytest.mark.parametrize("interrupted", [False, True])
def test_what_is_in_clear_is_sealed_by_the_first_start_and_gone_from_the_files(
    office: Office, keyed: Keyed, monkeypatch: pytest.MonkeyPatch, interrupted: bool
) -> None:
    account, bench = in_clear(office, keyed), office.bench
    bench.release_folder()
    if interrupted:
        sealed, left = Sealing.seal, [3]

        def kill(self: Sealing, owner: str, place: str, secret: str) -> str:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return sealed(self, owner, place, secret)

        monkeypatch.setattr(Sealing, "seal", kill)
        with pytest.raises(Killed):
            open_base(bench.settings, bench.registry, START)
        monkeypatch.undo()
    base = open_base(bench.settings, bench.registry, START)
    try:
        with base.storage.read() as connection:
            row = connection.execute(sa.select(tables.accounts).where(tables.accounts.c.id == account)).one()
            state = connection.scalar(sa.select(tables.installation.c.clear_secrets))
            sources = set(connection.scalars(sa.select(tables.schedule.c.source)))
        assert (is_sealed(row.trading_settings["key"]), row.trading_settings["place"], state) == (True, "there", 0)
        assert is_sealed(row.market_data_settings["token"])
        # Its automations take their prices from where it has them now.
        from octobot_node.engine.market.account import source_key

        assert source_key(row.market_data, row.market_data_settings, row.market_data_egress) in sources
        assert base.sealing.look(_secret(base, "auth_second_factors"), "ada", "second-factor/ada") == "JBSWY3DPEHPK3PXP"
        assert base.sealing.look(_secret(base, "webhooks_hooks"), "ada", "hook/h") == "whsec_now"
    finally:
        base.close()
    files = written(bench.settings.data_dir)
    assert [(word, name) for word in CLEAR for name, content in files.items() if word.encode() in content] == []


def _secret(base: Any, table: str) -> str:
    with base.storage.read() as connection:
        return str(connection.scalar(sa.text(f"SELECT secret FROM {table}")))
