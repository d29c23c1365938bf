"""What is wrong with a replay is said before it is in the queue, with the field; what is live is replayed on paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from octobot_node.errors import InvalidRunFile, TooMany, UnknownName, UsageError
from octobot_node.ids import new_id
from octobot_plugins.replay.candle_sets import statements
from tests.integration.plugins.replay.conftest import BEGIN, Office

pytestmark = pytest.mark.parametrize("make_bench", ["sqlite"], indirect=True)

DCA: dict[str, Any] = {
    "type": "dca",
    "budget": {"USD": "100"},
    "config": {"symbol": "BTC/USD", "amount": "10", "every": "1h"},
}
RUN_FILE = """
accounts:
  main:
    market_data: {use: simulated, seed: 7}
    trading: {use: paper, slippage: 0.01}
    balances: {USD: 1000}
automations:
  - {name: dca-btc, type: dca, account: main, budget: {USD: 500}, config: {symbol: BTC/USD, amount: 10, every: 1h}}
"""


@pytest.fixture
def known(office: Office) -> Callable[..., str]:
    """Add a candle set of two hours, without its file; return its id."""

    def add(symbol: str = "BTC/USD", **changes: Any) -> str:
        row = {
            "id": new_id(),
            "owner": "local",
            "node_id": office.bench.base.node_id,
            "name": symbol,
            "symbol": symbol,
            "digest": "0" * 64,
            "time_unit": "auto",
            "zone": "UTC",
            "off_grid": "error",
            "step": 60_000,
            "candles": 120,
            "start_at": BEGIN,
            "end_at": BEGIN + 7_200_000,
            "missing": 0,
            "first_missing_at": None,
            "notes": [],
            "file_name": "btc.csv",
            "source": "file",
            "size": 1,
            "created_at": BEGIN,
            **changes,
        }
        with office.bench.core.storage.write() as connection:
            statements.add(connection, row)
        return str(row["id"])

    return add


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"candles": ["none"]}, UnknownName, "there is no candle set 'none'"),
        ({"type": "dcaa"}, UsageError, "type: there is no automation type 'dcaa': did you mean"),
        ({"config": {"symbol": "BTC/USD"}}, UsageError, r"config\.amount: "),
        ({"config": {**DCA["config"], "amount": "-1"}}, UsageError, r"config\.amount: must be greater than 0"),
        ({"config": {**DCA["config"], "symbol": "ETH/USD"}}, InvalidRunFile, "needs ETH/USD, but the candles are of"),
        ({"start": "2022-01-02T00:00:00Z"}, UsageError, "start: no candle of BTC/USD is between them"),
        ({"end": "2022-01-01T00:00:30Z"}, UsageError, "end: no candle of BTC/USD is between them"),
        ({"start": "2022-01-01T01:00:00Z", "end": "2022-01-01T00:30:00Z"}, UsageError, "start must be before end"),
        ({"run_file": RUN_FILE}, UsageError, "give a type with its config, or a run file"),
        ({"type": None}, UsageError, "give a type with its config, or a run file"),
        ({"taker_fee": "1"}, UsageError, "taker_fee: must be less than 1"),
    ],
)
def test_a_mistake_is_told_with_its_field(
    office: Office, known: Callable[..., str], changes: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        office.do("replays.start", **{"candles": [known()], **DCA, **changes})
    assert office.do("replays.list").replays == []


def test_mistakes_are_told_all_at_once(office: Office, known: Callable[..., str]) -> None:
    config = {"symbol": "BTC/USD", "amount": "-1", "every": "soon"}
    with pytest.raises(UsageError) as several:
        office.do("replays.start", candles=["none", "nor this"], type="dca", config=config)
    assert [each.field for each in several.value.mistakes] == ["candles", "candles", "config.amount", "config.every"]
    # Also beside what cannot even be read.
    with pytest.raises(UsageError) as more:
        office.do(
            "replays.start",
            candles=[known()],
            type="dca",
            config=config,
            slippage="much",
            end="2022-01-01T00:00:30Z",
        )
    assert [each.field for each in more.value.mistakes] == ["slippage", "config.amount", "config.every", "end"]


def test_candles_are_one_for_each_symbol_and_read_in_one_way_on_one_node(
    office: Office, known: Callable[..., str]
) -> None:
    first = known()
    for other, said in (
        (known(digest="1" * 64), "two of them are of BTC/USD"),
        (known("ETH/USD", node_id=new_id()), "are on different nodes"),
        (known("ETH/BTC", zone="Europe/Paris"), "are read in different ways"),
    ):
        with pytest.raises(UsageError, match=said):
            office.do("replays.start", candles=[first, other], **DCA)


def test_fees_slippage_and_range_are_those_that_are_asked_for(office: Office, known: Callable[..., str]) -> None:
    asked = {"taker_fee": "0.002", "fee_in": "quote", "slippage": "0.003", "volume_share": "0.5", "gaps": "error"}
    made = office.do("replays.start", candles=[known()], **DCA, **asked, end="2022-01-01T01:00:00Z", notes="try")
    account = made.run_file["accounts"]["replay"]
    assert account["market_data"] == {
        "use": "replay",
        "taker_fee": "0.002",
        "fee_in": "quote",
        "gaps": "error",
        "end": "2022-01-01T01:00:00+00:00",
        "time_unit": "auto",
        "zone": "UTC",
        "off_grid": "error",
    }
    assert account["trading"] == {"use": "paper", "slippage": "0.003", "volume_share": "0.5"}
    assert (made.name, made.notes, made.status) == ("dca on BTC/USD 2022-01-01", "try", "queued")


def test_a_replay_is_named_after_the_day_on_which_it_begins(office: Office, known: Callable[..., str]) -> None:
    before = office.do("replays.start", candles=[known()], **DCA, start="2021-12-01T00:00:00Z")
    assert before.name == "dca on BTC/USD 2022-01-01"
    month = known(end_at=BEGIN + 30 * 86_400_000, digest="1" * 64)
    within = office.do("replays.start", candles=[month], **DCA, start="2022-01-10T00:00:00Z")
    assert within.name == "dca on BTC/USD 2022-01-10"


def test_what_is_live_in_a_run_file_is_replayed_with_paper_trading(office: Office, known: Callable[..., str]) -> None:
    made = office.do("replays.start", candles=[known()], run_file=RUN_FILE)
    account = made.run_file["accounts"]["main"]
    assert account["market_data"]["use"] == "replay"
    assert "seed" not in account["market_data"]
    assert account["trading"] == {"use": "paper", "slippage": "0.01"}
    assert account["balances"] == {"USD": "1000"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("amount: 10", "amount: x"), r"run_file, line 8: automations\[0\]\.config\.amount"),
        (("USD: 500", "USD: 5000"), r"run_file, line 8: automations\[0\]\.budget\.USD"),
        (("type: dca, ", "type: dca, signals: /etc/passwd, "), "a file of this machine is not read"),
        (("use: simulated", "use: simulatet"), "there is no connector 'simulatet'"),
    ],
)
def test_a_mistake_in_a_run_file_is_told_with_its_line(
    office: Office, known: Callable[..., str], change: tuple[str, str], said: str
) -> None:
    with pytest.raises(InvalidRunFile, match=said):
        office.do("replays.start", candles=[known()], run_file=RUN_FILE.replace(*change))


def test_no_path_of_a_run_file_is_read(office: Office, known: Callable[..., str], tmp_path: Path) -> None:
    """Its candles are those of the sets: whoever may start a replay may not read the machine's files."""
    other = tmp_path / "secret.csv"
    text = RUN_FILE.replace("{use: simulated, seed: 7}", f"{{use: replay, data: {{BTC/USD: {other}}}}}")
    made = office.do("replays.start", candles=[known()], run_file=text)
    assert "data" not in made.run_file["accounts"]["main"]["market_data"]


def test_an_owner_has_so_many_that_wait(
    office: Office, known: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOBOT_REPLAYS_PER_USER", "2")
    monkeypatch.setenv("OCTOBOT_REPLAYS_KEPT_PER_USER", "1")
    candles = known()
    first, _ = (office.do("replays.start", candles=[candles], **DCA) for _ in range(2))
    with pytest.raises(TooMany, match="2 of your replays wait or run, and 2 may: cancel or delete some first"):
        office.do("replays.start", candles=[candles], **DCA)
    office.do("replays.cancel", replay=first.id)
    with pytest.raises(TooMany, match="1 of your replays are kept, and 1 may"):
        office.do("replays.start", candles=[candles], **DCA)
    office.do("replays.delete", replay=first.id)
    assert office.do("replays.start", candles=[candles], **DCA).status == "queued"


def test_what_is_somebody_else_s_is_not_there(
    office: Office, as_owner: Callable[..., Any], known: Callable[..., str]
) -> None:
    made = as_owner("ada", "replays.start", candles=[known(owner="ada")], **DCA)
    with pytest.raises(UnknownName, match="there is no candle set"):
        as_owner("bob", "replays.start", candles=[known(owner="ada", digest="2" * 64)], **DCA)
    for name in ("show", "edit", "cancel", "delete", "report", "curves", "fills", "log", "progress"):
        changes = {"notes": "mine"} if name == "edit" else {}
        with pytest.raises(UnknownName, match="there is no replay"):
            as_owner("bob", f"replays.{name}", replay=made.id, **changes)
    assert as_owner("bob", "replays.list").replays == []
    assert [row.owner for row in office.do("replays.list").replays] == ["ada"]


def test_notes_are_edited_and_what_is_not_over_is_not_deleted(office: Office, known: Callable[..., str]) -> None:
    from octobot_node.errors import CommandRefused, Conflict

    made = office.do("replays.start", candles=[known()], **DCA)
    edited = office.do("replays.edit", replay=made.id, notes="see the sweep", name="mine", revision=1)
    assert (edited.notes, edited.name, edited.revision) == ("see the sweep", "mine", 2)
    with pytest.raises(Conflict, match="was changed meanwhile"):
        office.do("replays.edit", replay=made.id, notes="other", revision=1)
    with pytest.raises(CommandRefused, match="the replay 'mine' is queued: cancel it first"):
        office.do("replays.delete", replay=made.id)
    with pytest.raises(CommandRefused, match="'mine' is queued: only of a finished one there is something"):
        office.do("replays.report", replay="mine")
    office.do("replays.cancel", replay="mine")
    with pytest.raises(CommandRefused, match="is cancelled already: there is nothing to cancel"):
        office.do("replays.cancel", replay="mine")
    assert office.do("replays.delete", replay="mine").id == made.id


def test_a_replay_is_of_the_node_that_has_its_candles(office: Office, known: Callable[..., str]) -> None:
    from octobot_node.errors import CommandRefused
    from octobot_plugins.replay.jobs import statements as jobs

    there = new_id()
    made = office.do("replays.start", candles=[known(node_id=there)], **DCA)
    assert made.node_id == there
    with office.bench.core.storage.write() as connection:
        assert jobs.next_queued(connection, office.bench.base.node_id) is None
        jobs.keep_result(connection, made.id, summary="[]", report="{}", curves="[]", fills=1, log_lines=1)
    for name in ("fills", "log"):
        with pytest.raises(CommandRefused, match=f"are on the disk of the node {there}: ask that one"):
            office.do(f"replays.{name}", replay=made.id)
    office.do("replays.cancel", replay=made.id)
    assert office.do("replays.show", replay=made.id).status == "cancelled"
