"""The bank as a process of its own: python -m brimful_testbank --journal bank.db"""

import argparse
import asyncio
import os
from pathlib import Path

from brimful_testbank.server import serving


async def run(port: int, journal: Path | None, events_url: str | None) -> None:
    """Serve until the process is ended."""
    secret = os.environ.get("BRIMFUL_EVENTS_SECRET", "")
    async with serving(journal=journal, events_url=events_url, secret=secret, port=port) as (
        url,
        _,
    ):
        print(f"testbank ready {url}", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Read the options and serve."""
    options = argparse.ArgumentParser(prog="brimful-testbank", description=__doc__)
    options.add_argument("--port", type=int, default=8421, help="0 chooses a free one")
    options.add_argument("--journal", type=Path, help="a file; without one nothing is kept")
    options.add_argument("--events-url", help="where events are posted to")
    given = options.parse_args()
    try:
        asyncio.run(run(given.port, given.journal, given.events_url))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
