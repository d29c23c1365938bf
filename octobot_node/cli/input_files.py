"""Read what a command is given: run files, configs, single fields, messages."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from octobot_node.errors import InvalidRunFile, UsageError
from octobot_node.run_files.exact_yaml import YamlProblem, read_yaml
from octobot_node.text.durations import parse_duration
from octobot_node.text.exact_json import decode
from octobot_node.text.from_outside import read_text, without_mark
from octobot_node.text.masking import is_secret_name

__all__ = [
    "add_secrets",
    "config_of",
    "connector_settings",
    "field_changes",
    "fields",
    "message",
    "moment",
    "one_secret",
    "run_file_texts",
    "seconds",
    "secrets_of",
]

#: What else than FIELD=VALUE an option takes, and such a pair.
_PAIRS = {
    **dict.fromkeys(("--budget", "--add", "--take", "--to"), ("ASSET=AMOUNT", "USD=50")),
    "--balance": ("ASSET=AMOUNT", "USD=50"),
    "--limit-set": ("NAME=VALUE", "max_open_orders=5"),
}


def run_file_texts(files: Sequence[Path]) -> list[dict[str, str]]:
    """Return run files as the operation takes them: name and text."""
    return [{"name": str(path), "text": _text(path)} for path in files]


def config_of(file: Path | None, automation: str) -> dict[str, Any] | None:
    """Return the config in a file: the whole file, or, of a run file, that of the automation called so."""
    if file is None:
        return None
    try:
        found = read_yaml(_text(file)).value
    except YamlProblem as error:
        raise InvalidRunFile(f"{file}, line {error.line}, column {error.column}: is not YAML: {error}") from None
    if isinstance(found, dict) and isinstance(found.get("automations"), list):
        specs = [spec for spec in found["automations"] if isinstance(spec, dict) and spec.get("name") == automation]
        if len(specs) != 1:
            raise UsageError(f"{file}: it is a run file and has no automation {automation!r}: name one that it has")
        found = specs[0].get("config", {})
    if not isinstance(found, dict):
        raise UsageError(f"{file}: a config is a mapping ('name: value' lines), as under `config` in a run file")
    return found


def field_changes(pairs: Sequence[str]) -> dict[str, Any]:
    """Return FIELD=VALUE pairs as {field: value}; values are read as YAML, so 50 is a number and "null" none."""
    return fields(pairs, "--set")


def config_fields(pairs: Sequence[str]) -> dict[str, Any]:
    """Return FIELD=VALUE pairs as a config, whose sections are before the dots of a field's name."""
    config: dict[str, Any] = {}
    for name, value in field_changes(pairs).items():
        *sections, field = name.split(".")
        inside = config
        for section in sections:
            inside = inside.setdefault(section, {})
            if not isinstance(inside, dict):
                raise UsageError(f"--set {name}: {section} is given as a value, too: give one of them")
        inside[field] = value
    return config


def fields(pairs: Sequence[str], option: str) -> dict[str, Any]:
    """Return the pairs that an option was given, as ``field_changes`` does."""
    found: dict[str, Any] = {}
    for pair in pairs:
        field, equals, value = pair.partition("=")
        if not (field and equals):
            what, example = _PAIRS.get(option, ("FIELD=VALUE", "amount=50"))
            raise UsageError(f"{option} {pair!r} is not {what}: write {option} {example}")
        if field in found:
            raise UsageError(f"{option} names {field} twice: give one value for it")
        try:
            found[field] = read_yaml(value).value
        except YamlProblem as error:
            raise UsageError(f"{option} {field}: the value cannot be read ({error}): put it in quotes") from None
    return found


def connector_settings(pairs: Sequence[str], **connectors: str) -> dict[str, dict[str, Any]]:
    """Return each connector with its settings, which are given as CONNECTOR.FIELD=VALUE pairs."""
    found: dict[str, dict[str, Any]] = {half: {"use": name} for half, name in connectors.items()}
    for path, value in fields(pairs, "--set").items():
        half, _, field = path.partition(".")
        if half not in found or not field:
            raise UsageError(f"--set {path}: write it as {' or '.join(f'{each}.FIELD' for each in found)}")
        if is_secret_name(field) and isinstance(value, str) and value:
            raise UsageError(
                f"--set {path}: a secret on a command line is seen by everybody on this machine: give it with --secrets"
                f" FILE, or keep it first (`octobot-node secrets set NAME`) and write --set '{path}={{secret: NAME}}'"
            )
        found[half][field] = value
    return found


def add_secrets(connectors: dict[str, dict[str, Any]], file: Path | None) -> None:
    """Add the secrets of a file, or of stdin, to the settings of connectors; each is called CONNECTOR.FIELD."""
    for path, value in (secrets_of(file, ()) if file is not None else {}).items():
        half, _, field = str(path).partition(".")
        if half not in connectors or not field:
            raise UsageError(f"--secrets: write each as {' or '.join(f'{each}.FIELD: secret' for each in connectors)}")
        connectors[half][field] = value


def secrets_of(file: Path | None, names: Sequence[str]) -> dict[str, Any]:
    """Return secrets by name out of a file, or of whoever sits at the terminal; never from the command line itself."""
    if file is not None:
        text = without_mark(sys.stdin.read()) if str(file) == "-" else _text(file)
        try:
            found = read_yaml(text).value
        except YamlProblem as error:
            # Not what is there: it is secret.
            raise UsageError(
                f"--file {file}, line {error.line}: is neither YAML nor JSON: write 'name: secret'"
            ) from None
        if not isinstance(found, dict):
            raise UsageError(f"--file {file}: is no mapping: write a line 'name: secret' for each")
        return found
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask for the keys: give --file, or --file - for stdin")
    if not names:
        raise UsageError("the account has no secrets that its trading connector knows: there is nothing to replace")
    from getpass import getpass

    given = {name: getpass(f"{name}: ") for name in names}
    return {name: secret for name, secret in given.items() if secret}


def one_secret(file: Path | None, name: str) -> str:
    """Return a secret out of a file, or of whoever sits at the terminal; never from the command line itself.

    The line break at a file's end is not part of it.
    """
    if file is not None:
        text = without_mark(sys.stdin.read()) if str(file) == "-" else _text(file)
        return text.removesuffix("\n").removesuffix("\r")
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask for the secret: give --file, or --file - for stdin")
    from getpass import getpass

    return getpass(f"{name}: ")


def message(text: str) -> Any:
    """Return a signal's payload, given as JSON or as ``-`` for stdin."""
    if text == "-":
        text = sys.stdin.read()
    try:
        return decode(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f'the message is not valid JSON ({error}): write it as \'{{"side": "buy"}}\', in quotes'
        ) from None


def moment(text: str | None, option: str) -> str | None:
    """Return a moment with its time zone as an operation takes it; a date is its first moment, UTC."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text!r} is no moment: write 2022-01-10, or 2022-01-10T12:00:00Z") from None
    if found.tzinfo is None and len(text) > len("2022-01-10"):
        raise UsageError(f"{option} {text!r} has no time zone: write {option} {found.isoformat()}Z for UTC")
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()


def seconds(duration: str | None, option: str) -> float | None:
    """Return a duration such as 5m in seconds."""
    if duration is None:
        return None
    try:
        return parse_duration(duration).total_seconds()
    except ValueError as error:
        raise UsageError(f"{option} {error}") from None


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except UnicodeDecodeError as error:
        raise InvalidRunFile(f"{path}: is not UTF-8 (byte {error.start}): save it as UTF-8 text") from None
    except OSError as error:
        raise InvalidRunFile(f"{path}: cannot be read ({error.strerror}): check the path and its permissions") from None
