"""The run file: what it says is read exactly, and what is wrong with it is said in one sentence."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from octobot_node.errors import InvalidRunFile
from octobot_node.run_files.exact_yaml import YamlProblem, read_yaml
from octobot_node.run_files.run_file import RunFile, json_schema, load_run_files
from octobot_node.text.durations import parse_duration

ROOT = Path(__file__).parents[2]

ACCOUNTS = """\
accounts:
  paper:
    market_data: {use: replay, timeframe: 1m}
    trading: {use: paper, fee: 0.0010}
    balances: {USD: 1000}
    limits: {max_data_age: 90s}
"""
AUTOMATIONS = """\
automations:
  - name: dca
    type: dca
    account: paper
    budget: {USD: 700.10}
    config: {symbol: BTC/USD, amount: 0.1, at: 10:30}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(text: str | bytes) -> RunFile:
    Path("run.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_run_files(["run.yaml"])


def refusal(text: str | bytes) -> str:
    with pytest.raises(InvalidRunFile) as caught:
        load(text)
    assert caught.value.__cause__ is None
    return str(caught.value)


@pytest.mark.usefixtures("folder")
def test_a_run_file_is_read_as_written() -> None:
    found = load(ACCOUNTS + AUTOMATIONS)
    assert found.model_dump(exclude_unset=True) == {
        "accounts": {
            "paper": {
                "market_data": {"use": "replay", "timeframe": "1m"},
                "trading": {"use": "paper", "fee": Decimal("0.0010")},
                "balances": {"USD": Decimal(1000)},
                "limits": {"max_data_age": timedelta(seconds=90)},
            }
        },
        "automations": [
            {
                "name": "dca",
                "type": "dca",
                "account": "paper",
                "budget": {"USD": Decimal("700.10")},
                "config": {"symbol": "BTC/USD", "amount": Decimal("0.1"), "at": "10:30"},
            }
        ],
    }
    assert found.accounts["paper"].trading.settings == {"fee": Decimal("0.0010")}


@pytest.mark.usefixtures("folder")
def test_a_run_file_outlives_json() -> None:
    found = load(ACCOUNTS + AUTOMATIONS.replace("amount: 0.1, ", ""))
    again = RunFile.model_validate_json(found.model_dump_json())
    assert again.automations == found.automations
    assert again.accounts["paper"].limits == found.accounts["paper"].limits
    assert again.accounts["paper"].balances == found.accounts["paper"].balances


def test_the_examples_are_valid() -> None:
    examples = sorted((ROOT / "examples").glob("*.yaml"))
    assert examples
    for example in examples:
        load_run_files([example])


def test_the_manuals_example_is_valid(folder: Path) -> None:
    manual = (ROOT / "docs/run-file.md").read_text()
    (folder / "manual.yaml").write_text(manual.split("```yaml\n")[1].split("```")[0])
    assert load_run_files(["manual.yaml"]).automations[0].name == "dca-btc"


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=18))
def test_every_decimal_is_read_exactly_as_written(number: Decimal) -> None:
    assert read_yaml(f"amount: {number:f}").value == {"amount": number}
    assert str(read_yaml(f"- {number:.3f}").value[0]) == f"{number:.3f}"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0.1", Decimal("0.1")),
        ("1.50", Decimal("1.50")),
        ("1e3", Decimal("1E+3")),
        (".5", Decimal("0.5")),
        ("-2.", Decimal(-2)),
        ("010", 10),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("10:30", "10:30"),
        ("2024-01-01", "2024-01-01"),
        ("NO", "NO"),
        ("on", "on"),
        ("true", True),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("~", None),
        ("", None),
        ("{1: a, NO: b, null: c}", {"1": "a", "NO": "b", "null": "c"}),
        ("[&x {a: 1}, *x]", [{"a": 1}, {"a": 1}]),
    ],
)
def test_a_scalar_means_what_it_looks_like(written: str, read: object) -> None:
    found = read_yaml(f"value: {written}").value["value"]
    assert (found, type(found)) == (read, type(read))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("name: dca\n", "nam: dca\n"),
            "line 8: automations[0].nam: there is no field 'nam': did you mean 'name'? (1 more to fix after this one)",
        ),
        (("    account: paper\n", ""), "line 8: automations[0].account: is missing: add it"),
        (
            ("account: paper", "account: papers"),
            "line 10: automations[0].account: there is no account 'papers': did you mean 'paper'?",
        ),
        (("account: paper", "account: x"), "line 10: automations[0].account: there is no account 'x': there are paper"),
        (("700.10", "-5"), "line 11: automations[0].budget.USD: must be greater than 0, not -5"),
        (("700.10", "0"), "line 11: automations[0].budget.USD: must be greater than 0, not 0"),
        (("700.10", ".inf"), "line 11: automations[0].budget.USD: must be a finite number, not Infinity"),
        (("700.10", ".nan"), "line 11: automations[0].budget.USD: must be a finite number, not NaN"),
        (("700.10", "lots"), "line 11: automations[0].budget.USD: must be a number, not 'lots'"),
        (("700.10", "true"), "line 11: automations[0].budget.USD: must be a number, not true or false"),
        (
            ("700.10", "'1e99999999'"),
            "line 11: automations[0].budget.USD: has more digits than any market: use at most 60",
        ),
        (
            ("700.10", "1e99999999"),
            "line 11: automations[0].budget.USD: '1e99999999' is not a number to reckon with: use at most 60 digits",
        ),
        (
            ("budget: {USD: 7", "budget: {US D: 7"),
            (
                "line 11: automations[0].budget.US D: 'US D' is not a valid asset: use up to 16 letters and"
                " digits, such as USD"
            ),
        ),
        (("name: dca", "name: 5"), "line 8: automations[0].name: must be text, not 5: put it in quotes"),
        (
            (("name: dca"), "name: ''"),
            (
                "line 8: automations[0].name: '' is not a valid name: use printable characters, with no space at"
                " either end"
            ),
        ),
        (
            ("90s", "soon"),
            (
                "line 6: accounts.paper.limits.max_data_age: 'soon' is not a valid duration: write a number and a unit"
                " (ms, s, m, h, d, w), such as '30s' or '5m'"
            ),
        ),
        (
            ("max_data_age: 90s", "max_order_notionl: 5"),
            (
                "line 6: accounts.paper.limits.max_order_notionl: there is no field 'max_order_notionl':"
                " did you mean 'max_order_notional'?"
            ),
        ),
        (
            ("limits: {max_data_age: 90s}", "limits: 5"),
            "line 6: accounts.paper.limits: must be a mapping ('name: value' lines), not 5",
        ),
        (
            ("{use: replay, timeframe: 1m}", "replay"),
            "line 3: accounts.paper.market_data: must be a mapping ('name: value' lines), not 'replay'",
        ),
        (("use: replay, ", ""), "line 3: accounts.paper.market_data.use: is missing: add it"),
        (
            ("trading: {", "name: x\n    trading: {"),
            (
                "line 4: accounts.paper.name: there is no field 'name': there are market_data, trading, balances,"
                " limits, mode, egress, market_data_egress"
            ),
        ),
        (
            ("    type: dca\n", "    type: dca\n    type: grid\n"),
            "line 10: automations[0].type: is given twice, first on line 9: remove one",
        ),
        (
            ("symbol: BTC/USD", "symbol: !!python/name:os.system x"),
            (
                "line 12: automations[0].config.symbol: has the tag"
                " 'tag:yaml.org,2002:python/name:os.system', which means nothing here: remove it"
            ),
        ),
        (
            ("symbol: BTC/USD", "symbol: *nothing"),
            "line 12: automations[0].config.symbol: *nothing names no value above it: define it with &nothing first",
        ),
        (
            ("700.10", "1000.01"),
            (
                "line 11: automations[0].budget.USD: with it the budgets on account 'paper' are 1000.01 USD, but it has"
                " 1000 USD: lower the budget, or write balances: {USD: 1000.01} under accounts.paper"
            ),
        ),
        (
            ("budget: {USD", "budget: {EUR"),
            (
                "line 11: automations[0].budget.EUR: with it the budgets on account 'paper' are 700.10 EUR, but it has"
                " no EUR: lower the budget, or write balances: {EUR: 700.10} under accounts.paper"
            ),
        ),
        (("    trading", "\ttrading"), "line 4, column 1: is not YAML: a tab cannot indent YAML: use spaces"),
        (
            ("use: replay,", "use: [replay,"),
            "line 3, column 46: is not YAML: did not find expected ',' or ']' while parsing a flow sequence",
        ),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_mistake_is_named_with_its_line_its_field_and_its_cure(change: tuple[str, str], message: str) -> None:
    text = ACCOUNTS + AUTOMATIONS
    assert change[0] in text
    assert refusal(text.replace(*change)) == f"run.yaml, {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "run.yaml: is empty: write accounts and automations, as docs/run-file.md shows"),
        ("- a\n", "run.yaml: is a list, not a mapping: begin with 'accounts:' or 'automations:'"),
        ("hello", "run.yaml: is text, not a mapping: begin with 'accounts:' or 'automations:'"),
        (ACCOUNTS, "run.yaml, line 1: automations: there are none: add at least one automation"),
        (b"name: \xff", "run.yaml: is not UTF-8 (byte 6): save it as UTF-8 text"),
        ("a: 1\nb: \x07", "run.yaml, line 2, column 4: is not YAML: a control character is not allowed: remove it"),
        (
            "a: 1\n---\nb: 1\n",
            "run.yaml, line 2, column 1: is not YAML: a second document starts here: put it into a file of its own",
        ),
        ("automations: 5", "run.yaml, line 1: automations: must be a list (lines that begin with '- '), not 5"),
        (
            "a: 1\nb: 2",
            (
                "run.yaml, line 1: a: there is no field 'a': there are accounts, automations"
                " (1 more to fix after this one)"
            ),
        ),
        ("? [a]\n: b\n", "run.yaml, line 1, column 3: is not YAML: has a key that is not text: write 'name: value'"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_file_that_is_no_run_file_is_refused(text: str | bytes, message: str) -> None:
    assert refusal(text) == message


def test_a_file_that_cannot_be_read_is_refused(folder: Path) -> None:
    for path, message in {
        "none.yaml": "none.yaml: there is no such file: check the path",
        ".": ".: is a folder: name a YAML file in it",
    }.items():
        with pytest.raises(InvalidRunFile) as caught:
            load_run_files([path])
        assert str(caught.value) == message
    with pytest.raises(InvalidRunFile, match="no run file was given"):
        load_run_files([])


@pytest.mark.parametrize("bracket", ["[", "{a: "])
def test_deep_nesting_ends_in_a_sentence(bracket: str) -> None:
    with pytest.raises(YamlProblem, match="nested more than 50 levels deep"):
        read_yaml(f"a: {bracket * 5_000}")


def test_aliases_cannot_grow_without_end() -> None:
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
    )
    with pytest.raises(YamlProblem, match="aliases repeat more than 100000 values"):
        read_yaml(text)
    with pytest.raises(YamlProblem, match="names no value above it"):
        read_yaml("a: &a [*a]")


@given(st.text(max_size=200))
def test_no_text_ends_in_a_traceback(text: str) -> None:
    with contextlib.suppress(YamlProblem):
        read_yaml(text)


def test_several_files_are_one(folder: Path) -> None:
    (folder / "accounts.yaml").write_text(ACCOUNTS)
    (folder / "a.yaml").write_text(AUTOMATIONS)
    (folder / "b.yaml").write_text(
        ACCOUNTS + AUTOMATIONS.replace("name: dca", "name: other").replace("700.10", "299.90")
    )
    found = load_run_files(["accounts.yaml", "a.yaml", "b.yaml"])
    assert list(found.accounts) == ["paper"]
    assert [automation.name for automation in found.automations] == ["dca", "other"]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (
            AUTOMATIONS,
            (
                "b.yaml, line 2: automations[0].name: 'dca' is already the name of automations[0]"
                " in a.yaml: choose another"
            ),
        ),
        (
            AUTOMATIONS.replace("name: dca", "name: other"),
            (
                "b.yaml, line 5: automations[0].budget.USD: with it the budgets on account 'paper' are 1400.20 USD,"
                " but it has 1000 USD: lower the budget, or write balances: {USD: 1400.20} under accounts.paper"
            ),
        ),
        (
            ACCOUNTS.replace("1000", "2000"),
            "b.yaml, line 2: accounts.paper: a.yaml has another account of this name: make them equal, or rename one",
        ),
    ],
)
def test_files_that_contradict_each_other_are_refused(folder: Path, second: str, message: str) -> None:
    (folder / "a.yaml").write_text(ACCOUNTS + AUTOMATIONS)
    (folder / "b.yaml").write_text(second)
    with pytest.raises(InvalidRunFile) as caught:
        load_run_files(["a.yaml", "b.yaml"])
    assert str(caught.value) == message


def test_signals_are_beside_the_run_file_that_names_them(folder: Path) -> None:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (folder / "a.yaml").write_text(f"{ACCOUNTS}{AUTOMATIONS}    signals: ../past.jsonl\n")
    absolute = AUTOMATIONS.replace("name: dca", "name: other").replace("700.10", "1")
    (elsewhere / "b.yaml").write_text(f"{absolute}    signals: {folder}/c.jsonl\n")
    relative = AUTOMATIONS.replace("name: dca", "name: third").replace("700.10", "1")
    (elsewhere / "c.yaml").write_text(f"{relative}    signals: past/signals.jsonl\n")
    found = load_run_files(["a.yaml", "elsewhere/b.yaml", elsewhere / "c.yaml"])
    assert [automation.signals for automation in found.automations] == [
        "../past.jsonl",
        f"{folder}/c.jsonl",
        f"{elsewhere}/past/signals.jsonl",
    ]


def test_a_run_file_made_in_python_is_checked_too() -> None:
    with pytest.raises(ValidationError, match=r"automations\[0\].account: there is no account 'x'"):
        RunFile.model_validate({"automations": [{"name": "a", "type": "dca", "account": "x"}]})


def test_the_published_schema_is_the_models_own() -> None:
    published = json.loads((ROOT / "docs/run-file.schema.json").read_text())
    assert published == json_schema(), "run: make reference"


def test_every_field_is_described() -> None:
    schema = json_schema()
    for model in (schema, *schema["$defs"].values()):
        for name, field in model["properties"].items():
            assert field.get("description"), f"{model['title']}.{name}"


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("5m", 300), ("1h30m", 5400), ("1.5s", 1.5), ("250ms", 0.25), ("1w", 604_800)]
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "-5s", "5 s", "0s", "5y", "999999999w"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write a number|give"):
        parse_duration(text)
