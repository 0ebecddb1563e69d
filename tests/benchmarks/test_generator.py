"""The load generator counts what a server does to it, and from when each request was due."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import pytest
from benchmarks.spends.asking import ONE
from benchmarks.spends.generator import Generator
from benchmarks.spends.http import Caller
from benchmarks.spends.measured import measure
from benchmarks.spends.meters import Meter, postmaster_of
from benchmarks.spends.pacing import OpenLoop
from benchmarks.spends.plan import Plan, Tally

DONE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-type: text/plain\r\n\r\nok"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Pings:
    """Asks nothing in particular; 200 is done."""

    def request(self) -> bytes:
        """The same each time."""
        return b"GET / HTTP/1.1\r\n\r\n"

    def count(self, tally: Tally, status: int, body: bytes) -> None:
        """By status; a body that is cut is none."""
        if status == 200 and body == b"ok":
            tally.done += 1
        else:
            tally.failed[str(status)] += 1


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    """The address of a server that does as told with each connection."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with server:
        yield f"{host}:{port}"


def plan(address: str, *, seconds: float, connections: int) -> Plan:
    """A run without a warm-up."""
    return Plan(
        seconds=seconds, warm_up_s=0, connections=connections, seed=1, addresses=[address]
    )  # fmt: skip


async def asked(reader: asyncio.StreamReader) -> bool:
    """A request has come; False at the end of the connection."""
    try:
        await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return False
    return True


async def test_a_reply_in_pieces_is_one_reply() -> None:
    """However the network cuts it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await asked(reader):
            for at in range(len(DONE)):
                writer.write(DONE[at : at + 1])
                await writer.drain()
        writer.close()

    async with serving(serve) as address:
        caller = Caller(address, "key")
        replies = [await caller.ask("GET", "/") for _ in range(3)]
        caller.close()
    assert [reply[:2] for reply in replies] == [(200, b"ok")] * 3


async def test_latency_counts_from_when_a_request_was_due() -> None:
    """A server that stood still owes its waiting to every request that was due meanwhile: no omission
    coordinated with it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await asked(reader):
            writer.write(DONE)
        writer.close()

    async with serving(serve) as address:
        # Five requests, due a second apart from ten seconds ago on: nothing was sent till now.
        stood_still = time.perf_counter() - 10
        generator = Generator(
            plan(address, seconds=5, connections=1), Pings(), OpenLoop(1, stood_still), stood_still
        )
        await generator.run()
    waited_s = zip(generator.record.latencies, (10, 9, 8, 7, 6), strict=True)
    assert all(measured >= least for measured, least in waited_s)
    assert generator.record.beside.done == 5


async def test_a_lost_connection_is_one_failure_and_the_lane_goes_on() -> None:
    """The server hangs up on every second request."""
    served = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        while await asked(reader):
            served += 1
            if served % 2 == 0:
                break
            writer.write(DONE)
        writer.close()

    async with serving(serve) as address:
        due = time.perf_counter() - 6
        generator = Generator(
            plan(address, seconds=6, connections=1), Pings(), OpenLoop(1, due), due
        )
        await generator.run()
    tally = generator.record.beside
    assert (tally.done, tally.failed) == (3, {"0": 3})


@pytest.mark.parametrize("rate", [None, 8.0])
async def test_a_run_in_a_process_of_its_own_tells_what_it_cost(
    dsn: str, rate: float | None
) -> None:
    """The generator as it is used: on its own loop, its plan and its outcome over pipes; also at a
    rate at which its connections have nothing more to do before the time is over."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await asked(reader):
            await reader.readexactly(len(ONE))
            writer.write(DONE)
        writer.close()

    connection = await asyncpg.connect(dsn)
    async with serving(serve) as address:
        usual = plan(address, seconds=5, connections=2)
        one = replace(usual, accounts=["acc_1", "acc_2"], rate=rate)
        postgres = await postmaster_of(connection)
        meter = Meter(connection, {"postgres": [postgres]})
        measured = await measure("benchmarks.spends.generator", one, meter, "generator")
    await connection.close()
    details = measured.details()
    assert details["done"] > 0 and not details["failed"] and details["p99_ms"] > 0
    assert set(details["cpu_seconds"]) == set(details["memory_mib"]) == {"generator", "postgres"}
    assert details["memory_mib"]["postgres"] > 1 and details["wal_bytes_per_spend"] >= 0


class Turns:
    """Due at once, so many times; then the time is over."""

    def __init__(self, many: int) -> None:
        self._left = many

    def next_at(self, now: float) -> float:
        """Now, or never."""
        self._left -= 1
        return now if self._left >= 0 else math.inf


async def test_what_is_refused_is_not_done() -> None:
    """On every connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await asked(reader):
            writer.write(BUSY)
        writer.close()

    async with serving(serve) as address:
        generator = Generator(
            plan(address, seconds=10, connections=3), Pings(), Turns(8), time.perf_counter()
        )
        await generator.run()
    assert (generator.record.measured.done, generator.record.measured.failed) == (0, {"503": 8})
