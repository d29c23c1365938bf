"""HEAD wherever there is GET: monitors ask so whether a node is up."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HeadAsGet"]


class HeadAsGet:
    """Answers HEAD as GET would be answered, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request on as GET, and its answer back as far as its head."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        began = False

        async def head_only(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        async def gone_when_answered() -> Message:
            # What would go on for ever, such as a stream of events, ends here: nobody reads it.
            return {"type": "http.disconnect"} if began else await receive()

        # Not on a copy: who is outside reads from it which route it was.
        scope["method"] = "GET"
        try:
            await self._app(scope, gone_when_answered, head_only)
        finally:
            scope["method"] = "HEAD"
