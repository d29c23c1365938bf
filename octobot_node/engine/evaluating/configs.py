"""A config as its type's model, with what its first tick needs: validated once, wherever it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from octobot_node.automation import Automation
from octobot_node.engine.evaluating.decision_checks import BadDecision, first_needs, load_needs
from octobot_node.errors import Mistake
from octobot_node.plugin_system.registry import Registry
from octobot_node.quote_assets import untold_money
from octobot_node.text.numbers import DIGITS, unreasonable
from octobot_node.text.validation_messages import Place, all_mistakes, first_mistake

__all__ = ["InvalidConfig", "ValidConfig", "validate_config"]


class InvalidConfig(Exception):
    """A type refuses a config; ``place`` is where in it, () for the whole. ``all`` is each place with what is wrong."""

    def __init__(self, place: Place, text: str, every: Sequence[tuple[Place, str]] = ()) -> None:
        super().__init__(text)
        self.place = place
        self.all = list(every) or [(place, text)]

    @property
    def mistakes(self) -> list[Mistake]:
        """What is wrong, by dotted field of a request that has the config."""
        return [Mistake(".".join(["config", *map(str, place)]), text) for place, text in self.all]


@dataclass(frozen=True, slots=True)
class ValidConfig:
    """A config that its type takes: the type's full name and instance, the model, and the first needs as JSON."""

    type: str
    automation: Automation[Any, Any]
    model: BaseModel
    needs: str


def validate_config(registry: Registry, type_name: str, config: Mapping[str, Any]) -> ValidConfig:
    """Return ``config`` as the type called ``type_name`` takes it; raise UnknownType, or InvalidConfig.

    Also for symbols that one automation's books cannot keep apart.
    """
    full_name, automation = registry.automation(type_name)
    try:
        model = automation.Config.model_validate(dict(config))
        _refuse_unreasonable(model)
        valid = ValidConfig(full_name, automation, model, first_needs(automation, model))
    except InvalidConfig:
        raise
    except ValidationError as error:
        place, text = first_mistake(error, automation.Config)
        raise InvalidConfig(place, text, all_mistakes(error, automation.Config)) from None
    except BadDecision as error:
        raise InvalidConfig((), str(error)) from None
    except Exception as error:  # a third party's code: whatever it raises is its config's or its author's mistake
        said = f"{type(error).__name__}: {error}"
        text = f"the type {type_name!r} cannot use it ({said}): change it, or tell the type's author"
        raise InvalidConfig((), text) from error
    untold = untold_money(load_needs(valid.needs).symbols)
    if untold is not None:
        raise InvalidConfig((), untold)
    return valid


def _refuse_unreasonable(model: BaseModel) -> None:
    # Types of third parties have numbers without bounds; a text such as "1e9999999" becomes one only in their model.
    found = unreasonable(model)
    if found is not None:
        raise InvalidConfig(found[0], f"has more digits than any market: use at most {DIGITS}")
