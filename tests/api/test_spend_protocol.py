"""A connection on which plain spends are answered is one as any other (R39)."""

import asyncio

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tests.api.behind import Teapot, answer_of, behind, connected, request
from tests.builders.held import until
from tests.builders.http import acc, key_for, serving_app
from tests.builders.world import World, small_world

GOOD = b'{"credits": 1}'


@pytest.fixture
async def agency(world: World) -> tuple[str, list[tuple[bytes, bytes]]]:
    """Where an agency of 100 credits spends, and with what headers but for the key."""
    await small_world(world)
    await world.stock("Agency", credits=100)
    secret = await key_for(world, "Agency")
    headers = [
        (b"content-type", b"application/json"),
        (b"authorization", b"Bearer %s" % secret.encode()),
    ]
    return f"/v1/accounts/{acc(world, 'Agency')}/spends", headers


Agency = tuple[str, list[tuple[bytes, bytes]]]


def spend(agency: Agency, key: str, content: bytes = GOOD, *more: tuple[bytes, bytes]) -> bytes:
    """A spend under a key, whole."""
    path, headers = agency
    return request(path, [*headers, (b"idempotency-key", key.encode()), *more], content)


async def test_r39_requests_of_one_connection_are_answered_in_their_order(
    world: World, agency: Agency
) -> None:
    """Sent all at once, plain ones and others: each waits for the one before it."""
    other = b'{"credits": 1, "model": null}'
    async with behind(world) as (handed_on, reader, writer):
        writer.write(
            spend(agency, "one")
            + spend(agency, "two", other)
            + spend(agency, "three")
            + spend(agency, "four")
            + spend(agency, "five", other)
        )
        told = [await answer_of(reader) for _ in range(5)]
    assert [status for status, _ in told] == [200, 418, 200, 200, 418]
    balances = [
        body.split(b'"balance":')[1].split(b",")[0] for status, body in told if status == 200
    ]
    assert balances == [b"99", b"98", b"97"] and handed_on == [other, other]
    assert (await world.credits("Agency")).used == 3


async def test_r39_a_request_may_arrive_byte_by_byte(world: World, agency: Agency) -> None:
    """Its parts are one request, plain or not."""
    long = b'{"credits": 1, "model": "%s"}' % (b"x" * 3_000)
    async with behind(world) as (handed_on, reader, writer):
        for whole, status in ((spend(agency, "one"), 200), (spend(agency, "two", long), 418)):
            # Not so many turns for the long one; its body comes in parts all the same.
            step = 1 if status == 200 else 500
            for place in range(0, len(whole), step):
                writer.write(whole[place : place + step])
                await writer.drain()
                await asyncio.sleep(0)
            assert (await answer_of(reader))[0] == status
    assert handed_on == [long] and (await world.credits("Agency")).used == 1


async def test_r39_a_large_body_is_handed_on_before_it_is_whole(
    world: World, agency: Agency
) -> None:
    """More than a connection takes in by itself is read by whoever limits it."""
    large = b" " * 300_000
    async with behind(world) as (handed_on, reader, writer):
        writer.write(spend(agency, "one", large))
        assert (await answer_of(reader))[0] == 418
    assert [len(body) for body in handed_on] == [len(large)]


async def test_r39_who_waits_to_be_told_to_go_on_is_told(world: World, agency: Agency) -> None:
    """Expect: 100-continue: the body is sent only then."""
    async with behind(world) as (handed_on, reader, writer):
        whole = spend(agency, "one", GOOD, (b"expect", b"100-continue"))
        writer.write(whole.removesuffix(GOOD))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(GOOD)
        assert (await answer_of(reader))[0] == 418
    assert handed_on == [GOOD]


@pytest.mark.parametrize("last", ["connection: close", "HTTP/1.0"])
async def test_r39_a_connection_ends_when_it_is_asked_to(
    world: World, agency: Agency, last: str
) -> None:
    """After the answer, which says so."""
    more = ((b"connection", b"close"),) if last.startswith("connection") else ()
    whole = spend(agency, "one", GOOD, *more)
    async with behind(world) as (_, reader, writer):
        writer.write(whole.replace(b"HTTP/1.1", b"HTTP/1.0") if not more else whole)
        told = await reader.read()
    assert told.startswith(b"HTTP/1.1 200 OK\r\n") and b"connection: close\r\n" in told
    assert (await world.credits("Agency")).used == 1


async def test_r39_who_hangs_up_is_debited_once(world: World, agency: Agency) -> None:
    """Nobody is there to hear of it; the next connection hears the same, and all others are served."""
    async with behind(world) as (_, _, writer):
        writer.write(spend(agency, "one"))
        await writer.drain()
        writer.transport.abort()
    async with behind(world) as (_, reader, writer):
        writer.write(spend(agency, "one"))
        assert (await answer_of(reader))[0] == 200
    assert (await world.credits("Agency")).used == 1


async def test_r24_a_server_that_stops_answers_what_it_has_begun(
    world: World, agency: Agency
) -> None:
    """The spend waits for its purchase when the server is told to stop: it is answered, and then the
    connection ends."""
    world.desk.faults.close_gate("confirm")
    async with (
        serving_app(Teapot(world)) as (url, server),
        connected(url) as (reader, writer),
    ):
        writer.write(spend(agency, "one", b'{"credits": 150, "wait_ms": 20000}'))
        await world.desk.faults.wait_for("confirm", 1)
        server.should_exit = True
        listening = server.servers[0]
        await until(lambda: asyncio.sleep(0, not listening.is_serving()))
        world.desk.faults.open_gate("confirm")
        told = await reader.read()
    assert told.startswith(b"HTTP/1.1 200 OK\r\n") and b"connection: close\r\n" in told
    assert (await world.credits("Agency")).used == 150


async def test_r39_a_connection_is_kept_longer_than_clients_keep_theirs(
    world: World, agency: Agency
) -> None:
    """A minute is usual; after plain spends and others alike."""
    async with (
        serving_app(Teapot(world)) as (url, server),
        connected(url) as (reader, writer),
    ):
        for key, content, status in (("one", GOOD, 200), ("two", b'{"credits": null}', 418)):
            writer.write(spend(agency, key, content))
            assert (await answer_of(reader))[0] == status
            [connection] = server.server_state.connections
            assert isinstance(connection, HttpToolsProtocol)
            ends = connection.timeout_keep_alive_task
            assert ends is not None and ends.when() - asyncio.get_running_loop().time() > 60
