"""Serve in a process of its own: `python -m tests.stripe_server [PORT]`, until it is ended."""

import asyncio
import sys

from tests.stripe_server.core import TEST_KEY
from tests.stripe_server.server import serving


async def main(port: int) -> None:
    """Serve, say where and with which key, and send events as they fall due."""
    async with serving(deliver=True, port=port) as (url, _):
        print(f"{url} {TEST_KEY}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
