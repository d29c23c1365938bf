"""Throw the kill switch however the node is, and wait until all is confirmed.

1. A node answers on its socket: it does everything.
2. A node holds the data folder and does not answer: the switch is written into its database beside it. It sends
   nothing new when it wakes, and cancels.
3. No node runs: this command opens the folder itself, and carries the cancels to the exchanges.

Which of them it is may change while it waits: each look begins anew.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any, Protocol

import typer

from octobot_node.cli.ask_node import NodeClient, user
from octobot_node.cli.log_file import logging_to_file
from octobot_node.contracts.operation import Operation, ResponseT
from octobot_node.errors import DataFolderInUse, NodeSilent, StorageUnavailable, UsageError
from octobot_node.live import control_client
from octobot_node.live.control_client import NoNode
from octobot_node.operations.perform import perform, read_request
from octobot_node.operations.trading.catalogue import SHOW_KILL_SWITCH, THROW_KILL_SWITCH
from octobot_node.operations.trading.models.kill_switch import Checklist, KillSwitchRow

if TYPE_CHECKING:
    from octobot_node.operations.context import OperationContext
    from octobot_node.plugin_system.registry import Registry

__all__ = ["chosen", "read_checklist", "throw"]

#: A node that has not answered within this hangs, as far as somebody in a hurry is concerned.
_ANSWER_S = 4.0
#: How long a folder may be held by somebody without a socket: a node that is starting, or another command.
_PATIENCE_S = 5.0
_LOOK_S = 0.5
#: Of orders that are not confirmed, so many are named.
_NAMED = 500


class Ask(Protocol):
    """Carries out an operation, wherever that is done."""

    def __call__(self, operation: Operation[Any, ResponseT], arguments: Mapping[str, Any]) -> ResponseT:
        """Return its response."""
        ...


def chosen(*, account: str | None, automation: str | None, everything: bool, reason: str) -> dict[str, Any]:
    """Return the operation's arguments; raise UsageError unless exactly one target and a reason are given."""
    if (account is not None) + (automation is not None) + everything != 1:
        raise UsageError("say what to stop: one of --account ACCOUNT, --automation AUTOMATION and --everything")
    if not reason:
        raise UsageError("say why, with --reason TEXT: whoever finds everything stopped will want to know")
    if everything:
        return {"scope": "everything", "reason": reason}
    scope, target = ("account", account) if account is not None else ("automation", automation)
    return {"scope": scope, "target": target, "reason": reason}


def throw(client: NodeClient, given: Mapping[str, Any], *, wait: bool) -> None:
    """Throw, wait, print what is confirmed; exit code 0 only when all of it is, 130 after Ctrl-C."""
    from octobot_node.cli.output.show_kill_switch import print_checklist
    from octobot_node.live.stopping import asked_to_stop

    with asked_to_stop() as asked:
        found = _Throwing(client, given, wait=wait, asked=asked).run()
    client.show(found, print_checklist)
    if found.switch.settled:
        return
    sys.stderr.write(_unconfirmed(found))
    if asked():
        raise KeyboardInterrupt
    raise typer.Exit(1)


def read_checklist(client: NodeClient, arguments: Mapping[str, Any]) -> Checklist:
    """Return a checklist, also of a node that hangs."""
    given = {key: value for key, value in arguments.items() if value is not None}
    try:
        try:
            return client.ask_running(SHOW_KILL_SWITCH, given, timeout=_ANSWER_S)
        except NoNode:
            return client.ask(SHOW_KILL_SWITCH, **given)
    except (NodeSilent, DataFolderInUse):
        with _output_in_log(client), _beside(client, _plugins(client)) as ask:
            return ask(SHOW_KILL_SWITCH, given)


def _unconfirmed(found: Checklist) -> str:
    switch = found.switch
    live = [line for line in found.lines if line.confirmed_at is None]
    named = "".join(f"  {line.order}: {line.outcome}\n" for line in live[:20])
    more = f"  and {len(live) - 20} more\n" if len(live) > 20 else ""
    stays = "it stays thrown" if switch.in_force else "it was released meanwhile"
    return (
        f"not confirmed yet ({stays}; `octobot-node kill-switch show {switch.id}` tells how it goes on, and the same"
        f" command waits again):\n{named}{more}"
    )


class _Throwing:
    """One command's course: throws once, then looks until all is confirmed."""

    def __init__(self, client: NodeClient, given: Mapping[str, Any], *, wait: bool, asked: Callable[[], bool]) -> None:
        self._client = client
        self._given = given
        self._wait = wait
        self._asked = asked
        self._id = ""
        self._shown = ""
        self._way = ""
        self._held_until = 0.0
        self._loaded: Registry | None = None

    def run(self) -> Checklist:
        """Go on until it is settled, or may be left."""
        with _output_in_log(self._client):
            while True:
                found = self._reach()
                if found is not None and self._is_over(found.switch):
                    self._end_line()
                    return found
                if found is None and self._asked():
                    raise KeyboardInterrupt
                time.sleep(_LOOK_S)

    def _is_over(self, switch: KillSwitchRow) -> bool:
        self._show(switch)
        return not self._wait or switch.settled or not switch.in_force or self._asked()

    def _reach(self) -> Checklist | None:
        """Throw, or look, in whichever way works just now; None: somebody holds the folder, try again."""
        try:
            return self._round(self._node)
        except NoNode:
            pass
        except NodeSilent:
            return self._beside("does not answer")
        try:
            return self._alone()
        except DataFolderInUse:
            now = time.monotonic()
            self._held_until = self._held_until or now + _PATIENCE_S
            return None if now < self._held_until else self._beside("takes no commands")

    def _round(self, ask: Ask) -> Checklist:
        # Thrown once: whoever releases it while this waits must not find it thrown again.
        if not self._id:
            thrown = ask(THROW_KILL_SWITCH, self._given)
            self._id = thrown.switch.id
            already = f" already, since {thrown.switch.thrown_at:%Y-%m-%d %H:%M:%S} UTC" if thrown.already else ""
            self._say(f"sending is off{already}")
        return ask(SHOW_KILL_SWITCH, {"id": self._id, "live": True, "limit": _NAMED})

    def _node(self, operation: Operation[Any, ResponseT], arguments: Mapping[str, Any]) -> ResponseT:
        return self._client.ask_running(operation, arguments, timeout=_ANSWER_S)

    def _beside(self, how: str) -> Checklist:
        holder = control_client.holder(self._client.folder)
        self._on(f"the node ({holder}) {how}: the switch is written into its database beside it")
        with _beside(self._client, self._registry) as ask:
            return self._round(ask)

    @property
    def _registry(self) -> Registry:
        # Not before they are needed: a node that answers is asked at once.
        self._loaded = self._loaded or _plugins(self._client)
        return self._loaded

    def _alone(self) -> Checklist:
        self._client.refuse_unused(THROW_KILL_SWITCH)
        if _led_by_another(self._client, self._registry):
            self._on("another node leads on the database: it cancels")
            with _beside(self._client, self._registry) as ask:
                return self._round(ask)
        from octobot_node.live.emergency_cancel import EmergencyCancel, open_for_emergency_cancel
        from octobot_node.live.idle_folder import open_idle_folder

        if not self._wait:
            with open_idle_folder(self._client.configuration, self._registry, by=user()) as context:
                self._say(
                    "no node runs: what rests at the exchanges is cancelled when one does, or by a throw that waits"
                )
                return self._round(_at(context))
        with open_for_emergency_cancel(self._client.configuration, self._registry, by=user()) as context:
            self._on("no node runs: this command cancels")
            found = self._round(_at(context))
            canceller = EmergencyCancel(context.core, self._id)
            while not self._is_over(found.switch):
                canceller.step(lambda: not self._asked())
                found = self._round(_at(context))
                if not found.switch.settled:
                    time.sleep(context.core.settings.watch_interval)
            return found

    # -- what is told meanwhile, on stderr

    def _on(self, way: str) -> None:
        if way != self._way:
            self._way = way
            self._say(way)

    def _say(self, what: str) -> None:
        self._end_line()
        sys.stderr.write(f"{what}\n")
        sys.stderr.flush()

    def _show(self, switch: KillSwitchRow) -> None:
        from octobot_node.cli.output.show_kill_switch import progress_line

        line = progress_line(switch)
        if line == self._shown or not self._wait:
            return
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{line:<{len(self._shown)}}")
        else:
            sys.stderr.write(f"{line}\n")
        self._shown = line
        sys.stderr.flush()

    def _end_line(self) -> None:
        if self._shown and sys.stderr.isatty():
            sys.stderr.write("\n")
            self._shown = ""


@contextmanager
def _output_in_log(client: NodeClient) -> Iterator[None]:
    # What a plugin's author prints does not belong between the lines of JSON.
    with logging_to_file(client.folder), redirect_stdout(sys.stderr):
        yield


def _plugins(client: NodeClient) -> Registry:
    from octobot_node.plugin_system.discovery import plugins_for

    registry = plugins_for(client.configuration.settings)
    client.configuration.check(registry.settings_models)
    return registry


def _at(context: OperationContext) -> Ask:
    def ask(operation: Operation[Any, ResponseT], arguments: Mapping[str, Any]) -> ResponseT:
        return perform(context, operation, read_request(operation, arguments))

    return ask


@contextmanager
def _beside(client: NodeClient, registry: Registry) -> Iterator[Ask]:
    from sqlalchemy.exc import OperationalError

    from octobot_node.live.idle_folder import open_beside_running_node

    try:
        with open_beside_running_node(client.configuration, registry, by=user()) as context:
            yield _at(context)
    except (OperationalError, StorageUnavailable) as error:
        if "locked" not in str(error):
            raise
        raise StorageUnavailable(
            f"the node ({control_client.holder(client.folder)}) stopped in the middle of writing, and nobody else can"
            " write: end it with kill -9, which loses no order and sends none twice, then give this command again"
        ) from None


def _led_by_another(client: NodeClient, registry: Registry) -> bool:
    """Whether a node elsewhere leads on a database that nodes share."""
    if client.configuration.settings.url().startswith("sqlite:"):
        return False
    from octobot_node.live.idle_folder import open_idle_folder

    with open_idle_folder(client.configuration, registry, by=user()) as context:
        return any(node.leads and node.state.alive for node in context.core.coordinator.nodes())
