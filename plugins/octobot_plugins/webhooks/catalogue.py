"""What can be done with addresses for signals: operations, with their routes and commands."""

from __future__ import annotations

from typing import Any, TextIO

from octobot_node.contracts.operation import Command, Operation, Route
from octobot_plugins.webhooks.models import (
    CreateHook,
    HookCreated,
    HookDeleted,
    HookPage,
    HookRow,
    HookSecret,
    ListHooks,
    OneHook,
    SignHook,
)

__all__ = ["OPERATIONS"]

_HERE = "octobot_plugins.webhooks.addresses"
_HOOK = f"{_HERE}:subject"
#: Not what is returned: its token is told once, and kept nowhere.
_AUTOMATION = "octobot_node.operations.audit_subjects:automation"
_READ, _WRITE = "signals:read", "signals:write"


def _print_created(row: HookCreated, out: TextIO) -> None:
    who = ", ".join(row.allow) or "everybody who knows it"
    out.write(f"{row.id}  {row.name}  to {row.automation}, from {who}\n")
    out.write(f"told this once, after the node's own address: {row.path}\n")
    if row.secret is not None:
        out.write(f"to sign with, told this once: {row.secret}\n")


def _print_secret(row: HookSecret, out: TextIO) -> None:
    out.write(f"{row.id}  {row.name}: takes signed signals alone\n")
    out.write(f"to sign with, told this once: {row.secret}\n")
    if row.old_secret_until is not None:
        out.write(f"signatures of the secret before still do until {row.old_secret_until:%Y-%m-%d %H:%M} UTC\n")


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation(
        "hooks.list",
        ListHooks,
        HookPage,
        f"{_HERE}:list_hooks",
        description="List addresses, oldest first.",
        route=Route("GET", "/hooks", _READ, "Addresses for signals", tag="signals"),
        command=Command(
            "hooks list",
            columns=("id", "name", "automation", "channel", "allow"),
            group_help="Addresses that alerts, such as TradingView's, are sent to.",
        ),
    ),
    Operation(
        "hooks.show",
        OneHook,
        HookRow,
        f"{_HERE}:show",
        description="Tell an address, without its token.",
        route=Route("GET", "/hooks/{hook}", _READ, "An address for signals", name="read_hook", tag="signals"),
        command=Command("hooks show"),
    ),
    Operation(
        "hooks.create",
        CreateHook,
        HookCreated,
        f"{_HERE}:create",
        writes=True,
        subject=_AUTOMATION,
        description="Make an address that is bound to one automation; its token is told this once.",
        route=Route(
            "POST",
            "/hooks",
            _WRITE,
            "Make an address for signals",
            name="create_hook",
            tag="signals",
            status=201,
            tells_secret=True,
            problems=(404,),
        ),
        command=Command(
            "hooks add", help="Make an address for signals to AUTOMATION, and print it, this once.", show=_print_created
        ),
    ),
    Operation(
        "hooks.rotate",
        OneHook,
        HookCreated,
        f"{_HERE}:rotate",
        writes=True,
        subject=_HOOK,
        description="Replace an address's token; the old one is worth nothing from now on.",
        route=Route(
            "POST",
            "/hooks/{hook}/rotate",
            _WRITE,
            "Replace an address's token",
            name="rotate_hook",
            tag="signals",
            tells_secret=True,
        ),
        command=Command("hooks rotate", show=_print_created),
    ),
    Operation(
        "hooks.sign",
        SignHook,
        HookSecret,
        f"{_HERE}:sign",
        writes=True,
        subject=_HOOK,
        description="Let an address take signed signals alone, with a new secret that is told this once.",
        route=Route(
            "POST",
            "/hooks/{hook}/secret",
            _WRITE,
            "Sign signals, with a new secret",
            name="sign_hook",
            tag="signals",
            tells_secret=True,
        ),
        command=Command("hooks sign", show=_print_secret),
    ),
    Operation(
        "hooks.unsign",
        OneHook,
        HookRow,
        f"{_HERE}:unsign",
        writes=True,
        subject=_HOOK,
        description="Let an address take signals that are not signed, too.",
        route=Route(
            "DELETE",
            "/hooks/{hook}/secret",
            _WRITE,
            "Take unsigned signals, too",
            name="unsign_hook",
            tag="signals",
            problems=(409,),
        ),
        command=Command("hooks unsign", confirm="let {hook} take signals that nobody signed?"),
    ),
    Operation(
        "hooks.delete",
        OneHook,
        HookDeleted,
        f"{_HERE}:delete",
        writes=True,
        subject=_HOOK,
        description="Delete an address.",
        route=Route(
            "DELETE", "/hooks/{hook}", _WRITE, "Delete an address for signals", name="delete_hook", tag="signals"
        ),
        command=Command("hooks remove", confirm="delete the address {hook}?"),
    ),
)
