"""The test gateway as a process of its own that also tells how long it had each request, so that a
gateway's own time can be told from ours: GET /calls is a list of (path, from, until), in seconds."""

import argparse
import asyncio
import json
import os
import time

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from brimful_testbank.app import create_app
from brimful_testbank.server import HOST, take

PAYMENTS = "/payments"


class Timed:
    """Notes each change of a payment that is asked for; readings are nobody's waiting."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._calls: list[tuple[str, float, float]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and note when it began and ended."""
        if scope["type"] != "http" or not scope["path"].startswith((PAYMENTS, "/calls")):
            await self._app(scope, receive, send)
        elif scope["path"] == "/calls":
            await self._tell(send)
        elif scope["method"] != "POST":
            await self._app(scope, receive, send)
        else:
            began = time.time()
            await self._app(scope, receive, send)
            self._calls.append((scope["path"], began, time.time()))

    async def _tell(self, send: Send) -> None:
        """The calls since the last time this was asked."""
        told, self._calls = self._calls, []
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})


def main() -> None:
    """Serve until told to end."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events-url")
    given = options.parse_args()
    app = create_app(None, given.events_url, os.environ.get("BRIMFUL_EVENTS_SECRET", ""))
    with take(0) as taken:
        print(f"http://{HOST}:{taken.getsockname()[1]}", flush=True)
        config = uvicorn.Config(Timed(app), log_level="critical", access_log=False)
        asyncio.run(uvicorn.Server(config).serve(sockets=[taken]))


if __name__ == "__main__":
    main()
