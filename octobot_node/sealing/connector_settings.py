"""An account's settings: which of them are secret, how they are kept, and what its connectors are given."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, SecretStr

from octobot_node.sealing.named import is_reference
from octobot_node.sealing.sealing import Sealing, is_sealed
from octobot_node.text.masking import MASK, is_secret_name

__all__ = [
    "half_place",
    "opened",
    "resolved",
    "sealed",
    "secret_settings",
    "secret_texts",
    "with_stand_ins",
    "without_secrets",
]

Settings = Mapping[str, Any]
#: What says that there is no secret.
_NOTHING = (None, "", False, True)
_LEFT_OUT: Any = object()
#: Characters of a secret that is looked for in texts.
_LEAST = 4


def secret_settings(model: type[BaseModel] | None, given: Settings) -> list[str]:
    """Return which of a connector's settings are secret: by their type, by their name, or because nobody knows them.

    ``model`` is the connector's settings model, None where no plugin has the connector.
    """
    return sorted(name for name in given if model is None or _is_secret(model, name))


def half_place(account_id: str, half: str) -> str:
    """Return where the secrets of an account's ``trading`` or ``market_data`` are."""
    return f"account/{account_id}/{half}"


def sealed(sealing: Sealing, owner: str, place: str, model: type[BaseModel] | None, given: Settings) -> dict[str, Any]:
    """Return settings as they are kept: what is secret is sealed, and what points to a secret stays as it is."""

    def keep(value: Any, path: str) -> Any:
        # As JSON, which the column is, too: a number comes back as one.
        return sealing.seal(owner, f"{place}/{path}", json.dumps(value))

    return _walked(given, model, keep, top=True)


def opened(sealing: Sealing, owner: str, place: str, kept: Settings, *, used: bool = True) -> dict[str, Any]:
    """Return settings as a connector is given them; raise SecretsLocked, or SecretUnknown for what points nowhere.

    Not ``used``: they are compared or checked, which is not counted.
    """

    def open_(value: Any, path: str) -> Any:
        if is_sealed(value):
            return json.loads(sealing.look(value, owner, f"{place}/{path}"))
        return sealing.named(owner, value, used=used) if is_reference(value) else value

    found = _each(kept, open_)
    if used and found != kept:
        sealing.uses.note(owner, place)
    return found


def resolved(sealing: Sealing, owner: str, given: Settings) -> dict[str, Any]:
    """Return settings that are not kept yet with the secrets that they point to; raise SecretUnknown, SecretsLocked."""
    return _each(given, lambda value, _path: sealing.named(owner, value, used=False) if is_reference(value) else value)


def with_stand_ins(given: Settings) -> dict[str, Any]:
    """Return settings with some text for what points to a secret, so that the rest of them can be validated."""
    return _each(given, lambda value, _path: MASK if is_reference(value) else value)


def _each(settings: Settings, change: Callable[[Any, str], Any]) -> dict[str, Any]:
    """Return settings with ``change(value, its path)`` for each that is none of others, or points to a secret."""

    def walk(value: Any, path: str) -> Any:
        if isinstance(value, Mapping) and not is_reference(value):
            return {name: walk(item, f"{path}.{name}") for name, item in value.items()}
        if isinstance(value, list):
            return [walk(item, f"{path}.{at}") for at, item in enumerate(value)]
        return change(value, path)

    return {name: walk(value, name) for name, value in settings.items()}


def without_secrets(model: type[BaseModel] | None, kept: Settings) -> tuple[dict[str, Any], list[str]]:
    """Return settings without what is secret of them, and the places of that; what points to a secret is told."""
    left_out: list[str] = []

    def leave_out(_value: Any, path: str) -> Any:
        left_out.append(path)
        return _LEFT_OUT

    told = _pruned(_walked(kept, model, leave_out, top=True))
    # Also an empty one is not told: that there is none is somebody's secret, too.
    empty = [name for name in secret_settings(model, told) if not is_reference(told[name])]
    for name in empty:
        del told[name]
    return told, sorted([*left_out, *empty])


def secret_texts(model: type[BaseModel] | None, settings: Settings) -> list[str]:
    """Return the secrets of settings as they are, so that no text repeats one; none that is too short to be told from
    other text.
    """
    found: list[str] = []

    def take(value: Any, _path: str) -> Any:
        found.extend(_texts(value))
        return value

    _walked(settings, model, take, top=True)
    return sorted({text for text in found if len(text) >= _LEAST})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    else:
        yield str(value)


def _pruned(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _pruned(item) for name, item in value.items() if item is not _LEFT_OUT}
    return [_pruned(item) for item in value if item is not _LEFT_OUT] if isinstance(value, list) else value


def _walked(
    given: Settings,
    model: type[BaseModel] | None,
    keep: Callable[[Any, str], Any],
    *,
    top: bool = False,
    path: str = "",
) -> dict[str, Any]:
    """Return settings with ``keep(value, its path)`` in the place of each secret."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        here = f"{path}.{name}" if path else name
        # Of settings inside others nobody may know the model: what they are called is all that there is to go by.
        secret = (top and model is None) or (is_secret_name(name) if model is None else _is_secret(model, name))
        if is_reference(value) or (value in _NOTHING and not isinstance(value, int | float)):
            found[name] = value
        elif is_sealed(value) or (secret and value not in _NOTHING):
            # What only looks sealed is somebody's text: it must come back as it was given.
            found[name] = keep(value, here)
        elif isinstance(value, Mapping):
            found[name] = _walked(value, _inner(model, name), keep, path=here)
        elif isinstance(value, list):
            found[name] = [
                _walked(item, _inner(model, name), keep, path=f"{here}.{at}")
                if isinstance(item, Mapping) and not is_reference(item)
                else keep(item, f"{here}.{at}") if is_sealed(item) else item
                for at, item in enumerate(value)
            ]  # fmt: skip
        else:
            found[name] = value
    return found


def _is_secret(model: type[BaseModel], name: str) -> bool:
    field = model.model_fields.get(name)
    return is_secret_name(name) or field is None or _has_secret_type(field.annotation)


def _has_secret_type(annotation: Any) -> bool:
    # Those inside a model of its own are found where that is walked through.
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return False
    parts = get_args(annotation)
    return any(map(_has_secret_type, parts)) if parts else "Secret" in repr(annotation)


def _inner(model: type[BaseModel] | None, name: str) -> type[BaseModel] | None:
    field = None if model is None else model.model_fields.get(name)
    return None if field is None else next(_models(field.annotation), None)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
