"""Where requests of plugins may go, which way, and the clients that they are made with.

A way out is held to where a socket is made, for every address that is tried: a name that resolves to another address
the second time, a redirect, or a library with settings of its own, leads nowhere else.
"""

from __future__ import annotations

from octobot_node.egress.addresses import is_public
from octobot_node.egress.http import HttpClient, HttpResponse
from octobot_node.egress.sessions import open_session
from octobot_node.egress.ways import DirectEgress, Egress, NoEgress
from octobot_node.egress.websocket import WebSocket, WebSocketClient

__all__ = [
    "DirectEgress",
    "Egress",
    "HttpClient",
    "HttpResponse",
    "NoEgress",
    "WebSocket",
    "WebSocketClient",
    "is_public",
    "open_session",
]
