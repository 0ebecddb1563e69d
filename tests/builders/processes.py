"""The server and the bank as processes of their own, that can be killed and started again."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx

from brimful_testbank.journal import read_journal

ROOT = Path(__file__).resolve().parents[2]
# Some two seconds as a rule; a machine with much else to do may take fifty times as long.
STARTS_WITHIN_S = 120
SECRET = "events-of-the-campaign"


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Program:
    """A command of ours as a process; what it says goes to a file."""

    def __init__(self, *words: str, log: Path, env: Mapping[str, str]) -> None:
        self._words, self._log = words, log
        kept = {k: v for k, v in os.environ.items() if not k.startswith("BRIMFUL_")}
        self._env = {**kept, "PYTHONPATH": str(ROOT / "src"), **env}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, not waiting until it is ready."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *self._words, env=self._env, cwd=ROOT, stdout=log, stderr=log
            )

    async def kill(self) -> None:
        """kill -9; returns when it is gone. Raises AssertionError when it had ended by itself."""
        assert self._process is not None
        self.assert_running()
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def told_to_stop(self) -> None:
        """SIGTERM, as a deploy sends it; returns at once."""
        assert self._process is not None
        self.assert_running()
        self._process.terminate()

    async def ended(self) -> int:
        """Wait until it has ended by itself; with what status."""
        assert self._process is not None
        return await self._process.wait()

    async def stop(self) -> None:
        """End it if it runs."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    def assert_running(self) -> None:
        """Raises AssertionError, with its last words, when it has ended."""
        assert self._process is not None
        assert self._process.returncode is None, self.said()[-2_000:]

    def said(self) -> str:
        """All that it wrote so far, of every life it had."""
        return self._log.read_text(encoding="utf-8", errors="replace")


async def _answers(program: Program, url: str) -> None:
    client = httpx.AsyncClient(verify=False, trust_env=False)
    async with asyncio.timeout(STARTS_WITHIN_S), client:
        while True:
            program.assert_running()
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(url)).is_success:
                    return
            await asyncio.sleep(0.05)


class Server:
    """``brimful serve`` on a port that stays the same over its lives."""

    def __init__(self, dsn: str, bank_url: str, port: int, folder: Path, lease_s: float) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.program = Program(
            "-m", "brimful.cli", "serve",
            log=folder / "server.log",
            env={
                "DATABASE_URL": dsn,
                "BRIMFUL_PORT": str(port),
                "BRIMFUL_DATA_DIR": str(folder),
                "BRIMFUL_TESTBANK_URL": bank_url,
                "BRIMFUL_EVENTS_SECRET": SECRET,
                "BRIMFUL_LEASE_S": str(lease_s),
                "BRIMFUL_WORKER_POLL_MS": "100",
                "BRIMFUL_GATEWAY_TIMEOUT_S": "5",
            },
        )  # fmt: skip

    async def ready(self) -> None:
        """Wait until it answers."""
        await _answers(self.program, f"{self.url}/healthz")


class Bank:
    """``python -m brimful_testbank`` with its journal in a file of its own."""

    def __init__(self, port: int, folder: Path, events_url: str | None = None) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.journal = folder / "bank.db"
        words = ["--port", str(port), "--journal", str(self.journal)]
        if events_url is not None:
            words += ["--events-url", events_url]
        self.program = Program(
            "-m", "brimful_testbank", *words,
            log=folder / "bank.log",
            env={"BRIMFUL_EVENTS_SECRET": SECRET},
        )  # fmt: skip

    async def ready(self) -> None:
        """Wait until it answers."""
        await _answers(self.program, f"{self.url}/journal")

    def captured(self) -> dict[str, list[tuple[str, str, int]]]:
        """By its journal: of each payment, every movement of money (merchant, currency, amount)."""
        moved: dict[str, list[tuple[str, str, int]]] = {}
        for effect in read_journal(self.journal):
            if effect["kind"] in ("captured", "refunded"):
                movement = (effect["merchant"], effect["currency"], effect["amount"])
                moved.setdefault(effect["payment"], []).append(movement)
        return moved

    def last_state(self) -> dict[str, str]:
        """By its journal: what happened last to each payment."""
        return {effect["payment"]: effect["kind"] for effect in read_journal(self.journal)}


@contextlib.asynccontextmanager
async def started(dsn: str, folder: Path, *, lease_s: float) -> AsyncIterator[tuple[Server, Bank]]:
    """A bank that runs, and a server that is yet to be started; both are ended afterwards."""
    port = free_port()
    events = f"http://127.0.0.1:{port}/v1/gateways/testbank/events"
    bank = Bank(free_port(), folder, events)
    server = Server(dsn, bank.url, port, folder, lease_s)
    try:
        await bank.program.start()
        await bank.ready()
        yield server, bank
    finally:
        await server.program.stop()
        await bank.program.stop()
