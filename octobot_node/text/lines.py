"""Names and texts of one line as fields of models, and models made fit to be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel

from octobot_node.text.printable import check_line, printable

__all__ = ["Line", "shown"]

ModelT = TypeVar("ModelT", bound=BaseModel)
#: A name, or what somebody says in one line.
Line = Annotated[str, AfterValidator(check_line)]


def shown(model: ModelT) -> ModelT:
    """Return a model whose texts are printable."""
    return model.model_copy(update={name: _shown(value) for name, value in model.__dict__.items()})


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        # An enum is a text as well, and has nothing odd.
        return value if printable(value) == value else printable(value)
    if isinstance(value, BaseModel):
        return shown(value)
    if isinstance(value, Mapping):
        return {_shown(key): _shown(item) for key, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list) else value
