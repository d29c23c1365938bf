"""Where settings come from: arguments, then the environment, then ``octobot-node.toml``, then the defaults."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, cast, get_origin

import sqlalchemy as sa
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from octobot_node.contracts.plugin_settings import PluginSettings
from octobot_node.errors import InvalidSettings
from octobot_node.settings import LINK, Environment, Settings
from octobot_node.text.from_outside import HALF, has_half, read_text
from octobot_node.text.validation_messages import told
from octobot_node.trust import foreign

__all__ = ["Configuration", "SettingRow", "refuse_readable_by_others"]

_FILE = "octobot-node.toml"
_MASK = "**********"
#: Of a mode: others may do anything, or the group may write.
_OTHERS_AND_WRITING = 0o027
#: Where Docker and Kubernetes put secrets.
_SECRET_MOUNTS = ("/run/secrets", "/var/run/secrets")
#: How like another a section's name is that was meant to be it.
_MISSPELT = 0.85
#: Names that Docker and Kubernetes give every container, of the services beside it.
_SERVICE_LINK = re.compile(r".*(_SERVICE_HOST|_SERVICE_PORT(_\w+)?|_PORT_[0-9]+_(TCP|UDP|SCTP)(_\w+)?)")
#: Variables that are not settings of the node or of a plugin.
_OTHERS = frozenset({"OCTOBOT_CONFIG", "OCTOBOT_DEBUG"})


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting in force; ``value`` is text with secrets masked, ``origin`` says where it was given."""

    section: str
    name: str
    variable: str
    value: str
    origin: str
    description: str


@dataclass(frozen=True, slots=True)
class _File:
    path: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def table(self, section: str) -> Mapping[str, Any]:
        """Return a section's values; "" is what stands above every section."""
        if not section:
            return {key: value for key, value in self.values.items() if not isinstance(value, dict)}
        return cast("Mapping[str, Any]", self.values.get(section, {}))


@dataclass(frozen=True, slots=True)
class _Read:
    """One section as read: a valid model, and the origin of each field that was given."""

    model: BaseModel
    origins: Mapping[str, str]


class Configuration:
    """The node's settings and every plugin's, each value with where it came from."""

    def __init__(self, settings: Settings, file: _File | None = None, origins: Mapping[str, str] | None = None) -> None:
        self.settings = settings
        self._file = file or _File()
        #: Of the node's own settings; without any, whoever made them gave them all.
        self._origins = dict.fromkeys(Settings.model_fields, "argument") if origins is None else origins

    @classmethod
    def load(cls, *, data_dir: Path | None = None, config: Path | None = None, **given: Any) -> Configuration:
        """Read the settings; those ``given`` that are not None come before everything else.

        The file is ``config``, or what OCTOBOT_CONFIG names, or the first of ``./octobot-node.toml`` and
        ``~/.config/octobot-node/octobot-node.toml``. Raises InvalidSettings, naming the variable or the file's key.
        """
        file = _read_file(config)
        arguments = {name: value for name, value in {"data_dir": data_dir, **given}.items() if value is not None}
        read = _read(file, "", Settings, Environment(Settings), arguments)
        settings = cast("Settings", read.model)
        # No shell expands what comes from a file or the environment; and who changes the folder finds the same one.
        expanded = settings.model_copy(update={"data_dir": settings.data_dir.expanduser().absolute()})
        return cls(expanded, file, read.origins)

    @property
    def path(self) -> Path | None:
        """The file that was read, or None."""
        return self._file.path

    def plugin_settings(self, owned: PluginSettings) -> BaseModel:
        """Return a plugin's settings; raise InvalidSettings."""
        return self._read_plugin(owned).model

    def check(self, models: Sequence[PluginSettings]) -> list[str]:
        """Return, in words, the sections of the file that are left out, since no plugin that is loaded owns them.

        Raises InvalidSettings for one that is all but surely misspelt, and for a value that a plugin refuses: what an
        operator wanted limited must not go unlimited.
        """
        sections, unread = [owned.section for owned in models], self.unknown_sections(models)
        for name in unread:
            near = difflib.get_close_matches(name, sections, n=1, cutoff=_MISSPELT)
            if near:
                raise InvalidSettings(
                    f"{self._file.path}: [{name}] is not the section of any plugin: did you mean {near[0]!r}? If a"
                    " plugin has it that is not there, take it out"
                )
        for owned in models:
            self._read_plugin(owned)
        return [
            f"{self._file.path}: [{name}] is left out, since no plugin that is loaded has it: install its plugin, or"
            " take it out"
            for name in unread
        ]

    def unknown_sections(self, models: Sequence[PluginSettings]) -> list[str]:
        """Return the sections of the file that nothing reads: those of plugins that are not there, mostly."""
        sections = {owned.section for owned in models}
        return [name for name, value in self._file.values.items() if isinstance(value, dict) and name not in sections]

    def unknown_variables(self, models: Sequence[PluginSettings]) -> list[str]:
        """Return the OCTOBOT_* variables that nothing reads: misspelt ones, mostly."""
        known = {_variable("", name) for name in Settings.model_fields} | _OTHERS
        for owned in models:
            known |= {_variable(owned.section, name) for name in owned.model.model_fields}
        given = {
            name.upper()
            for name, value in os.environ.items()
            if name.upper().startswith("OCTOBOT_")
            and not (_SERVICE_LINK.fullmatch(name.upper()) or LINK.fullmatch(value))
        }
        return sorted(name for name in given - known if name.removesuffix("_FILE") not in known)

    def exposed_secrets(self, models: Sequence[PluginSettings]) -> list[Path]:
        """Return files of secrets that others can read, and nobody can make private: mounted into a container."""
        owned: list[tuple[str, type[BaseModel]]] = [("", Settings), *((each.section, each.model) for each in models)]
        named = (
            os.environ.get(f"{_variable(section, name)}_FILE", "").strip()
            for section, model in owned
            for name in model.model_fields
            if _is_secret(model, name)
        )
        return [path for path in (Path(each) for each in named if each) if path.stat().st_mode & _OTHERS_AND_WRITING]

    def rows(self, models: Sequence[PluginSettings]) -> list[SettingRow]:
        """Return every setting in force, the node's first; secrets are masked."""
        found = _rows("", self.settings, self._origins)
        for owned in models:
            read = self._read_plugin(owned)
            found += _rows(owned.section, read.model, read.origins)
        return found

    def _read_plugin(self, owned: PluginSettings) -> _Read:
        environment = Environment(_from_environment(owned.section, owned.model))
        return _read(self._file, owned.section, owned.model, environment, {})


def _read(
    file: _File, section: str, model: type[BaseModel], environment: Environment, arguments: Mapping[str, Any]
) -> _Read:
    in_file = dict(file.table(section))
    unknown = sorted(set(in_file) - set(model.model_fields))
    if unknown:
        place = f"[{section}] {unknown[0]}" if section else unknown[0]
        raise InvalidSettings(f"{file.path}: {place} is not a setting: {_nearest(unknown[0], model.model_fields)}")
    secrets = {name for name in model.model_fields if _is_secret(model, name)}
    if file.path is not None and (secrets & set(in_file) or _has_password(in_file.get("database_url"))):
        refuse_readable_by_others(file.path, "it holds a secret")
    from_files = _secret_files(section, model, secrets)
    given = {**environment.read(), **from_files}
    origins = dict.fromkeys(in_file, str(file.path))
    origins |= {name: _variable(section, name) for name in given}
    origins |= {name: f"{_variable(section, name)}_FILE" for name in from_files} | dict.fromkeys(arguments, "argument")
    everything = {**in_file, **given, **arguments}
    for name, value in everything.items():
        # As Python gives on what is no UTF-8, in the environment or on the command line: no database takes it.
        if isinstance(value, str | Path) and has_half(str(value)):
            raise InvalidSettings(f"{_where(name, origins[name])}: {HALF}")
    try:
        # Everything is given: what a settings model would look up itself is among it.
        return _Read(model.model_validate(everything), origins)
    except ValidationError as error:
        raise InvalidSettings(_mistake(error, section, origins, secrets)) from None
    except InvalidSettings:
        raise
    except Exception as error:  # a validator of a plugin's author, which may raise whatever it likes
        raise InvalidSettings(
            f"the settings [{section}] cannot be read ({type(error).__name__}): take them out, or tell the plugin's"
            " author"
        ) from error


def _read_file(config: Path | None) -> _File:
    path = _find_file(config)
    if path is None:
        return _File()
    try:
        # One that is named is where somebody wants it; one that happens to be here must be this user's.
        named = config is not None or bool(os.environ.get("OCTOBOT_CONFIG"))
        problem = foreign(path, folders=not named)
        if problem is not None:
            raise InvalidSettings(f"{path}: is not read, since others could have written it: {problem}")
        return _File(path, tomllib.loads(read_text(path)))
    except OSError as error:
        raise InvalidSettings(f"{path}: cannot be read ({error.strerror}): check the path") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{path}: is not TOML: {error}") from None


def _find_file(config: Path | None) -> Path | None:
    named = config or os.environ.get("OCTOBOT_CONFIG", "").strip()
    if named:
        return Path(named).expanduser()
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    places = [Path(_FILE)]
    # Who has no home has no settings there.
    with suppress(RuntimeError):
        places.append(Path(base).expanduser() / "octobot-node" / _FILE)
    return next((path for path in places if path.is_file()), None)


@lru_cache(maxsize=64)
def _from_environment(section: str, model: type[BaseModel]) -> type[BaseSettings]:
    """Return the model as one that reads the environment under its section's prefix."""
    config = SettingsConfigDict(env_prefix=f"OCTOBOT_{section.upper()}_", extra="ignore")
    fields: dict[str, Any] = {"__module__": __name__, "model_config": config}
    return type(model.__name__, (model, BaseSettings), fields)


def _secret_files(section: str, model: type[BaseModel], secrets: Collection[str]) -> dict[str, Any]:
    """Return the secrets that are given as files, as OCTOBOT_…_FILE; a list has one item on each line."""
    found: dict[str, Any] = {}
    for name in secrets:
        variable = f"{_variable(section, name)}_FILE"
        given = os.environ.get(variable, "").strip()
        if not given:
            continue
        path = Path(given).expanduser()
        try:
            text = read_text(path).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidSettings(f"{variable}: {path} cannot be read ({error}): check the path") from None
        refuse_readable_by_others(path, f"{variable} names it as a secret")
        is_list = get_origin(model.model_fields[name].annotation) in (tuple, list)
        found[name] = text.splitlines() if is_list else text
    return found


def refuse_readable_by_others(path: Path, why: str) -> None:
    """Raise InvalidSettings for a file with a secret that others of this machine can read."""
    # A group may read it: that is how Kubernetes gives a secret to who is not root.
    if path.stat().st_mode & _OTHERS_AND_WRITING and not _is_mounted_secret(path):
        raise InvalidSettings(f"{path} can be read by others, and {why}: run `chmod 600 {path}`")


def _is_mounted_secret(path: Path) -> bool:
    """Whether a container was given a file: nobody else is in there, and its mode cannot be changed from inside."""
    if any(path.absolute().is_relative_to(place) for place in _SECRET_MOUNTS):
        return True
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def _is_secret(model: type[BaseModel], name: str) -> bool:
    return "SecretStr" in repr(model.model_fields[name].annotation)


def _has_password(url: Any) -> bool:
    try:
        found = sa.make_url(url) if isinstance(url, str) else None
    except sa.exc.ArgumentError:
        return False  # Whoever opens the database says what is wrong with it.
    # The driver takes a password as a parameter, too.
    return found is not None and (bool(found.password) or "password" in found.query)


def _variable(section: str, name: str) -> str:
    return "_".join(part.upper() for part in ("octobot", section, name) if part)


def _mistake(error: ValidationError, section: str, origins: Mapping[str, str], secrets: Collection[str]) -> str:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    where = _where(name, origins.get(name, _variable(section, name)))
    # What was given may be the secret itself.
    return f"{where}: {told(first, given=bool(name) and name not in secrets)}"


def _where(name: str, origin: str) -> str:
    return origin if origin.startswith("OCTOBOT_") or not name else f"{origin}: {name}"


def _rows(section: str, model: BaseModel, origins: Mapping[str, str]) -> list[SettingRow]:
    return [
        SettingRow(
            section=section,
            name=name,
            variable=_variable(section, name),
            value=_shown(name, getattr(model, name)),
            origin=origins.get(name, "default"),
            description=described.description or "",
        )
        for name, described in type(model).model_fields.items()
    ]


def _shown(name: str, value: Any) -> str:
    if isinstance(value, SecretStr):
        return _MASK if value.get_secret_value() else ""
    if isinstance(value, list | tuple):
        return ", ".join(_shown(name, item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={_shown(name, item)}" for key, item in value.items())
    if name == "database_url" and value:
        return _without_password(value)
    return "" if value is None else str(value)


def _without_password(url: str) -> str:
    """Return a URL with its password masked, also one that is written wrongly: with an @ or a / in the password."""
    scheme, _, rest = url.partition("://")
    before, at, after = rest.rpartition("@")
    user, colon, _ = before.partition(":")
    masked = f"{scheme}://{user}{':***' if colon else ''}{at}{after}"
    return re.sub(r"(password=)[^&]*", r"\1***", masked)


def _nearest(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there are {', '.join(sorted(known))}" if known else "remove it"
