"""Manage addresses for signals."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response

from octobot_node.api import Api, ApiRouter, allow
from octobot_node.api.idempotency import tell_once
from octobot_plugins.webhooks.catalogue import CREATE_HOOK, DELETE_HOOK, LIST_HOOKS, ROTATE_HOOK, SHOW_HOOK
from octobot_plugins.webhooks.models import CreateHook, HookCreated, HookDeleted, HookPage, HookRow, ListHooks, OneHook

__all__ = ["router"]

Reads = Annotated[Api, allow("signals:read")]
Writes = Annotated[Api, allow("signals:write")]
Id = Annotated[str, Path(min_length=1, max_length=36, description="The address's id.")]

router = ApiRouter(prefix="/hooks", tags=["signals"])


@router.get("", summary="Addresses for signals")
def list_hooks(request: Annotated[ListHooks, Query()], api: Reads) -> HookPage:
    """List addresses, oldest first."""
    return api.perform(LIST_HOOKS, request)


@router.post("", summary="Make an address for signals", status_code=201, responses={404: {}})
def create_hook(request: CreateHook, response: Response, api: Writes) -> HookCreated:
    """Make an address that is bound to one automation; its token is told this once."""
    tell_once(response)
    return api.perform(CREATE_HOOK, request)


@router.get("/{hook}", summary="An address for signals")
def read_hook(hook: Id, api: Reads) -> HookRow:
    """Tell an address, without its token."""
    return api.perform(SHOW_HOOK, OneHook(hook=hook))


@router.post("/{hook}/rotate", summary="Replace an address's token")
def rotate_hook(hook: Id, response: Response, api: Writes) -> HookCreated:
    """Replace the token; the old one is worth nothing from now on."""
    tell_once(response)
    return api.perform(ROTATE_HOOK, OneHook(hook=hook))


@router.delete("/{hook}", summary="Delete an address for signals")
def delete_hook(hook: Id, api: Writes) -> HookDeleted:
    """Delete an address."""
    return api.perform(DELETE_HOOK, OneHook(hook=hook))
