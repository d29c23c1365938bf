"""See how people are told, and try it."""

from __future__ import annotations

from octobot_node.errors import CommandRefused
from octobot_node.operations.context import OperationContext
from octobot_node.operations.models import EmptyRequest
from octobot_plugins.notify.courier import open_courier
from octobot_plugins.notify.models import Notifications, Target, Tried, TriedTarget, TryNotifications
from octobot_plugins.notify.notifier import scheme_of, tell
from octobot_plugins.notify.settings import NotifySettings

__all__ = ["show", "try_all"]


def show(context: OperationContext, request: EmptyRequest) -> Notifications:
    """Return the ways by which people are told, and the rules."""
    del request
    settings = _settings(context)
    return Notifications(
        targets=[
            Target(number=number, scheme=scheme_of(url.get_secret_value()))
            for number, url in enumerate(settings.urls, start=1)
        ],
        tell=list(settings.tell),
        together=settings.together,
        heartbeat=bool(settings.heartbeat_url.get_secret_value()),
    )


def try_all(context: OperationContext, request: TryNotifications) -> Tried:
    """Send a message to every URL, each by a process of its own; return whether it arrived."""
    settings = _settings(context)
    if not settings.urls:
        raise CommandRefused(
            "no URL is set: write them into OCTOBOT_NOTIFY_URLS, or into a private file that OCTOBOT_NOTIFY_URLS_FILE"
            " names, and restart the node"
        )
    courier = open_courier(settings, context.plugin_context.proxy_url)
    try:
        results = []
        for number, url in enumerate(settings.urls, start=1):
            reply = tell(courier, url.get_secret_value(), "OctoBot Node", request.message, "info")
            results.append(
                TriedTarget(
                    number=number,
                    scheme=scheme_of(url.get_secret_value()),
                    service=reply.service,
                    arrived=reply.ok,
                    error=reply.error,
                )
            )
    finally:
        courier.close()
    return Tried(results=results)


def _settings(context: OperationContext) -> NotifySettings:
    return context.plugin_context.plugin_settings(NotifySettings)
