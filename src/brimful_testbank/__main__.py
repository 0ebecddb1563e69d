"""The bank as a process of its own: python -m brimful_testbank --journal bank.db"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from brimful_testbank.server import CannotServe, serving


class _Options(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, exit status 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"a whole number, 0 to 65535, is expected, not {text!r}")
    return int(text)


async def run(port: int, journal: Path | None, events_url: str | None) -> None:
    """Serve until the process is told to end."""
    secret = os.environ.get("BRIMFUL_EVENTS_SECRET", "")
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for told in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(told, ended.set)
    async with serving(journal=journal, events_url=events_url, secret=secret, port=port) as (
        url,
        _,
    ):
        print(f"testbank ready {url}", flush=True)
        await ended.wait()


def main() -> None:
    """Read the options and serve."""
    options = _Options(prog="brimful-testbank", description=__doc__)
    options.add_argument("--port", type=_port, default=8421, help="0 chooses a free one")
    options.add_argument("--journal", type=Path, help="a file; without one nothing is kept")
    options.add_argument("--events-url", help="where events are posted to")
    given = options.parse_args()
    try:
        asyncio.run(run(given.port, given.journal, given.events_url))
    except CannotServe as refused:
        print(f"{options.prog}: {refused}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
