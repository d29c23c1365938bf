"""From run files to automations, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from octobot_node import Decision, Wake
from octobot_node.contracts.exchanges import TradingFactory
from octobot_node.errors import InvalidRunFile, UsageError
from octobot_node.operations.automations.creating.export import _to_yaml
from octobot_node.plugin_system.registry import Registry
from octobot_node.run_files.exact_yaml import read_yaml
from octobot_node.store import tables
from tests.integration.operations.conftest import Office
from tests.support.bench import Bench

ACCOUNT = """\
accounts:
  paper:
    market_data: {use: simulated, seed: 7}
    trading: {use: paper, fee: 0.001}
    balances: {USD: 10000.50}
    limits: {max_order_notional: 500, max_data_age: 30s}
"""
AUTOMATION = """\
automations:
  - name: dca
    type: dca
    account: paper
    budget: {USD: 5000.10}
    limits: {price_collar: 0.05}
    config: {symbol: BTC/USD, amount: 100.10, every: 90.5}
"""
SECOND = AUTOMATION.replace("name: dca", "name: second").replace("5000.10", "100")


def create(office: Office, text: str, name: str = "run.yaml") -> Any:
    return office.do("automations.import", files=[{"name": name, "text": text}])


def test_a_run_file_is_created_whole(office: Office) -> None:
    made = create(office, ACCOUNT + AUTOMATION)
    assert (made.accounts, [(row.name, row.type, row.account, row.status) for row in made.automations]) == (
        ["paper"],
        [("dca", "octobot_tentacles.dca", "paper", "active")],
    )
    shown = office.do("automations.show", automation="dca")
    assert (shown.config["amount"], shown.config["every"], shown.budget) == (
        "100.10",
        "PT1M30.5S",
        {"USD": Decimal("5000.10")},
    )
    assert len(office.hurried) == 1
    # An account that exists need not be written out; one that is written out must be the same.
    again = create(office, SECOND)
    assert (again.accounts, [row.name for row in again.automations]) == ([], ["second"])
    assert create(office, ACCOUNT + SECOND.replace("second", "third")).accounts == []


def test_a_run_file_may_be_json(office: Office) -> None:
    content = {
        "accounts": {
            "paper": {"market_data": {"use": "simulated"}, "trading": {"use": "paper"}, "balances": {"USD": 10000}}
        },
        "automations": [
            {
                "name": "dca",
                "type": "dca",
                "account": "paper",
                "budget": {"USD": "5000.10"},
                "config": {"symbol": "BTC/USD", "amount": "100", "every": "1d"},
            }
        ],
    }
    assert [row.name for row in create(office, json.dumps(content)).automations] == ["dca"]
    with pytest.raises(InvalidRunFile, match=r"automations\[0\].colour: there is no field 'colour'"):
        create(office, json.dumps({"automations": [{"colour": "red"}]}))
    with pytest.raises(InvalidRunFile, match=r"automations\[0\].account: there is no account 'papre': did you mean"):
        create(office, json.dumps({"automations": [{"name": "b", "type": "dca", "account": "papre"}]}))
    with pytest.raises(UsageError, match="files: "):
        office.do("automations.import")


ONE = {"name": "one", "type": "dca", "account": "paper", "budget": {"USD": "100.5"}, "limits": {"price_collar": "0.05"}}
ONE["config"] = {"symbol": "BTC/USD", "amount": "100.10", "every": "1d"}


def test_one_automation_is_created_without_a_run_file(office: Office) -> None:
    create(office, ACCOUNT + AUTOMATION)
    made = office.do("automations.create", **ONE)
    assert (made.name, made.type, made.account, made.status) == ("one", "octobot_tentacles.dca", "paper", "active")
    shown = office.do("automations.show", automation="one")
    assert (shown.config["amount"], shown.budget) == ("100.10", {"USD": Decimal("100.5")})
    assert shown.limits["price_collar"] == "0.05"
    assert len(office.hurried) == 2


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"name": "dca"}, "name", "an automation is called 'dca' already: choose another name, or edit that one"),
        ({"type": "dac"}, "type", "there is no automation type 'dac': did you mean 'dca'?"),
        ({"account": "papre"}, "account", "there is no account 'papre': did you mean 'paper'?"),
        ({"budget": {"USD": "5001"}}, "budget.USD", "with it the budgets on account 'paper' are 10001.10 USD"),
        ({"budget": {"EUR": "1"}}, "budget.EUR", "are 1 EUR, but it has no EUR"),
        ({"config": {**ONE["config"], "amount": "-1"}}, "config.amount", "must be greater than 0"),  # type: ignore[dict-item]
        ({"config": {"symbol": "BTC/USD"}}, "config.amount", "is missing: add it"),
        ({"colour": "red"}, "colour", "there is no field 'colour': there are name, type,"),
    ],
)
def test_one_automation_that_cannot_be_is_refused_with_its_field(
    office: Office, change: dict[str, Any], field: str, said: str
) -> None:
    create(office, ACCOUNT + AUTOMATION)
    before = office.database()
    with pytest.raises(UsageError, match=re.escape(said)) as refused:
        office.do("automations.create", **(ONE | change))
    assert refused.value.field == field
    assert office.database() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ACCOUNT + AUTOMATION, "new.yaml, line 8: automations[0].name: an automation is called 'dca' already"),
        (
            SECOND.replace("type: dca", "type: dac"),
            "new.yaml, line 3: automations[0].type: there is no automation type",
        ),
        (SECOND.replace("100.10", "-1"), "new.yaml, line 7: automations[0].config.amount: must be greater than 0"),
        (SECOND.replace("paper", "papre"), "new.yaml, line 4: automations[0].account: there is no account 'papre'"),
        (
            SECOND.replace("USD: 100}", "USD: 5001}"),
            "new.yaml, line 5: automations[0].budget.USD: with it the budgets on account 'paper' are 10001.10 USD",
        ),
        (
            ACCOUNT.replace("seed: 7", "seed: 8") + SECOND,
            "new.yaml, line 3: accounts.paper.market_data.seed: it is 7 in this data folder, not 8",
        ),
        (
            ACCOUNT.replace("500,", "600,") + SECOND,
            "new.yaml, line 6: accounts.paper.limits: the account has other limits already",
        ),
        (
            SECOND.replace("    budget", "    signals: past.jsonl\n    budget"),
            "new.yaml, line 5: automations[0].signals: ",
        ),
        (
            ACCOUNT.replace("simulated, seed: 7", "replay, data: {BTC/USD: x.csv}").replace("paper:", "past:")
            + SECOND.replace("account: paper", "account: past"),
            "new.yaml, line 3: accounts.past.market_data: it replays past candles: `octobot-node run` does that",
        ),
        ("automations: []", "new.yaml, line 1: automations: there are none"),
        ("a: [}", "new.yaml, line 1, column 5: is not YAML"),
    ],
)
def test_a_mistake_names_file_line_and_field_and_creates_nothing(office: Office, text: str, said: str) -> None:
    create(office, ACCOUNT + AUTOMATION)
    before = office.database()
    with pytest.raises(InvalidRunFile) as caught:
        create(office, text, "new.yaml")
    assert str(caught.value).startswith(said), caught.value
    assert office.database() == before


def test_what_is_exported_can_be_created_elsewhere_and_beside(
    office: Office, open_office: Callable[..., Office]
) -> None:
    create(office, ACCOUNT + AUTOMATION)
    create(office, SECOND)
    text = office.do("automations.export").text
    elsewhere = open_office()
    create(elsewhere, text)

    def everything(place: Office) -> list[dict[str, Any]]:
        names = ("name", "type", "account", "config", "limits", "budget")
        shown = [place.do("automations.show", automation=name).model_dump(mode="json") for name in ("dca", "second")]
        return [{name: each[name] for name in names} for each in shown]

    assert everything(elsewhere) == everything(office)

    def account(place: Office) -> Any:
        row = next(row for row in place.bench.rows(tables.accounts) if row.name == "paper")
        return row.market_data, row.market_data_settings, row.trading, row.trading_settings, row.limits

    # How a number was written is not kept: 10000.50 is 10000.50 in both.
    assert account(elsewhere) == account(office)
    # And in the same folder, under another name.
    one = office.do("automations.export", automations=["dca"]).text
    create(office, one.replace("name: dca", "name: copy").replace("5000.10", "1"))
    office.do("automations.stop", automation="copy")
    assert [spec["name"] for spec in read_yaml(office.do("automations.export").text).value["automations"]] == [
        "dca",
        "second",
    ]


class VaultSettings(BaseModel):
    url: str = "https://vault.example"
    code: SecretStr = SecretStr("")
    api_key: str = ""


def test_secrets_are_left_out_of_an_export_and_not_asked_for_again(
    tmp_path: Path, template: Path, registry: Registry
) -> None:
    bench = Bench(tmp_path / "vault", template, registry)
    vault = TradingFactory("vault", VaultSettings, lambda *_: bench.trading)
    try:
        bench.core.registry = replace(bench.registry, trading={**bench.registry.trading, "vault": vault})
        office = Office(bench)
        account = "accounts:\n  vault:\n    market_data: {use: fake}\n"
        account += "    trading: {use: vault, url: https://other.example, code: hunter2, api_key: AKIA99}\n"
        made = "automations:\n  - {name: a, type: tests.scripted, account: vault, config: {who: a}}\n"
        bench.type.scripts["a"] = lambda _: Decision(wake=Wake(every=timedelta(hours=1)))
        create(office, account + made)
        exported = office.do("automations.export")
        assert exported.left_out == ["accounts.vault.trading.api_key", "accounts.vault.trading.code"]
        assert "hunter2" not in exported.text + exported.model_dump_json()
        assert "AKIA99" not in exported.text
        assert read_yaml(exported.text).value["accounts"]["vault"]["trading"] == {
            "use": "vault",
            "url": "https://other.example",
        }
        for operation in ("accounts.list", "automations.list", "events.list"):
            assert "hunter2" not in office.do(operation).model_dump_json()
        # Beside: the data folder has the secrets. Another url would be another account.
        create(office, exported.text.replace("name: a\n", "name: b\n"))
        with pytest.raises(
            InvalidRunFile, match=r"accounts\.vault\.trading\.url: it is https://other\.example in this"
        ):
            create(office, exported.text.replace("other.example", "third.example").replace("name: a\n", "name: c\n"))
        # A connector that nobody knows may have secrets of any name.
        bench.core.registry = replace(bench.core.registry, trading=bench.registry.trading)
        unknown = office.do("automations.export")
        assert read_yaml(unknown.text).value["accounts"]["vault"]["trading"] == {"use": "vault"}
        assert len(unknown.left_out) == 3
    finally:
        bench.close()


@pytest.mark.parametrize(
    "value",
    ["1e3", "0x10", "1_000", "10:30", "NO", "~", "2024-01-01", "1.0", ".5", "a: b", "#", " x ", "", "null", "é\n", "'"],
)
def test_text_is_exported_as_text_whatever_it_looks_like(value: str) -> None:
    content = {"config": {value or "empty": value, "list": [value]}}
    assert read_yaml(_to_yaml(content)).value == content


@pytest.mark.parametrize(
    "value", [Decimal("0.00000001"), Decimal("1E+3"), Decimal(100), Decimal("-0.5"), 7, True, None]
)
def test_numbers_are_exported_exactly(value: Any) -> None:
    assert read_yaml(_to_yaml({"n": value})).value == {"n": value}
    assert read_yaml(_to_yaml({"n": json.loads("1e-7")})).value == {"n": Decimal("0.0000001")}


def test_an_export_in_json_is_created_again_digit_by_digit(open_office: Callable[..., Office]) -> None:
    office, other, third = open_office(), open_office(), open_office()
    create(office, ACCOUNT + AUTOMATION)
    exported = office.do("automations.export", format="json")
    content = json.loads(exported.text)
    assert content["automations"][0]["budget"] == {"USD": "5000.10"}
    assert content["accounts"]["paper"]["balances"] == {"USD": "10000.50"}
    create(other, json.dumps(content))
    create(third, exported.text, "run.json")
    same = [each.do("automations.export", format="json").text for each in (office, other, third)]
    assert same == [exported.text] * 3
