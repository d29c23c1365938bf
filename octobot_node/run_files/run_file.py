"""The run file: accounts and automations, in YAML; docs/run-file.md is its manual.

``load_run_files`` reads one or several files and raises InvalidRunFile with the file, line, field and cure of the
first problem.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from octobot_node.engine.ledger.budgets import overdrafts
from octobot_node.errors import InvalidRunFile
from octobot_node.run_files import exact_yaml
from octobot_node.run_files.exact_yaml import Document, YamlProblem
from octobot_node.specs import AccountSpec, AutomationSpec, Name, Spec
from octobot_node.text.from_outside import read_text
from octobot_node.text.validation_messages import KINDS, Place, dotted, first_mistake, nearest

__all__ = [
    "RunFile",
    "json_schema",
    "load_run_files",
    "read_run_files",
]


class RunFile(Spec):
    """Accounts, and the automations that trade on them; several files add up to one."""

    accounts: dict[Name, AccountSpec] = Field(default_factory=dict, description="Accounts by name.")
    automations: list[AutomationSpec] = Field(default_factory=list, description="What to run; at least one.")
    _origins: _Origins | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _coherent(self) -> RunFile:
        for problem in _problems(self):
            raise ValueError(f"{dotted(problem.path)}: {problem.text}")
        return self

    def mistake(self, path: Place, text: str) -> InvalidRunFile:
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


def _invalid(path: Place, text: str) -> InvalidRunFile:
    return InvalidRunFile(f"{dotted(path)}: {text}", field=".".join(str(part) for part in path), reason=text)


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


# What is wrong beyond a single field ------------------------------------------------------------------------------


class _Parts(Spec):
    """A run file's fields, not yet checked against each other."""

    accounts: dict[Name, AccountSpec] = Field(default_factory=dict)
    automations: list[AutomationSpec] = Field(default_factory=list)


class _Problem(NamedTuple):
    path: Place
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
    for name, account in found.accounts.items():
        if account.balances:
            yield from (_Problem(*each) for each in overdrafts(found.automations, name, account.balances, written=True))


# Files ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    document: Document
    parts: _Parts

    def invalid(self, problem: _Problem) -> InvalidRunFile:
        where = f"{dotted(problem.path)}: " if problem.path else ""
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
        kind = KINDS.get(type(document.value), "text")
        raise InvalidRunFile(f"{path}: is {kind}, not a mapping: begin with 'accounts:' or 'automations:'")
    try:
        return _Source(path, document, _Parts.model_validate(document.value))
    except ValidationError as error:
        place, text = first_mistake(error, _Parts)
        raise InvalidRunFile(f"{path}, line {document.line(place)}: {dotted(place)}: {text}") from None


def _beside_itself(source: _Source) -> _Source:
    folder = source.path.parent
    found = [
        each if each.signals is None else each.model_copy(update={"signals": str(folder / each.signals)})
        for each in source.parts.automations
    ]
    return replace(source, parts=source.parts.model_copy(update={"automations": found}))


def _text(path: Path) -> str:
    try:
        return read_text(path)
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
            raise InvalidRunFile(f"{path}, line {error.line}: {dotted(error.path)}: {error}") from None
        raise InvalidRunFile(f"{path}, line {error.line}, column {error.column}: is not YAML: {error}") from None
