"""A plain spend that comes whole stands in a connection like any request (R39): what comes behind it waits,
and nothing is taken for one that another reader of HTTP would read otherwise."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httptools
import pytest
import structlog
import uvicorn
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from brimful.api.plain_requests import account_of, read, read_whole
from brimful.api.spend_protocol import SpendProtocol
from brimful.billing.keys import make_secret
from tests.api.behind import Teapot, answer_of, connected, request
from tests.builders.held import until
from tests.builders.http import acc, key_for, serving_app
from tests.builders.watched import Watched
from tests.builders.world import World, small_world

GOOD = b'{"credits": 1}'
BAD = b'{"credits": 0}'
SECRET = make_secret()
PATH = "/v1/accounts/acc_%s/spends" % ("0123456789abcdef" * 2)
OURS = [
    (b"authorization", b"Bearer %s" % SECRET.encode()),
    (b"content-type", b"application/json"),
    (b"idempotency-key", b"one"),
]


class Read:
    """What the server's own parser finds in some bytes."""

    def __init__(self, data: bytes) -> None:
        self.begun = self.whole = 0
        self.url = self.body = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self._parser = httptools.HttpRequestParser(self)
        self._parser.feed_data(data)
        self.kept = self._parser.should_keep_alive() and not self._parser.should_upgrade()
        self.line = (self._parser.get_method(), self._parser.get_http_version())

    def on_message_begin(self) -> None:
        """One more."""
        self.begun += 1

    def on_url(self, url: bytes) -> None:
        """A part of where it goes."""
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of its headers."""
        self.headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        """A part of what it says."""
        self.body += body

    def on_message_complete(self) -> None:
        """That was all of it."""
        self.whole += 1


# Half of what is put in is harmless, so that much is read although it was altered.
harmless = st.sampled_from(
    b"accept: */*|User-Agent: a|connection: keep-alive|connection: Close|host: b|content-length: 14"
    b"|transfer-encoding: chunked|expect: 100-continue|x: y|: z".split(b"|")
)
odd = st.sampled_from(
    [b"a", b"7", b"~", b" ", b"\t", b":", b": ", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\0", b"\xe9"]
)


@st.composite
def sent(draw: st.DrawFn) -> bytes:
    """Bytes that are a spend, or almost."""
    return draw(almost(request(PATH, draw(st.permutations(OURS)), GOOD)))


@st.composite
def almost(draw: st.DrawFn, good: bytes) -> bytes:
    """A request with a line more, some bytes altered, or something behind it; or as it is."""
    whole = bytearray(good)
    if draw(st.booleans()):
        place = whole.index(b"\r\n") + 2
        whole[place:place] = draw(harmless) + b"\r\n"
    if draw(st.integers(0, 3)) == 3:
        place = draw(st.integers(0, len(whole)))
        whole[place : place + draw(st.integers(0, 2))] = draw(odd)
    return bytes(whole) + draw(st.sampled_from([*[b""] * 6, b"\r\n", b"G", bytes(whole)]))


@settings(max_examples=300)
@given(sent())
def test_r39_what_is_read_whole_is_what_the_server_reads(data: bytes) -> None:
    """One request and no more, kept alive, with the same account, headers and body."""
    plain = read_whole(data)
    # Enough are read, or the property complains.
    assume(plain is not None)
    found = Read(data)
    assert (found.begun, found.whole, found.kept) == (1, 1, True)
    assert found.line == (b"POST", "1.1")
    account_id = account_of(found.url.decode())
    assert account_id is not None and read(account_id, found.headers, found.body) == plain


@pytest.mark.parametrize(
    "more",
    [
        (b"transfer-encoding", b"chunked"),
        (b"content-length", b"14"),
        (b"expect", b"100-continue"),
        (b"connection", b"close"),
        (b"upgrade", b"websocket"),
        (b"idempotency-key", b"two"),
    ],
)
def test_r39_what_might_be_read_otherwise_is_not_read(more: tuple[bytes, bytes]) -> None:
    """Whatever says where a request ends, or what follows it, but its one length."""
    kept = (b"Connection", b"keep-alive")
    assert read_whole(request(PATH, [*OURS, kept], GOOD)) is not None
    assert read_whole(request(PATH, [*OURS, more], GOOD)) is None


Served = tuple[Teapot, Watched, uvicorn.Server, asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def slow(world: World, hasty: type[Teapot] | None = None) -> AsyncIterator[Served]:
    """A connection whose spends are settled when the test lets them be."""
    watched = Watched(world)
    world.engine.gatherer._settle = watched
    app = (hasty or Teapot)(world)
    async with serving_app(app) as (url, server), connected(url) as (reader, writer):
        await until(lambda: asyncio.sleep(0, server.server_state.connections))
        try:
            yield app, watched, server, reader, writer
        finally:
            watched.open.set()


def connection_of(server: uvicorn.Server) -> Any:
    """The server's end of the one connection."""
    [connection] = server.server_state.connections
    assert isinstance(connection, SpendProtocol)
    return connection


async def spend_of(world: World, key: str, *, secret: str | None = None) -> bytes:
    """One credit of the agency."""
    known = secret or await key_for(world, "Agency")
    headers = [
        (b"content-type", b"application/json"),
        (b"authorization", b"Bearer %s" % known.encode()),
        (b"idempotency-key", key.encode()),
    ]
    return request(f"/v1/accounts/{acc(world, 'Agency')}/spends", headers, GOOD)


async def begin(watched: Watched, writer: asyncio.StreamWriter, sent: bytes) -> None:
    """Send a spend, which is begun to be settled, and settled when the test lets it be."""
    watched.open.clear()
    writer.write(sent)
    await until(lambda: asyncio.sleep(0, watched.calls))


@pytest.fixture
async def stocked(world: World) -> World:
    """An agency that has ten credits."""
    await small_world(world)
    await world.stock("Agency", credits=10)
    return world


@pytest.mark.parametrize("may", [True, False])
async def test_r39_what_comes_behind_one_that_is_settled_waits(stocked: World, may: bool) -> None:
    """A spend, another in two parts and a question, each behind the one before, be that answered at the
    connection or by the application."""
    first = await spend_of(stocked, "one", secret=None if may else SECRET)
    second = await spend_of(stocked, "two")
    async with slow(stocked) as (app, watched, server, reader, writer):
        await begin(watched, writer, first)
        writer.write(second[:60])
        await until(lambda: asyncio.sleep(0, connection_of(server)._held))
        writer.write(second[60:] + second.replace(GOOD, BAD))
        watched.open.set()
        told = [await answer_of(reader) for _ in range(3)]
    assert [status for status, _ in told] == [200 if may else 418, 200, 418]
    assert app.bodies == ([] if may else [GOOD]) + [BAD]
    assert (await stocked.credits("Agency")).used == 1 + may


async def test_r24_one_that_waits_when_the_server_stops_is_handed_on_and_ends(world: World) -> None:
    """It was told to stop before it was known who has to answer: the connection ends all the same."""
    await small_world(world)
    async with slow(world) as (app, watched, server, reader, writer):
        await begin(watched, writer, await spend_of(world, "one", secret=SECRET))
        connection_of(server).shutdown()
        watched.open.set()
        told = await reader.read()
    assert told.startswith(b"HTTP/1.1 418") and b"connection: close\r\n" in told
    assert app.bodies == [GOOD]


@pytest.mark.parametrize("may", [True, False])
async def test_r39_who_hangs_up_on_one_that_is_settled_is_not_handed_on(
    stocked: World, may: bool
) -> None:
    """It is settled all the same, and nothing is written where nobody reads."""
    async with slow(stocked) as (app, watched, server, _, writer):
        await begin(watched, writer, await spend_of(stocked, "one", secret=None if may else SECRET))
        begun = connection_of(server).cycle
        writer.transport.abort()
        await until(lambda: asyncio.sleep(0, not server.server_state.connections))
        watched.open.set()
        with structlog.testing.capture_logs() as logged:
            await until(lambda: asyncio.sleep(0, not watched.under_way))
            await until(lambda: asyncio.sleep(0, not server.server_state.tasks))
        assert begun.disconnected and not begun.response_complete
    assert logged == [] and app.bodies == [] and (await stocked.credits("Agency")).used == int(may)


async def test_r39_who_does_not_read_is_answered_when_it_does(stocked: World) -> None:
    """What was written before is to be taken in first."""
    async with slow(stocked) as (_, watched, server, reader, writer):
        await begin(watched, writer, await spend_of(stocked, "one"))
        connection = connection_of(server)
        begun = connection.cycle
        connection.pause_writing()
        watched.open.set()
        await until(lambda: asyncio.sleep(0, connection.tasks))
        assert not begun.response_complete
        connection.resume_writing()
        assert (await answer_of(reader))[0] == 200


async def test_r39_a_spend_inside_another_request_is_none(stocked: World) -> None:
    """What is sent as a body is a body, though it arrives by itself and looks like a spend."""
    body = await spend_of(stocked, "one")
    outside = request("/elsewhere", [], body)
    async with slow(stocked) as (app, _, server, reader, writer):
        writer.write(outside.removesuffix(body))
        await until(lambda: asyncio.sleep(0, connection_of(server).cycle))
        writer.write(body)
        assert (await answer_of(reader))[0] == 418
    assert app.bodies == [body] and (await stocked.credits("Agency")).used == 0


async def test_r39_a_spend_inside_a_header_is_none(stocked: World) -> None:
    """What was begun is not over."""
    async with slow(stocked) as (app, _, server, reader, writer):
        writer.write(b"POST /elsewhere HTTP/1.1\r\nx: ")
        await until(lambda: asyncio.sleep(0, connection_of(server)._in_parts))
        writer.write(await spend_of(stocked, "one"))
        assert (await answer_of(reader))[0] == 418
    assert app.bodies == [GOOD] and (await stocked.credits("Agency")).used == 0


class Hasty(Teapot):
    """Answers before it has read what it is asked."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, send)
        else:
            await Response(status_code=418)(scope, receive, send)


async def test_r39_a_spend_inside_a_body_that_nobody_read_is_none(stocked: World) -> None:
    """The request before it was answered already; the one behind it is served."""
    body = await spend_of(stocked, "one")
    async with slow(stocked, Hasty) as (_, _, server, reader, writer):
        writer.write(request("/elsewhere", [], body).removesuffix(body))
        assert (await answer_of(reader))[0] == 418
        writer.write(body)
        await until(lambda: asyncio.sleep(0, not connection_of(server)._in_parts))
        writer.write(await spend_of(stocked, "two"))
        assert (await answer_of(reader))[0] == 200
    assert (await stocked.credits("Agency")).used == 1


async def test_r39_who_waits_is_not_cut_off_as_idle(stocked: World) -> None:
    """The time that a connection is kept between two requests ends with the next one."""
    async with slow(stocked) as (_, watched, server, reader, writer):
        writer.write(await spend_of(stocked, "one"))
        assert (await answer_of(reader))[0] == 200
        connection = connection_of(server)
        assert connection.timeout_keep_alive_task is not None
        watched.open.clear()
        writer.write(await spend_of(stocked, "two"))
        await until(lambda: asyncio.sleep(0, len(watched.calls) == 2))
        assert connection.timeout_keep_alive_task is None
        watched.open.set()
        assert (await answer_of(reader))[0] == 200


async def test_r24_who_will_never_be_told_is_hung_up_on(stocked: World) -> None:
    """The call that settles was broken off: whoever asked may ask again with the same key."""
    async with slow(stocked) as (_, watched, _, reader, writer):
        await begin(watched, writer, await spend_of(stocked, "one"))
        [call] = stocked.engine.gatherer._tasks
        call.cancel()
        assert await reader.read() == b""


async def test_r39_hundreds_that_are_sent_in_one_go_are_each_refused(stocked: World) -> None:
    """No more may stand in line: the one that does is answered, and every one behind it."""
    first = await spend_of(stocked, "one")
    async with slow(stocked) as (_, watched, _, reader, writer):
        await begin(watched, writer, first * 300)
        stocked.engine.gatherer._queue_max = 0
        watched.open.set()
        told = [(await answer_of(reader))[0] for _ in range(300)]
    assert told == [200] + [503] * 299
    assert (await stocked.credits("Agency")).used == 1
