"""The run file: accounts and automations, in YAML; docs/run-file.md is its manual.

``load_run_files`` reads one or several files and raises InvalidRunFile with the file, line, field and cure of the
first problem.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import ErrorDetails

from octobot_node.durations import DURATION_PATTERN, parse_duration
from octobot_node.errors import InvalidRunFile
from octobot_node.limits import Limits
from octobot_node.runs import exact_yaml
from octobot_node.runs.exact_yaml import Document, YamlProblem

__all__ = [
    "AccountSpec",
    "Amount",
    "Asset",
    "AutomationSpec",
    "ConnectorSpec",
    "LimitsSpec",
    "Name",
    "RunFile",
    "first_mistake",
    "json_schema",
    "load_run_files",
    "nearest",
    "parse_run_file",
    "read_run_files",
]


def _sane(amount: Decimal) -> Decimal:
    if abs(amount.adjusted()) > 60 or len(amount.as_tuple().digits) > 60:
        raise ValueError("has more digits than any market: use at most 60")
    return amount


def _plain(amount: Decimal) -> str:
    return format(amount, "f")


def _to_duration(value: Any) -> Any:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        value = f"{Decimal(value):f}s"
    # Dumped as JSON a duration is ISO 8601 ("PT30S"), which pydantic reads back itself.
    return parse_duration(value) if isinstance(value, str) and not value.startswith("P") else value


Amount = Annotated[
    Decimal,
    Field(gt=0, allow_inf_nan=False),
    AfterValidator(_sane),
    PlainSerializer(_plain, return_type=str, when_used="json"),
]
Duration = Annotated[
    timedelta,
    BeforeValidator(_to_duration),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": DURATION_PATTERN, "examples": ["30s", "5m"]},
                {"type": "number", "exclusiveMinimum": 0, "description": "Seconds."},
            ]
        }
    ),
]
_ASSET = r"^[A-Za-z0-9._-]{1,16}$"
_NAME = r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
Asset = Annotated[str, Field(pattern=_ASSET)]
Name = Annotated[str, Field(max_length=128, pattern=_NAME)]


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LimitsSpec(Limits):
    """Limits, with the duration written as people write it."""

    max_data_age: Duration | None = Field(
        default=None,
        gt=timedelta(0),
        description="An order decided on older market data than this is not sent; such as 30s or 5m, or seconds.",
    )


class ConnectorSpec(BaseModel):
    """A connector by name; every further key is one of that connector's own settings."""

    model_config = ConfigDict(extra="allow", frozen=True)

    use: str = Field(min_length=1, max_length=64, description="The connector's name, as its plugin registers it.")

    @property
    def settings(self) -> Mapping[str, Any]:
        """Return the connector's own settings, not validated yet; numbers that are not whole are Decimal."""
        return self.model_extra or {}


class AccountSpec(_Spec):
    """Where prices come from and where orders go."""

    market_data: ConnectorSpec = Field(description="The source of prices.")
    trading: ConnectorSpec = Field(description="Where orders go.")
    balances: dict[Asset, Amount] = Field(
        default_factory=dict,
        description="The paper account's money, by asset. The budgets of the account's automations may not exceed it.",
    )
    limits: LimitsSpec = Field(default=LimitsSpec(), description="Limits on all the account's automations together.")


class AutomationSpec(_Spec):
    """One configured automation."""

    name: Name = Field(description="What to call it; no two automations share a name.")
    type: str = Field(
        min_length=1,
        max_length=128,
        description="The automation type: its name, or package.name where two packages have one of that name.",
    )
    account: str = Field(description="The account it trades on, by its name under `accounts`.")
    budget: dict[Asset, Amount] = Field(
        default_factory=dict, description="The money it may use, by asset; it never touches more."
    )
    limits: LimitsSpec = Field(default=LimitsSpec(), description="Limits on this automation alone.")
    config: dict[str, Any] = Field(default_factory=dict, description="What the automation type asks for.")
    signals: str | None = Field(
        default=None,
        min_length=1,
        description="Of a replay: a file of signals that arrive in its inbox, a JSON object with `at` and `payload` a"
        " line; a relative path is relative to the run file.",
    )


class RunFile(_Spec):
    """Accounts, and the automations that trade on them; several files add up to one."""

    accounts: dict[Name, AccountSpec] = Field(default_factory=dict, description="Accounts by name.")
    automations: list[AutomationSpec] = Field(default_factory=list, description="What to run; at least one.")
    _origins: _Origins | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _coherent(self) -> RunFile:
        for problem in _problems(self):
            raise ValueError(f"{_dotted(problem.path)}: {problem.text}")
        return self

    def mistake(self, path: exact_yaml.Path, text: str) -> InvalidRunFile:
        """Return the error to raise for what is wrong at ``path``; with file and line if it was read from files."""
        if self._origins is None:
            return _invalid(path, text)
        return self._origins.invalid(_Problem(path, text))


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a run file, which docs/run-file.schema.json publishes."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **RunFile.model_json_schema()}


def load_run_files(paths: Sequence[str | Path]) -> RunFile:
    """Read the files and return them as one.

    Accounts that several files repeat must be equal; a relative path of signals is relative to the file that names it.
    Raises InvalidRunFile, in one sentence, for the first problem.
    """
    return _one([_beside_itself(_read(Path(path), _text(Path(path)))) for path in paths], {})


def read_run_files(texts: Sequence[tuple[str, str]], accounts: Mapping[str, AccountSpec]) -> RunFile:
    """Return run files given as (name, text) as one, as ``load_run_files`` does with files.

    ``accounts`` are those that exist already: the files may name them without writing them out.
    """
    return _one([_read(Path(name), text) for name, text in texts], accounts)


def parse_run_file(content: Mapping[str, Any], accounts: Mapping[str, AccountSpec]) -> RunFile:
    """Return a run file given as JSON; ``accounts`` as for ``read_run_files``. Raises InvalidRunFile."""
    try:
        parts = _Parts.model_validate(dict(content))
    except ValidationError as error:
        place, text = first_mistake(error, _Parts)
        raise _invalid(place, text) from None
    merged = _Parts.model_construct(accounts={**accounts, **parts.accounts}, automations=parts.automations)
    for problem in _problems(merged):
        raise _invalid(problem.path, problem.text)
    return RunFile(accounts=merged.accounts, automations=merged.automations)


def _invalid(path: exact_yaml.Path, text: str) -> InvalidRunFile:
    return InvalidRunFile(f"{_dotted(path)}: {text}", field=".".join(str(part) for part in path), reason=text)


def _one(sources: Sequence[_Source], accounts: Mapping[str, AccountSpec]) -> RunFile:
    if not sources:
        raise InvalidRunFile("no run file was given: name at least one YAML file")
    written, origins = _merge(sources)
    merged = _Parts.model_construct(accounts={**accounts, **written.accounts}, automations=written.automations)
    for problem in _problems(merged, origins.place):
        raise origins.invalid(problem)
    found = RunFile(accounts=merged.accounts, automations=merged.automations)
    found._origins = origins  # noqa: SLF001 - our own; pydantic takes private attributes only afterwards
    return found


def first_mistake(error: ValidationError, model: type[BaseModel]) -> tuple[exact_yaml.Path, str]:
    """Return where the first problem of ``error`` is, as a path inside ``model``, and what to do about it."""
    # A misspelt field is also a missing one: say the former.
    first, *rest = sorted(error.errors(include_url=False), key=lambda each: each["type"] != "extra_forbidden")
    more = f" ({len(rest)} more to fix after this one)" if rest else ""
    return _path(first), f"{_explain(first, model)}{more}"


def nearest(name: str, known: Sequence[str]) -> str:
    """Return the cure for a ``name`` that is none of the ``known``."""
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there are {', '.join(known)}" if known else "remove it"


# What is wrong beyond a single field ------------------------------------------------------------------------------


class _Parts(_Spec):
    """A run file's fields, not yet checked against each other."""

    accounts: dict[Name, AccountSpec] = Field(default_factory=dict)
    automations: list[AutomationSpec] = Field(default_factory=list)


class _Problem(NamedTuple):
    path: exact_yaml.Path
    text: str


def _place_in_one(index: int) -> str:
    return f"automations[{index}]"


def _problems(found: RunFile | _Parts, place: Callable[[int], str] = _place_in_one) -> Iterator[_Problem]:
    if not found.automations:
        yield _Problem(("automations",), "there are none: add at least one automation")
    yield from _repeated_names(found.automations, place)
    yield from _unknown_accounts(found)
    yield from _overdrawn(found)


def _repeated_names(automations: Sequence[AutomationSpec], place: Callable[[int], str]) -> Iterator[_Problem]:
    first: dict[str, int] = {}
    for index, automation in enumerate(automations):
        if automation.name in first:
            text = f"{automation.name!r} is already the name of {place(first[automation.name])}: choose another"
            yield _Problem(("automations", index, "name"), text)
        first.setdefault(automation.name, index)


def _unknown_accounts(found: RunFile | _Parts) -> Iterator[_Problem]:
    for index, automation in enumerate(found.automations):
        if automation.account not in found.accounts:
            cure = nearest(automation.account, list(found.accounts)) if found.accounts else "add it under accounts"
            yield _Problem(("automations", index, "account"), f"there is no account {automation.account!r}: {cure}")


def _overdrawn(found: RunFile | _Parts) -> Iterator[_Problem]:
    given: dict[tuple[str, str], Decimal] = {}
    for index, automation in enumerate(found.automations):
        account = found.accounts.get(automation.account)
        if account is None or not account.balances:
            continue
        for asset, wanted in automation.budget.items():
            has = account.balances.get(asset, Decimal(0))
            before = given.get((automation.account, asset), Decimal(0))
            given[automation.account, asset] = before + wanted
            if before + wanted > has:
                text = _overdraft(automation, asset, has, before)
                yield _Problem(("automations", index, "budget", asset), text)


def _overdraft(automation: AutomationSpec, asset: str, has: Decimal, before: Decimal) -> str:
    others = f", of which other automations take {before:f}" if before else ""
    return (
        f"{automation.name!r} is given {automation.budget[asset]:f} {asset}, but account {automation.account!r} holds"
        f" {has:f} {asset}{others}: lower the budget, or raise accounts.{automation.account}.balances.{asset}"
    )


# Files ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    document: Document
    parts: _Parts

    def invalid(self, problem: _Problem) -> InvalidRunFile:
        where = f"{_dotted(problem.path)}: " if problem.path else ""
        return InvalidRunFile(f"{self.path}, line {self.document.line(problem.path)}: {where}{problem.text}")


@dataclass(frozen=True, slots=True)
class _Origins:
    """Where each account and automation of the merged file was written."""

    first: _Source
    accounts: Mapping[str, _Source]
    automations: Sequence[tuple[_Source, int]]

    def invalid(self, problem: _Problem) -> InvalidRunFile:
        match problem.path:
            case ("accounts", str(name), *_) if name in self.accounts:
                return self.accounts[name].invalid(problem)
            case ("automations", int(index), *rest):
                source, local = self.automations[index]
                return source.invalid(_Problem(("automations", local, *rest), problem.text))
        return self.first.invalid(problem)

    def place(self, index: int) -> str:
        """Return how a person finds the automation that came at ``index`` of all."""
        source, local = self.automations[index]
        return f"automations[{local}] in {source.path}"


def _merge(sources: Sequence[_Source]) -> tuple[_Parts, _Origins]:
    accounts: dict[str, tuple[AccountSpec, _Source]] = {}
    automations: list[tuple[_Source, int]] = []
    for source in sources:
        for name, account in source.parts.accounts.items():
            known, where = accounts.setdefault(name, (account, source))
            if known != account:
                text = f"{where.path} has another account of this name: make them equal, or rename one"
                raise source.invalid(_Problem(("accounts", name), text))
        automations += [(source, index) for index in range(len(source.parts.automations))]
    merged = _Parts.model_construct(
        accounts={name: account for name, (account, _) in accounts.items()},
        automations=[source.parts.automations[index] for source, index in automations],
    )
    return merged, _Origins(sources[0], {name: source for name, (_, source) in accounts.items()}, automations)


def _read(path: Path, text: str) -> _Source:
    document = _parse(path, text)
    if document.value is None:
        raise InvalidRunFile(f"{path}: is empty: write accounts and automations, as docs/run-file.md shows")
    if not isinstance(document.value, dict):
        kind = _KINDS.get(type(document.value), "text")
        raise InvalidRunFile(f"{path}: is {kind}, not a mapping: begin with 'accounts:' or 'automations:'")
    try:
        return _Source(path, document, _Parts.model_validate(document.value))
    except ValidationError as error:
        place, text = first_mistake(error, _Parts)
        raise InvalidRunFile(f"{path}, line {document.line(place)}: {_dotted(place)}: {text}") from None


def _beside_itself(source: _Source) -> _Source:
    folder = source.path.parent
    found = [
        each if each.signals is None else each.model_copy(update={"signals": str(folder / each.signals)})
        for each in source.parts.automations
    ]
    return replace(source, parts=source.parts.model_copy(update={"automations": found}))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InvalidRunFile(f"{path}: there is no such file: check the path") from None
    except IsADirectoryError:
        raise InvalidRunFile(f"{path}: is a folder: name a YAML file in it") from None
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise InvalidRunFile(f"{path}: is not UTF-8 (byte {error.start}): save it as UTF-8 text") from None
        reason = error.strerror if isinstance(error, OSError) else error
        raise InvalidRunFile(f"{path}: cannot be read ({reason}): check the path and its permissions") from None


def _parse(path: Path, text: str) -> Document:
    try:
        return exact_yaml.read_yaml(text)
    except YamlProblem as error:
        if error.path:
            raise InvalidRunFile(f"{path}, line {error.line}: {_dotted(error.path)}: {error}") from None
        raise InvalidRunFile(f"{path}, line {error.line}, column {error.column}: is not YAML: {error}") from None


# Words ------------------------------------------------------------------------------------------------------------

_KINDS: Mapping[type, str] = {
    bool: "true or false",
    dict: "a mapping",
    list: "a list",
    int: "a number",
    Decimal: "a number",
    type(None): "empty",
}

_WANTED = {
    "dict_type": "a mapping ('name: value' lines)",
    "model_type": "a mapping ('name: value' lines)",
    "list_type": "a list (lines that begin with '- ')",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "finite_number": "a finite number",
    "time_delta_type": "a duration such as '30s' or '5m'",
}


def _path(error: ErrorDetails) -> exact_yaml.Path:
    # pydantic marks a mistake in a mapping's key so; its place is the key's own.
    return tuple(part for part in error["loc"] if part != "[key]")


def _explain(error: ErrorDetails, model: type[BaseModel]) -> str:
    given = error["input"]
    match error["type"]:
        case "missing":
            return "is missing: add it"
        case "extra_forbidden":
            name = str(error["loc"][-1])
            return f"there is no field {name!r}: {nearest(name, _fields_at(model, _path(error)[:-1]))}"
        case "value_error":
            return str(error["ctx"]["error"])
        case "greater_than" | "greater_than_equal" | "less_than_equal":
            return f"{error['msg'].replace('Input should', 'must')}, not {given}"
        case "string_type":
            quotes = ": put it in quotes" if isinstance(given, int | Decimal) else ""
            return f"must be text, not {_shown(given)}{quotes}"
        case "string_pattern_mismatch" | "string_too_long" | "string_too_short":
            return _bad_text(error)
    if error["type"] in _WANTED:
        return f"must be {_WANTED[error['type']]}, not {_shown(given)}"
    return f"{error['msg'].replace('Input should', 'must')}, not {_shown(given)}"


def _bad_text(error: ErrorDetails) -> str:
    if error["type"] != "string_pattern_mismatch":
        return f"{error['msg'].replace('String should', 'must')}, not {_shown(error['input'])}"
    given, pattern = _shown(error["input"]), error["ctx"]["pattern"]
    if pattern == _ASSET:
        return f"{given} is no asset: use up to 16 letters and digits, such as USD"
    if pattern == _NAME:
        return f"{given} is no name: use printable characters, with no space at either end"
    # How connectors and automation types spell it is theirs.
    if "]+/[" in pattern:
        return f"{given} is no symbol: write BASE/QUOTE, such as BTC/USD"
    return f"must match {pattern}, not {given}"


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else f"{value[:37]}...")
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return _KINDS.get(type(value), type(value).__name__)


def _fields_at(model: type[BaseModel], place: exact_yaml.Path) -> list[str]:
    """Return the fields of the model at ``place`` inside ``model``, none where there is no model."""
    kind: Any = model
    for part in place:
        kind = _inside(_bare(kind), part)
    kind = _bare(kind)
    return list(kind.model_fields) if _is_model(kind) else []


def _inside(kind: Any, part: str | int) -> Any:
    if _is_model(kind):
        field = kind.model_fields.get(part)
        return None if field is None else field.annotation
    # The values of a mapping, the items of a list.
    return next(reversed(get_args(kind)), None)


def _bare(kind: Any) -> Any:
    while get_origin(kind) in {Annotated, Union, UnionType}:
        kind = next((option for option in get_args(kind) if option is not NoneType), None)
    return kind


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _dotted(path: exact_yaml.Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
