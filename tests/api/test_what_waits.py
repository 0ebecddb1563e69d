"""However much is sent over one connection without a pause, little of it waits, and in its order (R39)."""

import asyncio
import random

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from brimful.api.connection import HEAD_MAX, SLICE
from tests.api.behind import Teapot, connected, request
from tests.api.test_whole_spends import begin, connection_of, slow, spend_of
from tests.builders.held import SOON_S, until
from tests.builders.http import serving_app
from tests.builders.world import World, small_world

SHORTEST = b"GET /%04d HTTP/1.1\r\n\r\n"
MANY = 5_000
# Of the shortest, more than anybody's client sends before it is answered.
WAITING_MAX = 64


class Counting(Teapot):
    """Tells each who asks by its path, and notes how many wait behind it."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.open = asyncio.Event()
        self.paths: list[str] = []
        self.most = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, send)
            return
        await self.open.wait()
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
        self.paths.append(f"{scope['path']} {size}")
        await Response(status_code=418)(scope, receive, send)


async def told(reader: asyncio.StreamReader, count: int) -> None:
    """So many answers, which say nothing."""
    for _ in range(count):
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SOON_S)
        assert head.startswith(b"HTTP/1.1 418")


async def test_r39_of_thousands_that_are_sent_in_one_go_few_wait(world: World) -> None:
    """Each is answered all the same, in its order; the rest waits unread."""
    app = Counting(world)
    async with serving_app(app) as (url, server), connected(url) as (reader, writer):
        most = held = 0
        writer.write(b"".join(SHORTEST % n for n in range(MANY)))
        await until(lambda: asyncio.sleep(0, server.server_state.connections))
        connection = connection_of(server)
        await until(lambda: asyncio.sleep(0, connection.pipeline))
        resumed = connection.on_response_complete

        def seen() -> None:
            nonlocal most, held
            resumed()
            most, held = max(most, len(connection.pipeline)), max(held, len(connection._held))

        connection.on_response_complete = seen
        assert len(connection.pipeline) <= WAITING_MAX and not writer.is_closing()
        app.open.set()
        await told(reader, MANY)
    assert app.paths == [f"/{n:04d} 0" for n in range(MANY)]
    assert most <= WAITING_MAX and held <= 2 * 256 * 1024


async def test_r39_nothing_more_is_read_while_something_waits(world: World) -> None:
    """Not even when the request under way asks for its body, which lets the server read on."""
    app = Counting(world)
    async with serving_app(app) as (url, server), connected(url) as (_, writer):
        writer.write(b"".join(SHORTEST % n for n in range(MANY)))
        await until(lambda: asyncio.sleep(0, server.server_state.connections))
        connection = connection_of(server)
        await until(lambda: asyncio.sleep(0, connection._held))
        connection.flow.resume_reading()
        assert connection.flow.read_paused
        app.open.set()
        await until(lambda: asyncio.sleep(0, len(app.paths) == MANY))
        assert not connection.flow.read_paused


@pytest.mark.parametrize("seed", range(4))
async def test_r39_however_it_is_cut_the_same_is_read(world: World, seed: int) -> None:
    """Small requests and large ones, a plain spend before them: in one piece, or in many."""
    draw = random.Random(seed)
    await small_world(world)
    await world.stock("Agency", credits=10)
    sizes = [draw.choice([0, 1, SLICE - 60, SLICE, 5_000, 200_000]) for _ in range(20)]
    asked = [request(f"/{n:04d}", [], b"x" * size) for n, size in enumerate(sizes)]
    whole = b"".join([await spend_of(world, "one"), *asked])
    app = Counting(world)
    app.open.set()
    async with serving_app(app) as (url, _), connected(url) as (reader, writer):
        while whole:
            size = draw.choice([1, 100, SLICE + 1, 100_000, len(whole)]) if seed else len(whole)
            writer.write(whole[:size])
            await asyncio.sleep(0)
            whole = whole[size:]
        assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200")
        await told(reader, len(sizes))
    assert app.paths == [f"/{n:04d} {size}" for n, size in enumerate(sizes)]


async def test_r39_what_waits_is_dropped_with_whoever_hangs_up(world: World) -> None:
    """The one under way is done; nobody is served who is not there."""
    app = Counting(world)
    async with serving_app(app) as (url, server), connected(url) as (_, writer):
        writer.write(b"".join(SHORTEST % n for n in range(MANY)))
        await until(lambda: asyncio.sleep(0, server.server_state.connections))
        connection = connection_of(server)
        await until(lambda: asyncio.sleep(0, connection._held))
        writer.transport.abort()
        app.open.set()
        await until(lambda: asyncio.sleep(0, not server.server_state.connections))
        await until(lambda: asyncio.sleep(0, not server.server_state.tasks))
        assert connection._held == b""
    assert len(app.paths) < MANY


@pytest.mark.parametrize("plain", [True, False])
async def test_r24_a_server_that_stops_does_not_go_through_what_waits(
    world: World, plain: bool
) -> None:
    """What it has begun to read is answered, then the connection ends."""
    await small_world(world)
    await world.stock("Agency", credits=10)
    async with slow(world) as (app, watched, server, reader, writer):
        first = await spend_of(world, "one")
        await begin(watched, writer, first if plain else first.replace(b"host", b"from"))
        connection = connection_of(server)
        writer.write(first * 100)
        await until(lambda: asyncio.sleep(0, connection._held))
        connection.shutdown()
        watched.open.set()
        answers = await asyncio.wait_for(reader.read(), SOON_S)
    assert 1 <= answers.count(b"HTTP/1.1 200") <= WAITING_MAX and app.bodies == []
    assert b"connection: close\r\n" in answers


@pytest.mark.parametrize(
    "sent",
    [b"GET /%s" % (b"a" * HEAD_MAX), b"GET / HTTP/1.1\r\nx: %s" % (b"a" * HEAD_MAX)],
    ids=["address", "header"],
)
async def test_r39_a_head_that_does_not_end_is_given_up(world: World, sent: bytes) -> None:
    """It would be kept until it is whole."""
    async with serving_app(Teapot(world)) as (url, _), connected(url) as (reader, writer):
        writer.write(sent)
        assert (await asyncio.wait_for(reader.read(), SOON_S)).startswith(b"HTTP/1.1 400")


async def test_r39_trailers_that_do_not_end_are_given_up(world: World) -> None:
    """Behind the chunks of a body headers may come again."""
    head = b"POST /0000 HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
    async with serving_app(Teapot(world)) as (url, _), connected(url) as (reader, writer):
        writer.write(head + b"x: y\r\n" * (HEAD_MAX // 6 + 300))
        assert (await asyncio.wait_for(reader.read(), SOON_S)).startswith(b"HTTP/1.1 400")


async def test_r39_a_large_head_is_read(world: World) -> None:
    """As large as what passes requests on lets them be."""
    app = Teapot(world)
    async with serving_app(app) as (url, _), connected(url) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nx: %s\r\n\r\n" % (b"a" * 32_000))
        await told(reader, 1)
    assert app.bodies == [b""]
