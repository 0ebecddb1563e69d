"""Nobody keeps a connection, or what was sent of a body, for as long as it likes (R39)."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from brimful.api import connection, limits
from tests.api.behind import answer_of, connected, request
from tests.api.test_what_waits import Counting, told
from tests.api.test_whole_spends import begin, connection_of, slow, spend_of
from tests.builders.held import SOON_S, until
from tests.builders.http import acc, key_for, serving_api, serving_app
from tests.builders.world import World, small_world

SHORT_S = 0.1
QUESTION = b"GET /0000 HTTP/1.1\r\n\r\n"


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little time, for connections and for bodies."""
    monkeypatch.setattr(connection, "SILENT_MAX_S", SHORT_S)
    monkeypatch.setattr(limits, "BODY_WITHIN_S", SHORT_S)
    monkeypatch.setattr(limits, "BODY_BYTES_A_S", 10**9)


@pytest.fixture
async def stocked(world: World) -> World:
    """An agency that has ten credits."""
    await small_world(world)
    await world.stock("Agency", credits=10)
    return world


async def ended(reader: asyncio.StreamReader) -> bytes:
    """All that is still said before the connection ends."""
    return await asyncio.wait_for(reader.read(), SOON_S)


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"GE", b"GET / HTTP/1.1\r\nx: ", b"POST /v1/acc"])
@pytest.mark.usefixtures("hurried")
async def test_r39_who_asks_nothing_is_hung_up_on(world: World, sent: bytes) -> None:
    """From the beginning, or with half of a head."""
    app = Counting(world)
    async with serving_app(app) as (url, _), connected(url) as (reader, writer):
        writer.write(sent)
        assert await ended(reader) == b""


@pytest.mark.usefixtures("hurried")
async def test_r39_a_drop_now_and_then_is_no_request(world: World) -> None:
    """The time counts from the first of it."""
    app = Counting(world)
    async with serving_app(app) as (url, server), connected(url) as (reader, writer):
        over = asyncio.create_task(ended(reader))
        drops = 0
        while not over.done():
            writer.write(b"GET /"[drops : drops + 1] or b"a")
            drops += 1
            await asyncio.wait([over], timeout=SHORT_S / 5)
            assert drops < 200
        assert await over == b"" and not server.server_state.connections


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("sent", [b"\r\n", b"GET /00"])
async def test_r39_between_two_requests_a_connection_is_kept_until_something_is_sent(
    world: World, sent: bytes
) -> None:
    """As long as whoever keeps it does; then as long as any that begins."""
    app = Counting(world)
    app.open.set()
    async with serving_app(app) as (url, server), connected(url) as (reader, writer):
        writer.write(QUESTION)
        await told(reader, 1)
        kept = connection_of(server)
        assert kept.timeout_keep_alive_task is not None and kept._timer is None
        await asyncio.sleep(2 * SHORT_S)
        writer.write(sent)
        assert await ended(reader) == b""


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("plain", [True, False])
async def test_r39_who_is_waited_for_is_not_who_is_slow(stocked: World, plain: bool) -> None:
    """A request that takes long is answered, and so is the one of which half came behind it."""
    first = await spend_of(stocked, "one")
    second = await spend_of(stocked, "two")
    async with slow(stocked) as (_, watched, server, reader, writer):
        await begin(watched, writer, first if plain else first.replace(b"host", b"from"))
        writer.write(second[:60])
        await asyncio.sleep(3 * SHORT_S)
        assert not connection_of(server).transport.is_closing()
        watched.open.set()
        writer.write(second[60:])
        assert [(await answer_of(reader))[0] for _ in range(2)] == [200, 200]


@pytest.mark.usefixtures("hurried")
async def test_r39_what_is_left_of_a_body_that_was_answered_has_an_end(stocked: World) -> None:
    """Without a key nothing of it is read; if it comes, the connection is kept as between any two."""
    sent = request(f"/v1/accounts/{acc(stocked, 'Agency')}/spends/batch", [], b"x" * 5_000)
    async with serving_api(stocked, with_worker=False) as url:
        async with connected(url) as (reader, writer):
            writer.write(sent[:-2])
            assert (await answer_of(reader))[0] == 401
            writer.write(b"x")
            assert await ended(reader) == b""
        async with connected(url) as (reader, writer):
            writer.write(sent[:-2])
            assert (await answer_of(reader))[0] == 401
            writer.write(b"xx")
            await asyncio.sleep(2 * SHORT_S)
            writer.write(sent)
            assert (await answer_of(reader))[0] == 401


@pytest.fixture
async def url(stocked: World) -> AsyncIterator[str]:
    """The API of the small world."""
    async with serving_api(stocked, with_worker=False) as url:
        yield url


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("what", ["spends/batch", "spends", "purchases"])
async def test_r39_a_body_that_does_not_come_is_given_up(
    stocked: World, url: str, what: str
) -> None:
    """All but its last byte: it says so, and the connection ends. A plain spend's is waited for before the
    application is asked, which goes for a while only."""
    key = await key_for(stocked, "Agency")
    headers = [
        (b"content-type", b"application/json"),
        (b"authorization", b"Bearer %s" % key.encode()),
        (b"idempotency-key", b"one"),
    ]
    sent = request(f"/v1/accounts/{acc(stocked, 'Agency')}/{what}", headers, b'{"credits": 1}')
    async with connected(url) as (reader, writer):
        writer.write(sent[:-1])
        answer = await ended(reader)
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n") and b'"code":"too_slow"' in answer
    assert b"content-type: application/problem+json\r\n" in answer
    assert answer.lower().count(b"connection: close\r\n") == 1
    assert (await stocked.credits("Agency")).used == 0


async def test_r39_a_large_body_has_more_time(
    stocked: World, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the size that it says it has."""
    monkeypatch.setattr(limits, "BODY_WITHIN_S", SHORT_S)
    monkeypatch.setattr(limits, "BODY_BYTES_A_S", 10)
    key = await key_for(stocked, "Agency")
    headers = [
        (b"content-type", b"application/json"),
        (b"authorization", b"Bearer %s" % key.encode()),
    ]
    body = b'{"spends": [{"key": "one", "credits": 1}]}'.ljust(20_000)
    sent = request(f"/v1/accounts/{acc(stocked, 'Agency')}/spends/batch", headers, body)
    async with connected(url) as (reader, writer):
        writer.write(sent[:-1])
        await asyncio.sleep(3 * SHORT_S)
        writer.write(sent[-1:])
        assert (await answer_of(reader))[0] == 200


async def test_r39_a_spend_that_is_settled_is_not_between_two_requests(stocked: World) -> None:
    """Its head and body came in two pieces: no time runs while it is settled."""
    first = await spend_of(stocked, "one")
    async with slow(stocked) as (_, watched, server, reader, writer):
        watched.open.clear()
        writer.write(first[:-3])
        await until(lambda: asyncio.sleep(0, connection_of(server).cycle))
        assert connection_of(server)._timer is not None
        writer.write(first[-3:])
        await until(lambda: asyncio.sleep(0, watched.calls))
        kept = connection_of(server)
        assert kept._timer is None and kept.timeout_keep_alive_task is None
        watched.open.set()
        assert (await answer_of(reader))[0] == 200


@pytest.mark.usefixtures("hurried")
async def test_r39_whoever_was_in_time_is_not_watched_any_more(world: World) -> None:
    """The timer ends with the head, and with the connection."""
    app = Counting(world)
    async with serving_app(app) as (url, server), connected(url) as (_, writer):
        await until(lambda: asyncio.sleep(0, server.server_state.connections))
        kept = connection_of(server)
        assert kept._timer is not None
        writer.write(QUESTION)
        await until(lambda: asyncio.sleep(0, kept.cycle))
        assert kept._timer is None
