"""Metrics over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder

from octobot_node.api import Api, ApiRouter, allow
from octobot_plugins.metrics.collector import NodeCollector

__all__ = ["router"]

_KEPT = "metrics.registry"
router = ApiRouter(tags=["metrics"])


@router.get(
    "/metrics",
    summary="Metrics",
    response_class=PlainTextResponse,
    responses={200: {"content": {"application/openmetrics-text": {"schema": {"type": "string"}}}}},
)
def read_metrics(request: Request, api: Annotated[Api, allow("metrics:read", outlasts_database=True)]) -> Response:
    """Give every metric as text for Prometheus, or as OpenMetrics where that is asked for."""
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(_registry(api)), headers={"content-type": content_type})


def _registry(api: Api) -> CollectorRegistry:
    found: CollectorRegistry | None = api.state.kept.get(_KEPT)
    if found is None:
        core = api.state.context.core
        found = CollectorRegistry()
        for each in (NodeCollector(core), core.context.metrics, api.state.metrics):
            found.register(each)
        ProcessCollector(registry=found)
        PlatformCollector(registry=found)
        found = api.state.kept.setdefault(_KEPT, found)
    return found
