"""The admin port: whoever tests an emulator in another process calls its methods by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from octobot_node.testing.exchange_emulators.web.call import Call, Reply, reply
from octobot_node.testing.exchange_emulators.web.server import Door

__all__ = ["admin_door"]


def admin_door(methods: Mapping[str, Callable[..., Any]]) -> Door:
    """Return a server that takes ``POST /name`` with arguments as a JSON object and answers what the method returns."""

    async def answer(call: Call) -> Reply:
        method = methods.get(call.path.removeprefix("/"))
        if method is None:
            return reply(f"there is no {call.path}", 404)
        try:
            return reply(to_jsonable_python(method(**json.loads(call.body or b"{}"))))
        except (ValidationError, KeyError, TypeError, ValueError, ArithmeticError) as error:
            return reply(f"{type(error).__name__}: {error}", 400)

    return Door(answer)
