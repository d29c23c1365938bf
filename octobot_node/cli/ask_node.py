"""Give an operation to the node that runs on the data folder, or to the data folder itself where none runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TextIO

import typer

from octobot_node.cli.log_file import logging_to_file
from octobot_node.configuration import Configuration
from octobot_node.contracts.operation import Operation, ResponseT
from octobot_node.errors import DataFolderInUse, UsageError
from octobot_node.live import control_client
from octobot_node.live.control_client import ANSWER_S, NoNode
from octobot_node.operations.perform import perform_given
from octobot_node.text.lines import shown
from octobot_node.text.printable import json_shown

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["NodeClient", "confirm", "user"]

#: How long a folder may be held by somebody who does not answer: a node that is starting, or another command.
_PATIENCE_S = 5.0


class NodeClient:
    """One command's way to the operations, and to stdout."""

    def __init__(self, context: typer.Context, data_dir: Path | None, *, as_json: bool) -> None:
        context.obj.data_dir = data_dir
        self.configuration = Configuration.load(data_dir=data_dir)
        self.folder = self.configuration.settings.data_dir
        self.as_json = as_json
        #: Whether the last operation was carried out by a running node.
        self.live = False
        #: Whether it was not, and nodes elsewhere work on its database.
        self.elsewhere = False

    def ask(self, operation: Operation[Any, ResponseT], /, **arguments: Any) -> ResponseT:
        """Carry out an operation and return its response.

        Raises what the operation raises, and DataFolderInUse where another process holds the folder and answers not.
        """
        # What was left out is the operation's to choose; a message may well be null.
        given = {key: value for key, value in arguments.items() if value is not None or key == "payload"}
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                found = self.ask_running(operation, given)
            except NoNode:
                self.live = False
            else:
                self.live = True
                return found
            try:
                return self._alone(operation, given)
            except DataFolderInUse as error:
                if time.monotonic() > deadline:
                    holder = str(error).partition(":")[0]
                    raise DataFolderInUse(
                        f"{holder}, which takes no commands: it is an older version, or it hangs; stop it first"
                    ) from None
                time.sleep(0.1)

    def ask_running(
        self, operation: Operation[Any, ResponseT], arguments: Mapping[str, Any], *, timeout: float = ANSWER_S
    ) -> ResponseT:
        """Let the node that runs on the folder carry out an operation; raise NoNode where none does."""
        found = control_client.ask(self.folder, operation.name, arguments, timeout=timeout)
        return operation.response.model_validate(found)

    def answers(self) -> bool:
        """Whether a node runs on the folder now."""
        from octobot_node.operations.node.catalogue import SHOW_NODE_STATUS

        try:
            self.ask_running(SHOW_NODE_STATUS, {}, timeout=_PATIENCE_S)
        except NoNode:
            return False
        return True

    def _alone(self, operation: Operation[Any, ResponseT], arguments: Mapping[str, Any]) -> ResponseT:
        beside = self._beside(operation)
        if not beside:
            self.refuse_unused(operation)
        from octobot_node.live.idle_folder import open_idle_folder
        from octobot_node.plugin_system.discovery import plugins_for
        from octobot_node.store.database.read_only_folder import copied_to_read, is_read_only

        # What a plugin's author prints does not belong between the lines of JSON.
        with logging_to_file(self.folder), redirect_stdout(sys.stderr):
            registry = plugins_for(self.configuration.settings)
            self.configuration.check(registry.settings_models)
            with ExitStack() as stack:
                looking = not (operation.writes or operation.begins)
                settings = self.configuration.settings
                if beside:
                    # What is asked of the installation alone is answered without making a data folder for it.
                    settings = settings.alone_in(Path(stack.enter_context(TemporaryDirectory())))
                elif looking and is_read_only(settings):
                    told = f"octobot-node: {settings.data_dir} cannot be written: this is read from a copy of it"
                    typer.echo(told, err=True)
                    settings = stack.enter_context(copied_to_read(settings))
                context = stack.enter_context(
                    open_idle_folder(
                        self.configuration,
                        registry,
                        by=user(),
                        settings=settings,
                        looking=looking,
                    )
                )
                done = perform_given(context, operation, arguments)
                self.elsewhere = context.nodes_elsewhere > 0
                return done

    def _beside(self, operation: Operation[Any, Any]) -> bool:
        """Whether an operation is about what is installed, and the data folder has nothing."""
        from octobot_node.operations.automations.catalogue import LIST_TYPES, SHOW_TYPE
        from octobot_node.operations.trading.catalogue import LIST_EXCHANGES

        return operation in (LIST_TYPES, SHOW_TYPE, LIST_EXCHANGES) and self._is_unused()

    def _is_unused(self) -> bool:
        from octobot_node.store.database.database_file import database_file

        try:
            # By the database, not by what else is there: a copy of it or a restored one is all that a node had.
            database = database_file(self.configuration.settings)
            return database is not None and not (database.exists() or (self.folder / "node-id").exists())
        except OSError:
            return False  # Somebody else's: opening it says so.

    def refuse_unused(self, operation: Operation[Any, Any]) -> None:
        """Raise UsageError where nothing is in the data folder, and the operation does not begin it."""
        if not operation.begins and self._is_unused():
            raise UsageError(
                f"nothing is in {self.folder} yet: `octobot-node start` begins it, and so does"
                " `octobot-node automations create FILE`; or give another --data-dir"
            )

    def show(self, result: BaseModel, human: Callable[[Any, TextIO], None]) -> None:
        """Print a result to stdout, as JSON or for a person."""
        if self.as_json:
            sys.stdout.write(f"{json_shown(result.model_dump_json(indent=2))}\n")
        else:
            human(shown(result), sys.stdout)
        sys.stdout.flush()

    def say_if_quiet(self, what: str) -> None:
        """Say on stderr that what the last operation began goes on when a node runs."""
        if not (self.live or self.elsewhere):
            sys.stderr.write(f"no node runs on {self.folder}: {what} when one does (octobot-node start)\n")


def confirm(question: str, *, yes: bool) -> None:
    """Ask on the terminal; raise Abort for a no, UsageError where there is nobody to ask."""
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("there is no terminal to ask on whether you are sure: give --yes if you are")
    # Not typer's: it writes a blank to stdout, which is for the result.
    sys.stderr.write(f"{question} [y/N]: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise typer.Abort


def user() -> str:
    """Return who gives the command, for the events that say so."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "local"
