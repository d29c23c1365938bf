"""Plugins with commands and health checks, by their dotted names."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import typer

from octobot_node import hookimpl
from octobot_node.contracts.commands import CommandRegistrar
from octobot_node.contracts.health import Health, HealthCheck


class Greeting:
    """Adds a command, a group, and one that has the name of a command of ours."""

    @hookimpl
    def register_commands(self, register: CommandRegistrar) -> None:
        top = typer.Typer()

        @top.command()
        def greet(name: str, loud: bool = False) -> None:
            """Greet somebody."""
            typer.echo(f"hello {name.upper() if loud else name}")

        @top.command()
        def status() -> None:
            """Must never be reached."""
            typer.echo("not ours")

        wallet = typer.Typer()
        wallet.command("show")(lambda: typer.echo("empty"))
        wallet.command("fail")(lambda: typer.echo(1 / 0))
        register(top)
        register(wallet, "wallet")

    @hookimpl
    def register_health_checks(self, register: Callable[[HealthCheck], None]) -> None:
        how: Any = os.environ.get("TEST_HEALTH", "ok")
        register(
            HealthCheck("greeting", lambda context: Health(how, f"{context.settings.batch_size} at once", "smile"))
        )


class Rude:
    @hookimpl
    def register_commands(self, register: CommandRegistrar) -> None:
        raise RuntimeError("no manners")


greeting, rude = Greeting(), Rude()
