"""``octobot-node notify test``: try every URL."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from octobot_node.configuration import Configuration
from octobot_node.contracts.plugin_settings import PluginSettings
from octobot_node.errors import UsageError
from octobot_plugins.notify.courier import Courier, open_courier
from octobot_plugins.notify.notifier import shown, tell
from octobot_plugins.notify.settings import NotifySettings

__all__ = ["commands"]

_MESSAGE = "This is a test: OctoBot Node can reach you here."


def commands() -> typer.Typer:
    """Return the commands under ``notify``."""
    found = typer.Typer(help="Try how you are told.", rich_markup_mode=None, no_args_is_help=True)
    found.command("test")(_send_test)
    # Of a group with a callback, `test` stays a word of its own.
    found.callback()(lambda: None)
    return found


def _send_test(
    message: Annotated[str, typer.Option("--message", "-m", metavar="TEXT", help="What to say.")] = _MESSAGE,
) -> None:
    """Send a test message through every URL, and say of each whether it arrived. Exit code 1 if one did not."""
    configuration = Configuration.load()
    settings = cast("NotifySettings", configuration.plugin_settings(PluginSettings("notify", NotifySettings)))
    if not settings.urls:
        raise UsageError(
            "no URL is set: write them into OCTOBOT_NOTIFY_URLS, or into a private file that OCTOBOT_NOTIFY_URLS_FILE"
            " names"
        )
    results = [
        _try(number, secret.get_secret_value(), _courier(settings, configuration), message)
        for number, secret in enumerate(settings.urls, start=1)
    ]
    if not all(results):
        raise typer.Exit(1)


def _courier(settings: NotifySettings, configuration: Configuration) -> Courier:
    def proxy_url(egress: str, *, isolation: str) -> str:
        from octobot_node.plugin_system.discovery import plugins_for
        from octobot_node.plugin_system.egress_routes import routes_of

        return routes_of(configuration, plugins_for(configuration.settings)).find(egress).url(f"octobot-{isolation}")

    return open_courier(settings, proxy_url)


def _try(number: int, url: str, courier: Courier, message: str) -> bool:
    try:
        reply = tell(courier, url, "OctoBot Node", message, "info")
    finally:
        courier.close()
    service = f"{shown(number, url)}, {reply.service}" if reply.service else shown(number, url)
    typer.echo(f"{service}: {'arrived' if reply.ok else f'failed: {reply.error}'}")
    return reply.ok
