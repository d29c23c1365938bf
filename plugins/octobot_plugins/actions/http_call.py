"""The action ``http``: one request to a URL, or to one that the operator gave a name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from octobot_node.contracts.actions import ActionRefused, AskedAction
from octobot_node.contracts.context import PluginContext
from octobot_node.errors import EgressRefused, NotSent, SecretsLocked, SecretUnknown, Unresolved
from octobot_node.fields import SecretRef
from octobot_plugins.actions.settings import OF_ACCOUNT, ActionSettings

__all__ = ["HttpCall", "call", "is_repeatable"]

_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})


class HttpCall(BaseModel):
    """What to ask of whom; ``idempotent``: its receiver takes one ``Idempotency-Key`` once, so trying again is safe.

    A header may point to a secret of the automation's owner, ``{"secret": NAME}``, which is looked up when it leaves.
    """

    model_config = ConfigDict(extra="forbid")

    target: str = ""
    url: str = Field(default="", max_length=2_000)
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    headers: dict[str, str | SecretRef] = Field(default_factory=dict, max_length=20)
    data: Any = Field(default=None, alias="json")
    idempotent: bool = False

    @model_validator(mode="after")
    def _goes_somewhere(self) -> HttpCall:
        if bool(self.target) == bool(self.url):
            raise ValueError("give either a target or a url")
        return self


def is_repeatable(payload: HttpCall) -> bool:
    """Whether the request does no harm when it arrives twice."""
    return payload.idempotent or payload.method in _REPEATABLE


async def call(context: PluginContext, payload: HttpCall, asked: AskedAction) -> str:
    """Make the request, once; return how it was answered."""
    settings = context.plugin_settings(ActionSettings)
    url = settings.target(payload.target) if payload.target else payload.url
    if url is None:
        raise ActionRefused(
            f"there is no target {payload.target!r}: the operator names them in OCTOBOT_ACTIONS_TARGETS"
        )
    if payload.url and settings.only_targets:
        raise ActionRefused("only targets may be called (OCTOBOT_ACTIONS_ONLY_TARGETS): give one by its name")
    headers = {"Idempotency-Key": asked.id, **await _opened(context, payload.headers, asked.owner)}
    egress = asked.egress if settings.egress == OF_ACCOUNT else settings.egress
    # Apart from the account's orders, too: who sees both must not see that they belong together.
    async with context.http(egress, isolation=f"actions-{asked.account_id}") as client:
        try:
            answer = await client.request(payload.method, url, headers=headers, json=payload.data, most=100_000)
        except EgressRefused as error:
            raise ActionRefused(str(error)) from None
        except ValueError as error:
            raise ActionRefused(str(error)) from None
    if answer.ok:
        return f"it answered {answer.status}"
    if answer.status in (408, 429, 503):
        raise NotSent(f"it answered {answer.status}", _seconds(answer.headers.get("retry-after")))
    if answer.status >= 500:
        raise Unresolved(f"it answered {answer.status}")
    raise ActionRefused(f"it answered {answer.status}")


async def _opened(context: PluginContext, headers: Mapping[str, str | SecretRef], owner: str) -> dict[str, str]:
    """Return headers with the secrets that they point to."""

    def look() -> dict[str, str]:
        return {
            name: context.secrets.named(owner, value.secret) if isinstance(value, SecretRef) else value
            for name, value in headers.items()
        }

    try:
        # A store may have to be asked over the network.
        return await asyncio.to_thread(look)
    except SecretUnknown as error:
        raise ActionRefused(str(error)) from None
    except SecretsLocked as error:
        raise NotSent(str(error)) from None


def _seconds(text: str | None) -> float | None:
    return min(float(text), 3_600.0) if text is not None and text.isdecimal() and len(text) < 9 else None
